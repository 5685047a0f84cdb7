"""From a folder to a pack: a whole catalogue, or tool folders laid over one; checked before it is signed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from forms import loader
from forms.catalog_reader import CATALOG_FILE, HOURS_FILE, TOOL_FILE, WORKDAYS_FILE
from forms.definition_problems import DefinitionError
from forms.label import Label
from forms.pack import PROGRAM_VERSION, build, read_files
from forms.pack_format import LARGEST_SERIAL, PackError, is_version

_VERSION = re.compile(rb"^version:[^\n]*", re.MULTILINE)


def make_pack(
    folder: Path,
    key: Path,
    *,
    onto: Path | None = None,
    version: str | None = None,
    serial: int | None = None,
    made_at: datetime,
    minimum_program: str = PROGRAM_VERSION,
    note: Label = Label("", ""),  # noqa: B008 - frozen
) -> bytes:
    """The pack of a catalogue folder, or of a tool folder (or a folder of several) laid over the catalogue ``onto`` (default:
    the one shipped). Raises PackError, and DefinitionError with every mistake that ``check`` finds."""
    tools = _tool_folders(folder)
    files = read_files(folder) if tools is None else _laid_over(tools, onto or loader.definitions())
    if tools is not None:
        files |= _calendar_files(folder)
    names = tuple(tool.name for tool in tools or ())
    if serial is not None and not 0 < serial < LARGEST_SERIAL:
        raise PackError("input", f"Số thứ tự không dùng được: {serial}", f"Not a serial: {serial}")
    serial = serial or int(made_at.astimezone(UTC).strftime("%Y%m%d%H%M%S"))
    version = version or _version(files, names, serial)
    if not is_version(version):
        raise PackError("input", f"Tên phiên bản không dùng được: {version}", f"Not a version: {version}")
    files[CATALOG_FILE] = _VERSION.sub(f'version: "{version}"'.encode(), files[CATALOG_FILE], count=1)
    _check(files)
    at = made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return build(
        files, key, version=version, serial=serial, made_at=at, tools=names, minimum_program=minimum_program, note=note
    )


def _tool_folders(folder: Path) -> list[Path] | None:
    """The tools to lay over a catalogue; None for a folder that is one. Raises PackError."""
    if (folder / CATALOG_FILE).is_file():
        return None
    if (folder / TOOL_FILE).is_file():
        return [folder.resolve()]
    tools = sorted(p.resolve() for p in folder.iterdir() if (p / TOOL_FILE).is_file()) if folder.is_dir() else []
    if not tools and not _calendar_files(folder):
        vi = f"{folder} không phải thư mục công cụ hay danh mục (cần {TOOL_FILE} hoặc {CATALOG_FILE})."
        raise PackError("input", vi, f"{folder} is neither a tool nor a catalogue ({TOOL_FILE} or {CATALOG_FILE}).")
    return tools


def _calendar_files(folder: Path) -> dict[str, bytes]:
    """The city's working days and office hours, where the folder brings some."""
    found = (folder / name for name in (WORKDAYS_FILE, HOURS_FILE))
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def _laid_over(tools: Sequence[Path], onto: Path) -> dict[str, bytes]:
    if not (onto / CATALOG_FILE).is_file():
        raise PackError("input", f"{onto} không phải danh mục.", f"{onto} is no catalogue.")
    files = read_files(onto)
    for tool in tools:
        files = {path: content for path, content in files.items() if not path.startswith(f"{tool.name}/")}
        files |= {f"{tool.name}/{path}": content for path, content in read_files(tool).items()}
    return files


def _version(files: dict[str, bytes], tools: Sequence[str], serial: int) -> str:
    """Every pack has a version of its own, since changes name their pack by it."""
    written = _VERSION.search(files.get(CATALOG_FILE, b""))
    base = written[0].decode("utf-8", "replace").partition(":")[2].split("#")[0].strip(" \"'\r") if written else "0"
    return f"{base.partition('+')[0]}+{'.'.join([*tools, str(serial)])}"[:80] if tools else base


def _check(files: dict[str, bytes]) -> None:
    """Raises DefinitionError with every mistake; files are named as they stand in the catalogue."""
    with tempfile.TemporaryDirectory(prefix="sophuong-pack-") as place:
        root = Path(place).resolve()
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        problems = loader.check(root)
        if problems:
            from msgspec.structs import replace

            raise DefinitionError([replace(p, file=p.file.removeprefix(f"{root}").lstrip("/\\")) for p in problems])
