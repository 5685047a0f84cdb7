"""A PC that is lost or stolen: whoever finds it reads and writes nothing more, by no way."""

from __future__ import annotations

import json

import pytest

import sync.gateway.city
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.device_commands import list_devices, withdraw_device
from sync.gateway.refusals import RefusedError
from sync.protocol import LeaseRequest
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG


def test_a_withdrawn_device_is_a_stranger(city: City) -> None:
    lost, other = Pc(city), Pc(city, officer="Bình")
    made = lost.create("certification.cert_copy", after={"doc_title": "x"})
    lost.push(made)
    city.leases.lease(lost.device, LeaseRequest(ward=WARD, register="certification.cert_copy/book", period="2026"))
    books = withdraw_device(city.storage, lost.answer.device)
    assert books == [(WARD, "certification.cert_copy/book", "2026")]
    with pytest.raises(RefusedError) as caught:
        _ = lost.device
    assert (caught.value.status, caught.value.code) == (401, "unknown_device")
    with city.storage.read() as session:  # what a bundle of it is judged by
        assert city.access.grants(session, lost.answer.device) == ()
    assert [r.id for r in other.pull_all("open").records] == [made.record_id]  # what it sent stays
    assert [d.device for d in list_devices(city.storage, WARD)] == [other.answer.device]
    with pytest.raises(RefusedError):
        withdraw_device(city.storage, lost.answer.device)


def test_the_verbs(
    storage_url: str, city: City, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)
    lost = Pc(city)
    assert main(["device", "list", "--database", storage_url, "--json"]) == 0
    (told,) = json.loads(capfdbinary.readouterr().out)
    assert told.items() >= {"device": lost.answer.device, "name": "PC", "ward": WARD, "officers": ["An"]}.items()
    assert main(["device", "withdraw", lost.answer.device, "--database", storage_url]) == 0
    assert main(["device", "withdraw", lost.answer.device, "--database", storage_url]) == 1
    capfdbinary.readouterr()
    assert main(["device", "list", "--database", storage_url]) == 0
    assert capfdbinary.readouterr().out == b""
