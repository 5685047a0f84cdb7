"""What befalls a PC between two syncs: its store is held by another program, a record bears an id of another ward, a city came
back from a backup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.protocol import EnrolRequest, SyncError
from sync.store import connection
from sync.store.model import Save
from tests.sync.direct_city import CATALOG, backup, restored, save, seen
from tests.sync.direct_line import Pc
from tests.sync.store import ward
from tests.sync.store.ward import COPY


def test_a_store_held_by_another_program_is_tried_again(
    a_pc: Callable[..., Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.05)
    pc = a_pc("pc")
    pc.sync()
    record = save(pc, document="một")
    other = connection.connect(pc.folder / connection.FILE_NAME, pc.key)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SyncError) as caught:
        pc.sync()
    assert (caught.value.code, caught.value.retry) == ("busy", True)
    other.execute("ROLLBACK")
    other.close()
    pc.sync()
    found = pc.store.records.load(record.id)
    assert (found.revision if found else 0, pc.store.changes.outbox()) == (1, ())


OTHER_WARD = "00004"


def test_one_id_in_two_wards_is_not_read_again_at_every_sync(
    city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]
) -> None:
    here, both = a_pc("một"), a_pc("hai")
    there = Pc(city, tmp_path / "ba", CATALOG, clock, "clerk", ward=OTHER_WARD)
    code = city.enrolment.new_code([ward.WARD, OTHER_WARD], "hai", "UBND", ["clerk"])
    both._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=both.token)))
    both.begin()
    record = save(here, document="ở đây")
    here.sync()
    both.sync()
    (stranger,) = there.store.save([Save(type=COPY.id, fields={"document": "ở kia"}, id=record.id)], there.officer)
    there.sync()
    for text in ("ở kia", "vẫn ở kia"):
        for _ in range(2):
            report = both.sync()
            assert (report.problems, report.repaired) == ([], 0)
        stranger = save(there, there.store.records.load(stranger.id), document=text)
        there.sync()
    save(here, here.store.records.load(record.id), document="sửa ở đây")
    here.sync()
    assert both.sync().problems == []
    found = both.store.records.load(record.id)
    assert found is not None
    assert (found.ward, found.fields["document"]) == (ward.WARD, "sửa ở đây")
    there.store.close()


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_copies_of_a_lost_record_the_newest_stands(
    city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc], newest_first: bool
) -> None:
    """The PC that made it is gone; one that was long without a line must not make a certified paper a mere draft again."""
    maker, stale, fresh = a_pc("một"), a_pc("hai"), a_pc("ba")
    maker.sync()
    backup(city, tmp_path)
    record = save(maker, document="gốc", pages=1)
    maker.sync()
    stale.sync()
    opened = maker.store.records.load(record.id)
    assert opened is not None
    fields = {**opened.fields, "pages": 2}
    (done,) = maker.store.save([Save(type=COPY.id, fields=fields, opened=opened, action="certify")], maker.officer)
    assert done.number
    maker.sync()
    fresh.sync()
    clock.moment += timedelta(hours=1)
    after = restored(city, tmp_path, [stale, fresh])
    try:
        for pc in (stale, fresh):
            pc.sync()
        clock.moment += timedelta(days=8)
        for _ in range(2):
            for pc in (fresh, stale) if newest_first else (stale, fresh):
                pc.sync()
        for pc in (stale, fresh):
            found = pc.store.records.load(record.id)
            assert found is not None
            assert (found.state, found.number, found.fields["pages"]) == ("certified", done.number, 2)
            assert (found.conflicts, found.standing, pc.store.changes.outbox()) == ({}, "city", ())
    finally:
        after.close()


def statuses(pc: Pc) -> list[tuple[str, str]]:
    return [(row.change.kind, row.status) for row in pc.store.changes.outbox()]


def test_what_a_lock_kept_out_does_not_come_in_by_way_of_a_restored_city(
    city: City, tmp_path: Path, a_pc: Callable[..., Pc]
) -> None:
    """The city has yet to hear of the signature, and the PC that was refused comes first."""
    signer, other = a_pc("một"), a_pc("hai")
    signer.sync()
    record = save(signer, document="Nguyễn A")
    for pc in (signer, other):
        pc.sync()
    backup(city, tmp_path)
    opened = seen(signer, record)
    signer.store.save([Save(type=COPY.id, fields=opened.fields, opened=opened, action="certify")], signer.officer)
    signer.sync()
    save(other, seen(other, record), document="Trần B")
    assert other.sync().refused == 1
    after = restored(city, tmp_path, [signer, other])
    try:
        for pc in (other, signer, other, signer):
            pc.sync()
        signed = seen(signer, record)
        assert (signed.state, signed.fields["document"], signed.conflicts) == ("certified", "Nguyễn A", {})
        assert statuses(other) == [("edit", "refused")], "its officer has still to say what becomes of it"
    finally:
        after.close()


def test_what_was_refused_for_want_of_its_record_is_judged_again_by_a_city_restored_since(
    city: City, tmp_path: Path, a_pc: Callable[..., Pc]
) -> None:
    maker, other = a_pc("một"), a_pc("hai")
    maker.sync()
    backup(city, tmp_path)
    record = save(maker, document="gốc")
    maker.sync()
    other.sync()
    save(other, seen(other, record), document="sửa")
    after = restored(city, tmp_path, [maker, other])
    try:
        assert other.sync().refused == 1, "the record is not there yet"
        maker.sync()
        after.restored()
        other.sync()
        maker.sync()
        assert statuses(other) == []
        assert seen(maker, record).fields["document"] == "sửa"
    finally:
        after.close()


def test_an_edit_of_a_record_whose_maker_is_gone_is_kept_with_it(
    city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]
) -> None:
    maker, other = a_pc("một"), a_pc("hai")
    other.sync()
    backup(city, tmp_path)
    record = save(maker, document="gốc", pages=2)
    maker.sync()
    other.sync()
    save(other, seen(other, record), document="sửa")
    after = restored(city, tmp_path, [other])
    try:
        for _ in range(2):
            other.sync()
        assert statuses(other) == [("edit", "refused")]
        clock.moment += timedelta(days=8)
        for _ in range(2):
            other.sync()
        with after.storage.read() as session:
            assert session.all("SELECT id FROM records WHERE revision > 0") == [(record.id,)]
        kept = seen(other, record)
        assert (kept.fields["document"], kept.fields["pages"], kept.standing) == ("sửa", 2, "city")
        assert statuses(other) == []
    finally:
        after.close()
