"""A PC that stands in another ward from now on: its numbers keep the names of the wards whose books they stand in."""

from __future__ import annotations

from typing import Any

from forms.definition import Catalog
from forms.register_numbers import SERIES
from sync.store.model import Enrolment
from sync.store.numbering import OF_WARD, name_of_book, series_of

# the record says whose book its number stands in; a name that is taken already leaves the number where it is: none is lost,
# and none given twice
_NAMED = (
    "UPDATE OR IGNORE numbers SET series = coalesce((SELECT r.ward FROM records r WHERE r.id = numbers.record_id), ?) "
    "|| ? || series WHERE series = ? OR series GLOB ?"
)
_UNNAMED = "UPDATE OR IGNORE numbers SET series = substr(series, ?) WHERE series = ? OR series GLOB ?"


def moved(connection: Any, catalog: Catalog, before: Enrolment, after: Enrolment) -> None:
    """Inside the transaction that writes the enrolment."""
    left, home = home_of(before), home_of(after)
    if left == home:
        return
    for record_type in catalog.record_types:
        if record_type.register is None or record_type.register.kind != "leased":
            continue  # a PC's own series it has once, whatever the ward
        name = series_of(record_type)
        connection.execute(_NAMED, (left, OF_WARD, name, f"{name}{SERIES}*"))
        there = name_of_book(name, home, left)
        connection.execute(_UNNAMED, (len(home + OF_WARD) + 1, there, f"{there}{SERIES}*"))


def home_of(enrolment: Enrolment | None) -> str:
    """The ward whose books ``numbers`` names without it; "": none."""
    return next(iter(enrolment.wards), "") if enrolment else ""


def named_for(series: str, home: str, other: str) -> tuple[str, ...]:
    """The names under which a number of a store at ``home`` goes into one of this PC's at ``other``. Of a name without a ward
    nobody says here whether it is a ward's book or this PC's own series: it goes by both, so that none is given twice."""
    ward, of_ward, name = series.rpartition(OF_WARD)
    if home == other or ward not in ("", other):
        return (series,)
    return (name,) if of_ward else (series, name_of_book(series, home, other))
