"""Files to lines. A mistake in one line is that line's problem; only a file that makes no sense at all is an error."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from forms.definition import RecordType
from forms.exchange.columns import ColumnPlan, plan_columns
from forms.exchange.lines import HEAD, ExchangeError, Line, LineProblem
from forms.exchange.old_fonts import old_bytes, reader_of
from forms.exchange.sheet_size import refuse_oversized
from forms.label import Label
from forms.legacy_text import Encoding

LONGEST_LINE = 16 * 1024 * 1024  # bytes; a record with long texts is some kilobytes
_SHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_JSON = (".ndjson", ".jsonl", ".json")
_TABLES = (".csv", ".tsv", ".txt")


def read_lines(path: Path, record_type: RecordType, written: Encoding | None = None) -> Iterator[Line]:
    """The lines of a file, its kind told by the extension. ``written``: the letters of a table, as a person said.

    Raises ExchangeError when the kind is unknown, the file is not of that kind, a table has columns that the record
    type does not know, or one looks typed with an old font and nobody said so; OSError when it cannot be read.
    """
    kind = path.suffix.lower()
    if kind in _JSON:
        return _read_json(path)
    if kind in _TABLES:
        return _read_table(path, record_type, written)
    if kind in _SHEETS:
        return _read_sheet(path, record_type, written)
    raise ExchangeError(
        f"Không biết đọc tệp {path.name}: cần .ndjson, .csv, .xlsx, .xls hoặc .ods.",
        f"Cannot read {path.name}: it must be .ndjson, .csv, .xlsx, .xls or .ods.",
    )


def _read_json(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        encoding = _encoding_by_mark(file.read(4))
        file.seek(0)
        if encoding != "utf-8":
            text = _decoded(file.read(), path)
            yield from _json_lines(io.BytesIO(text.encode("utf-8", "surrogatepass")))
        else:
            yield from _json_lines(file)


def _json_lines(file: BinaryIO) -> Iterator[Line]:
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LONGEST_LINE)
            yield _bad(number, "", "Dòng quá dài (trên 16 MB).", "The line is too long (over 16 MB).")
            continue
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if raw.strip():
            yield _json_line(number, raw)


class _RepeatedKeyError(ValueError):
    """A key stands twice in one object: which of the two was meant cannot be known."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKeyError(key)
            seen.add(key)
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).decode


def _json_line(number: int, raw: bytes) -> Line:
    try:
        text = raw.decode("utf-8")
        found = _decode(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except _RepeatedKeyError as error:
        return _bad(number, str(error), f"“{error}” ghi hai lần.", f"“{error}” stands twice.")
    except (ValueError, RecursionError) as error:
        return _bad(number, "", *_json_mistake(error))
    if not isinstance(found, dict):
        return _bad(number, "", "Mỗi dòng phải là một đối tượng JSON {…}.", "Each line must be a JSON object {…}.")
    return _json_record(number, found)


def _json_mistake(error: Exception) -> tuple[str, str]:
    if isinstance(error, UnicodeError):
        return "Dòng không phải chữ UTF-8.", "The line is not UTF-8 text."
    if isinstance(error, RecursionError):
        return "Dòng lồng quá nhiều lớp.", "The line is nested too deeply."
    return f"Dòng không phải JSON: {error}", f"The line is not JSON: {error}"


def _json_record(number: int, found: dict[str, Any]) -> Line:
    fields = found.get("fields", {})
    if not isinstance(fields, dict):
        return _bad(number, "fields", "“fields” phải là đối tượng JSON.", "“fields” must be a JSON object.")
    unknown = next((k for k in found if k not in HEAD and k != "fields"), None)
    if unknown is not None:
        vi = f"Không có “{unknown}” ở đây; các mục nằm trong “fields”."
        return _bad(number, unknown, vi, f"“{unknown}” is unknown here; fields stand inside “fields”.")
    return Line(number=number, head={k: found[k] for k in HEAD if k in found}, values=fields)


def _bad(number: int, field: str, vi: str, en: str) -> Line:
    return Line(number=number, problem=LineProblem(field, Label(vi, en)))


def _read_table(path: Path, record_type: RecordType, written: Encoding | None) -> Iterator[Line]:
    text = _decoded(path.read_bytes(), path, written)
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    csv.field_size_limit(LONGEST_LINE)
    rows = [] if text.isascii() else _readable(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    in_unicode = reader_of(rows, written, path.name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        plan = plan_columns(record_type, in_unicode(next(reader, [])), path.name)
    except csv.Error as error:
        raise ExchangeError(f"{path.name}: dòng 1 không đọc được: {error}", f"{path.name}: line 1: {error}") from error
    return _table_lines(reader, plan, in_unicode)


def _readable(reader: Any) -> Iterator[list[str]]:
    """The rows without those that cannot be read."""
    while True:
        try:
            yield next(reader)
        except csv.Error:
            continue
        except StopIteration:
            return


def _table_lines(reader: Any, plan: ColumnPlan, in_unicode: Callable[[list[Any]], list[Any]]) -> Iterator[Line]:
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield _bad(number, "", f"Dòng không đọc được: {error}", f"The line cannot be read: {error}")
            continue
        if cells is None:
            return
        if any(cells):
            yield plan.line(number, in_unicode(cells), guarded=True)


def _read_sheet(path: Path, record_type: RecordType, written: Encoding | None) -> Iterator[Line]:
    import python_calamine

    refuse_oversized(path)
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        sheet = workbook.get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except Exception as error:  # the reader has errors of its own for each kind of damage
        if isinstance(error, OSError) and error.errno is not None:  # the system's; its own have no number
            raise
        raise ExchangeError(
            f"Không đọc được bảng tính {path.name}: {error}", f"Cannot read the spreadsheet {path.name}: {error}"
        ) from error
    if not rows:
        raise ExchangeError(f"{path.name} không có dòng nào.", f"{path.name} has no rows.")
    in_unicode = reader_of(rows, written, path.name)
    plan = plan_columns(record_type, [str(cell) for cell in in_unicode(rows[0])], path.name)
    return (
        plan.line(number, in_unicode(cells))
        for number, cells in enumerate(rows[1:], start=2)
        if any(cell != "" for cell in cells)
    )


_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def _encoding_by_mark(start: bytes) -> str:
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


def _decoded(data: bytes, path: Path, written: Encoding | None = "unicode") -> str:
    """Text in UTF-8 or UTF-16; else in an old font, one character a byte, or in Windows' Vietnamese code page."""
    encoding = _encoding_by_mark(data)
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeError:
        pass
    if (text := old_bytes(data, written)) is not None:
        return text
    try:
        return data.decode("cp1258")
    except UnicodeError as error:
        raise ExchangeError(
            f"{path.name}: không nhận ra bảng mã; hãy lưu lại bằng UTF-8.",
            f"{path.name}: unknown encoding; save it again as UTF-8.",
        ) from error
