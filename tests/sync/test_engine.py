"""One sync over a real line to a real gateway, with the faults a line has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from sync.clock import FixedClock, SystemClock
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.meeting import wanted_leases
from sync.protocol import Hello, Officer, PullAnswer, SyncError
from sync.store.model import Save
from tests.sync.bad_line import CATALOG, COPY, WARD, BadLine, Pc, two_numbers_of_copies


@pytest.fixture(params=["rounds", "old city"])
def pcs(gateway: GatewayServer, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Pc, Pc]]:
    old = request.param == "old city"
    made = (
        Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer", old=old),
        Pc(gateway, tmp_path / "two", "Trần Thu Hà", "civil_status_officer", old=old),
    )
    yield made
    for pc in made:
        pc.close()


def test_many_batches_arrive_once_and_in_order(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    saved = [one.save(doc_title=f"Giấy {n}") for n in range(30)]
    one.line.largest = 7
    report = one.sync()
    assert (report.pushed, report.refused, one.pending()) == (30, 0, 0)
    assert max(one.line.sizes) <= 7
    assert two.sync().pulled == 30
    assert [two.store.records.load(r.id).fields["doc_title"] for r in saved] == [f"Giấy {n}" for n in range(30)]


def test_a_lost_answer_is_asked_for_again_and_nothing_is_doubled(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    record = one.save(doc_title="Bằng tốt nghiệp")
    one.line.lose_answers = 1
    with pytest.raises(SyncError, match="mất câu trả lời"):
        one.sync()
    assert one.pending() == 1, "the city has it, but has not said so"
    assert one.sync().pushed == 1
    two.sync()
    assert two.store.records.load(record.id).revision == 1


def test_a_refused_change_parks_its_record_alone(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    signed = one.save(doc_title="Học bạ", original_seen=True)
    one.sync()
    two.sync()
    there = two.store.records.load(signed.id)
    refused = two.store.save(
        [Save(type=COPY, fields={**there.fields, "refused_reason": "tẩy xóa"}, opened=there, action="refuse")],
        two.officer,
    )
    assert refused[0].state == "refused"
    two.sync()
    late = one.save(one.store.records.load(signed.id), copies=5)
    later = one.save(late, copies=6)
    other = one.save(doc_title="Giấy khác")
    report = one.sync()
    assert report.refused == 2, "the later change of the record waits for the first one"
    assert one.store.records.load(other.id).standing == "city"
    assert one.store.records.load(later.id).standing == "refused"
    assert len(one.store.changes.outbox()) == 2


def test_a_paper_that_waited_behind_a_refused_change_keeps_its_number(
    pcs: tuple[Pc, Pc], gateway: GatewayServer
) -> None:
    """The paper is in a citizen's hands: what is corrected is the change before it."""
    one, _ = pcs
    received = one.save(doc_title="Học bạ", original_seen=True)
    one.sync()
    shown = one.store.records.load(received.id)
    (checking,) = one.store.save([Save(type=COPY, fields=shown.fields, opened=shown, action="check")], one.officer)
    one.sync()
    with gateway.city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants WHERE officer = ?", one.officer.id)
    titled = one.save(checking, doc_title="Học bạ lớp 5")
    (signed,) = one.store.save([Save(type=COPY, fields=titled.fields, opened=titled, action="certify")], one.officer)
    assert signed.number
    assert one.sync().refused == 2
    assert [row.status for row in one.store.changes.outbox()] == ["refused", "parked"]
    with gateway.city.storage.write() as session:
        session.upsert("grants", grants)
    refused = one.store.records.load(received.id)
    assert (refused.number, refused.standing) == (signed.number, "refused")
    one.save(refused, doc_title="Học bạ lớp 4")
    assert one.sync().refused == 0
    there = one.store.records.load(received.id)
    assert (there.standing, there.state, there.number) == ("city", "certified", signed.number)
    assert there.fields["doc_title"] == "Học bạ lớp 4"


def test_two_values_meet_and_a_person_picks(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    record = one.save(doc_title="Học bạ", copies=1)
    one.sync()
    two.sync()
    one.save(one.store.records.load(record.id), copies=2)
    two.save(two.store.records.load(record.id), copies=3, doc_issuer="Trường THPT Việt Đức")
    one.sync()
    assert two.sync().conflicts == 1
    one.sync()
    clash = one.store.records.load(record.id)
    assert clash.standing == "conflict"
    assert clash.fields["copies"] == 2
    assert clash.fields["doc_issuer"] == "Trường THPT Việt Đức"
    picked = {**clash.fields, "copies": 3}
    one.store.save([Save(type=COPY, fields=picked, opened=clash, kind="resolve", resolves=("copies",))], one.officer)
    one.sync()
    two.sync()
    for pc in pcs:
        shown = pc.store.records.load(record.id)
        assert (shown.fields["copies"], shown.standing, shown.conflicts) == (3, "city", {})


def test_a_choice_that_waited_behind_a_refused_change_is_made_with_its_correction(
    pcs: tuple[Pc, Pc], gateway: GatewayServer
) -> None:
    one, two = pcs
    record = two_numbers_of_copies(one, two)
    with gateway.city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants WHERE officer = ?", one.officer.id)
    edited = one.save(one.store.records.load(record.id), doc_title="Học bạ lớp 5")
    picked = Save(type=COPY, fields={**edited.fields, "copies": 3}, opened=edited, kind="resolve", resolves=("copies",))
    one.store.save([picked], one.officer)
    assert one.sync().refused == 2
    with gateway.city.storage.write() as session:
        session.upsert("grants", grants)
    one.save(one.store.records.load(record.id), doc_title="Học bạ lớp 4")
    assert [row.change.kind for row in one.store.changes.outbox()] == ["edit", "resolve"]
    one.sync()
    two.sync()
    for pc in pcs:
        shown = pc.store.records.load(record.id)
        assert (shown.fields["copies"], shown.fields["doc_title"]) == (3, "Học bạ lớp 4")
        assert (shown.standing, shown.conflicts) == ("city", {}), "nobody is asked a second time"


def test_a_stream_that_differs_is_read_again_and_reported(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    for n in range(5):
        one.save(doc_title=f"Giấy {n}")
    one.sync()

    def without_last(answer: PullAnswer) -> PullAnswer:
        two.line.spoil = lambda whole: whole
        return msgspec.structs.replace(answer, records=answer.records[:-1])

    two.line.spoil = lambda answer: without_last(answer) if answer.records else answer
    report = two.sync()
    assert report.pulled == 4
    assert report.repaired > 0
    assert two.store.records.types().get(COPY) == 5


def test_a_city_that_repeats_itself_ends_the_sync(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    two.save(doc_title="Giấy")
    two.sync()
    one.line.spoil = lambda answer: msgspec.structs.replace(answer, more=True, cursor=0)
    with pytest.raises(SyncError) as caught:
        one.sync()
    assert caught.value.code == "damaged"


def test_a_city_restored_from_a_backup_is_offered_everything_again(
    pcs: tuple[Pc, Pc], gateway: GatewayServer, tmp_path: Path
) -> None:
    one, _ = pcs
    kept = one.save(doc_title="Trước khi sao lưu")
    one.sync()
    gateway.stop()
    backup = (tmp_path / "city.db").read_bytes()
    gateway.start()
    lost = one.save(doc_title="Sau khi sao lưu")
    one.sync()
    gateway.stop()
    for extra in tmp_path.glob("city.db-*"):
        extra.unlink()
    (tmp_path / "city.db").write_bytes(backup)
    gateway.start()
    gateway.city.restored()
    one.sync()
    fresh = Pc(gateway, tmp_path / "three", "Lê Văn Khánh", "civil_status_officer")
    fresh.sync()
    assert {fresh.store.records.load(r.id).fields["doc_title"] for r in (kept, lost)} == {
        "Trước khi sao lưu",
        "Sau khi sao lưu",
    }
    fresh.close()


def test_the_next_years_book_is_asked_for_in_december() -> None:
    hello = Hello(
        protocol=1,
        epoch="e",
        time="",
        device="Q1",
        ward_names={WARD: "Phường Hoàn Kiếm"},
        streams=((WARD, "open"), (WARD, "onestop")),
        officers=(Officer("o", "Vũ Đức Nam", ("civil_status_officer",)),),
    )
    clock = FixedClock(SystemClock().now().replace(year=2026, month=6, day=1))
    periods = lambda: [p for _, r, p in wanted_leases(CATALOG, hello, clock.now()) if r.startswith(COPY)]  # noqa: E731
    assert periods() == ["2026"]
    clock.advance(days=200)
    assert periods() == ["2026", "2027"]


def test_work_done_before_the_pc_had_to_enrol_anew_is_taken(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    """Its token was lost, and with it the name it worked under; one change had come through unheard."""
    one, _ = pcs
    sent = one.save(doc_title="Đã đến nơi")
    one.line.lose_answers = 1
    with pytest.raises(SyncError):
        one.sync()
    waiting = one.save(doc_title="Chưa gửi")
    answer = enrol(gateway.url, gateway.enrolment_code(WARD, "Vũ Đức Nam", ("civil_status_officer",), "UBND"), "PC")
    known = one.store.enrolment
    assert known is not None
    assert answer.device != known.device
    one.store.set_enrolment(msgspec.structs.replace(known, token=answer.token, device=answer.device))
    one.line = BadLine(HttpTransport(gateway.url, answer.token))
    report = one.sync()
    assert (report.refused, one.pending()) == (0, 0)
    assert {one.store.records.load(r.id).standing for r in (sent, waiting)} == {"city"}
    assert {one.store.records.load(r.id).revision for r in (sent, waiting)} == {1}
