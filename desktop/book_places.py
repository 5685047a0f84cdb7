"""Where a record stands in its book: which series of a register that has several, which period, which number, which day.
No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from forms.definition import Catalog, RecordType
from forms.label import Label
from forms.register_numbers import date_field
from sync.clock import HANOI
from sync.locked_fields import NUMBERED
from sync.number_reader import NumberReader, reader_of
from sync.store.model import NumberRow, Record, StoreError

if TYPE_CHECKING:
    from sync.store import Store


class SeriesNotChosen(StoreError):
    """Each series is a book of its own: its numbers run beside those of the others."""

    def __init__(self, names: list[str]) -> None:
        shown = ", ".join(names)
        super().__init__(f"Mỗi dãy số là một sổ riêng, hãy chọn một: {shown}. (Choose one series)")


def place_of(record_type: RecordType, record: Record, reader: NumberReader | None = None) -> tuple[str, int] | None:
    """(period, number) of a record in its book; None without a number. A text that no book of the register has written is
    placed by its first digits and the record's date. ``reader``: the type's, where many are placed."""
    register = record_type.register
    if register is None:
        return None
    text = record.number or record.fields.get(register.field)
    if not text:
        return None
    mark = record.fields.get(NUMBERED)
    at = mark.get("at") if isinstance(mark, dict) else None
    reader = reader or NumberReader(register, record_type)
    if read := reader.read(str(text), record.fields, at if isinstance(at, str) else None, record.created_at):
        return read.period, read.n
    n = int("".join(c for c in str(text).partition("/")[0] if c.isdigit()) or 0)
    day = day_of(record_type, record)
    return {"none": "", "year": day[:4]}.get(register.period, day), n


def day_of(record_type: RecordType, record: Record) -> str:
    """The record's day by Hanoi's calendar, ISO; by its own date, else by when it was made."""
    of = date_field(record_type)
    value = record.fields.get(of.name) if of else None
    return local_day(str(value or record.created_at or ""))


def local_day(text: str) -> str:
    if len(text) <= 10:
        return text
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC).astimezone(HANOI).date().isoformat()


def ward_of(store: Store, ward: str = "") -> str:
    """Whose books are meant: this PC's own ward, where none is named; "" before it was enrolled, when all is of one."""
    return ward or (store.enrolment.ward if store.enrolment else "")


def each_of(store: Store, record_type: RecordType, ward: str) -> Iterator[Record]:
    """The records of a ward: the books of two wards have the same numbers."""
    return (r for r in store.records.each(record_type.id) if ward in ("", r.ward))


def series_kept(record_type: RecordType, store: Store, ward: str = "") -> list[str]:
    """Values of the field that parts the register of which there is a number here, in the order of its choices; empty for
    a register that is one book. ``ward`` "": this PC's own."""
    if record_type.register is None or record_type.register.series_by is None:
        return []
    ward = ward_of(store, ward)
    place = Series(record_type, store.numbers.book(record_type.id, ward=ward))
    reader = reader_of(record_type)
    found = {place.of(r) for r in each_of(store, record_type, ward) if place_of(record_type, r, reader)}
    found |= {row.series for row in place.rows if row.status == "void"}
    order = [choice.code for choice in store.catalog.choices_of(record_type.field(record_type.register.series_by))]
    return sorted(found, key=lambda value: (order.index(value) if value in order else len(order), value))


def series_label(record_type: RecordType, catalog: Catalog, series: str) -> Label:
    """How a series is called: by the choice it is of."""
    register = record_type.register
    if not series or register is None or register.series_by is None:
        return Label("Chung, trước khi tách dãy số", "Common, before the series were parted")
    choices = catalog.choices_of(record_type.field(register.series_by))
    return next((choice.label for choice in choices if choice.code == series), Label(series, series))


class Series:
    """To which series of its register a record's number belongs: the one it was given in, where that was here."""

    def __init__(self, record_type: RecordType, rows: tuple[NumberRow, ...]) -> None:
        self.rows = rows
        self._field = (record_type.register.series_by if record_type.register else None) or ""
        self._given = {row.record_id: row.series for row in rows if row.record_id}

    def of(self, record: Record) -> str:
        return self._given.get(record.id) or str(record.fields.get(self._field) or "")


def one_series(record_type: RecordType, store: Store, wanted: str | None, ward: str = "") -> str | None:
    """The series whose book is meant; None for a register that is one book. Raises SeriesNotChosen."""
    if record_type.register is None or record_type.register.series_by is None or wanted is not None:
        return wanted if record_type.register is not None and record_type.register.series_by else None
    kept = series_kept(record_type, store, ward)
    if len(kept) > 1:
        raise SeriesNotChosen([series_label(record_type, store.catalog, value).vi for value in kept])
    return kept[0] if kept else ""
