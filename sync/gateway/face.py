"""The city's face without a socket: one request in, one answer out. ``app.py`` serves it, a simulation calls it.

Every refusal is a ``protocol.Refusal``; what nobody foresaw is logged and told without its inside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sync.gateway.access import Device
from sync.gateway.ahead import Ahead
from sync.gateway.city import City
from sync.gateway.crowd import Crowd
from sync.gateway.fill_wire import WireFill, packed_fill
from sync.gateway.hub_routes import HubRoutes
from sync.gateway.intake import Taken
from sync.gateway.ledger import Written
from sync.gateway.limits import Limit
from sync.gateway.offers import unread
from sync.gateway.openapi import document
from sync.gateway.refusals import RefusedError, bad_request
from sync.gateway.room import Room
from sync.gateway.routes import Answer, Asked, Held, Route, Routes, split_target, wanted_range
from sync.gateway.storage import StorageError, Stream
from sync.gateway.tus import TusRoutes
from sync.gateway.update_routes import UpdateRoutes
from sync.gateway.wire import JSON, LARGEST_BATCH, LARGEST_BODY, RawPush, Sent, Unreadable, Wire, WireRound, too_large
from sync.held_copy import is_held
from sync.marks import HELLO, books_mark, hello_mark
from sync.protocol import (
    FILL_DONE,
    MOST_REPLACED,
    Change,
    ChangeResult,
    EnrolRequest,
    FillRequest,
    LeaseRequest,
    PullRequest,
    PushAnswer,
)

LONGEST_WAIT = 60  # seconds a pull is held
MOST_REPLACED_AT_ONCE = 20 * MOST_REPLACED
"""Ids that the changes of one push or round stand in place of, together: each is kept for good."""
OCTETS = "application/octet-stream"
log = logging.getLogger(__name__)


class _Judged(Struct):
    """What a device sent (None: it could not be read), and the city's result for each."""

    changes: list[Change | None]
    results: tuple[ChangeResult, ...]
    written: dict[Stream, Written] = {}

    def simply_taken(self) -> dict[str, int]:
        """Record id → its revision now, of the records all of whose changes were taken as they came."""
        taken: dict[str, int] = {}
        others = set()
        for change, result in zip(self.changes, self.results, strict=True):
            if change is None:
                continue
            if result.status == "accepted" and not result.problems and not is_held(change):
                taken[change.record_id] = result.revision
            else:
                others.add(change.record_id)
        return {record_id: revision for record_id, revision in taken.items() if record_id not in others}


class Face:
    """The gateway's requests, over one ``City``. Safe to call from several threads."""

    def __init__(
        self,
        city: City,
        limit: Limit | None = None,
        judged: Callable[[Iterable[ChangeResult]], None] = lambda results: None,
        ahead: Ahead | None = None,
    ) -> None:
        """``limit``: how often one device may ask. ``judged`` is told every result."""
        self._city = city
        self._ahead = ahead or Ahead()
        self._limit = limit
        self._room = Room()
        self._crowd = Crowd()
        self._tell_judged = judged
        self._routes = Routes(
            [
                Route("GET", "/v1/hello", self._hello),
                Route("POST", "/v1/enrol", self._enrol),
                Route("POST", "/v1/sync", self._sync),
                Route("POST", "/v1/fill", self._fill),
                Route("POST", "/v1/push", self._push),
                Route("POST", "/v1/pull", self._pull),
                Route("POST", "/v1/lease", self._lease),
                Route("GET", "/v1/packs/{}", self._pack),
                Route("GET", "/v1/packs/{}/from/{}", self._pack_patch),
                Route("GET", "/v1/records/{}/history", self._history),
                *TusRoutes(city.uploads, self._device).routes(),
                *HubRoutes(city, self._device).routes(),
                *UpdateRoutes(lambda: city.updates, self._device).routes(),
                Route("GET", "/healthz", self._health),
                Route("GET", "/readyz", self._ready),
                Route("GET", "/openapi.json", lambda asked: _json(document())),
            ]
        )

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every page there is."""
        return self._routes.all

    def serve(self, method: str, path: str, headers: Mapping[str, str], body: bytes, caller: str = "") -> Answer:
        """The answer to one request, at once also where it was to be held. Never raises."""
        begun = self.begin(method, path, headers, body, caller)
        return begun if isinstance(begun, Answer) else self.finish(method, path, headers, begun)

    def begin(self, method: str, path: str, headers: Mapping[str, str], body: bytes, caller: str = "") -> Answer | Held:
        """As ``serve``, but what may wait for news is given back to be finished later."""
        wire = Wire(headers, self._room)
        try:
            if len(body) > LARGEST_BODY:
                raise too_large(LARGEST_BODY)
            handler, places = self._routes.find(method, path)
            only_path, query = split_target(path)
            return handler(Asked(method, only_path, query, headers, body, wire, places, caller))
        except Exception as error:
            return _refusal(method, path, wire, error)
        finally:
            wire.close()

    def finish(self, method: str, path: str, headers: Mapping[str, str], held: Held) -> Answer:
        """The answer that was held. Never raises."""
        try:
            return held.answer()
        except Exception as error:
            return _refusal(method, path, Wire(headers), error)

    def refusal(self, method: str, path: str, headers: Mapping[str, str], error: Exception) -> Answer:
        """The answer that says no, for what does not come this far."""
        return _refusal(method, path, Wire(headers), error)

    def _device(self, asked: Asked) -> Device:
        """Who asks. Raises RefusedError (401, 429)."""
        device = self._city.access.device(asked.headers.get("authorization", ""))
        if self._limit is not None:
            self._limit.take(device.id)
        return device

    def _hello(self, asked: Asked) -> Answer:
        device = self._device(asked)
        return _packed(asked, self._city.introduced(device, self._city.hello(device)))

    def _enrol(self, asked: Asked) -> Answer:
        self._city.guesses.check(asked.caller)
        request = asked.wire.decode(asked.wire.small(asked.body), EnrolRequest)
        try:
            return _packed(asked, self._city.enrol(request))
        except RefusedError:
            self._city.guesses.wrong(asked.caller)
            raise

    def _push(self, asked: Asked) -> Answer:
        device = self._device(asked)
        raw = asked.wire.decode(asked.wire.content(asked.body), RawPush)
        self._city.refresh()  # another process may have begun another epoch
        results = self._judged(device, asked.wire.sent(raw.changes)).results
        return _packed(asked, PushAnswer(results, self._city.epoch))

    def _judged(self, device: Device, sent: Sequence[Sent]) -> _Judged:
        """A change that cannot be read spoils no other."""
        if len(sent) > LARGEST_BATCH or _replaced(sent) > MOST_REPLACED_AT_ONCE:
            raise too_large(LARGEST_BODY)
        readable = [each for each in sent if not isinstance(each, Unreadable)]
        with self._crowd.among({each[0].ward for each in readable} & set(device.wards)):
            taken = self._city.intake.take(device, readable) if readable else Taken([])
        results = iter(taken.results)
        changes = [None if isinstance(each, Unreadable) else each[0] for each in sent]
        told = tuple(_unread(e) if isinstance(e, Unreadable) else next(results) for e in sent)
        self._tell_judged(told)
        return _Judged(changes, told, taken.written)

    def _sync(self, asked: Asked) -> Answer:
        """One round: the changes judged, and a page of each stream that has news."""
        device = self._device(asked)
        request, changes = asked.wire.round(asked.body)
        hello = self._city.hello(device)
        mark = hello_mark(hello)
        if request.known[:HELLO] != mark:
            # the changes may be of another epoch, or of an officer with other rights: nothing of them is taken yet
            return _round(asked, WireRound(hello.time, self._city.introduced(device, hello), mark))
        if request.cursors and len(request.cursors) != len(hello.streams):
            raise bad_request("Số con trỏ không đúng với số sổ.", "There must be one cursor for each stream.")
        if request.limit < 1 or min(request.cursors, default=0) < 0:
            raise bad_request("Yêu cầu tải về không đúng.", "cursors are 0 or more, limit is 1 or more.")
        judged = self._judged(device, changes(hello.officers))
        answer = WireRound(hello.time, results=judged.results)
        if request.known[HELLO:] != books_mark(hello.leases):
            answer.leases = hello.leases
        if request.cursors:
            own = judged.simply_taken()
            answer.news, answer.digest = self._city.feed.news(
                hello.streams, request.cursors, request.limit, own, judged.written
            )
            for page in answer.news:
                stream, asked_from = hello.streams[page.stream], request.cursors[page.stream]
                self._ahead.note(device.id, hello.epoch, stream, asked_from, page.cursor)
        return _round(asked, answer, [change.record_id if change else "" for change in judged.changes])

    def _fill(self, asked: Asked) -> Answer:
        """A page of a new PC's first fill."""
        device = self._device(asked)
        request = asked.wire.decode(asked.wire.small(asked.body), FillRequest)
        hello = self._city.hello(device)
        if request.known != hello_mark(hello):
            return _packed(asked, WireFill())
        if len(request.places) != len(hello.streams):
            raise bad_request("Số chỗ không đúng với số sổ.", "There must be one place for each stream.")
        if request.limit < 1 or any(min(p.head, p.below) < 0 or not 0 <= p.tier <= FILL_DONE for p in request.places):
            raise bad_request("Yêu cầu tải về không đúng.", "places are 0 or more, limit is 1 or more.")
        filled = self._city.filling.page(self._city.catalog, hello.streams, request.places, request.limit)
        body, headers = packed_fill(asked.wire, asked.headers.get("accept", ""), filled)
        return Answer(200, headers, body)

    def _pull(self, asked: Asked) -> Answer | Held:
        """A page of a stream; with ``wait``, held until there is one."""
        device = self._device(asked)
        request = asked.wire.decode(asked.wire.small(asked.body), PullRequest)
        self._city.feed.check(device, request)

        stream = (request.ward, request.scope)

        def answer() -> Answer:
            self._city.refresh()
            page = self._city.feed.pull(request, self._city.epoch)
            self._ahead.note(device.id, page.epoch, stream, request.cursor, page.cursor)
            return _packed(asked, page)

        if not request.wait:
            return answer()
        return Held(((stream, request.cursor),), min(request.wait, LONGEST_WAIT), answer)

    def _lease(self, asked: Asked) -> Answer:
        device = self._device(asked)
        request = asked.wire.decode(asked.wire.small(asked.body), LeaseRequest)
        with self._crowd.among({request.ward} & set(device.wards)):
            return _packed(asked, self._city.leases.lease(device, request))

    def _history(self, asked: Asked) -> Answer:
        device = self._device(asked)
        record_id = asked.places[0]
        if len(record_id) > 64 or "\0" in record_id:
            raise bad_request("Mã bản ghi không đúng.", "Not a record id.")
        return _packed(asked, self._city.feed.history(device, record_id))

    def _pack(self, asked: Asked) -> Answer:
        """Bytes of a pack's file, in parts by ``Range``."""
        self._device(asked)
        sha256 = asked.places[0]
        size = None if "\0" in sha256 else self._city.packs.size(sha256)
        if size is None:
            raise RefusedError(404, "no_pack", "Thành phố không có gói mẫu biểu này.", "The city has no such pack.")
        wanted = asked.headers.get("range")
        start, end = wanted_range(wanted, size)
        headers = {"Content-Type": OCTETS, "Accept-Ranges": "bytes"}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
        return Answer(206 if wanted else 200, headers, self._city.packs.part(sha256, start, end - start + 1))

    def _pack_patch(self, asked: Asked) -> Answer:
        """What makes a pack of an older one."""
        self._device(asked)
        sha256, old = asked.places
        patch = None if "\0" in sha256 + old else self._city.packs.patch(sha256, old)
        if patch is None:
            raise RefusedError(404, "no_pack", "Thành phố không có phần thay đổi này.", "The city has no such patch.")
        return Answer(200, {"Content-Type": OCTETS}, patch)

    def _health(self, asked: Asked) -> Answer:
        """As it is ready; and the last write went to the disk. Nothing is written to find that out."""
        if trouble := self._city.storage.cannot_write:
            vi = f"Thành phố chưa ghi được xuống đĩa: {trouble}"
            raise RefusedError(503, "cannot_write", vi, f"The last write failed: {trouble}")
        return self._ready(asked)

    def _ready(self, asked: Asked) -> Answer:
        self._city.feed.head("", "")
        return _json({"status": "ok", "pack": self._city.catalog.version, "epoch": self._city.epoch})


def _replaced(sent: Sequence[Sent]) -> int:
    return sum(len(each[0].in_place_of) for each in sent if not isinstance(each, Unreadable))


def _round(asked: Asked, answer: WireRound, records: Sequence[str] = ()) -> Answer:
    body, headers = asked.wire.packed_round(answer, records)
    return Answer(200, headers, body)


def _unread(sent: Unreadable) -> ChangeResult:
    return unread(sent.change_id, sent.why)


def _packed(asked: Asked, answer: Any) -> Answer:
    return _by_wire(asked.wire, answer)


def _by_wire(wire: Wire, answer: Any, status: int = 200) -> Answer:
    body, headers = wire.packed(answer)
    return Answer(status, headers, body)


def _json(answer: Any) -> Answer:
    return Answer(200, {"Content-Type": JSON}, msgspec.json.encode(answer))


def _refusal(method: str, path: str, wire: Wire, error: Exception) -> Answer:
    known = _known(error)
    if known.status >= 500 and known is not error:
        log.error("%s %s: %s", method, split_target(path)[0], error, exc_info=error)
    answer = _by_wire(wire, known.body(wire.language), known.status)
    if known.retry_after:
        answer.headers["Retry-After"] = str(known.retry_after)
    answer.headers.update(known.headers)
    return answer


def _known(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, StorageError):
        vi = "Thành phố tạm thời chưa ghi được; máy sẽ tự thử lại."
        return RefusedError(503, "storage", vi, "The city cannot store just now; try again.", retry_after=5)
    return RefusedError(500, "internal", "Thành phố gặp lỗi; máy sẽ tự thử lại.", "The city failed; try again.")


__all__ = ["LARGEST_BATCH", "LONGEST_WAIT", "Answer", "Face", "Held"]
