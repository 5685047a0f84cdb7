"""Many alike things turned into columns, and back: what repeats then stands together, and zstd makes little of it.

The pieces of ``sync.line_form``. Whatever is wrong with a column raises ValueError (msgspec.ValidationError is one).
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, islice, repeat
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")
_UUIDS = re.compile("(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})*", re.ASCII)
_DIGITS = [place for place in range(36) if place not in (8, 13, 18, 23)]
"""Where the digits stand in the text of a UUID."""
_ALL = 0xFFFF_FFFF_FFFF_FFFF
MOST = 100_000
"""Things in one column. More are refused by what a message says of its length, before room is made for them."""
Numbers = Annotated[list[int | str], Meta(max_length=MOST)]
"""Whole numbers as the steps between them; what is not written in the one way there is, as its text."""


class Ids(Struct, array_like=True):
    """Ids that are UUIDs: the steps between their first 8 bytes (the time, in a UUIDv7), and their last 8. With one among
    them that is not, all are ``texts``."""

    steps: Annotated[list[int], Meta(max_length=MOST)] = []
    tails: bytes = b""
    texts: Annotated[list[str], Meta(max_length=MOST)] = []


class Rows(Struct, array_like=True):
    """Maps of names to values, each of some type. ``shapes``: (type, *names); ``of``: the shape of each row; ``cells``: a
    column for each (type, name), in the order in which the shapes first name them, with the rows that have it."""

    shapes: Annotated[list[tuple[str, ...]], Meta(max_length=MOST)] = []
    of: Annotated[list[int], Meta(max_length=MOST)] = []
    cells: Annotated[list[Annotated[list[Any], Meta(max_length=MOST)]], Meta(max_length=MOST)] = []


def few(values: Sequence[T]) -> list[T]:
    """A column; one value where all are the same."""
    return [values[0]] if values and values.count(values[0]) == len(values) else list(values)


def many(column: Sequence[T], count: int) -> Sequence[T]:
    if len(column) == count:
        return column
    if len(column) != 1:
        raise ValueError(f"a column of {len(column)} for {count} rows")
    return [column[0]] * count


def put_ids(ids: Sequence[str]) -> Ids:
    try:
        raw = bytes.fromhex("".join(ids).replace("-", ""))
    except ValueError:
        raw = b""
    if len(raw) != 16 * len(ids) or _uuids(raw) != list(ids):
        return Ids(texts=list(ids))
    halves = struct.unpack(f">{2 * len(ids)}Q", raw)
    heads = halves[::2]
    steps = [(after - before) & _ALL for before, after in zip((0, *heads), heads, strict=False)]
    tails = struct.pack(f">{len(ids)}Q", *halves[1::2])
    return Ids([step - (_ALL + 1) if step >> 63 else step for step in steps], tails)


def get_ids(column: Ids) -> list[str]:
    if column.texts:
        return column.texts
    if len(column.tails) != 8 * len(column.steps):
        raise ValueError("ids are cut short")
    count = len(column.steps)
    whole = [0] * (2 * count)
    whole[::2] = [head & _ALL for head in accumulate(column.steps)]
    whole[1::2] = struct.unpack(f">{count}Q", column.tails)
    return _uuids(struct.pack(f">{2 * count}Q", *whole))


def _uuids(raw: bytes) -> list[str]:
    """The texts of many UUIDs, digit by digit: the first of all, then the second of all."""
    digits = raw.hex().encode()
    text = bytearray((b"-" * 36 + b" ") * (len(raw) // 16))
    for digit, place in enumerate(_DIGITS):
        text[place::37] = digits[digit::32]
    return text.decode().split()


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID written in the one canonical way; none for anything else."""
    return bytes.fromhex(text.replace("-", "")) if len(text) == 36 and _UUIDS.fullmatch(text) else b""


def uuid_text(raw: bytes) -> str:
    if len(raw) != 16:
        raise ValueError("no id has so many bytes")
    return _uuid(raw.hex())


def _uuid(h: str) -> str:
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def put_numbers(numbers: Sequence[int | str]) -> Numbers:
    """Whole numbers among them as the step from the one before."""
    if {*map(type, numbers)} == {int}:  # nearly always
        return [*steps(numbers)]  # type: ignore[arg-type]
    column: Numbers = []
    last = 0
    for number in numbers:
        if isinstance(number, str):
            column.append(number)
        else:
            column.append(number - last)
            last = number
    return column


def steps(numbers: Sequence[int]) -> list[int]:
    return [after - before for before, after in zip((0, *numbers), numbers, strict=False)]


def get_numbers(column: Numbers) -> list[int | str]:
    if {*map(type, column)} == {int}:  # nearly always
        return [*accumulate(column)]
    numbers: list[int | str] = []
    last = 0
    for step in column:
        if isinstance(step, str):
            numbers.append(step)
        else:
            last += step
            numbers.append(last)
    return numbers


@lru_cache(8192)  # a save, a batch and an import stamp many things alike
def put_moment(text: str) -> int | str:
    """Seconds since 1970 of a moment in the stored form, else the text itself."""
    if len(text) != 20 or text[19] != "Z":
        return text
    try:
        seconds = _day_seconds(text[:11]) + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    except ValueError:
        return text
    return seconds if moment(seconds) == text else text


@lru_cache(8192)
def moment(seconds: int | str) -> str:
    """The stored form of a moment. Raises ValueError."""
    if isinstance(seconds, str):
        return seconds
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    return f"{_day(days)}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}Z"


@lru_cache(4096)
def _day_seconds(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}00:00:00+00:00").timestamp())


@lru_cache(4096)
def _day(days: int) -> str:
    try:
        return datetime.fromtimestamp(days * 86400, UTC).strftime("%Y-%m-%dT").rjust(11, "0")
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from error


def put_rows(types: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Rows:
    places: dict[tuple[str, ...], int] = {}
    of = [places.setdefault((type_id, *row), len(places)) for type_id, row in zip(types, rows, strict=True)]
    shapes = list(places)
    if len({shape[0] for shape in shapes}) == len(
        shapes
    ):  # of each type one shape, so that its columns are its rows turned
        alike: list[list[Iterable[Any]]] = [[] for _ in shapes]
        for place, row in zip(of, rows, strict=True):
            alike[place].append(row.values())
        cells = [_short_cells(list(column)) for each in alike for column in zip(*each, strict=True)]
        return Rows(shapes, of, cells)
    columns: dict[tuple[str, str], list[Any]] = {}
    its = [[columns.setdefault((shape[0], name), []) for name in shape[1:]] for shape in shapes]
    for place, row in zip(of, rows, strict=True):
        for column, value in zip(its[place], row.values(), strict=True):
            column.append(value)
    return Rows(shapes, of, [_short_cells(column) for column in columns.values()])


def get_rows(rows: Rows) -> tuple[list[str], list[dict[str, Any]]]:
    """The types and the rows, in order."""
    counts = Counter(rows.of)
    if counts and (min(counts) < 0 or max(counts) >= len(rows.shapes)):
        raise ValueError("a row of no shape")
    cells = iter(rows.cells)
    columns: dict[tuple[str, str], Iterator[Any]] = {}
    wanted: Counter[tuple[str, str]] = Counter()
    sizes: dict[tuple[str, str], int] = {}
    shapes = []
    for place, shape in enumerate(rows.shapes):
        if not shape or len(set(shape[1:])) != len(shape) - 1:
            raise ValueError("a shape without a type, or with a name twice")
        its = []
        for name in shape[1:]:
            key = (shape[0], name)
            if key not in columns:
                column = next(cells, None)
                if column is None:
                    raise ValueError("a column is missing")
                sizes[key] = len(column)
                columns[key] = iter(_whole_cells(column))
            its.append(columns[key])
            wanted[key] += counts[place]
        # the columns may be those of other shapes too: each row takes from them what comes next
        turned = zip(*its) if its else repeat(())  # noqa: B905 - counted below
        shapes.append((shape[0], shape[1:], turned))
    if wanted != Counter(sizes):
        raise ValueError("a column is too short or too long")
    if len(counts) == 1:  # most of what is alike comes together
        type_id, names, turned = shapes[rows.of[0]]
        count = len(rows.of)
        return [type_id] * count, [dict(zip(names, row)) for row in islice(turned, count)]  # noqa: B905 - counted above
    types = [shapes[place][0] for place in rows.of]
    return types, [dict(zip(names, next(turned))) for _, names, turned in map(shapes.__getitem__, rows.of)]  # noqa: B905


def _short_cells(column: list[Any]) -> list[Any]:
    """Ids in a column as their bytes: a value of a record is JSON, so that bytes can be nothing else."""
    first = column[0]
    if isinstance(first, str) and uuid_bytes(first):
        return [(uuid_bytes(cell) or cell) if isinstance(cell, str) else cell for cell in column]
    return column


def _whole_cells(column: list[Any]) -> list[Any]:
    if column and isinstance(column[0], bytes):
        return [uuid_text(cell) if isinstance(cell, bytes) else cell for cell in column]
    return column
