"""Forms that are not finished, kept at every pause of typing so that a power cut costs two seconds at most."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from sync.store.context import StoreContext
from sync.store.model import Draft

_encode = msgspec.msgpack.Encoder().encode
decode_draft = msgspec.msgpack.Decoder(Draft).decode


class Drafts:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def put(self, draft: Draft) -> None:
        """Keep the draft, on the disk when this returns; replaces the one with the same id."""
        row = (draft.id, draft.updated_at, _encode(draft))
        with self._context.writer.transaction() as db:
            db.execute("INSERT OR REPLACE INTO drafts (id, updated_at, body) VALUES (?, ?, ?)", row)

    def get(self, draft_id: str) -> Draft | None:
        with self._context.readers.connection() as db:
            row = db.execute("SELECT body FROM drafts WHERE id = ?", (draft_id,)).fetchone()
        return decode_draft(row[0]) if row else None

    def all(self, within: Collection[str] | None = None) -> tuple[Draft, ...]:
        """Every draft, or those of the types ``within``, the latest first."""
        with self._context.readers.connection() as db:
            rows = db.execute("SELECT body FROM drafts ORDER BY updated_at DESC, id DESC").fetchall()
        drafts = (decode_draft(body) for (body,) in rows)
        return tuple(draft for draft in drafts if within is None or draft.type in within)

    def drop(self, draft_id: str) -> None:
        with self._context.writer.transaction() as db:
            db.execute("DELETE FROM drafts WHERE id = ?", (draft_id,))
