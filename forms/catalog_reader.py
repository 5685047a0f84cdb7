"""Reads a catalogue folder: which file holds what (docs/architecture.md, "The catalogue")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Catalog, RecordType, Tool
from forms.definition_problems import DefinitionProblem
from forms.definition_reader import read_struct, read_value
from forms.definition_source import Source
from forms.field_definition import Choice
from forms.flow_definition import Flow
from forms.label import Label
from forms.office_definition import DatedValue, DayOverride, OfficeHours
from forms.report_definition import Report

CATALOG_FILE, TOOL_FILE, EXAMPLES_FILE, DATED_FILE = "catalog.yaml", "tool.yaml", "examples.yaml", "dated_values.yaml"
REPORTS_FILE, FLOWS_FILE = "reports.yaml", "flows.yaml"
WORKDAYS_FILE, HOURS_FILE = "workdays.yaml", "office_hours.yaml"
NOT_TOOLS = frozenset({"choices"})


class ReadTool(Struct, frozen=True):
    """A tool with the files it came from: mistakes found later are told at their lines."""

    tool: Tool
    folder: Path
    source: Source
    records: tuple[tuple[RecordType, Source], ...]
    examples: Source | None
    reports: Source | None = None
    flows: Source | None = None


class ReadCatalog(Struct, frozen=True):
    catalog: Catalog
    source: Source
    tools: tuple[ReadTool, ...]
    choices: dict[str, Source]
    workdays: Source | None = None
    hours: Source | None = None


def read_catalog(folder: Path, problems: list[DefinitionProblem]) -> ReadCatalog:
    """Everything in a catalogue folder, with every mistake of form added to ``problems``."""
    source = Source(folder / CATALOG_FILE, problems)
    data = source.data if isinstance(source.data, dict) else {}
    if source.data is not None and not isinstance(source.data, dict):
        source.mistake((), "phải là một nhóm khóa: giá trị", "must be a mapping")
    homes = (folder, *tool_folders(folder))  # a tool may bring lists and amounts of its own
    choices, choice_sources = _choice_lists(homes, problems)
    tools = tuple(read_tool(path, problems) for path in tool_folders(folder))
    workdays, days_source = _listed(folder / WORKDAYS_FILE, "days", tuple[DayOverride, ...], problems)
    hours, hours_source = _listed(folder / HOURS_FILE, "hours", tuple[OfficeHours, ...], problems)
    catalog: Catalog = read_struct(
        source,
        (),
        data,
        Catalog,
        tools=tuple(read.tool for read in tools),
        choices=choices,
        dated_values=tuple(value for home in homes for value in _dated_values(home, problems)),
        workdays=workdays,
        office_hours=hours,
        folder=str(folder),
    )
    return ReadCatalog(catalog, source, tools, choice_sources, days_source, hours_source)


def tool_folders(folder: Path) -> list[Path]:
    """Folders that are tools, by name. A link back to the catalogue itself is none."""
    root = folder.resolve()
    return [
        path
        for path in sorted(folder.iterdir())
        if path.name not in NOT_TOOLS
        and not path.name.startswith((".", "_"))
        and path.is_dir()
        and not root.is_relative_to(path.resolve())
    ]


def read_tool(folder: Path, problems: list[DefinitionProblem]) -> ReadTool:
    source = Source(folder / TOOL_FILE, problems)
    data = dict(source.data) if isinstance(source.data, dict) else {}
    if source.data is not None and not isinstance(source.data, dict):
        source.mistake((), "phải là một nhóm khóa: giá trị", "must be a mapping")
    names = read_value(source, ("records",), data.pop("records", None) or [], tuple[str, ...])
    readable = isinstance(source.data, dict)
    tool_id = str(data.get("id") or folder.name)
    if readable and tool_id != folder.name:
        source.mistake(("id",), "id phải trùng tên thư mục", "the id is the folder's name", folder.name)
    records = tuple(_record(folder, tool_id, str(name), source, problems) for name in names)
    if readable and not names:
        source.mistake(("records",), "công cụ chưa có loại hồ sơ nào", "the tool has no record type", "records: [ … ]")
    _stray_files(folder, {str(name) for name in names}, problems)
    if not readable:
        empty = Tool(id=tool_id, label=Label("", ""), short=Label("", ""), group="", records=())
        return ReadTool(empty, folder, source, records, None)
    reports, report_source = _listed(folder / REPORTS_FILE, "reports", tuple[Report, ...], problems)
    flows, flow_source = _listed(folder / FLOWS_FILE, "flows", tuple[Flow, ...], problems)
    tool: Tool = read_struct(source, (), data, Tool, records=tuple(r for r, _ in records), reports=reports, flows=flows)
    return ReadTool(tool, folder, source, records, _examples(folder, source, problems), report_source, flow_source)


def _listed(path: Path, key: str, kind: Any, problems: list[DefinitionProblem]) -> tuple[Any, Source | None]:
    """The list under the one key of a file that a tool may have."""
    if not path.exists():
        return (), None
    source = Source(path, problems)
    data: Any = source.data if isinstance(source.data, dict) else {}
    for name in data:
        if name != key:
            source.mistake((name,), f"khóa lạ “{name}”", f"unknown key “{name}”", key)
    if source.data is not None and key not in data:
        source.mistake((), f"thiếu khóa “{key}”", f"key “{key}” is missing", f"{key}: [ … ]")
    return read_value(source, (key,), data.get(key) or [], kind), source


def _record(
    folder: Path, tool_id: str, name: str, tool: Source, problems: list[DefinitionProblem]
) -> tuple[RecordType, Source]:
    path = folder / f"{name}.yaml"
    source = Source(path, problems)
    data = dict(source.data) if isinstance(source.data, dict) else {}
    if isinstance(source.data, dict) and (written := data.pop("id", name)) not in (name, f"{tool_id}.{name}"):
        source.mistake(("id",), f"id “{written}” không trùng tên tệp", f"id “{written}” is not the file's name", name)
    readable = isinstance(source.data, dict)
    record = read_struct(source if readable else _Mute(source), (), data, RecordType, id=f"{tool_id}.{name}")
    if isinstance(source.data, list | str | int | float):
        source.mistake((), "phải là một nhóm khóa: giá trị", "must be a mapping")
    return record, source


class _Mute(Source):
    """Takes the place of a file that could not be read: its one mistake has been told."""

    def __init__(self, source: Source) -> None:
        self.path, self.problems = source.path, []
        self.lines, self.written, self.data = {(): 1}, {}, None


def _stray_files(folder: Path, names: set[str], problems: list[DefinitionProblem]) -> None:
    """A record file that ``records:`` does not name would silently not exist."""
    known = {TOOL_FILE, EXAMPLES_FILE, DATED_FILE, REPORTS_FILE, FLOWS_FILE} | {f"{name}.yaml" for name in names}
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.name not in known)
    except OSError:
        return
    for path in files:
        vi, en = "tệp không có tên trong records của tool.yaml", "the file is not named in tool.yaml's records"
        problems.append(DefinitionProblem(str(path), 1, path.name, vi, f"records: [ …, {path.stem} ]", en))


def _examples(folder: Path, tool: Source, problems: list[DefinitionProblem]) -> Source | None:
    path = folder / EXAMPLES_FILE
    if not path.exists():
        tool.mistake((), "thiếu tệp examples.yaml", "examples.yaml is missing", EXAMPLES_FILE)
        return None
    return Source(path, problems)


def with_own_lists(catalog: Catalog, folder: Path, problems: list[DefinitionProblem]) -> Catalog:
    """The catalogue with the lists and amounts that a tool outside of it brings."""
    choices, _ = _choice_lists((folder,), problems)
    values = _dated_values(folder, problems)
    return replace(catalog, choices={**catalog.choices, **choices}, dated_values=(*catalog.dated_values, *values))


def _choice_lists(
    homes: tuple[Path, ...], problems: list[DefinitionProblem]
) -> tuple[dict[str, tuple[Choice, ...]], dict[str, Source]]:
    lists: dict[str, tuple[Choice, ...]] = {}
    sources: dict[str, Source] = {}
    for path in (path for home in homes for path in sorted((home / "choices").glob("*.yaml"))):
        source = Source(path, problems)
        if path.stem in sources:
            vi, en = "danh sách trùng tên với một danh sách khác", "another list has the same name"
            source.mistake((), vi, en, str(sources[path.stem].path))
            continue
        data: Any = source.data if isinstance(source.data, dict) else {}
        if source.data is not None and "choices" not in data:
            source.mistake((), "thiếu khóa “choices”", "key “choices” is missing", "choices: [ … ]")
        lists[path.stem] = read_value(source, ("choices",), data.get("choices") or [], tuple[Choice, ...])
        sources[path.stem] = source
    return lists, sources


def _dated_values(folder: Path, problems: list[DefinitionProblem]) -> tuple[DatedValue, ...]:
    path = folder / DATED_FILE
    if not path.exists():
        return ()
    source = Source(path, problems)
    data = source.data
    key = next((key for key in ("dated_values", "values") if isinstance(data, dict) and key in data), None)
    if key is None:
        if data is not None:
            source.mistake((), "thiếu khóa “dated_values”", "key “dated_values” is missing", "dated_values: [ … ]")
        return ()
    found: tuple[DatedValue, ...] = read_value(source, (key,), data[key] or [], tuple[DatedValue, ...])
    return found
