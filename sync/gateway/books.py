"""What the city knows of register numbers: the highest of each book, and numbers given twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from forms.definition import RecordType, Register
from forms.register_numbers import SERIES, series_name
from sync.gateway.numbering import NumberReader
from sync.gateway.storage import Session
from sync.protocol import Change, Fields

Book = tuple[str, str, str]
"""(ward, register, period)"""
Given = tuple[str, str, str, str]
"""(ward, type, number, series): what must be unique. The series is the name of the book, or the period."""
_decode = msgspec.msgpack.Decoder(Fields).decode


class Books:
    """The numbers of one transaction. The caller holds the streams of their records."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._owners: dict[Given, list[str]] = defaultdict(list)
        self._known: dict[Book, int] = {}
        self._readers: dict[str, NumberReader] = {}

    def load(self, numbered: Iterable[tuple[Change, RecordType]]) -> None:
        """Find who already has the numbers that these changes give; one query a book."""
        wanted: dict[tuple[str, str], tuple[Register, list[str]]] = {}
        for change, record_type in numbered:
            if record_type.register and change.number:
                wanted.setdefault((change.ward, record_type.id), (record_type.register, []))[1].append(change.number)
        sql = "SELECT number, id, fields, created_at FROM records WHERE ward = ? AND type = ? AND number = ANY(?)"
        for (ward, type_id), (register, numbers) in wanted.items():
            for number, record_id, fields, at in self._session.all(sql, ward, type_id, numbers):
                series = self._series(type_id, register, number, _decode(fields), at)
                self._owners[ward, type_id, number, series].append(record_id)

    def note(self, change: Change, record_type: RecordType, fields: Fields) -> tuple[str, ...]:
        """Take note of an accepted number; the ids of other records that have it already. A number given twice stays,
        since paper was handed out."""
        register = record_type.register
        if register is None or not change.number:
            return ()
        # a number that came with a new record is history from a file, and its date is not that of the import
        history = change.kind == "create" and change.action is None
        read = self._reader(record_type.id, register).read(change.number, fields, None if history else change.at)
        if read is not None:
            book = (change.ward, series_name(record_type, fields), read.period)
            self._known[book] = max(self._known.get(book, 0), read.n)
        series = self._series(record_type.id, register, change.number, fields, change.at)
        given = (change.ward, record_type.id, change.number, series)
        others = tuple(owner for owner in self._owners[given] if owner != change.record_id)
        if len(others) == len(self._owners[given]):
            self._owners[given].append(change.record_id)
        return others

    def _reader(self, type_id: str, register: Register) -> NumberReader:
        return self._readers.setdefault(type_id, NumberReader(register))

    def _series(self, type_id: str, register: Register, number: str, fields: Fields, at: str) -> str:
        parted = f"{SERIES}{fields.get(register.series_by)}" if register.series_by else ""
        book = fields.get(register.book_field) if register.book_field else None
        if isinstance(book, str):
            return book + parted
        read = self._reader(type_id, register).read(number, fields, at)
        return (read.period if read else "") + parted

    def write(self) -> None:
        """Raise the highest known number of each book."""
        stored: dict[Book, int] = defaultdict(int)
        for book in self._known:
            stored[book] = known_number(self._session, book)
        self._session.upsert("books", [(*book, n) for book, n in self._known.items() if n > stored[book]])


def known_number(session: Session, book: Book) -> int:
    """The highest number of the book that the city has seen; 0: none."""
    row = session.one("SELECT known FROM books WHERE ward = ? AND register = ? AND period = ?", *book)
    return int(row[0]) if row else 0
