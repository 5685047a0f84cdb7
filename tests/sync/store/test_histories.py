"""Others' part of a record's history: who looks, when the city is to be asked, and what its answer may touch."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sync.clock import FixedClock
from sync.protocol import Change, ChangeResult, DeliveryState, FieldProblem, HistoryAnswer, PullAnswer
from sync.store import Store
from sync.store.model import Record, Save, Touched
from tests.sync.store import ward
from tests.sync.store.ward import CLERK, DOSSIER, HEAD, WARD

ID = "01a2063d-2440-7000-8000-0000000000aa"


@pytest.fixture
def elsewhere(store: Store) -> str:
    """A record that another PC made and changed twice, as a pull brings it."""
    arrives(store, 3)
    return ID


def arrives(store: Store, revision: int, begun_at: str = "2026-11-01T01:00:00Z") -> None:
    version = structs.replace(ward.version(ID, DOSSIER, revision, {"subject": "Khai sinh"}), created_at=begun_at)
    store.changes.apply_pull(PullAnswer(records=(version,), cursor=revision), WARD, DOSSIER.scope)


def theirs(n: int, **more: Any) -> Change:
    known: dict[str, Any] = {
        "change_id": f"x{n}", "save_id": f"x{n}", "record_id": ID, "type": DOSSIER.id, "ward": WARD,
        "kind": "edit" if n > 1 else "create", "after": {"note": f"lần {n}"}, "officer": HEAD, "device": "Q9",
        "device_seq": n, "at": f"2026-11-20T01:0{n}:00Z", "clock": f"0199a0000{n:03d}-0000-Q9",
    }  # fmt: skip
    return Change(**{**known, **more})


def taken(change: Change, revision: int, **more: Any) -> ChangeResult:
    return ChangeResult(**{"change_id": change.change_id, "status": "accepted", "revision": revision, **more})


def said(*pairs: tuple[Change, ChangeResult], **more: Any) -> HistoryAnswer:
    return HistoryAnswer(tuple(c for c, _ in pairs), tuple(r for _, r in pairs), **more)


def three() -> HistoryAnswer:
    return said(*((theirs(n), taken(theirs(n), n)) for n in (1, 2, 3)))


def rows(store: Store, record_id: str = ID) -> list[tuple[str, str, bool]]:
    return [(r.change.change_id, r.status, r.is_own) for r in store.changes.history(record_id)]


def test_what_another_pc_made_is_to_be_asked_for_only_while_somebody_looks(store: Store, elsewhere: str) -> None:
    histories = store.histories
    assert histories.standing(elsewhere) == "part"
    assert histories.due() == []
    look, other = histories.look(elsewhere), histories.look(elsewhere)
    assert histories.due() == [(elsewhere, 3)]
    del look
    assert histories.due() == [(elsewhere, 3)], "a second page looks still"
    del other
    assert histories.due() == []


def test_with_every_revision_here_nothing_is_missing(store: Store, elsewhere: str) -> None:
    store.changes.add_history(said(*((theirs(n), taken(theirs(n), n)) for n in (1, 3))))
    assert store.histories.standing(elsewhere) == "part", "the second lacks"
    store.changes.add_history(three())
    assert store.histories.standing(elsewhere) == "whole"
    arrives(store, 4)
    assert store.histories.standing(elsewhere) == "part"


def test_own_records_are_whole_without_the_city(store: Store) -> None:
    """It is asked all the same, once: what this PC said may have written nothing, since another had said it before."""
    (record,) = store.save([Save(type=DOSSIER.id, fields={"subject": "Khai tử"})], CLERK)
    look = store.histories.look(record.id)
    assert (store.histories.standing(record.id), store.histories.due()) == ("whole", []), "the city has none of it yet"
    settle(store, 1)
    assert (store.histories.standing(record.id), store.histories.due()) == ("whole", [(record.id, 1)])
    for asked in (lambda: store.histories.none_there(record.id, 1), lambda: store.histories.not_had(record.id)):
        asked()
        assert (store.histories.standing(record.id), store.histories.due()) == ("whole", [])
    assert look is not None


def settle(store: Store, revision: int) -> None:
    results = [taken(c, revision + n) for n, c in enumerate(store.changes.pending(9))]
    store.changes.acknowledge(results)


def test_the_city_is_asked_once_a_revision_also_where_numbers_lack(store: Store, elsewhere: str) -> None:
    """After a restore revisions jump; and of very many changes the city sends the latest."""
    look = store.histories.look(elsewhere)
    heard: list[Touched] = []
    store.subscribe(heard.append)
    store.histories.keep(elsewhere, 3, said((theirs(3), taken(theirs(3), 3)), cut=True))
    assert heard[-1].records == {elsewhere}
    assert (store.histories.standing(elsewhere), store.histories.due()) == ("cut", [])
    arrives(store, 9)
    assert store.histories.due() == [(elsewhere, 9)]
    store.histories.keep(elsewhere, 9, three())
    assert store.histories.standing(elsewhere) == "only_here", "the city itself is behind what is here"
    jumped = said(*((theirs(n), taken(theirs(n), revision)) for n, revision in ((1, 1), (2, 2), (3, 9))))
    store.histories.keep(elsewhere, 9, jumped)
    assert (store.histories.standing(elsewhere), store.histories.due()) == ("whole", [])
    assert look is not None


def test_of_a_record_that_a_restored_city_lost_and_got_again_it_is_asked_anew(store: Store, elsewhere: str) -> None:
    """Several PCs may have begun it anew, and it bears the same revision as before."""
    look = store.histories.look(elsewhere)
    store.histories.keep(elsewhere, 3, three())
    store.changes.reset_cursor(WARD, DOSSIER.scope)
    assert store.changes.mark_missing(WARD, DOSSIER.scope) == 1
    arrives(store, 3, begun_at="2026-11-28T01:00:00Z")
    assert store.histories.due() == [(elsewhere, 3)]
    store.histories.keep(elsewhere, 3, three())
    assert store.histories.due() == []
    assert look is not None


def test_a_city_that_gives_none_is_asked_again_at_the_next_revision_or_later(
    store: Store, clock: FixedClock, elsewhere: str
) -> None:
    """A restored city may have lost the record, and have it again at the same revision."""
    look = store.histories.look(elsewhere)
    store.histories.none_there(elsewhere, 3)
    assert (store.histories.standing(elsewhere), store.histories.due()) == ("only_here", [])
    clock.advance(minutes=11)
    assert (store.histories.standing(elsewhere), store.histories.due()) == ("only_here", [(elsewhere, 3)])
    store.histories.none_there(elsewhere, 3)
    arrives(store, 4)
    assert store.histories.due() == [(elsewhere, 4)]
    assert look is not None


def test_after_failures_it_waits_longer_each_time(store: Store, clock: FixedClock, elsewhere: str) -> None:
    look = store.histories.look(elsewhere)
    waits = []
    for _ in range(3):
        store.histories.not_had(elsewhere)
        assert (store.histories.standing(elsewhere), store.histories.due()) == ("failed", [])
        seconds = 0
        while not store.histories.due():
            clock.advance(seconds=1)
            seconds += 1
        waits.append(seconds)
    assert waits == sorted(set(waits)) and waits[-1] <= 300
    store.histories.not_had(elsewhere)
    clock.advance(hours=-3)
    assert store.histories.due(), "a clock that was set back holds nothing up"
    store.histories.keep(elsewhere, 3, three())
    assert (store.histories.standing(elsewhere), store.histories.due()) == ("whole", [])
    assert look is not None


def test_the_newer_word_about_anothers_change_stands(store: Store, elsewhere: str) -> None:
    refused = said((theirs(1), taken(theirs(1), 1)), (theirs(2), taken(theirs(2), 0, status="refused",
                   problems=(FieldProblem("note", "Chưa được."),))))  # fmt: skip
    store.histories.keep(elsewhere, 3, refused)
    (second, first) = store.changes.history(elsewhere)
    assert (first.status, second.status, [p.message for p in second.problems]) == (
        "accepted",
        "refused",
        ["Chưa được."],
    )
    assert second.is_settled, "nothing is to be mended here"
    assert store.changes.outbox() == ()
    store.histories.keep(elsewhere, 3, three())
    (_, second, _) = store.changes.history(elsewhere)
    assert (second.status, second.problems, second.revision) == ("accepted", (), 2)


def refused_edit(store: Store) -> tuple[Record, Change]:
    (record,) = store.save([Save(type=DOSSIER.id, fields={"subject": "Khai tử"})], CLERK)
    settle(store, 1)
    at_city = store.records.load(record.id)
    assert at_city is not None
    store.save([Save(type=DOSSIER.id, opened=at_city, fields={**at_city.fields, "note": "n"})], CLERK)
    (change,) = store.changes.pending(9)
    problem = FieldProblem("note", "Sai.")
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="refused", problems=(problem,))])
    return record, change


def test_what_an_officer_has_still_to_mend_here_stays_so(store: Store) -> None:
    record, change = refused_edit(store)
    for sent in (change, structs.replace(change, device="Q7")):
        store.histories.keep(record.id, 1, said((sent, taken(change, 2))))
        (row,) = store.changes.outbox()
        assert (row.status, row.change, [p.message for p in row.problems]) == ("refused", change, ["Sai."])
    assert store.changes.history(record.id)[0].is_settled is False


def test_what_was_made_here_under_an_earlier_name_stays_own(store: Store) -> None:
    record, change = refused_edit(store)
    store.changes.withdraw(record.id, CLERK, "Nhầm")
    store.set_enrolment(structs.replace(ward.ENROLMENT, device="Q5"))
    store.histories.keep(record.id, 1, said((change, taken(change, 2))))
    _, row, _ = store.changes.history(record.id)
    assert (row.change.change_id, row.status, row.is_own, row.is_settled) == (change.change_id, "refused", True, True)


def test_own_changes_that_a_restored_pc_has_forgotten_come_back(store: Store, elsewhere: str) -> None:
    mine = theirs(2, change_id="m2", device="Q2")
    store.histories.keep(elsewhere, 3, said((theirs(1), taken(theirs(1), 1)), (mine, taken(mine, 2))))
    assert rows(store) == [("m2", "accepted", True), ("x1", "accepted", False)]
    assert store.changes.pending(9) == ()


def test_what_the_hub_told_is_ended_by_the_record_alone(store: Store, elsewhere: str) -> None:
    """Else the record would go on to show it, and nothing would say that it is not the city's."""
    told = theirs(4, base_revision=3, after={"subject": "Khai sinh lại"}, before={"subject": "Khai sinh"})
    store.provisional.take([told])
    look = store.histories.look(elsewhere)
    store.histories.keep(elsewhere, 3, said((told, taken(told, 4))))
    shown = store.records.load(elsewhere)
    assert shown is not None and (shown.standing, shown.fields["subject"]) == ("hub", "Khai sinh lại")
    assert (rows(store)[0], store.histories.due()) == (("x4", "hub", False), [])
    store.provisional.take([])
    assert rows(store) == []
    assert store.histories.due() == [(elsewhere, 3)], "it has ended, and the city's word of it is not here yet"
    assert look is not None


def test_a_services_word_comes_after_what_it_answers(store: Store, elsewhere: str) -> None:
    """It bears no clock, and its moment whole seconds."""
    first = theirs(1, at="2026-11-20T02:30:00Z", clock=f"{int(ward.NOW.timestamp() * 1000) + 300:012x}-0000-Q9")
    later = theirs(3, at="2026-11-20T02:30:02Z", clock=f"{int(ward.NOW.timestamp() * 1000) + 2000:012x}-0000-Q9")
    service = theirs(2, device="", device_seq=0, clock="", at="2026-11-20T02:30:00Z")
    odd = theirs(4, device="", device_seq=0, clock="", at="hôm qua")
    store.histories.keep(elsewhere, 3, said(*((c, taken(c, n)) for n, c in enumerate((later, service, first, odd), 1))))
    assert [change_id for change_id, _, _ in rows(store)] == ["x3", "x2", "x1", "x4"]


def test_what_is_of_another_record_or_ward_is_left_out(store: Store, elsewhere: str) -> None:
    strangers = (theirs(5, record_id="other"), theirs(6, ward="00082"), theirs(7, type="residence.citizen"))
    delivery = DeliveryState(record_id="other", service="tthc", revision=1, status="accepted")
    answer = said(*((c, taken(c, 1)) for c in (theirs(1), *strangers)), deliveries=(delivery,))
    store.histories.keep(elsewhere, 3, answer)
    assert [change_id for change_id, _, _ in rows(store)] == ["x1"]
    assert store.changes.history("other") == () and store.records.deliveries("other") == ()


def test_deliveries_come_along(store: Store, elsewhere: str) -> None:
    delivery = DeliveryState(record_id=elsewhere, service="tthc", revision=1, status="accepted", number="12")
    store.histories.keep(elsewhere, 3, said((theirs(1), taken(theirs(1), 1)), deliveries=(delivery,)))
    assert store.records.deliveries(elsewhere) == (delivery,)
