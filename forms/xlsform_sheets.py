"""The three sheets of an XLSForm as rows of cells, with the languages their columns name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from forms.exchange.sheet_size import refuse_oversized
from forms.label import Label
from forms.pack_format import PackError
from forms.vietnamese import fold
from forms.xlsform_words import Note

_ALIASES = {
    "caption": "label", "relevance": "relevant", "bind::relevant": "relevant", "bind::constraint": "constraint",
    "bind::required": "required", "bind::calculate": "calculation", "calculate": "calculation", "bind::readonly": "readonly",
    "read_only": "readonly", "list name": "list_name", "value": "name", "repeat count": "repeat_count",
    "constraint message": "constraint_message", "bind::jr:constraintmsg": "constraint_message", "command": "type",
}  # fmt: skip
TRANSLATED = frozenset({"label", "hint", "constraint_message", "required_message", "guidance_hint"})


class Line(Struct):
    """A row of a sheet: column → cell, as text, empty ones left out."""

    sheet: str
    row: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


class Sheet(Struct):
    name: str
    lines: list[Line]
    columns: list[str]


class Book(Struct):
    """A whole form. ``languages``: of translated columns, which language is Vietnamese and which English ("" : the column
    without a language)."""

    survey: Sheet
    choices: Sheet
    settings: dict[str, str]
    vi: str | None
    en: str | None
    languages: list[str]


def read_book(path: Path) -> Book:
    """Raises PackError for what is no XLSForm, ExchangeError for a file too large, OSError for one that cannot be opened."""
    import python_calamine

    refuse_oversized(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        names = {name.strip().lower(): name for name in workbook.sheet_names}
        rows = {
            wanted: workbook.get_sheet_by_name(names[wanted]).to_python(skip_empty_area=False)
            if wanted in names
            else []
            for wanted in ("survey", "choices", "settings")
        }
    except Exception as error:  # the reader has errors of its own for each kind of damage
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise PackError(
            "input", f"Không đọc được bảng tính {path.name}.", f"Cannot read the spreadsheet {path.name}: {error}"
        ) from error
    survey, choices = _sheet("survey", rows["survey"]), _sheet("choices", rows["choices"])
    if "type" not in survey.columns or "name" not in survey.columns:
        vi = f"{path.name} không phải XLSForm: cần trang “survey” có cột type và name."
        raise PackError(
            "input", vi, f"{path.name} is no XLSForm: it needs a sheet “survey” with the columns type and name."
        )
    settings = _sheet("settings", rows["settings"])
    values = settings.lines[0].cells if settings.lines else {}
    languages = _languages([*survey.columns, *choices.columns])
    return Book(survey, choices, values, *_which(languages, values.get("default_language", "")), languages)


def cell_text(value: Any) -> str:
    """A cell as the author sees it: Excel keeps 1 as 1.0, and a date as a date."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\xa0", " ").strip()


def _sheet(name: str, rows: list[list[Any]]) -> Sheet:
    at = next((i for i, row in enumerate(rows) if any(cell_text(cell) for cell in row)), len(rows))
    header = [_column(cell_text(cell)) for cell in rows[at]] if at < len(rows) else []
    lines = []
    for number, row in enumerate(rows[at + 1 :], at + 2):
        cells: dict[str, str] = {}
        for column, cell in zip(header, row, strict=False):
            if column and (text := cell_text(cell)):
                cells.setdefault(column, text)
        if cells:
            lines.append(Line(name, number, cells))
    return Sheet(name, lines, [column for column in header if column])


def _column(text: str) -> str:
    """``Label :: English (en)`` and ``label:English (en)`` → ``label::English (en)``."""
    head, sign, rest = re.sub(r"\s*::?\s*", "::", text, count=1).partition("::")
    head = head.strip().lower()
    if sign and head in TRANSLATED | {"media", "image", "audio", "video", "big-image"}:
        return f"{head}::{rest.strip()}"
    whole = text.strip().lower() if head in ("bind", "body", "instance", "jr") else head
    return _ALIASES.get(whole, whole)


def _languages(columns: list[str]) -> list[str]:
    found = [column.partition("::")[2] for column in columns if column.partition("::")[0] in TRANSLATED]
    return list(dict.fromkeys(found))


def _which(languages: list[str], default: str) -> tuple[str | None, str | None]:
    """The Vietnamese and the English language; what names neither stands for Vietnamese first."""

    def code(language: str) -> str:
        found = re.search(r"\(\s*([A-Za-z]{2})", language)
        return found[1].lower() if found else fold(language)[:2]

    vi = next((x for x in languages if code(x) == "vi" or fold(x).startswith(("tieng viet", "viet"))), None)
    en = next((x for x in languages if x != vi and (code(x) == "en" or fold(x) in ("english", "tieng anh"))), None)
    rest = [x for x in sorted(languages, key=lambda x: x != default) if x not in (vi, en)]
    if vi is None and rest:
        vi = rest[0]
    return vi, en


def label_of(book: Book, line: Line, column: str) -> Label | None:
    """The text in both languages; the other one where a language is missing, None where both are."""
    texts = [line.get(f"{column}::{x}" if x else column) if x is not None else "" for x in (book.vi, book.en)]
    if not any(texts):
        texts = [next((t for x in book.languages if (t := line.get(f"{column}::{x}" if x else column))), "")] * 2
    vi, en = texts
    return Label(vi or en, en or vi) if vi or en else None


def missing_languages(book: Book) -> Iterator[Note]:
    """Once for the form: which language it has not, and which ones are left out."""
    for name, vi, en in ((book.vi, "tiếng Việt", "Vietnamese"), (book.en, "tiếng Anh", "English")):
        if name is None:
            reason = Label(
                f"không có cột {vi}; dùng chữ của ngôn ngữ kia", f"no {en} column; the other language's text is used"
            )
            yield Note("survey", 0, "label", "", reason)
    for name in book.languages:
        if name not in (book.vi, book.en):
            yield Note(
                "survey",
                0,
                f"label::{name}" if name else "label",
                "",
                Label(
                    "chương trình có hai ngôn ngữ; bỏ cột này", "there are two languages here; this column is left out"
                ),
            )
