"""Bringing what the store holds to the names of another pack: records, the city's versions, changes, drafts.

Everything on this PC has the names of the pack it was last opened with; which those are stands in the store, so that the way
from any pack to any other leads over the first names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from forms.definition import Catalog
from forms.renames import Renaming, to_first, to_present
from sync.protocol import ChangeResult, Fields
from sync.renamed_line import renamed_change, renamed_conflicts, renamed_result, renamed_version
from sync.store import rowcodec
from sync.store.context import read_meta, write_meta
from sync.store.drafts import decode_draft
from sync.store.model import Draft

META = "names"
_AT_ONCE = 500
_encode = msgspec.msgpack.Encoder().encode


def bring_over(connection: Any, catalog: Catalog) -> None:
    """One transaction for all types, so that a cut leaves the names of either pack."""
    before = {t: msgspec.convert(names, Renaming) for t, names in read_meta(connection, META, {}).items()}
    after = {t.id: names for t in catalog.record_types if (names := to_first(t, catalog))}
    # records of a type this pack does not know keep the names they have
    after |= {t: names for t, names in before.items() if not catalog.knows(t)}
    moved = [t for t in {**before, **after} if before.get(t) != after.get(t)]
    if not moved:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for type_id in moved:
            present = to_present(catalog.record_type(type_id), catalog)
            _Mover(connection, type_id, before.get(type_id, Renaming()), present).run()
        write_meta(connection, META, {t: msgspec.to_builtins(names) for t, names in after.items()})
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


class _Mover:
    """The records of one type, from the names they have over the first ones to those of the pack."""

    def __init__(self, connection: Any, type_id: str, first: Renaming, present: Renaming) -> None:
        self._db = connection
        self._type = type_id
        self._steps = (first, present)

    def run(self) -> None:
        self._records()
        self._base()
        self._held()
        self._changes()
        self._drafts()

    def _each(self, work: Callable[[Any, Renaming], Any], value: Any) -> Any:
        for names in self._steps:
            value = work(value, names)
        return value

    def _fields(self, fields: Fields) -> Fields:
        return self._each(lambda value, names: names.values(value), fields)  # type: ignore[no-any-return]

    def _records(self) -> None:
        for rows in self._pages(
            "SELECT rid, fields, conflicts FROM records WHERE type = ? AND rid > ? ORDER BY rid LIMIT ?"
        ):
            new = [
                (
                    rowcodec.encode_json(self._fields(rowcodec.decode_fields(fields))).decode(),
                    self._conflicts(conflicts),
                    rid,
                )
                for rid, fields, conflicts in rows
            ]
            self._db.executemany("UPDATE records SET fields = ?, conflicts = ? WHERE rid = ?", new)

    def _conflicts(self, text: str | None) -> str | None:
        if not text:
            return text
        conflicts = self._each(renamed_conflicts, rowcodec.conflicts_of(text))
        return rowcodec.encode_json(conflicts).decode()

    def _base(self) -> None:
        sql = "SELECT b.id, b.version FROM base b JOIN records r ON r.id = b.id WHERE r.type = ?"
        for record_id, body in self._db.execute(sql, (self._type,)).fetchall():
            version = self._each(renamed_version, rowcodec.decode_version(body))
            self._db.execute("UPDATE base SET version = ? WHERE id = ?", (_encode(version), record_id))

    def _held(self) -> None:
        sql = "SELECT h.id, h.revision, h.version FROM held h JOIN records r ON r.id = h.id WHERE r.type = ?"
        for record_id, revision, body in self._db.execute(sql, (self._type,)).fetchall():
            version = _encode(self._each(renamed_version, rowcodec.decode_version(body)))
            self._db.execute(
                "UPDATE held SET version = ? WHERE id = ? AND revision = ?", (version, record_id, revision)
            )

    def _changes(self) -> None:
        sql = (
            "SELECT c.seq, c.payload, c.result FROM changes c JOIN records r ON r.id = c.record_id "
            "WHERE r.type = ? AND c.seq > ? ORDER BY c.seq LIMIT ?"
        )
        for rows in self._pages(sql):
            new = [
                (
                    rowcodec.encode_change(self._each(renamed_change, rowcodec.decode_change(payload))),
                    self._result(result),
                    seq,
                )
                for seq, payload, result in rows
            ]
            self._db.executemany("UPDATE changes SET payload = ?, result = ? WHERE seq = ?", new)

    def _result(self, body: bytes | None) -> bytes | None:
        if not body:
            return body
        result: ChangeResult = self._each(renamed_result, rowcodec.decode_result(body))
        return _encode(result)

    def _drafts(self) -> None:
        for draft_id, body in self._db.execute("SELECT id, body FROM drafts").fetchall():
            draft = decode_draft(body)
            if draft.type == self._type:
                self._db.execute("UPDATE drafts SET body = ? WHERE id = ?", (_encode(self._draft(draft)), draft_id))

    def _draft(self, draft: Draft) -> Draft:
        opened = draft.opened
        if opened is not None:
            conflicts = self._each(renamed_conflicts, opened.conflicts)
            opened = replace(opened, fields=self._fields(opened.fields), conflicts=conflicts)
        return replace(draft, fields=self._fields(draft.fields), opened=opened)

    def _pages(self, sql: str) -> Iterator[list[Any]]:
        after = -(2**63)
        while rows := self._db.execute(sql, (self._type, after, _AT_ONCE)).fetchall():
            yield rows
            after = rows[-1][0]
