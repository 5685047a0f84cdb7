"""What a restored city lost, and PCs that hold it begin anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.gateway.city import City
from sync.gateway.ledger import REVISIONS_FROM
from sync.protocol import EnrolRequest
from sync.store.model import Save
from tests.sync.direct_city import CATALOG, backup, restored
from tests.sync.direct_line import Pc
from tests.sync.store.ward import DOSSIER


@pytest.fixture
def lost(city: City, tmp_path: Path, clock: FixedClock, a_pc: Callable[..., Pc]):
    """A PC with two officers, of whom the first by name has nothing to do with dossiers, and a dossier that the city lost with
    the PC of its maker."""
    maker = a_pc("maker")
    shared = Pc(city, tmp_path / "shared", CATALOG, clock, "office_head", name="An")
    code = city.enrolment.new_code([shared.ward], "Bình", "UBND", ("clerk",))
    shared._keep(city.enrol(EnrolRequest(code=code, device_name="PC", token=shared.token)))
    shared.begin()
    for pc in (maker, shared):
        pc.sync()
    backup(city, tmp_path)
    (dossier,) = maker.store.save([Save(type=DOSSIER.id, fields={"subject": "Việc"})], maker.officer)
    maker.sync()
    shared.sync()
    after = restored(city, tmp_path, [shared])
    shared.sync()
    clock.advance(seconds=timedelta(days=8).total_seconds())
    shared.sync()
    yield shared, dossier.id
    shared.store.close()
    after.close()


def test_it_is_begun_by_an_officer_of_that_register(lost: tuple[Pc, str]) -> None:
    shared, dossier = lost
    assert shared.store.changes.outbox() == ()
    found = shared.store.records.load(dossier)
    assert (found.fields["subject"], found.standing, found.updated_by) == ("Việc", "city", "Bình")


def test_services_are_told_of_it_as_of_something_newer(lost: tuple[Pc, str]) -> None:
    """They may have had it at revisions that the backup does not know, and pass over what is older, or told under one key."""
    shared, dossier = lost
    with shared.city.storage.read() as session:
        ((begun,),) = session.all("SELECT revision FROM records WHERE id = ?", dossier)
        assert begun >= int(session.one("SELECT value FROM meta WHERE key = ?", REVISIONS_FROM)[0])
    assert shared.store.records.load(dossier).revision == begun
