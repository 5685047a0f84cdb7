"""A conflict that another PC settled while this one wrote into the same field: both end with the same record."""

from __future__ import annotations

from pathlib import Path

from sync.gateway.server import GatewayServer
from sync.store.model import Save
from tests.sync.bad_line import COPY, Pc, two_numbers_of_copies


def test_the_mark_of_a_conflict_goes_with_it(gateway: GatewayServer, tmp_path: Path) -> None:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    two = Pc(gateway, tmp_path / "two", "Trần Thu Hà", "civil_status_officer")
    record = two_numbers_of_copies(one, two)
    two.sync()
    clash = two.store.records.load(record.id)
    assert clash is not None
    assert clash.conflicts
    two.store.save([Save(type=COPY, fields=clash.fields, opened=clash, kind="resolve")], two.officer)
    two.sync()
    other = one.save(doc_title="Giấy khác")
    one.save(one.store.records.load(record.id), copies=5)
    one.sync()
    two.sync()
    for pc in (one, two):
        shown = pc.store.records.load(record.id)
        assert shown is not None
        assert (shown.fields["copies"], shown.conflicts, shown.standing) == (5, {}, "city")
        assert pc.store.records.load(other.id) is not None
        pc.close()
