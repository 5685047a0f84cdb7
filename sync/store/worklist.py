"""A record with its unanswered changes, as a transaction works on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from sync.merge import replay
from sync.protocol import Change, RecordVersion
from sync.store.model import ChangeStatus
from sync.store.rowcodec import (
    decode_change,
    decode_version,
    encode_change,
    encode_json,
    none_between,
    rows_by_id,
    version_of,
)
from sync.store.rows import Row, RowWriter
from sync.store.schema import STANDINGS

_PLACE = {name: place for place, name in enumerate(STANDINGS)} | {"hub": -1}


class OpenChange(Struct):
    """A change the city has not settled. ``again``: accepted once, offered anew to a city restored from a backup; it is
    part of what is shown already and not replayed."""

    change: Change
    status: ChangeStatus
    seq: int = 0
    again: bool = False


class Work(Struct):
    """``base`` is the city's version (None: the city has none), ``shown`` what the officer sees."""

    row: Row | None
    base: RecordVersion | None
    shown: RecordVersion | None
    open: list[OpenChange]
    had_base_row: bool = False

    @property
    def is_only_at_hub(self) -> bool:
        """Whether another PC began it and the city has not heard of it."""
        known = self.base is not None and self.base.revision > 0
        return not known and any(c.status == "hub" for c in self.open)

    @property
    def blocked(self) -> bool:
        return any(c.status == "refused" for c in self.open)

    def replayed(self, record_type: RecordType | None) -> RecordVersion | None:
        """The city's version with the unanswered changes over it. A refused action or voiding did not happen; the values of a
        refused edit stay in sight, so that they can be corrected."""
        live = [
            c.change
            for c in self.open
            if not c.again and not (c.status == "refused" and c.change.kind in ("action", "void"))
        ]
        if not live or record_type is None:
            return self.base if self.base is not None else self.shown
        if self.base is None and live[0].kind != "create":
            return self.shown
        return replay(record_type, self.base, live)

    def standing(self) -> int:
        if any(c.status in ("refused", "parked") for c in self.open):
            return _PLACE["refused"]
        if self.shown is not None and self.shown.conflicts:
            return _PLACE["conflict"]
        if self.open and all(c.status == "hub" for c in self.open):
            return _PLACE["hub"]
        at_the_city = not self.open and self.shown is not None and self.shown.revision > 0
        return _PLACE["city"] if at_the_city else _PLACE["here"]


def load(connection: Any, ids: Iterable[str]) -> dict[str, Work]:
    """The works of many records in three queries; ids that are not there are left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    rows = rows_by_id(connection, wanted)
    if not rows and len(wanted) > 1 and none_between(connection, "changes", "record_id", wanted):
        return {}  # a large pull
    numbers = encode_json(wanted).decode()
    opened: dict[str, list[OpenChange]] = {}
    sql = (
        "SELECT seq, record_id, status, again, payload FROM changes "
        "WHERE settled = 0 AND record_id IN (SELECT value FROM json_each(?)) ORDER BY seq"
    )
    for seq, record_id, status, again, payload in connection.execute(sql, (numbers,)):
        opened.setdefault(record_id, []).append(OpenChange(decode_change(payload), status, seq, bool(again)))
    bases = _bases(connection, list(opened))
    works = {}
    for record_id in {**rows, **opened}:
        row = rows.get(record_id)
        shown = version_of(row) if row else None
        changes = opened.get(record_id, [])
        base = bases.get(record_id) if changes else shown
        works[record_id] = Work(row, base, shown, changes, record_id in bases)
    return works


def _bases(connection: Any, ids: list[str]) -> dict[str, RecordVersion]:
    if not ids:
        return {}
    sql = "SELECT id, version FROM base WHERE id IN (SELECT value FROM json_each(?))"
    return {i: decode_version(v) for i, v in connection.execute(sql, (encode_json(ids).decode(),))}


def keep(connection: Any, works: dict[str, Work], writer: RowWriter, *, seen: bool = False) -> None:
    """Write the city's versions that must be kept beside the shown ones, and hand the shown ones to ``writer``.
    ``seen``: an officer had them open."""
    gone = [(record_id,) for record_id, w in works.items() if w.had_base_row and (not w.open or w.base is None)]
    kept = [(record_id, encode_change(w.base)) for record_id, w in works.items() if w.open and w.base is not None]
    if gone:
        connection.executemany("DELETE FROM base WHERE id = ?", gone)
    if kept:
        connection.executemany("INSERT OR REPLACE INTO base (id, version) VALUES (?, ?)", kept)
    for work in works.values():
        if work.shown is not None:
            writer.put(work.row, work.shown, work.standing(), is_new=not seen and bool(work.row and work.row[18]))
