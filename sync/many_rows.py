"""New rows in bulk, for a PC's store and the city's file alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any

_TOGETHER = 100
_MOST_SHAPES = 8
_SHAPES: dict[str, list[frozenset[int]]] = {}  # of the statements for many rows: the places bound once


def write_many(db: Any, sql: str, rows: Sequence[Any]) -> None:
    """``executemany``; new rows as ``write_columns``. Not for the search index, which closes a segment with each such
    statement."""
    if sql.startswith("INSERT") and len(rows) >= _TOGETHER:
        write_columns(db, sql, list(zip(*rows, strict=True)))
    else:
        db.executemany(sql, rows)


def write_columns(db: Any, sql: str, columns: Sequence[Sequence[Any]]) -> None:
    """New rows, a hundred in a statement, with what is the same in all of them bound once: half the price, and other threads go
    on meanwhile."""
    rows = len(columns[0])
    whole = rows - rows % _TOGETHER
    if whole:
        once = _bound_once(sql, columns)
        statement = _of_many(sql, len(columns), once)
        same = [columns[place][0] for place in sorted(once)]
        others = [column for place, column in enumerate(columns) if place not in once]
        for start in range(0, whole, _TOGETHER):
            values = [None] * (len(others) * _TOGETHER)
            for place, column in enumerate(others):
                values[place :: len(others)] = column[start : start + _TOGETHER]
            db.execute(statement, same + values)
    if whole < rows:
        db.executemany(sql, zip(*[column[whole:] for column in columns], strict=True))


def _is_alike(column: Sequence[Any]) -> bool:
    first = column[0]
    if column[-1] != first:  # most that are not
        return False
    return column.count(first) == len(column) and (isinstance(first, str) or len(set(map(type, column))) == 1)


def _bound_once(sql: str, columns: Sequence[Sequence[Any]]) -> frozenset[int]:
    """The places of columns in which all is the same, or of most of them: a statement of another shape has to be planned anew,
    and is kept."""
    alike = {place for place, column in enumerate(columns) if _is_alike(column)}
    known = _SHAPES.setdefault(sql, [frozenset()])
    best = max((shape for shape in known if shape <= alike), key=len)
    if len(alike) > len(best) + 2 and len(known) < _MOST_SHAPES:
        best = frozenset(alike)
        known.append(best)
    return best


@lru_cache(256)
def _of_many(sql: str, width: int, once: frozenset[int]) -> str:
    """For ``_TOGETHER`` rows; what is in the places ``once`` is given first, for all of them."""
    head, _, values = sql.partition(" VALUES ")
    assert values == f"({', '.join('?' * width)})", sql  # noqa: S101
    marks = {place: f"?{mark}" for mark, place in enumerate(sorted(once), 1)}
    others = (f"?{mark}" for mark in count(len(once) + 1))
    rows = [", ".join([marks.get(place) or next(others) for place in range(width)]) for _ in range(_TOGETHER)]
    return f"{head} VALUES ({'), ('.join(rows)})"
