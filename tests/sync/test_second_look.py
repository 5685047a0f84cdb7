"""A request held back on the line reaches the city after its repetition was refused."""

from __future__ import annotations

from pathlib import Path

from sync.gateway.server import GatewayServer
from sync.protocol import PushRequest
from tests.sync.bad_line import Pc


def test_the_pc_hears_that_it_was_taken_after_all(gateway: GatewayServer, tmp_path: Path) -> None:
    one = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    one.sync()
    record = one.save(doc_title="Học bạ")
    late = PushRequest(one.store.changes.pending(9))
    one.save(record, doc_title="Học bạ lớp 5")
    with gateway.city.storage.write() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
        session.run("DELETE FROM grants WHERE officer = ?", one.officer.id)
    refused = one.sync()
    assert refused.refused == 2
    with gateway.city.storage.write() as session:
        session.upsert("grants", grants)
    one.line.line.push(late)
    one.sync()
    shown = one.store.records.load(record.id)
    assert shown is not None
    assert (one.pending(), shown.standing, shown.fields["doc_title"]) == (0, "city", "Học bạ lớp 5")
    assert [row.status for row in one.store.changes.history(record.id)] == ["accepted", "accepted"]
    one.close()
