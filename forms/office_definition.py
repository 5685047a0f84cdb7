"""What holds for the whole office, as frozen data (beside ``forms.definition``): roles, streams, amounts set by law,
services, hours."""

import datetime

from msgspec import Struct, field

from forms.label import Label


class Role(Struct, frozen=True):
    """What an officer may do. ``scopes``: the streams the role may read and write."""

    id: str
    label: Label
    scopes: tuple[str, ...] = ()


class Scope(Struct, frozen=True):
    """A stream of a ward. A restricted one is granted only by a role that names it."""

    id: str
    label: Label
    restricted: bool = False


class DatedValue(Struct, frozen=True):
    """An amount that law sets for a time; ``valid_to`` is the last day. ``source`` is the law or decision."""

    key: str
    value: float | int | str
    valid_from: str
    valid_to: str | None = None
    source: str = ""


class Delegations(Struct, frozen=True, kw_only=True):
    """The register in which the chair's delegations stand (``delegated("what")``), and which of its fields say what."""

    record: str  # record type
    officer: str  # reference to the officer who may sign
    what: str  # many_of: what may be signed
    from_: str = field(name="from")  # first day
    to: str  # last day; empty: until it is ended
    states: tuple[str, ...]  # in which it holds


class Service(Struct, frozen=True):
    """A system of the city or the state that records are delivered to."""

    id: str
    label: Label


class DayOverride(Struct, frozen=True, kw_only=True):
    """One day that is off, or worked, against the rule; ``source`` is the document that says so."""

    date: datetime.date
    worked: bool
    vi: str
    en: str
    source: str


class OfficeHours(Struct, frozen=True, kw_only=True):
    """When the office works. ``begins`` is the day of the year (MM-DD) from which these hours hold."""

    periods: tuple[tuple[datetime.time, datetime.time], ...]
    due_at: datetime.time
    same_day_before: datetime.time
    begins: str = "01-01"
    source: str = ""
