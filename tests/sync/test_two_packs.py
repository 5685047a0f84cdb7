"""Two PCs with two packs edit the same records in any order: they end alike, and no value is lost."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from forms.definition import Catalog
from forms.loader import load_catalog
from forms.renames import in_first_names, one_to_one, to_first, to_present
from sync.difference import get_path, put_path
from sync.merge import judge, replay
from sync.protocol import Change, Officer, RecordVersion
from sync.renamed_line import renamed_change, renamed_version

SMALL = Path(__file__).parent.parent / "features" / "a_small_catalogue"
TYPE = "health.visit"
ROW = "0192f000-0000-7000-8000-000000000001"
KEYS = ("name", "phone", "height", "kind", f"drugs/{ROW}/drug", f"drugs/{ROW}/amount")
NEW_EDITS = (
    ("{name: phone, type", "{name: mobile, was: phone, type"),
    ("{field: phone}", "{field: mobile}"),
    ("name: drugs", "name: medicines\n        was: drugs"),
    ("{name: amount, type", "{name: dose, was: amount, type"),
    ("name: height, type: int,", "name: height, type: int, retired: true,"),
    (
        "      - {name: kind,",
        "      - {name: weight, type: int, label: {vi: Cân nặng, en: Weight}}\n      - {name: kind,",
    ),
)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, Catalog]:
    place = tmp_path_factory.mktemp("packs")
    shutil.copytree(SMALL, place / "new")
    path = place / "new" / "health" / "visit.yaml"
    text = path.read_text("utf-8")
    for old, new in NEW_EDITS:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return load_catalog(SMALL, cache=place), load_catalog(place / "new", cache=place)


class Desk:
    """A PC: what the city last told it, and the changes it has not sent, all in the names of its pack."""

    def __init__(self, catalog: Catalog, name: str) -> None:
        self.catalog, self.name = catalog, name
        self.type = catalog.record_type(TYPE)
        self.base: RecordVersion | None = None
        self.unsent: list[Change] = []

    @property
    def shown(self) -> RecordVersion:
        return replay(self.type, self.base, self.unsent)

    def edit(self, number: int, first_key: str, value: Any) -> Change:
        key = to_present(self.type, self.catalog).key(first_key)
        change = Change(
            change_id=f"c{number}", save_id=f"c{number}", record_id="r", type=TYPE, ward="00070", kind="edit",
            before={key: get_path(self.shown.fields, key)}, after={key: value}, state="draft", officer=Officer("o", self.name),
            device=self.name, at="2026-11-23T01:00:00Z", pack=self.catalog.version,
        )  # fmt: skip
        self.unsent.append(change)
        return change

    def sync(self, city: City) -> None:
        first = to_first(self.type, self.catalog)
        for change in self.unsent:
            city.take(renamed_change(change, first), in_first_names(self.type, self.catalog))
        self.unsent = []
        self.base = renamed_version(city.version, to_present(self.type, self.catalog))


class City:
    def __init__(self) -> None:
        fields = {"name": "n0", "phone": "p0", "height": 0, "drugs": [{"_id": ROW, "drug": "d0", "amount": 0}]}
        self.version = RecordVersion(id="r", type=TYPE, ward="00070", revision=1, state="draft", fields=fields)
        self.applied: list[Change] = []

    def take(self, change: Change, record_type: Any) -> None:
        judgement = judge(record_type, self.version, change)
        assert judgement.result.status != "refused"
        if judgement.version is not None:
            self.version = replace(judgement.version, revision=self.version.revision + 1)
        self.applied.append(change)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 1), st.sampled_from(KEYS)),
        st.tuples(st.just("sync"), st.integers(0, 1), st.just("")),
        st.tuples(st.just("new"), st.integers(0, 1), st.just("weight")),
    ),
    max_size=24,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_they_converge_and_every_value_stands_somewhere(
    packs: tuple[Catalog, Catalog], steps: list[tuple[str, int, str]]
) -> None:
    city = City()
    desks = [Desk(packs[0], "old"), Desk(packs[1], "new")]
    for desk in desks:
        desk.sync(city)
    numbers = itertools.count(1)
    made: list[tuple[str, Any]] = []
    for what, who, key in steps:
        desk = desks[who] if what != "new" else desks[1]
        if what == "sync":
            desk.sync(city)
            continue
        number = next(numbers)
        value: Any = number if key.endswith(("height", "amount", "weight")) else f"v{number}"
        desk.edit(number, key, value)
        made.append((key, value))
    for desk in (*desks, *desks):
        desk.sync(city)

    for desk in desks:
        assert renamed_version(desk.shown, to_first(desk.type, desk.catalog)) == city.version
        assert to_first(desk.type, desk.catalog).values(desk.shown.fields) == city.version.fields
    replaced = {(key, value) for change in city.applied for key, value in change.before.items()}
    for key, value in made:
        waiting = [c.value for c in city.version.conflicts.get(key, ())]
        # it stands, waits for a person, or an officer who saw it wrote another
        assert get_path(city.version.fields, key) == value or value in waiting or (key, value) in replaced


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, NAMES, max_size=5))
def test_a_renaming_moves_every_value_and_loses_none(names: dict[str, str]) -> None:
    one: dict[str, str] = {}
    for name, first in names.items():
        if first not in one.values() and name != first:
            one[name] = first
    whole = one_to_one(one)
    assert len(set(whole.values())) == len(whole)
    assert set(whole) == set(whole.values())


def test_the_way_there_and_back_changes_nothing(packs: tuple[Catalog, Catalog]) -> None:
    record_type = packs[1].record_type(TYPE)
    there, back = to_first(record_type, packs[1]), to_present(record_type, packs[1])
    fields = {
        "name": "a", "mobile": "1", "phone": "stranger", "unknown": {"x": 1},
        "medicines": [{"_id": ROW, "drug": "b", "dose": 2, "amount": "stranger"}],
        "_overridden": [f"medicines/{ROW}/dose", "mobile"],
    }  # fmt: skip
    first = there.values(fields)
    assert first["phone"] == "1"
    assert first["drugs"][0]["amount"] == 2
    assert first["_overridden"] == sorted([f"drugs/{ROW}/amount", "phone"])
    assert back.values(first) == {**fields, "_overridden": sorted(fields["_overridden"])}  # type: ignore[call-overload]


def test_a_row_added_under_the_new_names_is_read_under_the_old(packs: tuple[Catalog, Catalog]) -> None:
    city = City()
    old, new = Desk(packs[0], "old"), Desk(packs[1], "new")
    old.sync(city)
    new.sync(city)
    other = ROW.replace("1", "2")
    fields = dict(new.shown.fields)
    put_path(fields, f"medicines/{other}", {"_id": other, "drug": "x", "dose": 9})
    change = new.edit(1, f"drugs/{other}", {"_id": other, "drug": "x", "dose": 9})
    assert next(iter(change.after)) == f"medicines/{other}"
    new.sync(city)
    old.sync(city)
    assert get_path(old.shown.fields, f"drugs/{other}/amount") == 9
