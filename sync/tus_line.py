"""The PC's side of files on the line: tus 1.0 to send one, ``Range`` to fetch one."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote, urlsplit

from msgspec import Struct

from sync.http_line import MSGPACK, OCTETS, Line, Reply, refusal_of
from sync.protocol import SyncError
from sync.strangers import strange_about_file

_VERSION = {"Tus-Resumable": "1.0.0"}
_PART = {"Content-Type": "application/offset+octet-stream"}
_HERE = re.compile(r"/v1/files/[A-Za-z0-9._~%/-]{1,400}")


class UploadAt(Struct, frozen=True):
    """Where an upload goes on."""

    address: str  # the path at the city
    offset: int  # bytes


class FileLine:
    """Every failure is a SyncError."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def begin(self, ward: str, scope: str, sha256: str, size: int, first: bytes = b"") -> UploadAt:
        """Begin to send a file, its first bytes at once, or go on with what was begun. At offset ``size`` the stream has it."""
        said = {"ward": ward, "scope": scope, "sha256": sha256}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
        metadata += ",resume"  # go on with what is there, whatever was heard of it
        headers = {**_VERSION, "Upload-Length": str(size), "Upload-Metadata": metadata, "Accept": MSGPACK}
        if first:
            headers |= {**_PART, "Upload-Checksum": _checksum(first)}
        reply = self._line.send("POST", "/v1/files", first or None, headers)
        if reply.status != 201:
            raise refusal_of(reply)
        address = urlsplit(str(reply.headers.get("Location", ""))).path
        if not _HERE.fullmatch(address) or ".." in address:
            raise strange_about_file()
        return UploadAt(address, _offset(reply, size))

    def offset(self, address: str, size: int) -> int | None:
        """Bytes of an upload that are at the city; None: it knows no such upload (any more)."""
        reply = self._line.send("HEAD", address, None, {**_VERSION, "Accept": MSGPACK})
        if reply.status == 200 and reply.headers.get("Tus-Resumable"):
            return _offset(reply, size)
        if reply.status in (403, 404, 410):
            return None
        raise refusal_of(reply)

    def part(self, address: str, offset: int, content: bytes, size: int) -> int:
        """Send the next bytes; how many are there now."""
        headers = {**_VERSION, **_PART, "Upload-Offset": str(offset), "Accept": MSGPACK}
        headers["Upload-Checksum"] = _checksum(content)
        reply = self._line.send("PATCH", address, content, headers)
        if reply.status != 204:
            raise refusal_of(reply)
        return _offset(reply, size)

    def read(self, ward: str, scope: str, sha256: str, start: int, length: int) -> tuple[bytes, int]:
        """Bytes of a file of a stream, and how many it has in all. SyncError "no_file": the stream does not have it."""
        path = "/v1/files/" + "/".join(quote(part, safe="") for part in (ward, scope, sha256))
        headers = {"Range": f"bytes={start}-{start + length - 1}", "Accept": f"{OCTETS}, {MSGPACK}"}
        reply = self._line.send("GET", path, None, headers)
        if reply.status == 206 and reply.kind == OCTETS:
            found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", str(reply.headers.get("Content-Range", "")))
            if found is None or int(found[1]) != start or not reply.content:
                raise strange_about_file()
            return reply.content[:length], int(found[2])
        if reply.status == 200:  # a proxy that knows no ranges would give the whole file again and again
            raise SyncError(
                "damaged",
                "Mạng không cho tải tệp tiếp từng phần; sẽ tự thử lại.",
                english="The network does not let parts of a file be fetched; it will be tried again.",
            )
        raise refusal_of(reply)


def _checksum(content: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def _offset(reply: Reply, size: int) -> int:
    text = str(reply.headers.get("Upload-Offset", ""))
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) > size:
        raise strange_about_file()
    return int(text)
