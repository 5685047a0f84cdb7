"""A picture pasted into a text field: nothing of that size goes over the line, and nothing else may wait behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sync.store.saving
from sync.gateway.server import GatewayServer
from sync.protocol import LARGEST_CHANGE, SyncError
from sync.store.model import SaveRefused
from tests.sync.bad_line import Pc


@pytest.fixture
def pc(gateway: GatewayServer, tmp_path: Path):
    made = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    made.sync()
    yield made
    made.store.close()


def test_it_is_refused_where_it_can_still_be_shortened(pc: Pc) -> None:
    record = pc.save(doc_title="Học bạ")
    with pytest.raises(SaveRefused, match="2048 KB"):
        pc.save(record, doc_title="x" * LARGEST_CHANGE)
    assert pc.store.records.load(record.id).fields["doc_title"] == "Học bạ"
    pc.save(record, doc_title="x" * (LARGEST_CHANGE // 2))
    pc.sync()
    assert pc.pending() == 0


def test_one_that_was_saved_before_stops_nothing_behind_it(pc: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync.store.saving, "_LARGEST", 1 << 40)
    large = pc.save(doc_title="x" * 17_000_000)
    small = pc.save(doc_title="Học bạ")
    with pytest.raises(SyncError):
        pc.sync()
    pc.sync()
    (row,) = pc.store.changes.outbox()
    assert (row.change.record_id, row.status) == (large.id, "refused")
    assert "2048 KB" in row.problems[0].message
    assert pc.store.records.load(small.id).standing == "city"
    pc.save(pc.store.records.load(large.id), doc_title="chữ")
    pc.sync()
    assert pc.pending() == 0


def test_one_that_a_proxy_on_the_way_does_not_take_stops_nothing_either(pc: Pc) -> None:
    large, small = pc.save(doc_title="x" * 1_500_000), pc.save(doc_title="Học bạ")
    pc.line.largest_bytes = 1_000_000
    for _ in range(2):
        try:
            pc.sync()
        except SyncError as error:
            assert error.code == "too_large"
    assert pc.store.records.load(small.id).standing == "city"
    (row,) = pc.store.changes.outbox()
    assert (row.change.record_id, row.status) == (large.id, "refused")
    assert "Đường truyền" in row.problems[0].message


def test_a_long_text_is_replaced_in_two_steps(pc: Pc) -> None:
    record = pc.save(doc_title="x" * 1_500_000)
    with pytest.raises(SaveRefused, match="xóa trống mục ấy"):
        pc.save(record, doc_title="y" * 1_000_000)
    pc.save(pc.save(record, doc_title=None), doc_title="y" * 1_000_000)


def test_nor_does_one_that_a_firewall_with_its_own_bound_does_not_take(pc: Pc) -> None:
    """128 KB is what such programs take where nobody said otherwise."""
    pc.line.largest_bytes = 128 * 1024
    large, small = pc.save(doc_title="x" * 150_000), pc.save(doc_title="Học bạ")
    with pytest.raises(SyncError):
        pc.sync()
    pc.sync()
    assert pc.store.records.load(small.id).standing == "city"
    assert [row.change.record_id for row in pc.store.changes.outbox()] == [large.id]
