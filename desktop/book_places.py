"""Where a record stands in its book: which series of a register that has several, which period, which number, which day.
No Qt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.label import Label
from forms.register_numbers import number_pattern
from sync.clock import HANOI
from sync.store.model import NumberRow, Record, StoreError

if TYPE_CHECKING:
    from sync.store import Store


class SeriesNotChosen(StoreError):
    """Each series is a book of its own: its numbers run beside those of the others."""

    def __init__(self, names: list[str]) -> None:
        shown = ", ".join(names)
        super().__init__(f"Mỗi dãy số là một sổ riêng, hãy chọn một: {shown}. (Choose one series)")


def date_field(record_type: RecordType) -> Field | None:
    """By which date "from … until …" goes: the one set when the number is taken, else the first that the list shows, the
    deadline's excepted."""
    due = record_type.deadline.field if record_type.deadline else None
    numbered = [name for action in record_type.actions if action.takes_number for name in action.sets]
    for name in (*numbered, *(column.field for column in record_type.list_view.columns)):
        of = record_type.field_map.get(name)
        if of is not None and of.type in ("date", "datetime") and of.name != due:
            return of
    return None


def place_of(record_type: RecordType, record: Record) -> tuple[str, int] | None:
    """(period, number) of a record in its book; None without a number. A number whose text says no period has that of its
    date."""
    register = record_type.register
    if register is None:
        return None
    text = record.number or record.fields.get(register.field)
    if not text:
        return None
    match = number_pattern(register.format).fullmatch(str(text))
    parts = match.groupdict() if match else {}
    digits = parts.get("n") or "".join(c for c in str(text).partition("/")[0] if c.isdigit())
    year = parts.get("yyyy") or ("20" + parts["yy"] if parts.get("yy") else "")
    if register.period == "none":
        return "", int(digits or 0)
    day = day_of(record_type, record)
    if register.period == "year":
        return year or day[:4], int(digits or 0)
    whole = f"{year}-{parts['mm']}-{parts['dd']}" if year and parts.get("mm") and parts.get("dd") else day
    return whole, int(digits or 0)


def day_of(record_type: RecordType, record: Record) -> str:
    """The record's day by Hanoi's calendar, ISO; by its own date, else by when it was made."""
    of = date_field(record_type)
    value = record.fields.get(of.name) if of else None
    return local_day(str(value or record.created_at or ""))


def local_day(text: str) -> str:
    if len(text) <= 10:
        return text
    return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=UTC).astimezone(HANOI).date().isoformat()


def series_kept(record_type: RecordType, store: Store) -> list[str]:
    """Values of the field that parts the register of which there is a number here, in the order of its choices; empty for
    a register that is one book."""
    if record_type.register is None or record_type.register.series_by is None:
        return []
    place = Series(record_type, store.numbers.book(record_type.id))
    found = {place.of(r) for r in store.records.each(record_type.id) if place_of(record_type, r)}
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


def one_series(record_type: RecordType, store: Store, wanted: str | None) -> str | None:
    """The series whose book is meant; None for a register that is one book. Raises SeriesNotChosen."""
    if record_type.register is None or record_type.register.series_by is None or wanted is not None:
        return wanted if record_type.register is not None and record_type.register.series_by else None
    kept = series_kept(record_type, store)
    if len(kept) > 1:
        raise SeriesNotChosen([series_label(record_type, store.catalog, value).vi for value in kept])
    return kept[0] if kept else ""
