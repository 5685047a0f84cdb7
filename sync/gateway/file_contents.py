"""A file's content, for what goes to services: read whole from the parts it is kept in."""

from __future__ import annotations

import hashlib
import secrets

from sync.gateway.storage import Storage

_PART = 1024 * 1024  # bytes


def content_of(storage: Storage, ward: str, scope: str, sha256: str) -> bytes | None:
    """None: the stream has no such file."""
    with storage.read() as session:
        found = session.one("SELECT parts FROM files WHERE ward = ? AND scope = ? AND sha256 = ?", ward, scope, sha256)
        if found is None:
            return None
        sql = "SELECT content FROM file_parts WHERE ward = ? AND parts = ? ORDER BY start"
        return b"".join(row[0] for row in session.all(sql, ward, found[0]))


def keep_content(storage: Storage, ward: str, scope: str, content: bytes, at: str) -> str:
    """Put a file that a service sent into the stream; its SHA-256. One that is there already stays."""
    sha256 = hashlib.sha256(content).hexdigest()
    with storage.write([(ward, scope)]) as session:
        row = session.one("SELECT 1 FROM files WHERE ward = ? AND scope = ? AND sha256 = ?", ward, scope, sha256)
        if row is None:
            parts = secrets.token_hex(16)
            starts = range(0, len(content), _PART)
            session.insert("file_parts", [(ward, parts, start, content[start : start + _PART]) for start in starts])
            session.insert("files", [(ward, scope, sha256, len(content), parts, at)])
    return sha256
