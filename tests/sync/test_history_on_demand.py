"""A record's history comes from the city when somebody looks at it: by the same line, between rounds, and once a revision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.protocol import ChangeResult, HistoryAnswer, SyncError
from sync.store.model import Record
from tests.sync import bad_line, filling_pc
from tests.sync.direct_city import save, seen
from tests.sync.direct_line import Pc
from tests.sync.test_quiet_disk import look as look_around
from tests.sync.test_quiet_disk import written

MakePc = Callable[..., Pc]


class Asked:
    """In place of a PC's ``history``: notes what is asked for, and fails while it is told to."""

    def __init__(self, pc: Pc) -> None:
        self._ask = pc.line.history
        self.ids: list[str] = []
        self.error: SyncError | None = None
        pc.line.history = self  # type: ignore[method-assign, assignment]

    def __call__(self, record_id: str) -> HistoryAnswer:
        self.ids.append(record_id)
        if self.error is not None:
            raise self.error
        try:
            return self._ask(record_id)
        except RefusedError as error:  # as the line tells it
            raise SyncError(error.code, error.label.vi, retry=error.status >= 500) from error


def made_and_edited(one: Pc, two: Pc) -> Record:
    record = save(one, doc_title="Học bạ")
    save(one, record, doc_title="Học bạ lớp 5")
    one.sync()
    two.sync()
    return seen(two, record)


def told(pc: Pc, record: Record) -> list[tuple[str, str, bool]]:
    return [(row.change.kind, row.status, row.is_own) for row in pc.store.changes.history(record.id)]


def test_it_comes_once_a_revision_and_only_for_who_looks(a_pc: MakePc) -> None:
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    mine, others = Asked(one), Asked(two)
    assert one.store.histories.standing(record.id) == "whole"
    two.sync()
    assert (told(two, record), others.ids) == ([], [])
    look = two.store.histories.look(record.id)
    own = one.store.histories.look(record.id)
    for pc in (one, one, two, two):
        pc.sync()
    assert told(two, record) == [("edit", "accepted", False), ("create", "accepted", False)]
    assert (others.ids, mine.ids) == ([record.id], [record.id])
    save(one, seen(one, record), doc_title="Học bạ lớp 6")
    one.sync()
    two.sync()
    assert len(told(two, record)) == 3, "the sync that brings a new revision brings its history"
    assert two.store.changes.history(record.id)[0].change.after == {"doc_title": "Học bạ lớp 6"}
    assert others.ids == [record.id] * 2
    assert look is not own
    del look
    save(one, seen(one, record), doc_title="Học bạ lớp 7")
    one.sync()
    two.sync()
    assert others.ids == [record.id] * 2, "nobody looks any more"


def test_a_line_that_fails_for_it_fails_for_nothing_else(a_pc: MakePc, clock) -> None:
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    asked = Asked(two)
    look = two.store.histories.look(record.id)
    for broken in (
        SyncError("timeout", "lâu quá"),
        SyncError("storage", "hỏng"),
        SyncError("revoked", "x", retry=False),
    ):
        asked.error = broken
        save(two, doc_title=broken.code)
        report = two.sync()
        assert (report.pushed, report.problems, two.store.changes.outbox()) == (1, [], ())
        assert two.store.histories.standing(record.id) == "failed"
        clock.advance(minutes=6)
    failed = len(asked.ids)
    asked.error = None
    two.sync()
    assert (len(asked.ids), len(told(two, record))) == (failed + 1, 2)
    assert look is not None


@pytest.mark.parametrize("code", ["unreachable", "tls", "not_the_city"])
def test_a_line_that_is_back_is_asked_at_once(a_pc: MakePc, code: str) -> None:
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    asked = Asked(two)
    asked.error = SyncError(code, "không có mạng")
    look = two.store.histories.look(record.id)
    two.sync()
    assert (asked.ids, two.store.histories.standing(record.id)) == ([record.id], "part"), "once a sync"
    asked.error = None
    two.sync()
    assert len(told(two, record)) == 2
    assert look is not None


@pytest.mark.parametrize("code", ["no_page", "wrong_method", "no_record", "not_granted"])
def test_a_city_that_has_none_for_this_pc_is_not_asked_again(a_pc: MakePc, code: str) -> None:
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    asked = Asked(two)
    asked.error = SyncError(code, "không có", retry=False)
    look = two.store.histories.look(record.id)
    for _ in range(3):
        assert two.sync().problems == []
    assert asked.ids == [record.id]
    assert two.store.histories.standing(record.id) == "only_here"
    assert look is not None


def test_a_record_the_city_has_not_got_is_not_asked_for(a_pc: MakePc) -> None:
    one = a_pc("one")
    asked = Asked(one)
    one.sync()
    record = save(one, doc_title="Học bạ")
    look = one.store.histories.look(record.id)
    assert (one.store.histories.due(), one.store.histories.standing(record.id)) == ([], "whole")
    one.sync()
    one.sync()
    assert (asked.ids, one.store.histories.standing(record.id)) == ([record.id], "whole")
    assert look is not None


def test_a_restored_city_is_asked_anew(a_pc: MakePc) -> None:
    """At the same revision it may tell another story, or none yet."""
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    asked = Asked(two)
    look = two.store.histories.look(record.id)
    two.sync()
    assert (asked.ids, two.store.histories.standing(look.record_id)) == ([record.id], "whole")
    two.city.restored()
    two.begin()
    asked = Asked(two)
    two.sync()
    assert asked.ids == [record.id]
    with two.city.storage.write() as session:
        session.run("UPDATE changes SET status = 'refused', revision = 0 WHERE record_id = ?", record.id)
    two.city.restored()
    two.begin()
    asked = Asked(two)
    two.sync()
    assert two.store.histories.standing(record.id) == "only_here"
    two.clock.advance(minutes=11)
    two.sync()
    assert asked.ids == [record.id] * 2


def test_numbers_no_database_keeps_are_no_answer(a_pc: MakePc) -> None:
    one, two = a_pc("one"), a_pc("two")
    record = made_and_edited(one, two)
    change = one.store.changes.history(record.id)[0].change
    result = ChangeResult(change_id=change.change_id, status="accepted", revision=1 << 63)
    two.line.history = lambda _id: HistoryAnswer((change,), (result,))  # type: ignore[method-assign]
    look = two.store.histories.look(record.id)
    two.sync()
    assert (told(two, record), two.store.histories.standing(record.id)) == ([], "failed")
    assert look is not None


def test_an_open_history_writes_nothing_while_nothing_happens(gateway: GatewayServer, tmp_path: Path) -> None:
    one, two = (bad_line.Pc(gateway, tmp_path / n, n, "civil_status_officer") for n in ("one", "two"))
    two.store.gentle = True
    record = one.save(doc_title="Học bạ")
    one.sync()
    engine = bad_line.Engine(two.store, two.line)
    look = two.store.histories.look(record.id)
    for _ in range(2):
        engine.sync_once()
    assert len(two.store.changes.history(record.id)) == 1
    look_around(two)  # a connection that is opened first
    before = written(two)
    for _ in range(3):
        engine.sync_once()
        look_around(two)
    assert written(two) == before
    assert look is not None
    for pc in (one, two):
        pc.close()


def test_who_looks_does_not_wait_for_the_end_of_a_first_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.gateway.filling.SMALL_REGISTER", 0)
    with GatewayServer(f"sqlite:///{tmp_path / 'city.db'}", catalog=filling_pc.CATALOG) as gateway:
        old = filling_pc.filled_city(gateway, tmp_path / "old")
        new = filling_pc.Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
        looks = []
        seen_after: list[int] = []

        def look(number: int) -> None:
            here = list(new.held())
            if here and not looks:
                looks.append(new.store.histories.look(here[0]))
            if looks and new.store.changes.history(looks[0].record_id):
                seen_after.append(number)

        new.line.after_page = look
        new.sync()
        assert seen_after and seen_after[0] < len(new.line.pages) - 2
        filling_pc.same_as_city(new, old)
