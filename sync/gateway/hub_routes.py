"""The pages of the gateway that a ward's hub asks for with its own token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sync.gateway.access import Device
from sync.gateway.city import City
from sync.gateway.routes import Answer, Asked, Route, wanted_range
from sync.hub.messages import CertificateRequest, LogRequest

OCTETS = "application/octet-stream"


class HubRoutes:
    """``device``: who asks (raises RefusedError 401)."""

    def __init__(self, city: City, device: Callable[[Asked], Device]) -> None:
        self._city = city
        self._device = device

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/v1/hub/certificate", self._certificate),
            Route("POST", "/v1/hub/log", self._log),
            Route("GET", "/v1/hub/files/{}/{}/{}", self._file),
        ]

    def _certificate(self, asked: Asked) -> Answer:
        device = self._device(asked)
        request = asked.wire.decode(asked.wire.content(asked.body), CertificateRequest)
        return _packed(asked, self._city.hubs.certificate(device, request))

    def _log(self, asked: Asked) -> Answer:
        device, city = self._device(asked), self._city
        request = asked.wire.decode(asked.wire.content(asked.body), LogRequest)
        mark = city.refresh()
        offer = city.packs.offered(device.wards, mark)
        answer = city.hubs.log(device, request, scopes=self._scopes(), epoch=city.epoch, offer=offer)
        city.heard(device)
        return _packed(asked, answer)

    def _file(self, asked: Asked) -> Answer:
        """Bytes of a file of a stream that the hub copies, in parts by ``Range``."""
        reader = self._city.hubs.reader(self._device(asked), self._scopes())
        file = self._city.uploads.file(reader, *asked.places)
        wanted = asked.headers.get("range")
        start, end = wanted_range(wanted, file.size)
        headers = {"Content-Type": OCTETS, "Accept-Ranges": "bytes"}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{end}/{file.size}"
        return Answer(206 if wanted else 200, headers, self._city.uploads.read(file, start, end - start + 1))

    def _scopes(self) -> tuple[str, ...]:
        """What a hub may have on its disk: nothing that is shown to a few alone."""
        return tuple(scope.id for scope in self._city.catalog.scopes if not scope.restricted)


def _packed(asked: Asked, answer: Any) -> Answer:
    body, headers = asked.wire.packed(answer)
    return Answer(200, headers, body)
