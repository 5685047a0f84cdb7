"""A request held back on the line reaches the city after its repetition was refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.protocol import HistoryAnswer, PushRequest, SyncError
from sync.store.model import Record
from sync.strangers import unreadable
from tests.sync.bad_line import Pc


def taken_after_a_refusal(gateway: GatewayServer, one: Pc, *records: Record) -> None:
    """Each of these reaches the city once more, after the refusal of its repetition."""
    late = PushRequest(one.store.changes.pending(9))
    for record in records:
        one.save(record, doc_title="Học bạ lớp 5")
    with gateway.city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants WHERE officer = ?", one.officer.id)
    assert one.sync().refused == 2 * len(records)
    with gateway.city.storage.write() as session:
        session.upsert("grants", grants)
    one.line.line.push(late)


def test_the_pc_hears_that_it_was_taken_after_all(gateway: GatewayServer, tmp_path: Path) -> None:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    record = one.save(doc_title="Học bạ")
    taken_after_a_refusal(gateway, one, record)
    one.sync()
    shown = one.store.records.load(record.id)
    assert shown is not None
    assert (one.pending(), shown.standing, shown.fields["doc_title"]) == (0, "city", "Học bạ lớp 5")
    assert [row.status for row in one.store.changes.history(record.id)] == ["accepted", "accepted"]
    one.close()


def test_a_history_that_cannot_be_read_holds_up_nothing(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    records = [one.save(doc_title="Học bạ"), one.save(doc_title="Bằng tốt nghiệp")]
    taken_after_a_refusal(gateway, one, *records)
    history, asked = one.line.history, set[str]()

    def spoilt(record_id: str) -> HistoryAnswer:
        asked.add(record_id)
        if record_id == min(record.id for record in records):
            raise unreadable()
        return history(record_id)

    monkeypatch.setattr(one.line, "history", spoilt)
    one.sync()
    assert asked == {record.id for record in records}
    assert {row.change.record_id for row in one.store.changes.outbox()} == {min(asked)}

    def lost(record_id: str) -> HistoryAnswer:
        raise SyncError("unreachable", "mất mạng")

    monkeypatch.setattr(one.line, "history", lost)
    with pytest.raises(SyncError):
        one.sync()
    monkeypatch.setattr(one.line, "history", history)
    one.sync()
    assert one.pending() == 0, "it was asked for again"
    one.close()


def test_a_history_that_never_comes_in_time_keeps_no_other_waiting(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    records = [one.save(doc_title=title) for title in ("Học bạ", "Bằng tốt nghiệp", "Giấy khai sinh")]
    taken_after_a_refusal(gateway, one, *records)
    history = one.line.history
    slow = {record.id for record in records[:2]}

    def late(record_id: str) -> HistoryAnswer:
        if record_id in slow:
            raise SyncError("timeout", "quá lâu")
        return history(record_id)

    monkeypatch.setattr(one.line, "history", late)
    engine = Engine(one.store, one.line)  # the window's, which stays
    for _ in range(3):
        engine.sync_once()
    assert {row.change.record_id for row in one.store.changes.outbox()} == slow
    one.close()
