"""Where a repository of updates is read from: the city or the ward's hub over the line, or a folder (a USB stick). None of
them is trusted: what they give is checked by signatures and hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from sync.http_line import MSGPACK, OCTETS, Line, decoded
from sync.protocol import SyncError
from sync.updates.errors import UpdateError
from sync.updates.model import UpdateOffer, is_repository_path

FILES = "/v1/updates/files/"
OFFER = "/v1/updates/offer"


class NotThereError(Exception):
    """The repository has no such file."""


class Source(Protocol):
    def part(self, path: str, start: int, length: int) -> bytes:
        """Bytes of a file; fewer at its end. Raises NotThereError, SyncError, OSError."""
        ...


class LineSource:
    """Over the program's own line: proxy, certificate authority and cap are the line's."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def part(self, path: str, start: int, length: int) -> bytes:
        headers = {"Range": f"bytes={start}-{start + length - 1}", "Accept": f"{OCTETS}, {MSGPACK}"}
        reply = self._line.send("GET", FILES + path, None, headers)
        if reply.status == 206 and reply.kind == OCTETS:
            return reply.content[:length]
        if reply.status in (404, 405) and reply.kind in (MSGPACK, "application/json"):
            raise NotThereError(path)
        if reply.status == 416 and reply.kind in (MSGPACK, "application/json"):
            return b""
        if reply.status == 200:  # a proxy that knows no ranges would give the whole file again and again
            raise SyncError(
                "damaged",
                "Mạng không cho tải tiếp từng phần; chưa nhận được bản mới.",
                english="The network does not let parts be fetched; the new version has not come.",
            )
        decoded(reply, bytes)
        return b""

    def offer(self, **told: str) -> UpdateOffer:
        """What the city has for this device. Raises SyncError; a city that knows of no updates offers none."""
        query = urlencode({name: value for name, value in told.items() if value})
        try:
            return self._line.ask("GET", f"{OFFER}?{query}", None, UpdateOffer)
        except SyncError as error:
            if error.code in ("no_page", "wrong_method"):
                return UpdateOffer()
            raise

    def close(self) -> None:
        self._line.close()


class FolderSource:
    def __init__(self, folder: Path) -> None:
        """Raises UpdateError when it holds no repository. The folder above it will do too."""
        for place in (folder, folder / "updates"):
            if (place / "metadata" / "timestamp.json").is_file():
                self._folder = place
                return
        vi = f"Không thấy bản mới nào trong {folder} (cần thư mục updates có metadata và targets)."
        raise UpdateError("nothing", vi, f"No updates in {folder} (a folder with metadata and targets is wanted).")

    def part(self, path: str, start: int, length: int) -> bytes:
        if not is_repository_path(path):
            raise NotThereError(path)
        try:
            with (self._folder / path).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except FileNotFoundError as error:
            raise NotThereError(path) from error
