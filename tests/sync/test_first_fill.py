"""A new PC's first fill: what is worked at first, nothing missed and nothing doubled whatever comes between."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sync.gateway.server import GatewayServer
from sync.protocol import SyncError
from tests.sync.filling_pc import (
    CITIZEN,
    COPY,
    DOSSIER,
    OTHER,
    WARD,
    Pc,
    filled_city,
    gateway,
    no_small_registers,
    same_as_city,
)

__all__ = ["gateway", "no_small_registers"]


def test_open_work_comes_first_then_the_newest(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    report = new.sync()
    states = [(r.type, r.state) for r in new.line.came]
    drafts = [place for place, (_, state) in enumerate(states) if state == "draft"]
    assert drafts == [0, 1, 2, 3]  # and not once more in their turn
    copies = [r.fields["copies"] for r in new.line.came[4:] if r.type == COPY]
    assert copies == sorted(copies, reverse=True)
    assert report.pulled == len(old.held())  # what came twice was news once
    assert len(new.line.pages) > 5
    same_as_city(new, old)


def test_what_open_work_refers_to_comes_along(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old")
    person = old.save(CITIZEN, {"full_name": "Lê Thị Cũ"})
    old.sync()
    for n in range(30):
        old.save(CITIZEN, {"full_name": f"Người mới {n}"})
    dossier = old.save(DOSSIER, {"applicant": "Lê Thị Cũ", "person_ref": person})
    old.sync()
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=3)
    known: list[tuple[bool, bool]] = []

    def look(_number: int) -> None:
        here = new.held()
        known.append((dossier in here, person in here))

    new.line.after_page = look
    new.sync()
    assert all(has_person for has_dossier, has_person in known if has_dossier)
    first_seen = next(place for place, (has_dossier, _) in enumerate(known) if has_dossier)
    assert first_seen <= 3
    same_as_city(new, old)


def test_a_page_has_room_for_so_many_bytes(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = filled_city(gateway, tmp_path / "old", copies=0)
    for n in range(12):
        person = old.save(CITIZEN, {"full_name": f"Lê Thị {n}", "phones": [{"_id": "p", "line": "x" * 3000}]})
        old.save(DOSSIER, {"applicant": f"Lê Thị {n}", "person_ref": person, "subject": "x" * 3000})
        old.save(COPY, {"doc_title": "x" * 30_000}, state="certified", number=None)
    old.sync()
    monkeypatch.setattr("sync.gateway.filling.LARGEST_CONTENT", 10_000)
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=500)
    new.sync()
    sizes = [[r for page in answer.pages for r in page.records] + list(answer.along) for answer in new.line.pages]
    assert max(sum(len(msgspec.msgpack.encode(r.fields)) for r in page[:-1]) for page in sizes if page) <= 10_000, (
        "but for the last"
    )
    same_as_city(new, old)


@pytest.mark.parametrize("cut_after", [1, 2, 3, 5, 9])
def test_killed_between_pages(gateway: GatewayServer, tmp_path: Path, cut_after: int) -> None:
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")

    def cut(number: int) -> None:
        if number == cut_after:
            raise SyncError("unreachable", "đứt")

    new.line.after_page = cut
    with pytest.raises(SyncError):
        new.sync()
    before = new.held()
    new.killed()
    new.sync()
    assert before.items() <= new.held().items()
    assert not {r.id for r in new.line.came} >= set(old.held()) or cut_after <= 2  # it did not begin anew
    same_as_city(new, old)


def test_news_during_the_fill_are_there_before_the_rest(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old", copies=60)
    oldest = next(i for i, (_, _, fields) in old.held().items() if fields.get("copies") == 0)
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=4)
    seen: list[int] = []

    def meanwhile(number: int) -> None:
        if number == 2:
            old.change(oldest, doc_title="Sửa giữa chừng")
            old.save(COPY, {"doc_title": "Mới giữa chừng", "copies": 999})
            old.sync()
        if any(fields.get("copies") == 999 for _, _, fields in new.held().values()):
            seen.append(number)

    new.line.after_page = meanwhile
    new.sync()
    assert seen and seen[0] < len(new.line.pages) - 4
    assert new.held()[oldest][2]["doc_title"] == "Sửa giữa chừng"
    assert oldest not in {r.id for r in new.line.came}
    same_as_city(new, old)


def test_unsent_work_goes_between_the_pages(gateway: GatewayServer, tmp_path: Path) -> None:
    """A PC that is enrolled anew keeps what it had not sent, and sends it while the old registers come."""
    old = filled_city(gateway, tmp_path / "old", copies=60)
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=4)
    mine = new.save(COPY, {"doc_title": "Chưa gửi"})
    new.enrol("Trần Thu Hà", "chair", "reception", "civil_status_officer")
    new.begin()
    later: list[str] = []
    arrived: list[int] = []

    def meanwhile(number: int) -> None:
        if number == 3:
            later.append(new.save(COPY, {"doc_title": "Lưu giữa chừng"}))
        if later:
            with gateway.city.storage.read() as session:
                if session.one("SELECT 1 FROM records WHERE ward = ? AND id = ?", WARD, later[0]):
                    arrived.append(number)

    new.line.after_page = meanwhile
    new.sync()
    assert arrived and arrived[0] < len(new.line.pages)
    old.sync()
    assert {mine, later[0]} <= set(old.held())
    same_as_city(new, old)


def test_each_ward_and_scope_has_its_own_fill(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old")
    far = Pc(gateway, tmp_path / "far", "Ngô Thị Sen", "chair", wards=(OTHER,))
    for n in range(25):
        far.save(CITIZEN, {"full_name": f"Phường khác {n}"})
    far.save(COPY, {"doc_title": "Không được xem"})
    far.sync()
    new = Pc(gateway, tmp_path / "new", "Phạm Thu", "reception", wards=(WARD, OTHER))
    new.sync()
    both = {**old.held(), **far.held()}
    wanted = {record.id: both[record.id] for pc in (old, far)
              for type_id in (CITIZEN, DOSSIER) for record in pc.store.records.each(type_id)}  # fmt: skip
    assert new.held() == wanted
    assert not new.sync().problems
    # one more role later: the stream that opens is filled, the others are left alone
    answers = len(new.line.pages)
    new.enrol("Phạm Thu", "chair", wards=(WARD, OTHER))
    new.begin()
    new.sync()
    assert new.held() == both
    assert answers and {r.scope for r in new.line.came} == {"open"}


def test_where_records_stand_with_the_services_comes_too(gateway: GatewayServer, tmp_path: Path) -> None:
    """Also of a record that has changed since, and so comes by the other way than its older delivery."""
    old = filled_city(gateway, tmp_path / "old")
    births = [old.save("civil_status.birth", {"child_name": f"Bé {n}"}) for n in range(12)]
    dossiers = [old.save(DOSSIER, {"applicant": f"Người {n}"}) for n in range(12)]
    for record_id, action in [*((i, "sign") for i in births), *((i, "accept") for i in dossiers)]:
        record = old.store.records.load(record_id)
        assert record is not None
        old.save(record.type, record.fields, opened=record, action=action)
    old.sync()
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer", limit=5)

    def meanwhile(number: int) -> None:
        if number == 2:
            old.change(births[0], child_name="Bé khác")
            old.sync()

    new.line.after_page = meanwhile
    new.sync()
    old.sync()
    assert {d.service for i in births for d in new.store.records.deliveries(i)} == {"hotich", "qlvb"}
    for record_id in (*births, *dossiers):
        assert new.store.records.deliveries(record_id) == old.store.records.deliveries(record_id)
    same_as_city(new, old)
