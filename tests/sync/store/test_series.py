"""A register parted into series: each kind of document is numbered on its own (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from forms.definition import Catalog, RecordType, Register, Tool
from forms.field_definition import Choice, Field, Section
from forms.label import Label
from sync.clock import FixedClock
from sync.protocol import Lease
from sync.store import Store
from sync.store.model import Record, Save
from tests.sync.store import ward
from tests.sync.store.ward import CLERK, COPIES_BOOK, WARD

CHOICES = (Choice("decision", Label("Quyết định", "Decision")), Choice("letter", Label("Công văn", "Letter")))


def parted(record_type: RecordType = ward.COPY, **more: object) -> RecordType:
    kind = Field(
        name="kind", type="one_of", label=Label("Loại", "Kind"), choices=CHOICES, required=True, locked_from="certified"
    )
    sections = (*record_type.sections, Section("kind", Label("Loại", "Kind"), (kind,)))
    register = Register(
        id="copies",
        kind="leased",
        field="cert_no",
        format="{n:02d}",
        series_by="kind",
        **more,  # type: ignore[arg-type]
    )
    return replace(record_type, sections=sections, register=register)


def catalog_of(record_type: RecordType) -> Catalog:
    def one(tool: Tool) -> Tool:
        return replace(tool, records=tuple(record_type if r.id == record_type.id else r for r in tool.records))

    return replace(ward.CATALOG, tools=tuple(map(one, ward.TOOLS)))


COPY = parted()


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    with Store.create(tmp_path / "parted", ward.KEY, catalog_of(COPY), clock) as made:
        made.set_enrolment(ward.ENROLMENT)
        yield made


def lease(kind: str, start: int = 1) -> Lease:
    return Lease(ward=WARD, register=f"{COPIES_BOOK}={kind}", period="2026", device="Q2", next=start)


def certify(store: Store, kind: str) -> Record:
    (record,) = store.save([Save(type=COPY.id, fields={"document": "x", "kind": kind}, action="certify")], CLERK)
    return record


def test_each_series_runs_on_its_own(store: Store) -> None:
    store.numbers.put_lease(lease("decision"))
    store.numbers.put_lease(lease("letter", 7))
    kinds = ("decision", "letter", "decision", "letter", "decision")
    assert [certify(store, kind).number for kind in kinds] == ["01", "07", "02", "08", "03"]
    assert [(row.series, row.number) for row in store.numbers.book(COPY.id)] == [
        ("decision", "01"),
        ("decision", "02"),
        ("decision", "03"),
        ("letter", "07"),
        ("letter", "08"),
    ]
    assert [row.number for row in store.numbers.book(COPY.id, "2026", "letter")] == ["07", "08"]


def test_a_series_that_is_not_held_here_awaits_its_number(store: Store, clock: FixedClock) -> None:
    store.numbers.put_lease(lease("decision"))
    waiting = certify(store, "letter")
    assert waiting.number is None and certify(store, "decision").number == "01"
    assert store.numbers.held(COPY.id, clock.now(), {"kind": "decision"}) is not None
    assert store.numbers.held(COPY.id, clock.now(), {"kind": "letter"}) is None
    assert store.numbers.give_awaiting() == 0
    store.numbers.put_lease(lease("letter", 4))
    assert store.numbers.give_awaiting() == 1
    record = store.records.load(waiting.id)
    assert record is not None and record.number == "04"


def test_a_register_that_is_parted_goes_on_above_what_it_had(tmp_path: Path, clock: FixedClock) -> None:
    folder = tmp_path / "before"
    whole = replace(COPY, register=Register(id="copies", kind="leased", field="cert_no", format="{n:02d}"))
    with Store.create(folder, ward.KEY, catalog_of(whole), clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        store.numbers.put_lease(Lease(ward=WARD, register=COPIES_BOOK, period="2026", device="Q2", next=5))
        assert certify(store, "letter").number == "05"
    with Store.open(folder, ward.KEY, catalog_of(COPY), clock) as store:
        store.numbers.put_lease(lease("decision"))
        assert certify(store, "decision").number == "06"
        clock.advance(days=-1)
        assert store.numbers.clock_problem(COPY.id) == "set_back"
