"""The real catalogue and a counter to work at: a clock, officers, and the records that references point to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import Struct

from forms.calendar import WorkCalendar
from forms.definition import Catalog, RecordType
from forms.definition_source import Source
from forms.entry import EntryContext, RecordEntry
from forms.exchange import read_values
from forms.loader import load_catalog
from forms.vietnamese import VIETNAM

WARD = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.70", "place": "Hoàn Kiếm"}


class Person(Struct, frozen=True):
    id: str
    name: str
    roles: tuple[str, ...]
    organisation: str = "ward"


RECEPTION = Person("o-ha", "Trần Thu Hà", ("reception",))
CIVIL = Person("o-nam", "Vũ Đức Nam", ("civil_status_officer",))
VICE_CHAIR = Person("o-huy", "Đỗ Quang Huy", ("vice_chair",))
OFFICE = Person("o-office", "Lê Thị Thư", ("office_head",))
CLERK = Person("o-clerk", "Nguyễn Thị Hồng Vân", ("clerk",))
CASHIER = Person("o-cash", "Phạm Thị Thu", ("cashier",))
ACCOUNTANT = Person("o-acc", "Bùi Quốc Bảo", ("accountant",))


class Counter:
    """Where records are written: time stands still until a test moves it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.at = datetime(2026, 11, 18, 9, 0, tzinfo=VIETNAM)  # a Wednesday
        self.records: dict[str, Mapping[str, Any]] = {
            "birth": {
                "name": "Đăng ký khai sinh",
                "time_limit": 1,
                "time_unit": "same_day",
                "fee_amount": 0,
                "components": [{"name": "Tờ khai", "mandatory": True}, {"name": "Giấy chứng sinh", "mandatory": True}],
            },
            "shop": {"name": "Hộ kinh doanh", "time_limit": 3, "time_unit": "working_day", "fee_amount": 100000},
            "mother": {"full_name": "Nguyễn Thị Ánh Tuyết", "dob": "1990-01-05", "gender": "2", "nationality": "VN"},
            "father": {"full_name": "Phạm Minh Dũng", "dob": "1985", "gender": "1", "nationality": "VN"},
            "abroad": {"full_name": "Marie Dupont", "dob": "1991", "gender": "2", "nationality": "FR"},
            "office": {"name": "Sở Tư pháp thành phố Hà Nội"},
        }

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def set_clock(self, day: int, hour: int, minute: int = 0, month: int = 11) -> None:
        self.at = datetime(2026, month, day, hour, minute, tzinfo=VIETNAM)

    def entry(self, type_id: str, officer: Person = OFFICE, **opened: Any) -> RecordEntry:
        """An empty form, or a record as it was saved (``fields``, ``state``, ``number``)."""
        context = EntryContext(self.now, WARD, officer, self.records.get, WorkCalendar())
        return RecordEntry(self.catalog.record_type(type_id), self.catalog, context, **opened)

    def begin(self, type_id: str, officer: Person = OFFICE, /, **values: Any) -> RecordEntry:
        entry = self.entry(type_id, officer)
        for name, value in values.items():
            entry.set(name, value)
        return entry


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def counter(catalog: Catalog) -> Counter:
    return Counter(catalog)


def examples_of(catalog: Catalog, record_type: RecordType) -> list[dict[str, Any]]:
    """A type's examples with canonical values."""
    tool, _, name = record_type.id.partition(".")
    data = Source(Path(catalog.folder) / tool / "examples.yaml", []).data
    assert isinstance(data, dict)
    return [e | {"fields": read_values(e["fields"], record_type, catalog).fields} for e in data[name]]


def tool_folders() -> list[Path]:
    folder = Path(load_catalog().folder)
    return sorted(path.parent for path in folder.glob("*/tool.yaml"))


def type_ids() -> list[str]:
    """Without reading every rule, so that collecting tests stays quick."""
    return [
        f"{folder.name}.{record}"
        for folder in tool_folders()
        for record in yaml.safe_load((folder / "tool.yaml").read_text("utf-8"))["records"]
    ]
