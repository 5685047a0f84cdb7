"""The ward's hub without a socket: one request in, one answer out.

With a line, everything under ``/v1/`` but its own page goes to the city and the city's answer comes back, both as they
are: acknowledgements, revisions and books are the city's alone. Without one, the PCs tell the hub what waits on them and
hear what waits on the others. That is kept in memory only; each PC tells it again after the hub was switched off.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from sync.hub.answers import Answer, NoAnswerError, message_in, packed
from sync.hub.grants import Grants, Known
from sync.hub.messages import MOST_CHANGES, HubAnswer, HubRequest, ScopedChange, mark_of

OWN_PAGE = "/v1/hub"


class Onward(Protocol):
    """Carries a request to the city unchanged. Raises NoAnswerError (502) when it cannot be reached."""

    def __call__(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer: ...


class _Told(Struct):
    """All that waits on one PC."""

    mark: bytes
    changes: tuple[ScopedChange, ...]


class HubFace:
    """Safe to call from several threads."""

    def __init__(self, grants: Grants, onward: Onward) -> None:
        self._grants = grants
        self._onward = onward
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
            if path.startswith("/v1/"):
                return self._onward(method, target, headers, body)
            raise NoAnswerError(404, "no_page", "Không có địa chỉ này.", "No such address.")
        except NoAnswerError as error:
            return error.answer(headers)

    def _meet(self, known: Known, request: HubRequest) -> HubAnswer:
        with self._lock:
            told = self._told.get(known.device)
            if request.changes is not None:
                self._told[known.device] = _Told(request.mine, self._own(known, request.changes))
            elif told is None or told.mark != request.mine:
                if request.mine != mark_of(()):
                    return HubAnswer(wanted=True)
                self._told.pop(known.device, None)
            others = [t.changes for device, t in self._told.items() if device != known.device]
        readable = set(known.streams)
        heard = tuple(c.change for told in others for c in told if (c.change.ward, c.scope) in readable)
        mark = mark_of(change.change_id for change in heard)
        return HubAnswer(changes=None if mark == request.known else heard, mark=mark)

    def _own(self, known: Known, changes: tuple[ScopedChange, ...]) -> tuple[ScopedChange, ...]:
        """What this device may have made: the same streams as the city gave it."""
        streams = set(known.streams)
        mine = [c for c in changes if c.change.device == known.device and (c.change.ward, c.scope) in streams]
        return tuple(mine[:MOST_CHANGES])
