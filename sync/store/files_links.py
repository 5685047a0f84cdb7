"""Which records name which files, kept beside the records, so that a file's way to the city can be found from its content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from forms.attached import FileFields, files_in
from sync.store.rowcodec import encode_json

STAND = """INSERT OR IGNORE INTO file_stands (sha256, ward, scope, status)
    SELECT l.sha256, r.ward, r.scope, 'elsewhere' FROM file_links l JOIN records r ON r.rid = l.rid
    WHERE l.rid IN (SELECT value FROM json_each(?))"""
_ATTACHED_HERE = """UPDATE file_stands SET status = 'to_send' WHERE status = 'elsewhere'
    AND sha256 IN (SELECT value FROM json_each(?1)) AND sha256 IN (SELECT sha256 FROM files)
    AND (ward, scope) IN (SELECT ward, scope FROM records WHERE id = ?2)"""


class FileLinks:
    """The files of the records of one transaction. ``gather`` each record once, then ``write``."""

    def __init__(self) -> None:
        self._before: list[tuple[int]] = []
        self._rows: list[tuple[int, str, str, int, str]] = []

    def gather(self, rid: int, known: FileFields, fields: Mapping[str, Any], *, is_new: bool) -> None:
        """``known``: the fields of the type in which files may be; ``is_new``: nothing was kept of the record before."""
        if not is_new:
            self._before.append((rid,))
        for file in files_in(known, fields):
            self._rows.append((rid, file.sha256, file.name, file.size, file.media_type))

    def write(self, db: Any) -> None:
        """After the records themselves."""
        if self._before:
            db.executemany("DELETE FROM file_links WHERE rid = ?", self._before)
        if self._rows:
            sql = "INSERT OR IGNORE INTO file_links (rid, sha256, name, size, media_type) VALUES (?, ?, ?, ?, ?)"
            db.executemany(sql, self._rows)
            db.execute(STAND, (encode_json(sorted({row[0] for row in self._rows})).decode(),))


def attached_here(db: Any, record_id: str, values: Any) -> None:
    """An officer of this PC put these values into the record: its stream gets the files among them from here, where they are.

    Files that others' records name are sent by whoever attached them: a record of one stream must not draw a file out of
    another just by naming its SHA-256."""
    if named := list(_named(values)):
        db.execute(_ATTACHED_HERE, (encode_json(named).decode(), record_id))


def _named(value: Any) -> Iterator[str]:
    """Every SHA-256 that stands among the values."""
    if isinstance(value, Mapping):
        if isinstance(sha256 := value.get("sha256"), str):
            yield sha256
        for item in value.values():
            yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
