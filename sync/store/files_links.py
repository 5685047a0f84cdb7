"""Which records name which files, kept beside the records, so that a file's way to the city can be found from its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.attached import files_of
from forms.definition import RecordType
from sync.store.rowcodec import encode_json

STAND = """INSERT OR IGNORE INTO file_stands (sha256, ward, scope, status)
    SELECT l.sha256, r.ward, r.scope, CASE WHEN f.sha256 IS NULL THEN 'elsewhere' ELSE 'to_send' END
    FROM file_links l JOIN records r ON r.rid = l.rid LEFT JOIN files f ON f.sha256 = l.sha256
    WHERE l.rid IN (SELECT value FROM json_each(?))"""


class FileLinks:
    """The files of the records of one transaction. ``gather`` each record once, then ``write``."""

    def __init__(self) -> None:
        self._rids: list[int] = []
        self._rows: list[tuple[int, str, str, int, str]] = []

    def gather(self, rid: int, record_type: RecordType, fields: Mapping[str, Any]) -> None:
        self._rids.append(rid)
        for file in files_of(record_type, fields):
            self._rows.append((rid, file.sha256, file.name, file.size, file.media_type))

    def write(self, db: Any) -> None:
        """After the records themselves. A file that is here is to be sent to each stream that names it."""
        if not self._rids:
            return
        db.executemany("DELETE FROM file_links WHERE rid = ?", [(rid,) for rid in self._rids])
        if self._rows:
            sql = "INSERT OR IGNORE INTO file_links (rid, sha256, name, size, media_type) VALUES (?, ?, ?, ?, ?)"
            db.executemany(sql, self._rows)
            db.execute(STAND, (encode_json(sorted({row[0] for row in self._rows})).decode(),))
