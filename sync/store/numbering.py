"""Giving register numbers inside a save.

Numbers of a leased book run in order, are never given twice and never taken back; without a lease the record awaits its
number. A clock that was set back, or that was more than five minutes off at the last contact, stops numbering until an
officer has confirmed it, since a legal book is in order of date.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from forms.definition import RecordType, Register
from forms.register_numbers import SERIES, register_of, series_name
from forms.shapes import as_shape
from sync.clock import HANOI, moment_text, parse_moment
from sync.locked_fields import AWAITING, NUMBERED
from sync.number_reader import PERIOD
from sync.protocol import Fields, Officer
from sync.store.brought import last_brought
from sync.store.context import read_meta, write_meta
from sync.store.suspension import is_suspended

LARGEST_SKEW = 300.0  # seconds
STEADY_SKEW = 60.0  # seconds by which a clock may drift from what was confirmed
_YEAR = re.compile("[1-9][0-9]{3}")
LATE = timedelta(days=60)
"""How long what was signed before New Year waits for a number of the old year's book."""
OF_WARD = "|"
CLOCK_LOG = "clock_log"
CLOCK_RIGHT_AT = "clock_right_at"
"""When somebody last confirmed the clock, by that clock: before it nothing is numbered either."""
MOST_LOGGED = 200
PASSED_OVER = 500
"""Temporary numbers of a day that a store which came back from a backup leaves out; nobody asks for them."""


class Given(Struct, frozen=True):
    """``number`` is None while the owner of the book has not answered; ``fields`` are the register's own fields."""

    number: str | None
    fields: Fields


class NumberSource:
    """Numbers for the saves of one transaction."""

    def __init__(self, connection: Any, now: datetime, device: str, ward: str) -> None:
        self._db = connection
        self._now = now
        self._device = device
        self._ward = ward

    def give(
        self,
        record_type: RecordType,
        record_id: str,
        officer: Officer,
        fields: Fields,
        ward: str,
        *,
        since: datetime | None = None,
    ) -> Given:
        """The record's number: the one it has already, the next one of its series in its ward, or a temporary one while none
        can be given. ``fields``: the record's, as the number will find them; ``since``: when it was signed, where it has waited
        for the number."""
        register = record_type.register
        if register is None:
            return Given(None, {})
        series = series_name(record_type, fields)
        book = self._ward if register.kind == "local" else ward  # its own series a PC has once, whatever the ward
        kept_as = name_of_book(series, book, self._ward)
        number, n, period, at = self._earlier(kept_as, record_id) or (None, None, "", "")
        if number is None:
            given_at, when = self._now, signed_in(register, since, self._now)
            period = period_of(register, when)
        else:  # it stands in the book of its year, whenever its act is taken once more
            given_at = parse_moment(at)
            when = _last_day(period) if _of_other_year(register, given_at, period) else given_at
        if (
            number is None
            and register.kind in ("leased", "local")
            and clock_problem(self._db, kept_as, self._now) is None
            and not is_suspended(self._db)
        ):
            n = self._next(register, series, book, period)
            if n is not None:
                number = self._text(register.format, register, n, officer, ward, when=when)
                self._note(kept_as, period, n, number, record_id=record_id, officer=officer)
        if number is None or n is None:
            return Given(None, self.temporary(record_type, record_id, officer))
        shown = self._fields(register, number, n, officer, ward, when=when)
        values = {name: as_shape(record_type, name, text) for name, text in shown.items()}
        mark = {"n": n, "at": moment_text(given_at), "by": officer.name, "device": self._device}
        if period == period_of(register, when) != period_of(register, self._now):
            mark[PERIOD] = period
        return Given(number, {**values, NUMBERED: mark})

    def temporary(self, record_type: RecordType, record_id: str, officer: Officer) -> Fields:
        """The number the paper shows until then, unique on this device and day; nothing when the book has none."""
        register = record_type.register
        if register is None or register.temporary_format is None:
            return {}
        series, day = f"{series_of(record_type)}/temporary", local_day(self._now)
        earlier = self._earlier(series, record_id)
        number = earlier[0] if earlier else None
        if number is None:
            n = self._after_last(series, day)
            if n <= PASSED_OVER and is_suspended(self._db):
                n += PASSED_OVER  # papers of this day that the backup does not know are in citizens' hands
            number = self._text(register.temporary_format, register, n, officer, self._ward, when=self._now)
            self._note(series, day, n, number, record_id=record_id, officer=officer)
        return {register.temporary_field or "_temporary": number}

    def _fields(
        self, register: Register, number: str, n: int, officer: Officer, ward: str, *, when: datetime
    ) -> dict[str, str]:
        fields = {register.field: number}
        if register.book_field and register.book_format:
            fields[register.book_field] = self._text(register.book_format, register, n, officer, ward, when=when)
        return fields

    def _earlier(self, series: str, record_id: str) -> tuple[str, int, str, str] | None:
        """What was given to the record before: the number, its place, its period and when."""
        sql = "SELECT number, n, period, at FROM numbers WHERE record_id = ? AND series = ? AND status = 'given'"
        row: tuple[str, int, str, str] | None = self._db.execute(sql, (record_id, series)).fetchone()
        return row

    def _next(self, register: Register, series: str, ward: str, period: str) -> int | None:
        free = self._after_last(name_of_book(series, ward, self._ward), period)
        if register.kind == "local":
            return max(free, last_brought(self._db, ward, series, period) + 1)
        sql = "SELECT next, upper FROM leases WHERE register = ? AND period = ? AND ward = ? AND device = ?"
        lease = self._db.execute(sql, (series, period, ward, self._device)).fetchone()
        if lease is None:
            return None
        # above what is lent a book goes by the city's word alone
        n = max(int(lease[0]), free, last_brought(self._db, ward, series, period, int(lease[1])) + 1)
        if lease[1] and n > lease[1]:
            return None
        sql = "UPDATE leases SET next = ? WHERE register = ? AND period = ? AND ward = ?"
        self._db.execute(sql, (n + 1, series, period, ward))
        return n

    def _after_last(self, series: str, period: str) -> int:
        """Above the series' own numbers, and above those of its register from before it was parted into series."""
        sql = "SELECT max(n) FROM numbers WHERE series IN (?, ?) AND period = ?"
        return int(self._db.execute(sql, (series, register_of(series), period)).fetchone()[0] or 0) + 1

    def _note(self, series: str, period: str, n: int, number: str, *, record_id: str, officer: Officer) -> None:
        self._db.execute(
            "INSERT INTO numbers (series, period, n, number, record_id, at, officer, status) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, 'given')",
            (series, period, n, number, record_id, moment_text(self._now), officer.name),
        )

    def _text(self, pattern: str, register: Register, n: int, officer: Officer, ward: str, *, when: datetime) -> str:
        local = when.astimezone(HANOI)
        return pattern.format(
            n=n,
            yyyy=f"{local.year:04d}",
            yy=f"{local.year % 100:02d}",
            mm=f"{local.month:02d}",
            dd=f"{local.day:02d}",
            org=officer.organisation,
            ward=ward,
            device=self._device,
            book=book_of(register, n),
        )


def name_of_book(series: str, ward: str, home: str) -> str:
    """How ``numbers`` names a ward's series. Another ward's book, which an officer with grants in both may number here, is not
    the book of this PC's own ward ``home``."""
    return series if ward == home else f"{ward}{OF_WARD}{series}"


def series_in(name: str) -> str:
    """The series in such a name."""
    return name.rpartition(OF_WARD)[2]


def series_of(record_type: RecordType) -> str:
    """How leases and numbers name a register: ``tool.record/register``, whatever its series."""
    return f"{record_type.id}/{record_type.register.id}" if record_type.register else record_type.id


def book_of(register: Register, n: int) -> int:
    """The volume the n-th entry of the period stands in; numbers run on from one volume to the next."""
    return (n - 1) // register.book_size + 1 if register.book_size else 1


def local_day(when: datetime) -> str:
    return when.astimezone(HANOI).date().isoformat()


def period_of(register: Register, when: datetime) -> str:
    """ "2026", "2026-11-22" or "" by Hanoi's calendar."""
    if register.period == "none":
        return ""
    return local_day(when) if register.period == "day" else local_day(when)[:4]


def _of_other_year(register: Register, given_at: datetime, period: str) -> bool:
    """Whether a number stands in the book of another year than that in which it was given. What was given before a pack changed
    how the register is parted names no year, or not the one its book is of now."""
    return register.period == "year" and _YEAR.fullmatch(period) is not None and period != period_of(register, given_at)


def _last_day(year: str) -> datetime:
    """A moment of the year whose book a number of the first days after it stands in."""
    return datetime(int(year), 12, 31, 12, tzinfo=HANOI)


def signed_at(fields: Fields) -> datetime | None:
    """When a record that waits for its number was signed; None: it does not say."""
    try:
        return parse_moment(str(fields.get(AWAITING) or "").partition(" ")[0])
    except ValueError:
        return None


def signed_in(register: Register, since: datetime | None, now: datetime) -> datetime:
    """A moment of the period whose book numbers a record that was signed at ``since``: what is signed on the last day of a year and
    numbered after the holiday stands in the year of its signature. A moment that is long ago may be that of a clock that had
    stopped."""
    if register.period != "year" or since is None or not timedelta(0) <= now - since <= LATE:
        return now
    return since


def clock_problem(connection: Any, series: str, now: datetime) -> str | None:
    """Why no number may be given now ("skew", "set_back"), or None."""
    skew = float(read_meta(connection, "clock_skew", 0.0))
    if abs(skew) > LARGEST_SKEW:
        confirmed = read_meta(connection, "clock_skew_confirmed")
        if confirmed is None or abs(skew - float(confirmed)) > STEADY_SKEW:
            return "skew"
    sql = "SELECT max(at) FROM numbers WHERE series = ? OR series GLOB ?"
    last = connection.execute(sql, (series, f"{series}{SERIES}*")).fetchone()[0] or ""
    # up to the moment at which somebody said that the clock is right, what was numbered by a wrong one counts no more
    known = last if last > read_meta(connection, "clock_confirmed", "") else read_meta(connection, CLOCK_RIGHT_AT, "")
    return "set_back" if moment_text(now) < known else None


def confirm_clock(connection: Any, now: datetime, officer: Officer | None) -> str:
    """An officer has looked at the clock: numbers may be given again, also when they come before the last one's date. What
    he found, in words."""
    last = connection.execute("SELECT max(at) FROM numbers").fetchone()[0] or ""
    skew = float(read_meta(connection, "clock_skew", 0.0))
    write_meta(connection, "clock_skew_confirmed", skew)
    write_meta(connection, "clock_confirmed", last)
    write_meta(connection, CLOCK_RIGHT_AT, moment_text(now))
    line = {"at": moment_text(now), "officer": officer.name if officer else "", "skew": round(skew)}
    write_meta(connection, CLOCK_LOG, [*read_meta(connection, CLOCK_LOG, []), line][-MOST_LOGGED:])
    if abs(skew) > LARGEST_SKEW:
        return f"Đã xem đồng hồ: lệch {abs(skew) / 60:.0f} phút so với thành phố, giờ của máy là đúng."
    return "Đã xem đồng hồ: giờ của máy là đúng."
