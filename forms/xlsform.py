"""From an XLSForm (as ODK and Kobo authors write it) to a tool folder that passes ``check``.

What has no counterpart here is told with sheet, row and column; nothing is left out in silence.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from msgspec.structs import replace

from forms import loader
from forms.catalog_reader import CATALOG_FILE, EXAMPLES_FILE, TOOL_FILE, read_catalog, read_tool, with_own_lists
from forms.definition import Catalog, RecordType
from forms.definition_problems import DefinitionProblem
from forms.label import Label
from forms.pack_format import PackError
from forms.plan import make_plan
from forms.wards import ward_facts
from forms.xlsform_cel import quoted
from forms.xlsform_fields import Fields
from forms.xlsform_questions import plain_name
from forms.xlsform_rules import Surroundings, translated
from forms.xlsform_sheets import Book, label_of, missing_languages, read_book
from forms.xlsform_survey import Survey
from forms.xlsform_words import NotCarried, Note

RECORD = "response"
_SETTINGS = {"form_title", "form_id", "id_string", "version", "default_language", "instance_name", "title", "name"}
_RESERVED_COLUMNS = {"code", "vi", "en", "valid_from", "valid_to"}


class Made(Struct, frozen=True):
    """``folder`` of the tool, number of ``fields``, ``notes`` of what to look at, ``mistakes`` that ``check`` still finds."""

    folder: Path
    fields: int
    notes: list[Note]
    mistakes: list[DefinitionProblem]


def from_xlsform(path: Path, into: Path) -> Made:
    """Makes ``into/<form id>``; a folder that is there stays as it is. Raises PackError, ExchangeError, OSError."""
    book = read_book(path)
    notes: list[Note] = [*missing_languages(book)]
    tool_id = plain_name(book.settings.get("form_id") or book.settings.get("id_string") or path.stem, set())
    folder = into / tool_id
    if folder.exists():
        raise PackError(
            "exists",
            f"Đã có {folder}; xóa đi hoặc chọn chỗ khác.",
            f"{folder} is there; remove it or choose another place.",
        )
    title = _title(book, path)
    _settings_notes(book, notes)
    lists = _Lists(book, tool_id, notes)
    survey = Survey(book, lists.names, lists.columns, notes)
    survey.collect()
    lists.with_other({q.choices for q in survey.questions if q.or_other and q.choices})
    sections = Fields(survey).sections(title)
    if not sections:
        raise PackError("input", f"{path.name} không có câu hỏi nào.", f"{path.name} has no question.")
    record = _record(book, title, sections, survey, notes)
    used = {field.get("choice_list") for section in sections for field in _all_fields(section["fields"])}
    try:
        _write(folder, title, record, {k: v for k, v in lists.lists.items() if k in used})
        _break_cycles(folder, record, survey, notes)
        _examples(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    count = sum(1 for section in sections for _ in _all_fields(section["fields"]))
    ordered = sorted(dict.fromkeys(notes), key=lambda n: (("survey", "choices", "settings").index(n.sheet), n.row))
    return Made(folder, count, ordered, loader.check(folder))


def _all_fields(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for field in fields for one in (field, *field.get("fields", ()))]


def _title(book: Book, path: Path) -> Label:
    settings = book.settings
    text = settings.get("form_title") or settings.get("title") or path.stem
    return Label(text, text)


def _settings_notes(book: Book, notes: list[Note]) -> None:
    for column, text in book.settings.items():
        if column not in _SETTINGS:
            notes.append(
                Note(
                    "settings",
                    2,
                    column,
                    text,
                    Label("thiết lập này không dùng ở đây", "this setting is not used here"),
                )
            )


class _Lists:
    """The choices sheet. ``names``: list in the sheet → in the catalogue; ``columns``: column in the sheet → in rules."""

    def __init__(self, book: Book, tool_id: str, notes: list[Note]) -> None:
        self.names: dict[str, str] = {}
        self.columns: dict[str, dict[str, str]] = {}
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self._notes = notes
        keys = self._keys(book)
        seen: set[tuple[str, str]] = set()
        taken: set[str] = set()
        for line in book.choices.lines:
            name, code = line.get("list_name"), line.get("name")
            if not name or not code:
                self._note(
                    line,
                    "name",
                    "dòng thiếu list_name hoặc name nên bỏ qua",
                    "a row without list_name or name is left out",
                )
                continue
            if name not in self.names:
                self.names[name] = plain_name(f"{tool_id}_{name}", taken)
                taken.add(self.names[name])
                self.columns[name] = {"name": "code", **keys}
                self.lists[self.names[name]] = []
            if (name, code) in seen:
                self._note(
                    line,
                    "name",
                    "mã có hai lần trong danh sách: giữ dòng đầu",
                    "the code stands twice in its list: the first stays",
                )
                continue
            seen.add((name, code))
            label = label_of(book, line, "label")
            if label is None:
                self._note(line, "label", "không có nhãn: dùng mã", "no label: the code is used")
                label = Label(code, code)
            data = {key: line.get(column) for column, key in keys.items() if line.get(column)}
            self.lists[self.names[name]].append({"code": code, "vi": label.vi, "en": label.en, **data})
            for column in line.cells:
                if column.partition("::")[0] in ("media", "image", "audio", "video", "big-image"):
                    self._note(line, column, "lựa chọn không có hình hay tiếng", "choices have no picture or sound")

    def _keys(self, book: Book) -> dict[str, str]:
        """Further columns, which filters read."""
        found: dict[str, str] = {}
        for column in book.choices.columns:
            base = column.partition("::")[0]
            if base in ("list_name", "name", "label", "media", "image", "audio", "video", "big-image"):
                continue
            found[column] = plain_name(column, set(found.values()) | _RESERVED_COLUMNS)
        return found

    def _note(self, line: Any, column: str, vi: str, en: str) -> None:
        self._notes.append(Note(line.sheet, line.row, column, line.get(column), Label(vi, en)))

    def with_other(self, names: set[str]) -> None:
        """The choice that ``or_other`` adds."""
        for name in names:
            choices = self.lists[self.names[name]]
            if all(choice["code"] != "other" for choice in choices):
                choices.append({"code": "other", "vi": "Khác", "en": "Other"})


def _record(
    book: Book, title: Label, sections: list[dict[str, Any]], survey: Survey, notes: list[Note]
) -> dict[str, Any]:
    top = [field for section in sections for field in section["fields"]]
    texts = [field for field in top if field["type"] == "text" and "calculate" not in field]
    for field in texts[:3]:
        field["search"] = True
    listed = [field for field in top if field["type"] not in ("group", "longtext", "file", "many_of")][:4]
    return {
        "label": {"vi": title.vi, "en": title.en},
        "title": _names_record(book, title, top, survey, notes),
        "scope": "open",
        "data_class": "personal",
        "sections": sections,
        "states": [
            {"id": "draft", "label": {"vi": "Đang nhập", "en": "Draft"}, "kind": "draft"},
            {"id": "done", "label": {"vi": "Hoàn thành", "en": "Done"}, "kind": "final"},
        ],
        "actions": [
            {
                "id": "finish",
                "label": {"vi": "Hoàn thành", "en": "Finish"},
                "from": ["draft"],
                "to": "done",
                "main": True,
            }
        ],
        "list": {
            "columns": [{"field": field["name"]} for field in listed] or [{"field": "_title"}],
            "filters": [{"id": "draft", "label": {"vi": "Đang nhập", "en": "Draft"}, "states": ["draft"]}],
        },
    }


def _names_record(book: Book, title: Label, top: list[dict[str, Any]], survey: Survey, notes: list[Note]) -> str:
    written = book.settings.get("instance_name", "")
    if written:
        try:
            return translated(written, Surroundings(survey.refs), condition=False).text
        except NotCarried as error:
            reason = Label(f"tên bản ghi không chuyển được: {error.label.vi}", f"not carried over: {error.label.en}")
            notes.append(Note("settings", 2, "instance_name", written, reason))
    first = next((f["name"] for f in top if f["type"] == "text" and f.get("required") is True), None)
    first = first or next((f["name"] for f in top if f["type"] == "text"), None)
    return f"coalesce({first}, {quoted(title.vi)})" if first else quoted(title.vi)


def _write(folder: Path, title: Label, record: dict[str, Any], lists: dict[str, list[dict[str, Any]]]) -> None:
    folder.mkdir(parents=True)
    beside = folder.parent if (folder.parent / CATALOG_FILE).is_file() else loader.definitions()
    groups = list(read_catalog(beside, []).catalog.groups)
    tool = {
        "id": folder.name,
        "label": {"vi": title.vi, "en": title.en},
        "short": {"vi": title.vi[:24], "en": title.en[:24]},
        "group": groups[-1] if groups else "",
        "records": [RECORD],
    }
    _dump(folder / TOOL_FILE, tool)
    _dump(folder / f"{RECORD}.yaml", record)
    if lists:
        (folder / "choices").mkdir()
    for name, choices in lists.items():
        _dump(folder / "choices" / f"{name}.yaml", {"choices": choices})
    _dump(folder / EXAMPLES_FILE, {RECORD: [{"state": "draft", "fields": {}}]})


def _dump(path: Path, data: Any) -> None:
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120), encoding="utf-8")


def _break_cycles(folder: Path, record: dict[str, Any], survey: Survey, notes: list[Note]) -> None:
    """Calculations that need each other are left out, each with its row."""
    catalog, record_type = _read_back(folder)
    cycles = make_plan(record_type, catalog).cycles if record_type else ()
    if not cycles:
        return
    for question in survey.questions:
        key = f"{question.group}/{question.name}" if question.group else question.name
        if key in cycles:
            line = question.line
            reason = Label(
                "các phép tính cần lẫn nhau: bỏ phép tính này", "calculations need each other: this one is left out"
            )
            notes.append(Note(line.sheet, line.row, "calculation", line.get("calculation"), reason))
    for section in record["sections"]:
        for field in section["fields"]:
            if field["name"] in cycles:
                field.pop("calculate", None)
            for column in field.get("fields", ()):
                if f"{field['name']}/{column['name']}" in cycles:
                    column.pop("calculate", None)
    _dump(folder / f"{RECORD}.yaml", record)


def _read_back(folder: Path) -> tuple[Catalog, RecordType | None]:
    """The record type as written, in the catalogue its folder stands in; None when it cannot be read."""
    problems: list[DefinitionProblem] = []
    read = read_tool(folder, problems)
    beside = folder.parent if (folder.parent / CATALOG_FILE).is_file() else loader.definitions()
    around = read_catalog(beside, []).catalog
    others = tuple(tool for tool in around.tools if tool.id != read.tool.id)
    catalog = with_own_lists(replace(around, tools=(*others, read.tool)), folder, problems)
    return catalog, None if problems else read.tool.records[0]


def _examples(folder: Path) -> None:
    """Two invented answers, where the rules let them be made; a blank form shows nothing but is right too."""
    from forms.sample import SampleError, sample_records

    catalog, record_type = _read_back(folder)
    if record_type is None:
        return
    ward = ward_facts("00070", "Phường Hoàn Kiếm")
    try:
        made = sample_records(
            record_type, catalog, 2, 7, ward=ward, now=datetime.now(UTC), resolve=lambda _id: None, pools={}
        )
    except (SampleError, ValueError, KeyError, TypeError):
        return
    old = (folder / EXAMPLES_FILE).read_text("utf-8")
    examples = [{"state": one["state"], "fields": one["fields"]} for one in made]
    _dump(folder / EXAMPLES_FILE, {RECORD: examples})
    if any(Path(p.file).name == EXAMPLES_FILE for p in loader.check(folder)):
        (folder / EXAMPLES_FILE).write_text(old, encoding="utf-8")
