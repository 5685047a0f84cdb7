"""A small catalogue of its own (data/catalogue) and an entry to type into."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from forms.loader import load_catalog

CATALOGUE = Path(__file__).parent / "data" / "catalogue"
PEOPLE: dict[str, dict[str, Any]] = {
    "old": {"full_name": "Nguyễn Thị Ánh", "dob": "1950"},
    "child": {"full_name": "Trần Văn Bé", "dob": "2020-05-01"},
}


class Person(Struct, frozen=True):
    id: str
    name: str
    roles: tuple[str, ...]
    organisation: str = "ward"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, 09:00 in Hanoi

    def __call__(self) -> datetime:
        return self.at


CLERK = Person("o-clerk", "Lê Thị Thư", ("clerk",))
CHAIR = Person("o-chair", "Phạm Văn Chủ", ("chair",))
WARD = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26", "place": "Hoàn Kiếm"}


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(CATALOGUE, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def context(clock: Clock) -> EntryContext:
    return EntryContext(clock, WARD, CLERK, PEOPLE.get, WorkCalendar())


@pytest.fixture
def loan(catalog: Catalog, context: EntryContext) -> Callable[..., RecordEntry]:
    """Begins or opens a loan."""

    def begin(**known: Any) -> RecordEntry:
        return RecordEntry(catalog.record_type("lending.loan"), catalog, context, **known)

    return begin


@pytest.fixture
def ready(loan: Callable[..., RecordEntry]) -> RecordEntry:
    """A draft with nothing missing."""
    entry = loan()
    for path, value in (("borrower", "old"), ("kind", "book")):
        entry.set(path, value)
    entry.add_row("items", {"title": "Truyện Kiều", "price": "20.000"})
    return entry
