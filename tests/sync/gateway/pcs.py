"""Devices and their changes, as tests speak of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec

from sync.clock import SystemClock
from sync.gateway.access import Device
from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.ids import IdSource
from sync.protocol import Change, ChangeResult, EnrolRequest, Officer, PullAnswer, PullRequest
from tests.sync.gateway.small_catalog import CATALOG

WARD, OTHER_WARD, THIRD_WARD = "00070", "00004", "00025"
ids = IdSource(SystemClock())
_seconds = itertools.count()


def change(type_id: str, officer: Officer, **more: Any) -> Change:
    """A change with everything a device fills in; a create unless said otherwise."""
    change_id = ids.new()
    given: dict[str, Any] = {
        "change_id": change_id,
        "save_id": change_id,
        "record_id": ids.new(),
        "type": type_id,
        "ward": WARD,
        "kind": "create",
        "officer": officer,
        "at": f"2026-11-22T03:{next(_seconds) // 60 % 60:02d}:{next(_seconds) % 60:02d}Z",
    }
    return Change(**{**given, **more})


def gateway_to(storage_url: str, services: dict[str, str], catalog: Any = CATALOG) -> GatewayServer:
    """A city with services, which tries again soon."""
    return GatewayServer(storage_url, services=services, catalog=catalog, first_retry=0.05)


class Pc:
    """A device of the city, without HTTP between them."""

    def __init__(
        self, city: City, ward: str | Sequence[str] = WARD, roles: Sequence[str] = (), officer: str = "An"
    ) -> None:
        self.city = city
        wards = [ward] if isinstance(ward, str) else list(ward)
        code = city.enrolment.new_code(wards, officer, "", roles)
        self.answer = city.enrol(EnrolRequest(code=code, device_name="PC"))
        self.officer = self.answer.officer

    @property
    def device(self) -> Device:
        return self.city.access.device(f"Bearer {self.answer.token}")

    def create(self, type_id: str, **more: Any) -> Change:
        more.setdefault("officer", self.officer)
        return change(type_id, more.pop("officer"), **more)

    def edit(self, of: Change, before: dict[str, Any], after: dict[str, Any], **more: Any) -> Change:
        known = {"record_id": of.record_id, "ward": of.ward, "kind": "edit"}
        return change(of.type, self.officer, before=before, after=after, **{**known, **more})

    def act(self, of: Change, action: str, to_state: str, **more: Any) -> Change:
        return self.edit(of, {}, more.pop("after", {}), kind="action", action=action, to_state=to_state, **more)

    def push(self, *changes: Change) -> list[ChangeResult]:
        encode = msgspec.msgpack.encode
        return self.city.intake.push(self.device, [(c, encode(c)) for c in changes])

    def pull(self, scope: str, cursor: int = 0, limit: int = 500, ward: str = WARD) -> PullAnswer:
        request = PullRequest(ward=ward, scope=scope, cursor=cursor, limit=limit)
        self.city.feed.check(self.device, request)
        wire = self.city.feed.pull(request, self.city.epoch)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(wire), type=PullAnswer)

    def pull_all(self, scope: str, limit: int = 500, ward: str = WARD) -> PullAnswer:
        """Everything in the stream as one answer."""
        records, deliveries, cursor = {}, {}, 0
        while True:
            page = self.pull(scope, cursor, limit, ward)
            records.update({r.id: r for r in page.records})
            deliveries.update({(d.record_id, d.service): d for d in page.deliveries})
            cursor = page.cursor
            if not page.more:
                return msgspec.structs.replace(
                    page, records=tuple(records.values()), deliveries=tuple(deliveries.values())
                )
