"""A store opened under another catalogue: shown while it lasts, and gone on with where it was cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from forms.definition import Catalog, Column, ListView
from forms.flow_definition import Flow
from forms.label import Label
from sync.clock import FixedClock
from sync.protocol import PullAnswer
from sync.store import Store, proposals, rebuild
from tests.sync.store import ward
from tests.sync.store.ward import CATALOG, CITIZEN, COPY, KEY, NOW, version

RECORDS = 60


class Killed(BaseException):
    """The program ends here."""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def folder(tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rebuild, "BATCH", 7)
    monkeypatch.setattr(proposals, "BATCH", 7)
    place = tmp_path / "profile"
    with Store.create(place, KEY, CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        records = tuple(
            version(f"01a2026d-0000-7000-{place}000-{n:012d}", type_, 1, {name: f"Người {n}"})
            for n in range(RECORDS)
            for place, type_, name in ((8, CITIZEN, "full_name"), (9, COPY, "document"))
        )
        store.changes.apply_pull(PullAnswer(records=records, cursor=1), ward.WARD, "open")
    return place


def changed(title: str = '"Ông/bà " + full_name') -> Catalog:
    """The citizens read otherwise, are listed otherwise, and one now leads on to a copy."""
    citizen = structs.replace(CITIZEN, title=title, list_view=ListView(columns=(Column("dob"),), sort="dob"))
    tools = tuple(structs.replace(t, records=(citizen,)) if t.records == (CITIZEN,) else t for t in CATALOG.tools)
    flow = Flow(
        id="next", label=Label("Tiếp", "Next"), from_=CITIZEN.id, to=COPY.id, states=("active",), link="requester"
    )
    return structs.replace(CATALOG, version="test.2", tools=(structs.replace(tools[0], flows=(flow,)), *tools[1:]))


def contents(folder: Path, catalog: Catalog, clock: FixedClock) -> dict[str, Any]:
    with Store.open(folder, KEY, catalog, clock) as store, store._context.readers.connection() as db:
        tables = ("list_residence_citizen", "list_certification_cert_copy", "proposals", "projections", "links", "keys")
        found: dict[str, Any] = {t: db.execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in tables}
        found["titles"] = db.execute("SELECT id, title FROM records ORDER BY id").fetchall()
        found["search"] = sorted(hit.id for hit in store.search.find("ông", limit=500))
        found["meta"] = db.execute("SELECT key, value FROM meta WHERE key LIKE '%rebuilding'").fetchall()
        return found


def test_it_tells_how_far_it_is(folder: Path, clock: FixedClock) -> None:
    told: list[int] = []
    Store.open(folder, KEY, changed(), clock, prepared=told.append).close()
    assert told == sorted(told) and told[0] < 20 and told[-1] > 80
    again: list[int] = []
    Store.open(folder, KEY, changed(), clock, prepared=again.append).close()
    assert again == []


@pytest.mark.parametrize("cut_after", [1, 2, 5, 9, 12, 16])
def test_a_cut_goes_on_where_it_was(folder: Path, clock: FixedClock, tmp_path: Path, cut_after: int) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "uncut")
    told: list[int] = []

    def kill(percent: int) -> None:
        told.append(percent)
        if len(told) == cut_after:
            raise Killed

    with pytest.raises(Killed):
        Store.open(folder, KEY, changed(), clock, prepared=kill)
    rest: list[int] = []
    Store.open(folder, KEY, changed(), clock, prepared=rest.append).close()
    whole: list[int] = []
    Store.open(tmp_path / "uncut", KEY, changed(), clock, prepared=whole.append).close()
    assert len(told) + len(rest) == len(whole)  # no batch was made twice
    assert contents(folder, changed(), clock) == contents(tmp_path / "uncut", changed(), clock)


def test_cut_and_opened_with_the_catalogue_before(folder: Path, clock: FixedClock) -> None:
    before = contents(folder, CATALOG, clock)

    def kill(percent: int) -> None:
        if percent > 30:
            raise Killed

    with pytest.raises(Killed):
        Store.open(folder, KEY, changed(), clock, prepared=kill)
    assert contents(folder, CATALOG, clock) == before


def test_cut_and_opened_with_a_third_catalogue(folder: Path, clock: FixedClock, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "uncut")
    third = changed('"Bà " + full_name')

    def kill(percent: int) -> None:
        if percent > 30:
            raise Killed

    with pytest.raises(Killed):
        Store.open(folder, KEY, changed(), clock, prepared=kill)
    assert contents(folder, third, clock) == contents(tmp_path / "uncut", third, clock)
