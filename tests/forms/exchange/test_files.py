"""Files to lines and back: what is written and read again is the same; a bad line is that line's problem alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from forms.definition import Catalog, ListView, RecordType, State, Tool
from forms.exchange import ExchangeError, Line, read_lines, read_values, write_records
from forms.field_definition import Choice, Field, Section
from forms.label import Label


def _field(name: str, kind: str, **more: Any) -> Field:
    return Field(name=name, type=kind, label=Label(f"{name} vi", f"{name} en"), **more)


FIELDS = (
    _field("title", "text"),
    _field("note", "longtext"),
    _field("count", "int"),
    _field("fee", "money"),
    _field("share", "decimal"),
    _field("day", "date"),
    _field("born", "date_partial"),
    _field("moment", "datetime"),
    _field("sure", "bool"),
    _field("phone", "phone"),
    _field("kind", "one_of", choices=(Choice("a", Label("Loại A", "Kind A")), Choice("b", Label("Loại B", "Kind B")))),
    _field("kinds", "many_of", choices=(Choice("a", Label("A", "A")), Choice("b", Label("B", "B")))),
    _field("home", "address"),
    _field("who", "person"),
    _field("others", "refs"),
    _field("rows", "group", fields=(_field("what", "text"), _field("n", "int"))),
)
BOOK = RecordType(
    id="t.book",
    label=Label("Sổ thử", "Test book"),
    title="title",
    sections=(Section("one", Label("Một", "One"), FIELDS),),
    states=(State("draft", Label("Nháp", "Draft"), "draft"),),
    actions=(),
    list_view=ListView(()),
)
CATALOG = Catalog(
    version="1",
    tools=(Tool(id="t", label=Label("T", "T"), short=Label("T", "T"), group="g", records=(BOOK,)),),
    choices={},
)
RECORD: dict[str, Any] = {
    "id": "0190a000-0000-7000-8000-000000000001",
    "type": "t.book",
    "state": "draft",
    "revision": 3,
    "number": "01/2026",
    "fields": {
        "title": "=SUM(A1:A9)",
        "note": "dòng một\ndòng hai; 'trích'",
        "count": -5,
        "fee": 200_000,
        "share": "1.50",
        "day": "2026-11-22",
        "born": "1950-03",
        "moment": "2026-11-22T07:30:15Z",
        "sure": True,
        "phone": "+84912345678",
        "kind": "a",
        "kinds": ["a", "b"],
        "home": {"unit": "00070", "detail": "12 Hàng Bài"},
        "who": "0190a000-0000-7000-8000-000000000002",
        "others": ["0190a000-0000-7000-8000-000000000003", "0190a000-0000-7000-8000-000000000004"],
        "rows": [{"_id": "r1", "what": "Giấy khai sinh", "n": 2}],
    },
}


def _lines(path: Path) -> list[Line]:
    return list(read_lines(path, BOOK))


@pytest.mark.parametrize("kind", ["ndjson", "csv", "xlsx"])
def test_what_is_written_reads_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"records.{kind}"
    assert write_records(path, BOOK, [RECORD, {**RECORD, "number": None, "fields": {"title": "'=x"}}]) == 2
    first, second = _lines(path)
    values = read_values(first.values, BOOK, CATALOG)
    assert not values.problems
    named = {k: v for k, v in values.fields.items() if v is not None}
    assert named == RECORD["fields"] | {"share": named["share"]}
    assert float(named["share"]) == 1.5
    assert {k: first.head[k] for k in ("id", "state", "revision", "number")} == {
        k: RECORD[k] for k in ("id", "state", "revision", "number")
    }
    assert read_values(second.values, BOOK, CATALOG).fields["title"] == "'=x"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "'"])
def test_no_cell_of_a_table_begins_like_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "records.csv"
    write_records(path, BOOK, [{**RECORD, "fields": {"title": f"{start}cmd|' /C calc'!A0"}}])
    cells = path.read_text("utf-8-sig").splitlines()[1].split(",")
    assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@", "\t")) for cell in cells)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "records.ndjson"
    path.write_text("before")

    def records() -> Any:
        yield RECORD
        raise RuntimeError("the store went away")

    with pytest.raises(RuntimeError):
        write_records(path, BOOK, records())
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_bad_lines_are_told_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "records.ndjson"
    lines = [
        '\ufeff{"fields": {"title": "một"}}',
        "",
        "không phải json",
        '{"fields": {"title": "a", "title": "b"}}',
        '{"fields": {"count": NaN}}',
        '{"fields": []}',
        "[1]",
        '{"title": "đặt sai chỗ"}',
        '{"fields": {"title": "\\ud800"}}',
        "[" * 100_000,
        '{"fields": {"title": "cuối"}}',
    ]
    path.write_bytes("\n".join(lines).encode() + b'\n{"fields": {"title": "\xff"}}\n')
    found = _lines(path)
    assert [line.number for line in found if line.problem is None] == [1, 11]
    assert [line.number for line in found if line.problem is not None] == [3, 4, 5, 6, 7, 8, 9, 10, 12]
    assert next(line for line in found if line.number == 4).problem.field == "title"  # type: ignore[union-attr]


def test_a_line_too_long_is_refused_and_the_next_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forms.exchange.reading.LONGEST_LINE", 1000)
    path = tmp_path / "records.ndjson"
    path.write_text(json.dumps({"fields": {"title": "x" * 5000}}) + '\n{"fields": {"title": "ngắn"}}\n')
    first, second = _lines(path)
    assert first.problem is not None
    assert second.values == {"title": "ngắn"}
    assert second.number == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_any_usual_encoding_and_separator(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "records.csv"
    for separator in ",;\t":
        path.write_bytes(separator.join(["title vi", "count"]).encode(encoding) + b"")
        path.write_text(f"title vi{separator}count\nĐường Hàng Bài{separator}3\n", encoding=encoding)
        (line,) = _lines(path)
        assert line.values == {"title": "Đường Hàng Bài", "count": "3"}


def test_unknown_and_repeated_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text("title,colour\na,b\n")
    with pytest.raises(ExchangeError, match="colour"):
        _lines(path)
    path.write_text("title,title vi\na,b\n")
    with pytest.raises(ExchangeError, match="title"):
        _lines(path)


def test_spreadsheet_cells_of_their_own_kinds(tmp_path: Path) -> None:
    import datetime

    path = tmp_path / "records.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for at, name in enumerate(("title", "count", "day", "sure", "share")):
            sheet.write_string(0, at, name)
        sheet.write_number(1, 0, 1950)
        sheet.write_number(1, 1, 4)
        sheet.write_datetime(1, 2, datetime.date(2026, 11, 22), day)
        sheet.write_boolean(1, 3, False)
        sheet.write_number(1, 4, 2.5)
    (line,) = _lines(path)
    fields = read_values(line.values, BOOK, CATALOG).fields
    assert fields == {"title": "1950", "count": 4, "day": "2026-11-22", "sure": False, "share": "2.5"}


def test_a_file_that_is_no_spreadsheet_is_an_error_in_words(tmp_path: Path) -> None:
    path = tmp_path / "records.xlsx"
    path.write_bytes(b"not a zip")
    with pytest.raises(ExchangeError, match=r"records\.xlsx"):
        _lines(path)
    with pytest.raises(ExchangeError, match=r"\.ndjson"):
        _lines(tmp_path / "records.pdf")


def test_values_name_the_field_that_is_wrong() -> None:
    values = read_values(
        {"count": "nhiều", "kind": "z", "colour": "red", "rows": [{"n": "x"}], "title": ["a"]}, BOOK, CATALOG
    )
    assert [p.field for p in values.problems] == ["count", "kind", "colour", "rows/0/n", "title"]
    assert all(p.message.vi and p.message.en for p in values.problems)


def test_the_same_content_has_the_same_text_whatever_the_order() -> None:
    one = read_values({"title": " A  b ", "count": "5", "note": None}, BOOK, CATALOG)
    two = read_values({"count": 5, "title": "A b"}, BOOK, CATALOG)
    assert one.content() == two.content()
