"""A city in the same process that keeps books, its PCs, and what befalls both: for tests that need no line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from forms.definition import Tool
from forms.label import Label
from forms.loader import load_catalog
from forms.office_definition import Role, Scope
from sync.gateway.city import City
from sync.store.model import Record, Save
from tests.sync.direct_line import Pc
from tests.sync.store import ward
from tests.sync.store.ward import COPY

NOTE = "governance.book_note"
_TEXT = Label("x", "x")
_SHIPPED = load_catalog()
CATALOG = msgspec.structs.replace(
    ward.CATALOG,
    tools=(
        *ward.TOOLS,
        Tool(id="governance", label=_TEXT, short=_TEXT, group="office", records=(_SHIPPED.record_type(NOTE),)),
    ),
    roles=(Role("clerk", _TEXT, ("open", "people", "onestop")), Role("office_head", _TEXT, ("open", "people"))),
    scopes=(Scope("open", _TEXT), Scope("people", _TEXT), Scope("onestop", _TEXT)),
    book_notes=NOTE,
)


def save(pc: Pc, record: Record | None = None, **fields: object) -> Record:
    base = dict(record.fields) if record else {}
    return pc.store.save([Save(type=COPY.id, fields={**base, **fields}, opened=record)], pc.officer)[0]


def certify(pc: Pc) -> Record:
    """A new copy, certified half a minute later."""
    pc.clock.advance(seconds=30)
    (record,) = pc.store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], pc.officer)
    return record


def seen(pc: Pc, record: Record) -> Record:
    found = pc.store.records.load(record.id)
    assert found is not None
    return found


def restored(city: City, tmp_path: Path, pcs: list[Pc]) -> City:
    city.close()
    (tmp_path / "backup.db").replace(tmp_path / "city.db")
    for left in tmp_path.glob("city.db-*"):
        left.unlink()
    after = City(f"sqlite:///{tmp_path}/city.db", CATALOG, city.clock)
    after.restored()
    for pc in pcs:
        pc.line.city = pc.city = after
    return after


def backup(city: City, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "city.db") as source, sqlite3.connect(tmp_path / "backup.db") as copy:
        source.backup(copy)
