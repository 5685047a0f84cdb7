"""From a catalogue folder to a Catalog, or to every mistake in it with file, line, key and what was expected."""

from __future__ import annotations

from pathlib import Path

import msgspec

from forms.catalog_cache import default_cache_folder, fingerprint, read_cache, write_cache
from forms.definition import Catalog
from forms.definition_problems import DefinitionError, DefinitionProblem
from forms.shipped_catalog import read_shipped, unpacked

__all__ = ["DefinitionError", "DefinitionProblem", "check", "load_catalog"]

DEFAULT_FOLDER: Path = Path(__file__).parent / "catalog"


def load_catalog(folder: Path | None = None, *, cache: Path | None = None) -> Catalog:
    """The catalogue of a folder (default: the one shipped), compiled once into ``cache`` (default: the account's cache
    folder); a package carries that of its own catalogue compiled. Raises DefinitionError. Examples are not looked at: ``check`` does."""
    if folder is None and (shipped := read_shipped(DEFAULT_FOLDER)) is not None:
        return shipped
    folder = folder or definitions()
    cache = cache or default_cache_folder()
    try:
        key = fingerprint(folder)
    except OSError as error:
        raise DefinitionError([_unusable(folder, f"không đọc được thư mục: {error}", str(error))]) from None
    catalog = read_cache(cache, key)
    if catalog is None:
        catalog = compile_catalog(folder)
        write_cache(cache, key, catalog)
    catalog.put_mark(key)
    return catalog


def definitions() -> Path:
    """The folder of the shipped catalogue, whole: a package carries the definitions packed."""
    return DEFAULT_FOLDER if (DEFAULT_FOLDER / "catalog.yaml").is_file() else unpacked(DEFAULT_FOLDER)


def compile_catalog(folder: Path) -> Catalog:
    """From its files, whatever was compiled before. Raises DefinitionError."""
    from forms.catalog_checks import check_catalog, check_tool
    from forms.catalog_reader import read_catalog

    problems: list[DefinitionProblem] = []
    read = read_catalog(folder, problems)
    check_catalog(read)
    for tool in read.tools:
        check_tool(tool, read.catalog)
    if problems:
        raise DefinitionError(_in_order(problems))
    return read.catalog


def check(path: Path) -> list[DefinitionProblem]:
    """Every mistake in a tool folder or a whole catalogue, in order of file and line. Never raises on bad input.

    A tool is checked among the tools and lists of the catalogue it stands in, else of the one shipped.
    """
    from forms.catalog_reader import CATALOG_FILE, TOOL_FILE

    try:
        path = path.resolve()
        if not path.is_dir():
            return [_unusable(path, "không phải thư mục", "not a folder")]
        if (path / CATALOG_FILE).is_file():
            return _check_catalogue(path)
        if (path / TOOL_FILE).is_file():
            return _check_tool(path)
    except (OSError, RuntimeError, RecursionError, ValueError) as error:  # a loop of links, a name no disk can hold
        return [_unusable(path, f"không đọc được: {error}", f"cannot be read: {error}")]
    return [_unusable(path, "không phải thư mục công cụ hay danh mục", "neither a tool nor a catalogue")]


def _check_catalogue(folder: Path) -> list[DefinitionProblem]:
    from forms.catalog_checks import check_catalog, check_tool
    from forms.catalog_reader import read_catalog
    from forms.example_checks import check_examples
    from forms.template_checks import check_templates

    problems: list[DefinitionProblem] = []
    read = read_catalog(folder, problems)
    check_catalog(read)
    for tool in read.tools:
        check_tool(tool, read.catalog)
    if not problems:
        for tool in read.tools:
            check_examples(tool, read.catalog)
            check_templates(tool, problems)
    return _in_order(problems)


def _check_tool(folder: Path) -> list[DefinitionProblem]:
    from forms.catalog_checks import check_tool
    from forms.catalog_reader import CATALOG_FILE, read_catalog, read_tool, with_own_lists
    from forms.example_checks import check_examples
    from forms.template_checks import check_templates

    beside = folder.parent if (folder.parent / CATALOG_FILE).is_file() else definitions()
    around = read_catalog(beside, []).catalog
    problems: list[DefinitionProblem] = []
    read = read_tool(folder, problems)
    others = tuple(tool for tool in around.tools if tool.id != read.tool.id)
    catalog = msgspec.structs.replace(around, tools=(*others, read.tool))
    if beside != folder.parent:
        catalog = with_own_lists(catalog, folder, problems)
    check_tool(read, catalog)
    if not problems:
        check_examples(read, catalog)
        check_templates(read, problems)
    return _in_order(problems)


def _in_order(problems: list[DefinitionProblem]) -> list[DefinitionProblem]:
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line))


def _unusable(path: Path, vi: str, en: str) -> DefinitionProblem:
    return DefinitionProblem(str(path), 1, path.name, vi, "tool.yaml | catalog.yaml", en)
