"""What changes from one pack to the next is told so that an officer understands it; what would spoil records is refused."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry, RuleError
from forms.loader import check, load_catalog
from forms.office_definition import DatedValue
from forms.pack_changes import changes, dangers

SMALL = Path(__file__).parent.parent.parent / "features" / "a_small_catalogue"


@pytest.fixture
def old(tmp_path: Path) -> Catalog:
    return load_catalog(SMALL, cache=tmp_path)


def edited(place: Path, *edits: tuple[str, str]) -> Path:
    folder = place / "edited"
    shutil.copytree(SMALL, folder)
    path = folder / "health" / "visit.yaml"
    text = path.read_text("utf-8")
    for before, after in edits:
        assert before in text
        text = text.replace(before, after, 1)
    path.write_text(text, "utf-8")
    return folder


def told(old: Catalog, tmp_path: Path, *edits: tuple[str, str]) -> list[tuple[str, str, str]]:
    new = load_catalog(edited(tmp_path, *edits), cache=tmp_path)
    return [(c.kind, c.of, c.key) for c in changes(old, new)]


def test_nothing_changed_says_nothing(old: Catalog, tmp_path: Path) -> None:
    assert told(old, tmp_path) == []


def test_each_kind_of_change_is_named(old: Catalog, tmp_path: Path) -> None:
    found = told(
        old, tmp_path,
        ("{name: phone, type", "{name: mobile, was: phone, type"), ("{field: phone}", "{field: mobile}"),
        ("name: height, type: int,", "name: height, type: int, retired: true,"),
        ("{code: b, vi: Khám lại, en: Again}", "{code: c, vi: Cấp cứu, en: Emergency}"),
        ("{name: drug, type: text,", "{name: drug, type: text, required: true,"),
        ("vi: Họ tên", "vi: Họ và tên"),
    )  # fmt: skip
    assert found == [
        ("renamed", "field", "health.visit.name"),
        ("renamed", "field", "health.visit.mobile"),
        ("retired", "field", "health.visit.height"),
        ("added", "choice", "health.visit.kind.c"),
        ("removed", "choice", "health.visit.kind.b"),
        ("changed", "field", "health.visit.drugs.drug"),
    ]


def test_a_changed_amount_is_told_with_its_day_the_one_before_and_its_source(old: Catalog) -> None:
    level = DatedValue("level", 500_000, "2021-07-01", None, "NĐ 20/2021")
    then = replace(old, dated_values=(level,))
    now = replace(old, dated_values=(replace(level, value=650_000), DatedValue("level", 700_000, "2027-01-01")))
    assert [change.sentence.vi for change in changes(then, now)] == [
        "Mức theo ngày “level”: thay đổi: 650000 từ 01/07/2021, trước là 500000 (NĐ 20/2021)",
        "Mức theo ngày “level”: mới: 700000 từ 01/01/2027",
    ]


def test_a_type_that_changes_and_a_wrong_first_name_are_dangers(old: Catalog, tmp_path: Path) -> None:
    new = load_catalog(edited(tmp_path, ("name: height, type: int", "name: height, type: text")), cache=tmp_path)
    assert [d.vi.split(":")[0] for d in dangers(old, new)] == ["health.visit.height"]
    shutil.rmtree(tmp_path / "edited")
    renamed = load_catalog(edited(tmp_path, ("name: height,", "name: tall, was: height,")), cache=tmp_path)
    assert dangers(old, renamed) == []
    shutil.rmtree(tmp_path / "edited")
    again = load_catalog(edited(tmp_path, ("name: height,", "name: long, was: tall,")), cache=tmp_path)
    assert "was: height" in dangers(renamed, again)[0].vi
    assert dangers(old, old) == []


def test_two_fields_with_one_first_name_are_a_mistake(tmp_path: Path) -> None:
    (problem,) = check(edited(tmp_path, ("name: height,", "name: tall, was: phone,")) / "health")
    assert problem.key.endswith("was")
    assert problem.english


def entry(catalog: Catalog, fields: dict[str, object], **more: str) -> RecordEntry:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    context = EntryContext(lambda: now, {"code": "00070"}, None, lambda _id: None, WorkCalendar())
    return RecordEntry(catalog.record_type("health.visit"), catalog, context, fields=fields, **more)


def test_a_retired_field_is_kept_and_not_asked_for(tmp_path: Path) -> None:
    new = load_catalog(
        edited(tmp_path, ("name: height, type: int,", "name: height, type: int, required: true, retired: true,")),
        cache=tmp_path,
    )
    record = entry(new, {"name": "A", "height": 160}, state="done", id="r")
    assert not record.is_relevant("height")
    assert record.fields["height"] == 160
    with pytest.raises(RuleError):
        record.set("height", 161)
    assert not [p for p in entry(new, {"name": "A"}).problems("done") if p.blocks]


def test_a_choice_that_vanished_may_stay_but_not_be_picked_anew(tmp_path: Path) -> None:
    new = load_catalog(edited(tmp_path, ("{code: a, vi: Lần đầu, en: First}, ", "")), cache=tmp_path)
    record = entry(new, {"name": "A", "kind": "a"}, id="r")
    problem = record.problem("kind")
    assert problem
    assert not problem.blocks
    record.set("kind", "b")
    record.set("kind", "a")
    problem = record.problem("kind")
    assert problem
    assert problem.blocks


def test_a_signed_record_is_not_stopped_by_a_field_that_came_later(tmp_path: Path) -> None:
    locked = (
        "{id: done, label: {vi: Xong, en: Done}, kind: final}",
        "{id: done, label: {vi: Xong, en: Done}, kind: final, locked: true}",
    )
    asked = ("{name: height, type: int,", "{name: height, type: int, required: true,")
    new = load_catalog(edited(tmp_path, locked, asked), cache=tmp_path)
    assert not [p for p in entry(new, {"name": "A"}, state="done", id="r").problems() if p.blocks]
    assert [p.path for p in entry(new, {"name": "A"}, state="draft", id="r").problems("done") if p.blocks] == ["height"]


def test_a_record_in_a_state_this_pack_does_not_know_can_be_read(old: Catalog) -> None:
    record = entry(old, {"name": "A"}, state="checked", id="r")
    assert record.fields == {"name": "A"}
    assert record.is_locked("name")
    assert record.actions(None) == [] or all(not offer.action.from_ for offer in record.actions(None))  # type: ignore[arg-type]
