"""What the city knows of register numbers: the highest of each book, and numbers given twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from forms.definition import RecordType, Register
from forms.register_numbers import SERIES, series_name
from sync.gateway.storage import Session
from sync.locked_fields import NUMBERED
from sync.number_reader import FARTHEST, NumberReader, Read
from sync.protocol import Change, FieldProblem, Fields

MOST_SAME = 20
"""Records with one number that are told of each other; each further one is told of these."""
Book = tuple[str, str, str]
"""(ward, register, period)"""
Given = tuple[str, str, str, str]
"""(ward, type, number, series): what must be unique. The series is the period, or the name of a volume that is not of it."""
_decode = msgspec.msgpack.Decoder(Fields).decode


class Noted(Struct, frozen=True):
    """What the city says to a number. ``others``: ids of other records that have it already; ``is_far``: it is so far beyond the
    book that the book does not go on from it."""

    others: tuple[str, ...] = ()
    is_far: bool = False


class Books:
    """The numbers of one transaction. The caller holds the streams of their records."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._owners: dict[Given, list[str]] = defaultdict(list)
        self._stored: dict[Book, int] = {}
        self._known: dict[Book, int] = {}
        self._readers: dict[str, NumberReader] = {}
        self._far: dict[Book, set[int]] = defaultdict(set)  # of history; not gone on from
        self._by_history: set[Book] = set()  # books that went on by a number of a file

    def load(self, numbered: Iterable[tuple[Change, RecordType]]) -> None:
        """Find who already has the numbers that these changes give, however they are spelt; one query a book."""
        wanted: dict[tuple[str, str], tuple[RecordType, NumberReader, set[str]]] = {}
        for change, record_type in numbered:
            if record_type.register and change.number:
                key = (change.ward, record_type.id)
                reader = self._reader(record_type, record_type.register)
                wanted.setdefault(key, (record_type, reader, set()))[2].update(reader.spellings(change.number))
        sql = "SELECT number, id, fields, created_at FROM records WHERE ward = ? AND type = ? AND number = ANY(?) ORDER BY id"
        for (ward, type_id), (record_type, reader, numbers) in wanted.items():
            for number, record_id, body, at in self._session.all(sql, ward, type_id, sorted(numbers)):
                fields = _decode(body)
                mark = fields.get(NUMBERED)
                given_at = mark.get("at") if isinstance(mark, dict) else None
                known = given_at if isinstance(given_at, str) else None
                place = self._place(record_type, number, fields, reader.read(number, fields, known, at))
                self._owners[ward, type_id, *place].append(record_id)

    def note(self, change: Change, record_type: RecordType, fields: Fields) -> Noted:
        """Take note of an accepted number. One given twice stays, since paper was handed out."""
        register = record_type.register
        if register is None or not change.number:
            return Noted()
        # a number that came with a new record is history from a file, and its date is not that of the import
        history = change.kind == "create" and change.action is None
        at = None if history else change.at
        read = self._reader(record_type, register).read(change.number, fields, at)
        book = (change.ward, series_name(record_type, fields), read.period if read else "")
        goes_on = read is None or self._went_on(book, read.n, history=history)
        if read is None:
            read = self._reader(record_type, register).read(change.number, fields, at, change.at)
        place = self._place(record_type, change.number, fields, read)
        given = (change.ward, record_type.id, *place)
        others = tuple(owner for owner in self._owners[given] if owner != change.record_id)
        if len(others) == len(self._owners[given]):
            self._owners[given].append(change.record_id)
        return Noted(others, not goes_on)

    def heard(self, change: Change, record_type: RecordType, fields: Fields, device: str) -> None:
        """Take note of a number that was not accepted. It may be on paper, and its PC, restored from a backup of before, would
        give it again: the book goes on above it, where it is lent to that device so far."""
        register = record_type.register
        if register is None or not change.number or (change.kind == "create" and change.action is None):
            return
        read = self._reader(record_type, register).read(change.number, fields, change.at)
        if read is None:
            return
        book = (change.ward, series_name(record_type, fields), read.period)
        if read.n <= self._lent(book, device):
            self._went_on(book, read.n)

    def _went_on(self, book: Book, n: int, *, history: bool = False) -> bool:
        """Whether the book goes on above this number now, as it does unless that is far beyond it."""
        if book not in self._stored:
            self._stored[book] = self._known[book] = known_number(self._session, book)
        if n > self._known[book] + FARTHEST and n > self._lent(book):
            if history:
                self._far[book].add(n)
            return False
        if n > self._known[book]:
            self._known[book] = n
            if history:
                self._by_history.add(book)
        return True

    def _lent(self, book: Book, device: str = "") -> int:
        """The last number that somebody, or this device, may give; an operator may have moved the book far ahead. 0: none."""
        row = self._session.one(
            "SELECT upper, device FROM leases WHERE ward = ? AND register = ? AND period = ?", *book
        )
        return int(row[0]) if row and device in ("", row[1]) else 0

    def _reader(self, record_type: RecordType, register: Register) -> NumberReader:
        if record_type.id not in self._readers:
            self._readers[record_type.id] = NumberReader(register, record_type)
        return self._readers[record_type.id]

    def _place(self, record_type: RecordType, number: str, fields: Fields, read: Read | None) -> tuple[str, str]:
        """What must be unique of a number in the ward: the number, whatever zeros stand before it, and its series and period. A
        volume tells the period alone where its name is of this register; where it is not, it is a book of its own."""
        register = record_type.register
        assert register is not None  # noqa: S101 - asked before
        parted = f"{SERIES}{fields.get(register.series_by)}" if register.series_by else ""
        volume = fields.get(register.book_field) if register.book_field else None
        if isinstance(volume, str) and not self._reader(record_type, register).is_volume(volume):
            return (str(read.n) if read else number), volume + parted
        return (str(read.n), read.period + parted) if read else (number, parted)

    def write(self) -> None:
        """Raise the highest known number of each book."""
        for book in self._by_history:
            self._reach(book)
        self._session.upsert("books", [(*book, n) for book, n in self._known.items() if n > self._stored[book]])
        far = [(*book, n) for book, numbers in self._far.items() for n in numbers if n > self._known[book]]
        if far:
            self._session.upsert("far_numbers", far)

    def _reach(self, book: Book) -> None:
        """A list whose newest line came first: what was too far then is not so any more once the lines below have come. By what
        is numbered day by day a book never comes to such a number: it may have been mistyped."""
        sql = "SELECT n FROM far_numbers WHERE ward = ? AND register = ? AND period = ? AND n > ? ORDER BY n"
        stored = (n for (n,) in self._session.all(sql, *book, self._known[book]))
        for n in sorted({*map(int, stored), *self._far[book]}):
            if n > self._known[book] + FARTHEST:
                break
            self._known[book] = max(self._known[book], n)
        gone = "DELETE FROM far_numbers WHERE ward = ? AND register = ? AND period = ? AND n <= ?"
        self._session.run(gone, *book, self._known[book])


def known_number(session: Session, book: Book) -> int:
    """The highest number of the book that the city has seen; 0: none."""
    row = session.one("SELECT known FROM books WHERE ward = ? AND register = ? AND period = ?", *book)
    return int(row[0]) if row else 0


def doubts(record_type: RecordType, change: Change, noted: Noted) -> tuple[FieldProblem, ...]:
    """What a person has to look at, of a number that was taken."""
    doubtful = [_twice(record_type, change, other) for other in noted.others[:MOST_SAME]]
    return (*doubtful, _far(record_type, change)) if noted.is_far else tuple(doubtful)


def _far(record_type: RecordType, change: Change) -> FieldProblem:
    field = record_type.register.field if record_type.register else ""
    message = (
        f"Số {change.number} cách quá xa số cuối của sổ nên sổ không cấp tiếp từ số này; xem lại số có gõ nhầm không."
    )
    english = f"Number {change.number} is far beyond the book's last one, and the book does not go on from it; was it mistyped?"
    return FieldProblem(field, message, change.number, english)


def _twice(record_type: RecordType, change: Change, other: str) -> FieldProblem:
    message = f"Số {change.number} đã cấp cho một bản ghi khác ({other}); giữ cả hai, cần người phụ trách sổ xử lý."
    field = record_type.register.field if record_type.register else ""
    english = (
        f"Number {change.number} was given to another record too ({other}); both stand, the book's keeper decides."
    )
    return FieldProblem(field, message, change.number, english)
