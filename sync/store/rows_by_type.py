"""Which rows a record type has, for whoever goes through all of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

_NONE = array("q")
_SIGN = 10_000  # rows between two signs of life


class RowsByType:
    """Where the records of each type are, read in one pass: the table knows no order by type, and to look for each type's by
    itself would read all of it as often as there are types."""

    def __init__(self, connection: Any, types: Iterable[str], alive: Callable[[], None] = lambda: None) -> None:
        """``alive`` is called now and then while all is read, which takes a second in a large store."""
        self._db = connection
        self._alive = alive
        self._types = frozenset(types)
        self._rids: dict[str, array[int]] | None = None
        self._last = -1

    def next(self, type_id: str, after: int, most: int) -> list[int]:
        """The next rows of a type, in their order; at the end those that another program has begun since."""
        if self._rids is None:
            self._rids = self._read()
        rids = self._rids.get(type_id, _NONE)
        at = bisect_right(rids, after)
        if at < len(rids):
            return rids[at : at + most].tolist()
        sql = "SELECT rid FROM records WHERE type = ? AND rid > ? ORDER BY rid LIMIT ?"
        return [rid for (rid,) in self._db.execute(sql, (type_id, max(after, self._last), most))]

    def _read(self) -> dict[str, array[int]]:
        found: dict[str, array[int]] = {}
        for number, (rid, type_id) in enumerate(self._db.execute("SELECT rid, type FROM records ORDER BY rid")):
            if number % _SIGN == _SIGN - 1:
                self._alive()
            if type_id in self._types:
                found.setdefault(type_id, array("q")).append(rid)
            self._last = rid
        return found
