"""Which records a printout over a list shows: a stretch of a book by numbers or days, or what a list shows now. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from desktop.book_places import Series, day_of, each_of, local_day, one_series, place_of, series_label, ward_of
from forms.book_pages import BookEntry, BookRange
from forms.definition import Printout, RecordType
from sync.clock import HANOI
from sync.number_reader import reader_of
from sync.store.model import ListQuery, Record, StoreError

if TYPE_CHECKING:
    from sync.store import Store

MOST = 2000
"""Lines of one print: some 150 pages."""
_AT_ONCE = 500


class Wanted(Struct, frozen=True, kw_only=True):
    """What to print. ``first`` and ``last``: numbers of the period, 0: no limit; ``since`` and ``until``: ISO dates or "";
    ``series``: of a register that numbers each value of a field on its own, the value whose book it is ("": numbers from
    before it was parted), None: the only one there is; ``query`` narrows and orders a list without a book; ``ward``: whose
    book, "": that of the PC's own."""

    period: str = ""
    series: str | None = None
    volume: int = 0  # 0: all
    first: int = 0
    last: int = 0
    since: str = ""
    until: str = ""
    states: tuple[str, ...] = ()
    query: ListQuery | None = None
    ward: str = ""


class Selection(Struct, frozen=True):
    """``records`` in the order of the paper; ``void``: numbers among them that stand for nothing; ``ward``: whose book it is,
    "": no other's than this PC's own."""

    records: tuple[Record, ...]
    book: BookRange
    void: int = 0
    ward: str = ""

    @property
    def lines(self) -> int:
        return len(self.book.entries) or len(self.records)


class TooMany(StoreError):
    """More than one print may hold."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Có hơn {count} dòng: hãy chọn khoảng số hoặc khoảng ngày hẹp hơn. (More than {count} lines: narrow the range)"
        )


def list_printouts(record_type: RecordType, states: tuple[str, ...] = ()) -> list[Printout]:
    """Printouts over a list that can show a record in one of ``states`` (none given: any)."""
    papers = [p for p in record_type.printouts if p.over == "list"]
    return [p for p in papers if not states or not p.states or set(states) & set(p.states)]


def has_book(record_type: RecordType) -> bool:
    return record_type.register is not None


def periods(record_type: RecordType, store: Store, now: datetime, ward: str = "") -> list[str]:
    """Periods of the book with entries here, the latest first; the present year among them."""
    register = record_type.register
    if register is None or register.period == "none":
        return []
    records = each_of(store, record_type, ward_of(store, ward))
    reader = reader_of(record_type)
    found = {place[0] for r in records if (place := place_of(record_type, r, reader)) and place[0]}
    today = now.astimezone(HANOI).date().isoformat()
    return sorted(found | {today if register.period == "day" else today[:4]}, reverse=True)


def select(record_type: RecordType, printout: Printout, store: Store, wanted: Wanted) -> Selection:
    """Raises TooMany, SeriesNotChosen. A query: in the background."""
    if has_book(record_type) and wanted.query is None:
        return _of_book(record_type, printout, store, wanted)
    return _of_list(record_type, printout, store, wanted)


def _within(day: str, wanted: Wanted) -> bool:
    return (not wanted.since or day >= wanted.since) and (not wanted.until or day <= wanted.until)


def _of_book(record_type: RecordType, printout: Printout, store: Store, wanted: Wanted) -> Selection:
    register = record_type.register
    assert register is not None  # noqa: S101 - asked before
    states = _states(printout, wanted)
    voids = {s.id for s in record_type.states if s.kind == "void"}
    ward = ward_of(store, wanted.ward)
    given = store.numbers.book(record_type.id, ward=ward)
    series = Series(record_type, given)
    wanted_series = one_series(record_type, store, wanted.series, ward)
    rows = {
        (row.period, row.number): row for row in given if row.status == "void" and wanted_series in (None, row.series)
    }
    placed: list[tuple[tuple[str, int], str, Record | None]] = []
    reader = reader_of(record_type)
    for record in each_of(store, record_type, ward):
        place = place_of(record_type, record, reader)
        if wanted_series is not None and series.of(record) != wanted_series:
            continue
        # a voided entry stays in a bound book, whatever the states its printout is for
        if place and _in_book(register.book_size, place, wanted) and (record.state in voids or _is_in(record, states)):
            number = record.number or str(record.fields.get(register.field))
            placed.append((place, number, record))
    held = {(place[0], number) for place, number, _ in placed}
    for key, empty in rows.items():
        place = (empty.period, empty.n)
        if key not in held and _in_book(register.book_size, place, wanted):
            placed.append((place, empty.number, None))
    placed.sort(key=lambda one: (one[0], one[1]))
    before: list[Record] = []
    entries: list[BookEntry] = []
    records: list[Record] = []
    for place, number, entry in placed:
        row = rows.get((place[0], number))
        day = day_of(record_type, entry) if entry else local_day(row.at if row else "")
        if (wanted.first and place[1] < wanted.first) or (wanted.since and day < wanted.since):
            before += [entry] if entry else []
        elif (not wanted.last or place[1] <= wanted.last) and _within(day, wanted):
            void = entry is None or entry.state in voids
            entries.append(BookEntry(number=number, record=entry, void=void, reason=row.reason if row else ""))
            records += [entry] if entry else []
            if len(entries) > MOST:
                raise TooMany(MOST)
    book = BookRange(
        entries=tuple(entries),
        before=tuple(before),
        period=wanted.period,
        series=series_label(record_type, store.catalog, wanted_series) if wanted_series is not None else None,
        volume=f"{wanted.volume:02d}" if wanted.volume else "",
        since=wanted.since,
        until=wanted.until,
    )
    return Selection(tuple(records), book, sum(1 for each in entries if each.void), wanted.ward)


def _in_book(size: int | None, place: tuple[str, int], wanted: Wanted) -> bool:
    if wanted.period and place[0] != wanted.period:
        return False
    return not wanted.volume or not size or (place[1] - 1) // size + 1 == wanted.volume


def _is_in(record: Record, states: tuple[str, ...]) -> bool:
    return not states or record.state in states


def _states(printout: Printout, wanted: Wanted) -> tuple[str, ...]:
    """In which states a record is shown: the printout's, narrowed by those asked for."""
    if not wanted.states or not printout.states:
        return wanted.states or printout.states
    return tuple(s for s in wanted.states if s in printout.states) or ("",)


def _of_list(record_type: RecordType, printout: Printout, store: Store, wanted: Wanted) -> Selection:
    states = _states(printout, wanted)
    found: list[Record] = []
    for record in _in_order(store, wanted, record_type, states):
        if _within(day_of(record_type, record), wanted):
            found.append(record)
            if len(found) > MOST:
                raise TooMany(MOST)
    return Selection(tuple(found), BookRange(since=wanted.since, until=wanted.until))


def _in_order(store: Store, wanted: Wanted, record_type: RecordType, states: tuple[str, ...]) -> Iterator[Record]:
    """As the list shows them, page after page."""
    query = wanted.query or ListQuery(type=record_type.id, sort=record_type.list_view.sort)
    query = replace(query, states=states, limit=_AT_ONCE, after=None, before=None, last=False)
    while True:
        page = store.records.page(query)
        yield from page.records
        if not page.has_after or page.end is None:
            return
        query = replace(query, after=page.end)


def about(wanted: Wanted) -> str:
    """The range in a few words, for the log of prints."""
    parts = [part for part in (wanted.ward, wanted.series, wanted.period) if part]
    if wanted.volume:
        parts.append(f"quyển {wanted.volume:02d}")
    if wanted.first or wanted.last:
        parts.append(f"số {wanted.first or 1}–{wanted.last or '…'}")
    if wanted.since or wanted.until:
        parts.append(f"{wanted.since or '…'}–{wanted.until or '…'}")
    return ", ".join(parts)
