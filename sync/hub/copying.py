"""One round in which the hub asks the city for what is new: pages of the log, names of files, the pack; then some bytes."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from sync.http_line import MSGPACK, OCTETS, Line, refusal_of
from sync.hub.copy import Copy
from sync.hub.grants import Grants
from sync.hub.messages import LogAnswer, LoggedFile, LogRequest
from sync.strangers import strange_about_file

_PART = 512 * 1024  # bytes asked for at once
_ROOM = 8 * 1024 * 1024  # bytes of files in one round: the ward's line is for its people
_MOST_PAGES = 50  # answers in one round


class Copying:
    """Everything raises SyncError when the line is lost; what came until then stays."""

    def __init__(self, copy: Copy, grants: Grants, line: Line) -> None:
        self._copy = copy
        self._grants = grants
        self._line = line
        self._streams: tuple[tuple[str, str], ...] = ()

    def round(self) -> LogAnswer:
        """The city's last word."""
        answer = self._ask()
        if answer.streams != self._streams:
            self._streams = answer.streams
            answer = self._ask()
        for _ in range(_MOST_PAGES):
            if not answer.more:
                break
            answer = self._ask()
        offer = answer.offer
        if offer is not None and self._copy.pack(offer.sha256) is None:
            content = self._fetched(f"/v1/packs/{offer.sha256}", offer.size)
            if content is not None and hashlib.sha256(content).hexdigest() == offer.sha256:
                self._copy.keep_pack(offer.sha256, content)
        self._files()
        return answer

    def _ask(self) -> LogAnswer:
        asked = LogRequest(
            places=self._copy.places(self._streams), files_after=self._copy.files_after, devices=self._grants.mark
        )
        answer = self._line.ask("POST", "/v1/hub/log", asked, LogAnswer)
        self._grants.take(answer.devices, answer.devices_mark)
        self._copy.take(answer)
        return answer

    def _files(self) -> None:
        room = _ROOM
        for file in self._copy.missing_files():
            if file.size > room and room < _ROOM:
                return
            room -= file.size
            self._copy.keep_file(file, self._file(file))

    def _file(self, file: LoggedFile) -> bytes | None:
        path = "/v1/hub/files/" + "/".join(quote(part, safe="") for part in (file.ward, file.scope, file.sha256))
        content = self._fetched(path, file.size)
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            return None
        return content

    def _fetched(self, path: str, size: int) -> bytes | None:
        """All of it in parts; None: the city does not have it."""
        content = bytearray()
        while len(content) < size:
            headers = {"Range": f"bytes={len(content)}-{len(content) + _PART - 1}", "Accept": f"{OCTETS}, {MSGPACK}"}
            reply = self._line.send("GET", path, None, headers)
            if reply.status == 404:
                return None
            if reply.status != 206 or reply.kind != OCTETS or not reply.content:
                raise refusal_of(reply) if reply.status >= 300 else strange_about_file()
            content += reply.content
        return bytes(content[:size])
