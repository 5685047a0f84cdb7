"""A legal book as an inspector reads it: every number from 1 to the last, who gave it, when, to what, or why it is unused.

Put together on any PC of the ward from what travels: the records with their numbers (each says who gave it, ``_numbered``),
the notes on the book, and what this PC itself wrote down when it gave a number.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from msgspec import Struct

from forms.book_notes import EXPLAINS
from forms.definition import RecordType
from forms.register_numbers import SERIES, register_of
from sync.locked_fields import NUMBERED, SAME_NUMBER
from sync.number_reader import NumberReader
from sync.protocol import Fields
from sync.store.context import StoreContext, read_enrolment
from sync.store.model import StoreError
from sync.store.numbering import name_of_book, series_of
from sync.store.numbers import EVERY_BOOK, why_void
from sync.store.rowcodec import decode_fields

Odd = Literal["twice", "earlier", "unexplained", "no_record", "unknown_giver"]
"""given to several records · earlier than the number before it · nobody said why it is unused · its record is not on this
PC · who gave it is not written (history from a file, or an older program)"""


class AuditRow(Struct, frozen=True, kw_only=True):
    """One number. ``to`` is above ``n`` for a stretch that has one explanation, or none."""

    n: int
    to: int
    number: str = ""
    period: str
    series: str = ""
    status: Literal["given", "void", "unused", "missing"]
    record_id: str | None = None
    title: str = ""
    state: str = ""
    at: str = ""
    officer: str = ""
    device: str = ""
    reason: str = ""
    note: str = ""  # kind of the note that explains it
    odd: tuple[Odd, ...] = ()
    same: tuple[str, ...] = ()


class AuditNote(Struct, frozen=True, kw_only=True):
    """Something that happened to the book: handed over, taken over, the clock confirmed."""

    id: str
    kind: str
    at: str
    by: str
    reason: str
    period: str = ""
    first: int | None = None
    last: int | None = None
    device_before: str = ""
    device_after: str = ""


class BookAudit(Struct, frozen=True, kw_only=True):
    """One book: a series in one period."""

    register: str
    series: str
    period: str
    rows: tuple[AuditRow, ...]
    notes: tuple[AuditNote, ...]
    unread: tuple[str, ...] = ()  # ids of records whose number this register's format cannot have written

    @property
    def last(self) -> int:
        return max((row.to for row in self.rows), default=0)

    def count(self, status: str) -> int:
        return sum(row.to - row.n + 1 for row in self.rows if row.status == status)

    @property
    def is_whole(self) -> bool:
        """Every number from 1 to the last is accounted for, and none stands twice."""
        return not self.count("missing") and not any("twice" in row.odd for row in self.rows)


class _Given(Struct):
    number: str
    record_id: str | None
    title: str
    state: str
    at: str
    officer: str
    device: str
    void: str | None
    same: tuple[str, ...]
    here: bool  # its record is on this PC


class Audits:
    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def books(self, type_id: str, ward: str = "") -> list[tuple[str, str]]:
        """The (series value, period) of every book of ``ward`` ("": this PC's own) of which this PC knows a number, newest
        period first."""
        found, _ = self._gather(self._type(type_id), ward)
        return sorted(found, key=lambda book: (book[1], book[0]), reverse=True)

    def audit(self, type_id: str, period: str, series: str = "", ward: str = "") -> BookAudit:
        """Raises StoreError where the type has no numbered book. ``ward``: whose book, "": this PC's own."""
        record_type = self._type(type_id)
        found, unread = self._gather(record_type, ward)
        register = series_of(record_type) + (f"{SERIES}{series}" if series else "")
        notes = self._notes(register, period, ward)
        rows = _rows(found.get((series, period), {}), notes, period, series)
        return BookAudit(
            register=register, series=series, period=period, rows=tuple(rows), notes=tuple(notes), unread=tuple(unread)
        )

    def _type(self, type_id: str) -> RecordType:
        record_type = self._context.plans.of(type_id).record_type
        if record_type is None or record_type.register is None:
            raise StoreError("Đây không phải sổ có số. (Not a numbered book)")
        return record_type

    def _gather(
        self, record_type: RecordType, ward: str
    ) -> tuple[dict[tuple[str, str], dict[int, list[_Given]]], list[str]]:
        """(series, period) → number → what carries it."""
        register = record_type.register
        assert register is not None  # noqa: S101
        reader = NumberReader(register, record_type)
        books: dict[tuple[str, str], dict[int, list[_Given]]] = defaultdict(lambda: defaultdict(list))
        own = self._own(record_type, ward)
        unread = []
        taken: set[tuple[str, str, int, str]] = set()
        for rid, number, title, state, fields, created in self._numbered(record_type, ward):
            mine = own.get(rid)
            mark = fields.get(NUMBERED)
            mark = mark if isinstance(mark, dict) else {}
            at = str(mark.get("at") or (mine[3] if mine else "") or "")
            read = reader.read(number, fields, at or None, created)
            if read is None or read.n < 1:
                unread.append(rid)
                continue
            series = str(fields.get(register.series_by) or "") if register.series_by else ""
            officer = str(mark.get("by") or (mine[4] if mine else ""))
            given = _Given(
                number, rid, title, state, at if mark or mine else "", officer, str(mark.get("device") or ""),
                (mine[6] if mine and mine[5] == "void" else why_void(record_type, state, fields)),
                tuple(fields.get(SAME_NUMBER) or ()), True,
            )  # fmt: skip
            books[series, read.period][read.n].append(given)
            taken.add((series, read.period, read.n, rid))
        for rid, (series, period, n, at, officer, status, reason, number) in own.items():
            if (series, period, n, rid) not in taken:
                void = reason if status == "void" else None
                books[series, period][n].append(_Given(number, rid or None, "", "", at, officer, "", void, (), False))
        return books, unread

    def _numbered(self, record_type: RecordType, ward: str) -> list[tuple[str, str, str, str, Fields, str]]:
        plan = self._context.plans.of(record_type.id)
        sql = (
            f"SELECT r.id, r.number, r.title, r.state, r.fields, r.created_at FROM {plan.table} l "
            "CROSS JOIN records r ON r.rid = l.rid WHERE r.number IS NOT NULL AND r.ward = coalesce(?, r.ward) ORDER BY l.rid"
        )
        with self._context.readers.connection() as db:
            return [(*row[:4], decode_fields(row[4]), row[5]) for row in db.execute(sql, (ward or _home(db),))]

    def _own(self, record_type: RecordType, ward: str) -> dict[str, tuple[str, str, int, str, str, str, str, str]]:
        """What this PC wrote down: record id → series, period, n, at, officer, status, reason, number."""
        sql = (
            "SELECT record_id, series, period, n, at, officer, status, reason, number FROM numbers "
            "WHERE series = ? OR series GLOB ?"
        )
        with self._context.readers.connection() as db:
            home = _home(db) or ""
            name = name_of_book(series_of(record_type), ward or home, home)
            rows = db.execute(sql, (name, f"{name}{SERIES}*")).fetchall()
        return {row[0] or f"{row[1]}#{row[2]}#{row[3]}": (row[1].partition(SERIES)[2], *row[2:]) for row in rows}

    def _notes(self, register: str, period: str, ward: str) -> list[AuditNote]:
        type_id = self._context.catalog.book_notes
        record_type = self._context.plans.of(type_id).record_type if type_id else None
        if type_id is None or record_type is None:
            return []
        plan = self._context.plans.of(type_id)
        void = {state.id for state in record_type.states if state.kind in ("void", "draft")}
        found: dict[str, AuditNote] = {}
        sql = (
            "SELECT r.id, r.state, r.fields FROM keys k JOIN records r ON r.rid = k.rid "
            "WHERE k.key = ? AND r.ward = coalesce(?, r.ward)"
        )
        with self._context.readers.connection() as db:
            whose = ward or _home(db)
            for book in (register, register_of(register), EVERY_BOOK):
                for record_id, state, text in db.execute(sql, (plan.key_of("book", book), whose)):
                    fields = decode_fields(text)
                    same_period = fields.get("period") in (None, "", period)
                    if fields.get("book") == book and same_period and state not in void and "_void" not in fields:
                        found[record_id] = _note(record_id, fields)
        return sorted(found.values(), key=lambda note: note.at)


def _home(connection: Any) -> str | None:
    """The ward whose books are read here: another one's numbers, and the notes on them, are of other books."""
    enrolment = read_enrolment(connection)
    return enrolment.ward if enrolment else None


def _note(record_id: str, fields: Fields) -> AuditNote:
    def number(name: str) -> int | None:
        value = fields.get(name)
        return value if isinstance(value, int) else None

    first = number("from_n")
    return AuditNote(
        id=record_id,
        kind=str(fields.get("kind") or ""),
        at=str(fields.get("at") or ""),
        by=str(fields.get("by") or ""),
        reason=str(fields.get("reason") or ""),
        period=str(fields.get("period") or ""),
        first=first,
        last=number("to_n") or first,
        device_before=str(fields.get("from_device") or ""),
        device_after=str(fields.get("to_device") or ""),
    )


def _rows(given: dict[int, list[_Given]], notes: list[AuditNote], period: str, series: str) -> list[AuditRow]:
    """Every number from 1 to the last; stretches that nobody used are one row each."""
    explained = [note for note in notes if note.kind in EXPLAINS and note.first and note.last]
    last = max([*given, *(note.last or 0 for note in explained)], default=0)
    rows: list[AuditRow] = []
    latest, n = "", 1
    while n <= last:
        here = given.get(n)
        if here:
            rows += [_given_row(n, each, here, latest, (period, series)) for each in here]
            latest = max(latest, *(each.at for each in here))
            n += 1
            continue
        end = _end_of_gap(n, last, given, explained)
        note = next((e for e in explained if (e.first or 0) <= n <= (e.last or 0)), None)
        rows.append(_unused_row(n, end, note, (period, series)))
        n = end + 1
    return rows


def _end_of_gap(n: int, last: int, given: dict[int, list[_Given]], explained: list[AuditNote]) -> int:
    """The last of the unused numbers from ``n`` on that have the same explanation."""
    following = min((m for m in given if m > n), default=last + 1) - 1
    edges = [(e.last or 0) for e in explained if (e.first or 0) <= n <= (e.last or 0)][:1]
    edges += [(e.first or 0) - 1 for e in explained if (e.first or 0) > n] if not edges else []
    return min([following, last, *edges])


def _given_row(n: int, each: _Given, all_here: list[_Given], latest: str, book: tuple[str, str]) -> AuditRow:
    odd: list[Odd] = []
    if len(all_here) > 1 or each.same:
        odd.append("twice")
    if each.at and latest and each.at < latest:
        odd.append("earlier")
    if not each.here and each.void is None:
        odd.append("no_record")
    if not each.officer:
        odd.append("unknown_giver")
    others = tuple(x.record_id for x in all_here if x is not each and x.record_id)
    return AuditRow(
        n=n,
        to=n,
        number=each.number,
        period=book[0],
        series=book[1],
        status="given" if each.void is None else "void",
        record_id=each.record_id,
        title=each.title,
        state=each.state,
        at=each.at,
        officer=each.officer,
        device=each.device,
        reason=each.void or "",
        odd=tuple(odd),
        same=tuple(dict.fromkeys((*each.same, *others))),
    )


def _unused_row(n: int, end: int, note: AuditNote | None, book: tuple[str, str]) -> AuditRow:
    if note is None:
        return AuditRow(n=n, to=end, period=book[0], series=book[1], status="missing", odd=("unexplained",))
    return AuditRow(
        n=n,
        to=end,
        period=book[0],
        series=book[1],
        status="unused",
        at=note.at,
        officer=note.by,
        device=note.device_before,
        reason=note.reason,
        note=note.kind,
        record_id=note.id,
    )
