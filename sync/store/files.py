"""Attached files, by their content: the same scan attached twice is kept once, encrypted like everything else."""

from __future__ import annotations

import hashlib

from sync.store.context import StoreContext


class Files:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def put(self, content: bytes) -> str:
        """Keep the content; its SHA-256 in hex, which is how records name it."""
        digest = hashlib.sha256(content).hexdigest()
        with self._context.writer.transaction() as db:
            sql = "INSERT OR IGNORE INTO files (sha256, content, at) VALUES (?, ?, ?)"
            db.execute(sql, (digest, content, self._context.now_text()))
        return digest

    def read(self, sha256: str) -> bytes | None:
        """The content, or None when it is not on this PC."""
        with self._context.readers.connection() as db:
            row = db.execute("SELECT content FROM files WHERE sha256 = ?", (sha256,)).fetchone()
        return bytes(row[0]) if row else None
