"""The ward's hub without a socket: one request in, one answer out.

With a line, everything under ``/v1/`` but the hub's own pages goes to the city and the city's answer comes back, both as
they are: acknowledgements, revisions and books are the city's alone. Without one, the PCs tell the hub what waits on them
and hear what waits on the others (kept in memory only; each PC tells it again after the hub was switched off), and get what
the hub has copied of the city's log, files and pack, unchanged.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sync.clock import Clock
from sync.http_line import OCTETS
from sync.hub.answers import Answer, NoAnswerError, message_in, packed
from sync.hub.copy import LARGEST_ANSWER, Copy
from sync.hub.grants import Grants, Known
from sync.hub.messages import (
    MOST_BYTES,
    MOST_CHANGES,
    HubAnswer,
    HubRequest,
    RefusedChange,
    ScopedChange,
    SignedPage,
    mark_of,
)
from sync.hub.update_parts import FILES, UpdateParts
from sync.protocol import Change

OWN_PAGE = "/v1/hub"
TOLD_FOR = timedelta(hours=12)
"""A PC that has not spoken for so long was switched off, or enrolled anew as another device: what it told is forgotten."""
LARGEST_TOLD = 40 * 1024 * 1024
"""Bytes of others' changes told to one PC, which reads no answer above 64 MB."""
_PACK = re.compile(r"/v1/packs/([0-9a-f]{64})")
_FILE = re.compile(r"/v1/files/([0-9]{5})/([A-Za-z0-9_]+)/([0-9a-f]{64})")
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")


class Onward(Protocol):
    """Carries a request to the city unchanged. Raises NoAnswerError (502) when it cannot be reached."""

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class _Told(Struct):
    """All that waits on one PC, and what it has to put right."""

    mark: bytes
    changes: tuple[ScopedChange, ...]
    refused: tuple[RefusedChange, ...]
    at: datetime  # when it last spoke
    sizes: tuple[int, ...]  # bytes of each change
    streams: frozenset[tuple[str, str]]  # that it may read


class HubFace:
    """Safe to call from several threads."""

    def __init__(
        self, grants: Grants, onward: Onward, copy: Copy, clock: Clock, updates: UpdateParts | None = None
    ) -> None:
        self._grants = grants
        self._clock = clock
        self._onward = onward
        self._copy = copy
        self._updates = updates
        self._lock = threading.Lock()
        self._told: dict[str, _Told] = {}

    def serve(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """``headers`` have lower-case names. Never raises a refusal."""
        path = target.partition("?")[0]
        try:
            if path == OWN_PAGE and method == "POST":
                known = self._grants.of(headers.get("authorization", ""))
                return packed(self._meet(known, message_in(headers, body, HubRequest)))
            if path == "/healthz" and method == "GET":
                return Answer(200, {"Content-Type": "application/json"}, b'{"status":"ok"}')
            if path.startswith(FILES) and method == "GET" and self._updates is not None:
                ask = partial(self._onward, method, target, headers, body)
                check = partial(self._grants.of, headers.get("authorization", ""))
                return self._updates.serve(target, headers, ask, check)
            if path.startswith("/v1/") and not path.startswith(OWN_PAGE):
                return self._relayed(method, target, headers, body)
            raise NoAnswerError(404, "no_page", "Không có địa chỉ này.", "No such address.")
        except NoAnswerError as error:
            return error.answer(headers)

    def _relayed(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return self._onward(method, target, headers, body)
        except NoAnswerError:
            copied = self._copied(target, headers) if method == "GET" else None
            if copied is None:
                raise
            return copied

    def _copied(self, target: str, headers: Mapping[str, str]) -> Answer | None:
        """A part of a pack or a file that is here, for whoever may read it."""
        pack, file = _PACK.fullmatch(target), _FILE.fullmatch(target)
        if pack is None and file is None:
            return None
        known = self._grants.of(headers.get("authorization", ""))
        if pack is not None:
            return _part(self._copy.pack(pack[1]), headers)
        if file is not None and (file[1], file[2]) in known.streams:
            return _part(self._copy.file(file[1], file[2], file[3]), headers)
        return None

    def _meet(self, known: Known, request: HubRequest) -> HubAnswer:
        with self._lock:
            now = self._clock.now()
            self._told = {d: t for d, t in self._told.items() if timedelta() <= now - t.at < TOLD_FOR}
            told, streams = self._told.get(known.device), frozenset(known.streams)
            if told is not None:
                told.at = now
            if request.changes is not None:
                own, sizes = self._own(known, request.changes)
                self._told[known.device] = _Told(request.mine, own, request.refused[:MOST_CHANGES], now, sizes, streams)
            elif told is None or told.mark != request.mine:
                if request.mine != mark_of(()):
                    return HubAnswer(wanted=True)
                self._told[known.device] = _Told(request.mine, (), (), now, (), streams)
            others = [(device, t) for device, t in self._told.items() if device != known.device]
        readable = set(known.streams)
        heard = _readable([told for _, told in others], readable)
        refused = tuple((d, c.change_id) for d, told in others for c in told.refused if (c.ward, c.scope) in readable)
        mark = mark_of((change.change_id for change in heard), (change_id for _, change_id in refused))
        spoke = tuple(device for device, told in others if told.streams & readable)
        answer = HubAnswer(mark=mark, spoke=spoke)
        if mark != request.known:
            answer = replace(answer, changes=heard, refused=refused)
        return self._with_log(answer, known, request) if request.epoch else answer

    def _own(self, known: Known, changes: tuple[ScopedChange, ...]) -> tuple[tuple[ScopedChange, ...], tuple[int, ...]]:
        """What this device may have made, of the same streams as the city gave it: the first of it, as much as is kept of one
        PC; and the bytes of each."""
        streams = set(known.streams)
        mine = [c for c in changes if c.change.device == known.device and (c.change.ward, c.scope) in streams]
        own, sizes, room = list[ScopedChange](), list[int](), MOST_BYTES
        for change in mine[:MOST_CHANGES]:
            size = len(msgspec.msgpack.encode(change.change))
            room -= size
            if room < 0:
                break
            own.append(change)
            sizes.append(size)
        return tuple(own), tuple(sizes)

    def _with_log(self, answer: HubAnswer, known: Known, request: HubRequest) -> HubAnswer:
        """With the pages that lead on from where the PC stands, if it stands in the same epoch."""
        offer = self._copy.offer()
        if request.epoch != self._copy.epoch:
            return replace(answer, offer=offer)
        readable = set(known.streams)
        pages: list[SignedPage] = []
        room, more = LARGEST_ANSWER, False
        for place in request.places:
            if (place.ward, place.scope) not in readable:
                continue
            if room <= 0:
                more = True
                break
            found, left = self._copy.pages(place, room)
            pages += found
            room -= sum(len(page.body) for page in found)
            more = more or left
        return replace(answer, pages=tuple(pages), more=more, offer=offer)


def _readable(told: Sequence[_Told], streams: Container[tuple[str, str]]) -> tuple[Change, ...]:
    """What others told of these streams: of each PC all or nothing, of as many as one answer holds."""
    heard, room = list[Change](), LARGEST_TOLD
    for each in told:
        sized = zip(each.changes, each.sizes, strict=True)
        fits = [(c.change, size) for c, size in sized if (c.change.ward, c.scope) in streams]
        needed = sum(size for _, size in fits)
        if needed <= room:
            room -= needed
            heard += [change for change, _ in fits]
    return tuple(heard)


def _part(content: bytes | None, headers: Mapping[str, str]) -> Answer | None:
    if content is None:
        return None
    found = _RANGE.fullmatch(headers.get("range", "").strip())
    start = int(found[1]) if found else 0
    end = int(found[2]) if found and found[2] else len(content) - 1
    if start >= len(content) or start > end:
        raise NoAnswerError(416, "bad_range", "Phần tệp được hỏi không có.", "The file has no such part.")
    piece = content[start : end + 1]
    said = {"Content-Type": OCTETS, "Accept-Ranges": "bytes"}
    if found:
        said["Content-Range"] = f"bytes {start}-{start + len(piece) - 1}/{len(content)}"
    return Answer(206 if found else 200, said, piece)


__all__ = ["OWN_PAGE", "HubFace", "Onward"]
