"""A PC that no line reaches, and the city: files on a stick between them, with everything that happens to sticks."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.bundle import outgoing, seal
from sync.bundle.errors import BundleError
from sync.bundle.keys import new_keys, public_of_text
from sync.bundle.on_pc import export_bundle, keep_keys, last_export
from sync.bundle.seal import read_header
from sync.gateway import bundles
from sync.gateway.given_up import GivenUp
from sync.gateway.server import GatewayServer
from sync.store.model import Save
from tests.sync.stick_pcs import CATALOG, COPY, OTHER_WARD, Pc, answer, gateway, make
from tests.sync.test_given_up import no_grants

__all__ = ["gateway", "make"]  # fixtures


def at_city(gateway: GatewayServer) -> dict[str, int]:
    """Record id → revision of what the city holds, and the number of changes it took."""
    with gateway.city.storage.read() as session:
        held = {row[0]: row[1] for row in session.all("SELECT id, revision FROM records")}
        return {**held, "changes": len(session.all("SELECT change_id FROM changes"))}


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(BundleError) as caught:
        work()
    assert caught.value.label.vi
    assert caught.value.label.en
    return caught.value.code


def test_two_pcs_that_never_had_a_line_end_equal(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    first = one.save(doc_title="Bằng tốt nghiệp")
    taken = one.carry()
    assert (taken.accepted, taken.refused, taken.waiting) == (1, 0, 0)
    assert one.load(first).standing == "city"
    two.carry()
    two.save(two.load(first), copies=4)
    two.carry()
    one.carry()
    assert one.load(first).fields["copies"] == 4
    assert one.copies() == two.copies()
    assert one.sync().problems == []
    assert one.sync().repaired == 0


def test_what_was_exported_waits_until_the_answer_is_taken(make: Callable[..., Pc]) -> None:
    one = make("một")
    record = one.save(doc_title="Học bạ")
    out = one.export()
    assert one.waiting() == 1
    assert one.load(record).standing == "here"
    known = last_export(one.store)
    assert known is not None
    assert known.changes == 1
    later = one.save(one.load(record), copies=7)
    taken = one.take(one.answered(out))
    assert (taken.accepted, taken.waiting) == (1, 1), "what was changed after the export still waits"
    assert one.load(later).fields["copies"] == 7
    assert last_export(one.store) is None
    assert one.carry().waiting == 0


def test_both_files_may_come_twice(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one = make("một")
    one.save(doc_title="Học bạ")
    out = one.export()
    back = one.answered(out)
    before = at_city(gateway)
    again = one.answered(out)
    assert at_city(gateway) == before
    assert (one.took.accepted, one.took.known) == (1, 1)
    one.take(back)
    held = one.copies()
    assert one.take(back).again
    assert not one.take(again).again
    assert one.copies() == held


def test_out_of_order_and_beside_a_line(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    one.save(doc_title="Giấy 1")
    first = one.export()
    one.save(doc_title="Giấy 2")
    second = one.export()
    late = one.answered(second)
    two.save(doc_title="Giấy của máy hai")
    two.sync()
    early = one.answered(first)
    one.save(doc_title="Giấy 3")
    two.sync()
    assert one.take(late).waiting == 1
    one.sync()
    held = one.copies()
    taken = one.take(early)
    assert (taken.accepted, taken.pulled, taken.problems) == (0, 0, [])
    assert one.copies() == held
    two.sync()
    assert one.copies() == two.copies()
    assert len(one.copies()) == 4


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(["save", "edit", "export", "city", "take", "take old", "other", "line"]), max_size=18))
def test_whatever_the_order_nothing_is_lost_or_doubled(
    gateway: GatewayServer, tmp_path: Path, steps: list[str]
) -> None:
    base = tmp_path / secrets.token_hex(4)
    base.mkdir()
    one, two = Pc(gateway, base / "a", "Cán bộ a"), Pc(gateway, base / "b", "Cán bộ b")
    outs: list[Path] = []
    backs: list[Path] = []
    mine: dict[str, int] = {}
    for n, step in enumerate(steps):
        if step == "save":
            mine[one.save(doc_title=f"Giấy {n}").id] = 1
        elif step == "edit" and mine:
            there = one.store.records.load(next(iter(mine)))
            assert there is not None
            mine[one.save(there, copies=n + 2).id] = n + 2
        elif step == "export":
            outs.append(one.export())
        elif step == "city" and outs:
            backs.append(one.answered(outs[n % len(outs)]))
        elif step == "take" and backs:
            one.take(backs[-1])
        elif step == "take old" and backs:
            one.take(backs[0])
        elif step == "other":
            two.save(doc_title=f"Của máy b {n}")
            two.sync()
        elif step == "line":
            one.sync()
    one.carry()
    one.carry()
    two.sync()
    assert one.waiting() == 0
    assert one.copies() == two.copies()
    assert {r.id: r.fields["copies"] for r in one.store.records.each(COPY) if r.id in mine} == mine
    one.close()
    two.close()


def test_a_cut_a_changed_or_a_strange_file_changes_nothing(
    make: Callable[..., Pc], gateway: GatewayServer, tmp_path: Path
) -> None:
    one = make("một")
    one.save(doc_title="Học bạ")
    out = one.export()
    back = one.answered(out)
    there, here = at_city(gateway), one.copies()
    bad = tmp_path / "bad"
    for path, take in ((out, lambda: answer(gateway, bad, tmp_path / "x")), (back, lambda: one.take(bad))):
        whole = path.read_bytes()
        for size in (0, 5, 40, len(whole) // 2, len(whole) - 70, len(whole) - 1):
            bad.write_bytes(whole[:size])
            assert refusal(take) in {"cut", "tampered", "not_a_bundle"}
        for place in (20, 60, len(whole) // 2, len(whole) - 80, len(whole) - 1):
            bad.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert refusal(take)
        bad.write_bytes(b"%PDF-1.7 \x00 mot tep khac")
        assert refusal(take) == "not_a_bundle"
        bad.write_bytes(whole + b"\0")
        assert refusal(take) in {"cut", "tampered"}
    assert at_city(gateway) == there
    assert one.copies() == here
    assert one.waiting() == 1
    assert not (tmp_path / "x").exists()


def test_it_cannot_be_read_without_the_key(make: Callable[..., Pc]) -> None:
    one = make("một")
    one.save(doc_title="Giấy khai sinh của cháu Bích", requester_name="Lê Hoàng Bích")
    out = one.export()
    back = one.answered(out)
    for path in (out, back):
        assert "Bích".encode() not in path.read_bytes()
        assert COPY.encode() not in path.read_bytes()


def test_bundles_of_others_are_told_apart(make: Callable[..., Pc], tmp_path: Path) -> None:
    one, two, three = make("một"), make("hai"), make("ba", ward=OTHER_WARD)
    out = one.export()
    back = one.answered(out)
    assert refusal(lambda: two.take(back)) == "other_device"
    assert refusal(lambda: three.take(back)) == "other_ward"
    assert refusal(lambda: one.take(out)) == "wrong_kind"
    assert refusal(lambda: one.answered(back)) == "wrong_kind"
    with GatewayServer(f"sqlite:///{tmp_path}/other.db", catalog=CATALOG) as elsewhere:
        assert refusal(lambda: answer(elsewhere, out, tmp_path / "x")) == "other_city"


def test_a_device_that_was_withdrawn_or_forged_is_refused(
    make: Callable[..., Pc], gateway: GatewayServer, tmp_path: Path
) -> None:
    one, two = make("một"), make("hai")
    record = two.save(doc_title="Giả mạo")
    forged = new_keys()
    city = gateway_key(two)
    keep_keys(two.store, forged, city)  # the store signs with keys the city never saw
    assert refusal(two.carry) == "tampered"
    assert record.id not in at_city(gateway)
    out = one.export()
    with gateway.city.storage.write() as session:
        session.run("DELETE FROM grants WHERE device = ?", read_header(out).device)
    assert refusal(lambda: one.answered(out)) == "unknown_device"


def gateway_key(pc: Pc) -> str:
    text: str = pc.store.meta("city_bundle_keys")
    assert public_of_text(text) is not None
    return text


def test_a_pc_without_keys_says_what_to_do(make: Callable[..., Pc]) -> None:
    assert refusal(make("cũ", keys=False).export) == "no_keys"


def test_a_refused_change_comes_back_with_its_reason(make: Callable[..., Pc]) -> None:
    one, two = make("một"), make("hai")
    signed = one.save(doc_title="Học bạ", original_seen=True)
    one.carry()
    two.carry()
    there = two.load(signed)
    fields = {**there.fields, "refused_reason": "tẩy xóa"}
    two.store.save([Save(type=COPY, fields=fields, opened=there, action="refuse")], two.officer)
    two.carry()
    late = one.save(one.load(signed), copies=5)
    taken = one.carry()
    assert (taken.refused, taken.waiting) == (1, 1)
    assert one.load(late).standing == "refused"
    assert one.store.changes.outbox()[0].problems


def test_a_stick_that_replaces_very_much_is_taken_a_part_at_a_time(
    make: Callable[..., Pc], gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on the line a PC sends less at a time; a stick goes one way, and is refused nothing for its size."""
    at_once: list[int] = []
    write = GivenUp.write

    def written(given_up: GivenUp) -> None:
        at_once.append(len(given_up._new))
        write(given_up)

    one = make("một")
    records = [one.save(doc_title=f"Giấy {n}") for n in range(5)]
    one.sync()
    for record in records:
        one.save(one.load(record), copies=2)
    with no_grants(gateway.city):
        one.sync()
    for record in records:
        one.save(one.load(record), copies=3)
    monkeypatch.setattr(bundles, "MOST_REPLACED_AT_ONCE", 2)
    monkeypatch.setattr(GivenUp, "write", written)
    taken = one.carry()
    assert at_once == [2, 2, 1]
    assert (taken.accepted, taken.refused, taken.waiting) == (5, 0, 0)
    assert {one.load(record).fields["copies"] for record in records} == {3}


def test_a_restored_city_is_offered_what_it_lost(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one = make("một")
    old = one.answered(one.export())
    one.save(doc_title="Học bạ")
    one.carry()
    with gateway.city.storage.write() as session:
        for table in ("records", "changes", "streams", "digests"):
            session.run(f"DELETE FROM {table}")
    gateway.city.restored()
    one.carry()  # it hears of the restore, and offers again
    one.carry()
    assert one.waiting() == 0
    assert len(at_city(gateway)) == 2
    assert refusal(lambda: one.take(old)) == "old"


def test_what_was_exported_before_the_city_was_restored_and_came_after_it_is_not_left_refused(
    make: Callable[..., Pc], gateway: GatewayServer
) -> None:
    """The city judges the edit before it is offered anew the record it stands on."""
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    one.carry()
    one.save(one.load(record), copies=3)
    out = one.export()
    with gateway.city.storage.write() as session:
        for table in ("records", "changes", "streams", "digests"):
            session.run(f"DELETE FROM {table}")
    gateway.city.restored()
    one.take(one.answered(out))
    assert one.took.refused == 1
    for _ in range(2):
        one.carry()
    two.carry()
    assert one.waiting() == 0
    assert two.load(record).fields["copies"] == 3
    assert one.copies() == two.copies()


def test_an_outbox_of_large_records_is_read_whole(make: Callable[..., Pc], monkeypatch: pytest.MonkeyPatch) -> None:
    """A section is limited in bytes as it is read, and so it is as it is written."""
    monkeypatch.setattr(seal, "LARGEST_SECTION", 18 * 1024 * 1024)  # of 64, which would take a while
    one = make("một")
    one.store.save([Save(type=COPY, fields={"doc_title": f"{n} " + "x" * 1_000_000}) for n in range(20)], one.officer)
    taken = one.carry()
    assert (taken.accepted, taken.waiting) == (20, 0)


def test_what_a_sync_settles_while_a_stick_is_written_leaves_no_gap_in_it(
    make: Callable[..., Pc], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes by stick before what it stands on."""
    monkeypatch.setattr(outgoing, "_IN_SECTION", 2)
    one = make("một")
    records = [one.save(doc_title=f"Giấy {n}") for n in range(4)]
    assert one.store.enrolment is not None
    sections = outgoing.Outgoing(one.store, one.store.enrolment, 0).sections()
    written = [next(sections), next(sections)]
    one.sync()
    for copies in range(2, 6):
        one.save(one.load(records[0]), copies=copies)
    written += sections
    parts = [msgspec.msgpack.decode(section) for section in written[1:]]
    sent = [change["record_id"] for part in parts for change in part["changes"]]
    assert sent == [record.id for record in records[:2]]


def test_a_file_that_is_no_bundle_is_not_written_over(make: Callable[..., Pc], tmp_path: Path) -> None:
    one = make("một")
    letter = tmp_path / "thư.docx"
    letter.write_bytes(b"PK thu")
    assert refusal(lambda: export_bundle(one.store, letter)) == "exists"
    assert letter.read_bytes() == b"PK thu"
    nowhere = tmp_path / "USB" / "phường.spb"
    with pytest.raises(BundleError) as caught:
        export_bundle(one.store, nowhere)
    assert caught.value.code == "no_folder" and str(caught.value.label.en).endswith(f"{nowhere.parent}.")
    out = one.export()
    export_bundle(one.store, out)  # an older bundle is


def test_the_clock_of_a_bundle_is_no_clock_to_go_by(make: Callable[..., Pc]) -> None:
    one = make("một")
    one.carry()
    assert one.store.meta("clock_skew") is None
