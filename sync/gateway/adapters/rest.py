"""The webhook: a record as JSON, posted with its idempotency key. What a service sends is fetched below ``/inbox``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec
import requests

from forms.exchange import Line
from sync.gateway.adapters.address import Address
from sync.gateway.adapters.base import Arrival, ArrivalReport, Tools
from sync.gateway.adapters.http_post import HttpPost
from sync.gateway.parcel import Parcel, Pending, ServiceAnswer, UnreachableError

JSON = {"Content-Type": "application/json"}
_HEAD = ("id", "state", "number")


class Webhook:
    """202: taken, the answer comes at a later asking with the same key."""

    def __init__(self, service: str, address: Address, tools: Tools, session: requests.Session | None = None) -> None:
        self._service = service
        self.has_inbox = address.has_inbox
        self._line = HttpPost(service, address, tools.clock, tools.patience, session)

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        body = msgspec.json.encode(message_of(parcel))
        reply = self._line.send("POST", body, {**JSON, "Idempotency-Key": parcel.key})
        if reply.status == 202:
            raise Pending(f"{self._service} đã nhận, đang xử lý.")
        try:
            return msgspec.json.decode(reply.content, type=ServiceAnswer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"{self._service} trả lời không đọc được ({reply.status}); sẽ gửi lại."
            raise UnreachableError(message, down=False, fault=True) from error

    def settled(self, parcel: Parcel) -> None:
        """Nothing is kept here."""

    def arrivals(self) -> Iterator[Arrival]:
        """``GET /inbox`` gives ``[{"name", "ward", "type", "records": […]}, …]``; what became of one is posted back below
        its name, and until then it is given again."""
        if not self.has_inbox:
            return
        reply = self._line.send("GET", below="/inbox")
        try:
            found = msgspec.json.decode(reply.content, type=list[dict[str, Any]]) if reply.status == 200 else []
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UnreachableError(f"Hộp thư của {self._service} không đọc được.", down=False) from error
        for one in found:
            name = str(one.get("name", ""))
            records = one.get("records") or []
            lines = tuple(line_of(record, number) for number, record in enumerate(records, 1))
            answer = partial(self._answer, name)
            yield Arrival(name, str(one.get("ward", "")), str(one.get("type", "")), lines, answer)

    def _answer(self, name: str, report: ArrivalReport) -> None:
        refused = [{"line": line, "field": field, "message": message} for line, field, message in report.refused]
        body = msgspec.json.encode({"ids": report.ids, "refused": refused})
        self._line.send("POST", body, JSON, below=f"/inbox/{quote(name, safe='')}")

    def close(self) -> None:
        self._line.close()


def line_of(record: Any, number: int) -> Line:
    """A record as written in JSON: its head, and its fields."""
    known = record if isinstance(record, dict) else {}
    values = known.get("fields")
    head = {name: known[name] for name in _HEAD if known.get(name) is not None}
    return Line(number=number, head=head, values=values if isinstance(values, dict) else {})


def message_of(parcel: Parcel) -> dict[str, Any]:
    """What the webhook and the drop folder get."""
    record = parcel.record
    return {
        "service": parcel.service,
        "ward": record.ward,
        "id": record.id,
        "type": record.type,
        "revision": record.revision,
        "state": record.state,
        "number": record.number,
        "updated_at": record.updated_at,
        "fields": parcel.fields,
        "references": parcel.references,
    }
