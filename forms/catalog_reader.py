"""Reads a catalogue folder: which file holds what (docs/architecture.md, "The catalogue")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, Choice, DatedValue, Label, RecordType, Tool
from forms.definition_problems import DefinitionProblem
from forms.definition_reader import read_struct, read_value
from forms.definition_source import Source

CATALOG_FILE, TOOL_FILE, EXAMPLES_FILE, DATED_FILE = "catalog.yaml", "tool.yaml", "examples.yaml", "dated_values.yaml"
NOT_TOOLS = frozenset({"choices"})


class ReadTool(Struct, frozen=True):
    """A tool with the files it came from: mistakes found later are told at their lines."""

    tool: Tool
    folder: Path
    source: Source
    records: tuple[tuple[RecordType, Source], ...]
    examples: Source | None


class ReadCatalog(Struct, frozen=True):
    catalog: Catalog
    source: Source
    tools: tuple[ReadTool, ...]
    choices: dict[str, Source]


def read_catalog(folder: Path, problems: list[DefinitionProblem]) -> ReadCatalog:
    """Everything in a catalogue folder, with every mistake of form added to ``problems``."""
    source = Source(folder / CATALOG_FILE, problems)
    data = source.data if isinstance(source.data, dict) else {}
    if source.data is not None and not isinstance(source.data, dict):
        source.mistake((), "phải là một nhóm khóa: giá trị", "must be a mapping")
    choices, choice_sources = _choice_lists(folder / "choices", problems)
    tools = tuple(read_tool(path, problems) for path in tool_folders(folder))
    catalog: Catalog = read_struct(
        source,
        (),
        data,
        Catalog,
        tools=tuple(read.tool for read in tools),
        choices=choices,
        dated_values=_dated_values(folder, problems),
        folder=str(folder),
    )
    return ReadCatalog(catalog, source, tools, choice_sources)


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
    if readable:
        tool: Tool = read_struct(source, (), data, Tool, records=tuple(r for r, _ in records))
    else:
        tool = Tool(id=tool_id, label=Label("", ""), short=Label("", ""), group="", records=())
    return ReadTool(tool, folder, source, records, _examples(folder, source, problems) if readable else None)


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
    known = {TOOL_FILE, EXAMPLES_FILE} | {f"{name}.yaml" for name in names}
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


def _choice_lists(
    folder: Path, problems: list[DefinitionProblem]
) -> tuple[dict[str, tuple[Choice, ...]], dict[str, Source]]:
    lists: dict[str, tuple[Choice, ...]] = {}
    sources: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        source = Source(path, problems)
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
