"""A survey in Excel becomes a tool that works, and everything that could not be kept is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from forms.loader import DEFAULT_FOLDER, check, load_catalog
from forms.pack_format import PackError
from forms.xlsform import Made, from_xlsform
from tests.forms.xlsform.campaign import CHOICES, EN, SETTINGS, SURVEY, VI, q, write

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
SMALL = (
    'version: "1"\ngroups: {office: {vi: Văn phòng, en: Office}}\n'
    "scopes: [{id: open, label: {vi: Sổ, en: Registers}}]\nroles: []\nservices: []\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    place = tmp_path_factory.mktemp("campaign")
    (place / "catalogue").mkdir()
    (place / "catalogue" / "catalog.yaml").write_text(SMALL, "utf-8")
    return from_xlsform(write(place / "form.xlsx", SURVEY, CHOICES, SETTINGS), place / "catalogue")


@pytest.fixture(scope="module")
def catalog(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return load_catalog(made.folder.parent, cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def entry(catalog: Catalog) -> RecordEntry:
    context = EntryContext(lambda: NOW, {"code": "00070"}, None, lambda _id: None, WorkCalendar())
    return RecordEntry(catalog.record_type("health90.response"), catalog, context)


def fill(entry: RecordEntry, **values: Any) -> None:
    for name, value in values.items():
        entry.set(name, value)


def problems(entry: RecordEntry) -> set[str]:
    return {p.path for p in entry.problems("done") if p.blocks}


def test_it_passes_the_checker_with_two_examples(made: Made) -> None:
    assert made.mistakes == []
    assert check(made.folder) == []
    assert "_sample" in (made.folder / "examples.yaml").read_text("utf-8")


def test_required_answers_are_asked_for_at_the_end(entry: RecordEntry) -> None:
    assert problems(entry) >= {"full_name", "gender", "agrees"}
    assert not [p for p in entry.problems("draft") if p.blocks]


def test_a_group_is_asked_by_its_condition(entry: RecordEntry) -> None:
    assert not entry.is_relevant("weight")  # the age is not known
    fill(entry, dob="2026-01-01")
    assert not entry.is_relevant("weight")
    fill(entry, dob="1990-01-01")
    assert entry.get("age") == 36
    assert entry.is_relevant("weight")


def test_rules_over_answers_say_their_message(entry: RecordEntry) -> None:
    fill(entry, dob="2030-01-01")
    problem = entry.problem("dob")
    assert problem
    assert problem.message.vi == "Ngày sinh ở tương lai"
    fill(entry, phone="12")
    assert "phone" in problems(entry)
    fill(entry, phone="0912345678")
    assert "phone" not in problems(entry)
    fill(entry, illnesses=["none", "hbp", "dm"])
    assert "illnesses" in problems(entry)


def test_a_rule_with_not_holds_for_nothing_answered_too(entry: RecordEntry) -> None:
    fill(entry, dob="1990-01-01", gender="f")
    assert entry.is_relevant("pregnancy")
    fill(entry, illnesses=["none"])
    assert not entry.is_relevant("pregnancy")


def test_other_asks_which(entry: RecordEntry) -> None:
    fill(entry, illnesses=["hbp"])
    assert not entry.is_relevant("illnesses_other")
    fill(entry, illnesses=["hbp", "other"])
    assert "illnesses_other" in problems(entry)


def test_choices_follow_the_choice_before(entry: RecordEntry) -> None:
    fill(entry, province="1")
    assert [c.code for c in entry.choices("ward_value")] == ["hk"]
    fill(entry, province="2")
    assert [c.code for c in entry.choices("ward_value")] == ["ph"]


def test_a_repeat_is_a_table_and_is_summed(entry: RecordEntry) -> None:
    assert entry.get("all_boxes") == 0
    first = entry.add_row("drugs", {"drug": "A", "boxes": 2})
    entry.add_row("drugs", {"drug": "B", "boxes": 1})
    assert (entry.get("all_boxes"), entry.get("how_many")) == (3, 2)
    assert entry.is_relevant(f"drugs/{first}/left")
    assert not entry.is_relevant(f"drugs/{entry.rows('drugs')[1]}/left")
    entry.set(f"drugs/{first}/boxes", 0)
    assert f"drugs/{first}/boxes" in problems(entry)


def test_calculations_give_what_odk_gives(entry: RecordEntry) -> None:
    fill(entry, dob="1990-01-01", weight="61,5", height=160)
    assert entry.get("bmi") == "24"
    fill(entry, weight="70")
    assert entry.get("bmi") == "27.3"


def test_what_is_not_kept_is_told_at_its_cell(made: Made) -> None:
    told = {(n.sheet, n.row, n.column) for n in made.notes}
    assert {
        ("survey", 3, "type"), ("survey", 5, "name"), ("survey", 8, "appearance"), ("survey", 21, "name"),
        ("survey", 29, "type"), ("survey", 32, "calculation"), ("survey", 33, "label"), ("settings", 2, "style"),
    } <= told  # fmt: skip
    assert all(n.reason.vi and n.reason.en for n in made.notes)


def test_no_question_vanishes_without_a_word(made: Made, catalog: Catalog) -> None:
    record = catalog.record_type("health90.response")
    names = {f.name for f in record.fields} | {c.name for f in record.fields for c in f.fields}
    told = {n.row for n in made.notes}
    for row, question in enumerate(SURVEY, 2):
        if not question["type"].startswith(("begin group", "end ")):
            assert question["name"] in names or row in told, question


def one(tmp_path: Path, survey: list[dict[str, Any]], **more: Any) -> Made:
    """In a small catalogue: the shipped one is large to read."""
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "catalog.yaml").write_text(SMALL, "utf-8")
    return from_xlsform(write(tmp_path / "form.xlsx", survey, **more), tmp_path / "into")


def test_one_language_serves_for_both_and_is_told(tmp_path: Path) -> None:
    made = one(tmp_path, [{"type": "text", "name": "a", "label": "Câu hỏi"}])
    assert made.mistakes == []
    text = (made.folder / "response.yaml").read_text("utf-8")
    assert text.count("Câu hỏi") == 2
    assert [(n.sheet, n.row, n.column) for n in made.notes] == [("survey", 0, "label")]


def test_a_label_left_out_in_one_language_is_told(tmp_path: Path) -> None:
    made = one(tmp_path, [q("text", "a", "Một", "One"), q("text", "b", "Hai")])
    assert [(n.row, n.column) for n in made.notes] == [(3, "label")]


def test_every_shape_of_oddity_is_told_and_still_passes(tmp_path: Path) -> None:
    survey = [
        q("text", "State", "Trạng thái", "State"),
        q("text", "2nd", "Thứ hai", "Second"),
        q("select_one nowhere", "c", "Chọn", "Pick"),
        q("rank colours", "d", "Xếp", "Rank"),
        q("holo", "e", "Lạ", "Odd"),
        q(
            "text",
            "f",
            "Sai",
            "Wrong",
            relevant="${nobody} = 1",
            constraint="(. >",
            calculation="indexed-repeat(1,2,3)",
        ),
        q("begin repeat", "g", "Bảng", "Table", repeat_count="3"),
        q("begin repeat", "h", "Trong", "Inner"),
        q("text", "i", "Ô", "Cell"),
        q("end repeat"),
        q("end repeat"),
        q("begin repeat", "empty", "Rỗng", "Empty"),
        q("end repeat"),
        q("text", "i", "Trùng", "Twice", trigger="${f}", readonly="yes"),
        {"name": "typeless"},
        q("end group"),
        q("begin group", "open_group", "Mở", "Open"),
        q("integer", "n", "Số", "Number", default="x y", required="${f} != ''"),
    ]
    choices = [
        {"list_name": "colours", "name": "r", VI: "Đỏ", EN: "Red"},
        {"list_name": "colours", "name": "r", VI: "Đỏ", EN: "Red"},
        {"list_name": "colours", "name": "b"},
        {"list_name": "colours", VI: "Không mã", EN: "No code"},
    ]
    made = one(tmp_path, survey, choices=choices)
    assert made.mistakes == []
    told = {(n.sheet, n.row) for n in made.notes}
    assert told >= {("survey", row) for row in (2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 17, 18)}
    assert told >= {("choices", row) for row in (3, 4, 5)}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04rubbish", b"a,b\n1,2\n"])
def test_what_is_no_form_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(PackError):
        from_xlsform(path, tmp_path)


def test_a_sheet_without_questions_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackError):
        one(tmp_path, [q("note", "a", "Chào", "Hello")])
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["catalog.yaml"]


def test_a_folder_that_is_there_stays(made: Made, tmp_path: Path) -> None:
    with pytest.raises(PackError):
        from_xlsform(write(tmp_path / "form.xlsx", SURVEY, CHOICES, SETTINGS), made.folder.parent)


def test_it_stands_in_the_shipped_catalogue_too(tmp_path: Path) -> None:
    (tmp_path / "into").mkdir()  # no catalogue is there
    made = from_xlsform(write(tmp_path / "form.xlsx", SURVEY, CHOICES, SETTINGS), tmp_path / "into")
    assert made.mistakes == []
    assert DEFAULT_FOLDER not in made.folder.parents


def test_calculations_in_a_circle_and_counts_of_nothing_are_told(tmp_path: Path) -> None:
    survey = [
        q("integer", "a", "A", "A"),
        q("calculate", "b", "B", "B", calculation="${c} + ${a}"),
        q("calculate", "c", "C", "C", calculation="${b} + 1"),
        q("calculate", "d", "D", "D", calculation="${a} + 1"),
        q("begin repeat", "empty", "Rỗng", "Empty"),
        q("end repeat"),
        q("calculate", "e", "E", "E", calculation="count(${empty})"),
    ]
    made = one(tmp_path, survey)
    assert made.mistakes == []
    assert {(n.row, n.column) for n in made.notes} == {
        (3, "calculation"),
        (4, "calculation"),
        (6, "name"),
        (8, "calculation"),
    }
    assert (made.folder / "response.yaml").read_text("utf-8").count("calculate:") == 1
