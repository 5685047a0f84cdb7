"""Records as columns: what comes in bulk is read from the line, and written into tables, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, TypeVar, overload

from sync.protocol import Fields, RecordVersion

T = TypeVar("T")
_PARTS = attrgetter(*RecordVersion.__struct_fields__)


class Versions(Sequence[RecordVersion]):
    """Records as the city has them, in an order: a column for each thing they say, and an object only of those that somebody
    asks for. All columns are of one length; ValueError where they are not. ``derived``: what who takes them in made of them ahead."""

    def __init__(  # noqa: PLR0917 - the order of RecordVersion
        self,
        ids: Sequence[str],
        types: Sequence[str],
        wards: Sequence[str],
        scopes: Sequence[str],
        revisions: Sequence[int],
        states: Sequence[str],
        numbers: Sequence[str | None],
        fields: Sequence[Fields],
        conflicts: Sequence[Any],
        created: Sequence[str],
        updated: Sequence[str],
        by: Sequence[str],
        origins: Sequence[str],
        packs: Sequence[str],
    ) -> None:
        self.ids, self.types, self.wards, self.scopes = ids, types, wards, scopes
        self.revisions, self.states, self.numbers = revisions, states, numbers
        self.fields, self.conflicts = fields, conflicts
        self.created, self.updated, self.by, self.origins, self.packs = created, updated, by, origins, packs
        if any(len(column) != len(ids) for column in self._columns):
            raise ValueError("columns of several lengths")
        self.derived: Any = None
        self._parts: dict[int, list[Versions]] = {}
        self._by_type: list[tuple[Sequence[int], Versions]] = []

    @classmethod
    def of(cls, versions: Iterable[RecordVersion]) -> Versions:
        """The same as columns."""
        if isinstance(versions, Versions):
            return versions
        columns = list(zip(*map(_PARTS, versions), strict=True))
        return cls(*columns) if columns else cls(*[()] * len(RecordVersion.__struct_fields__))

    @classmethod
    def together(cls, parts: Sequence[Versions]) -> Versions:
        """One after the other."""
        if len(parts) < 2:
            return parts[0] if parts else cls.of(())
        return cls(*[list(chain(*same)) for same in zip(*[part._columns for part in parts], strict=True)])

    @property
    def _columns(self) -> tuple[Sequence[Any], ...]:
        """In the order of ``RecordVersion``."""
        return (
            self.ids, self.types, self.wards, self.scopes, self.revisions, self.states, self.numbers, self.fields,
            self.conflicts, self.created, self.updated, self.by, self.origins, self.packs,
        )  # fmt: skip

    def with_values(self, fields: Sequence[Any], conflicts: Sequence[Any]) -> Versions:
        """The same with these in place of theirs."""
        columns: Sequence[Any] = (*self._columns[:7], fields, conflicts, *self._columns[9:])
        return Versions(*columns)

    def marked(self) -> Iterator[tuple[Any, ...]]:
        """Each as everything but its conflicts."""
        before, behind = self._columns[:8], self._columns[9:]
        return zip(*before, *behind, strict=True)

    def at(self, places: Sequence[int]) -> Versions:
        """Those at these places, in that order."""
        if len(places) < 2:
            return Versions(*[[column[place] for place in places] for column in self._columns])
        take = itemgetter(*places)
        return Versions(*map(take, self._columns))

    def where(self, is_wanted: Callable[[T], bool], column: Sequence[T]) -> Versions:
        """Those whose place in the column is wanted."""
        wanted = [*map(is_wanted, column)]
        return self if all(wanted) else self.at([place for place, so in enumerate(wanted) if so])

    def parts(self, size: int) -> Sequence[Versions]:
        """So many at a time, in order; the same ones each time."""
        if len(self) <= size:
            return [self] if self.ids else []
        if size not in self._parts:
            self._parts[size] = [self[start : start + size] for start in range(0, len(self), size)]
        return self._parts[size]

    def by_type(self) -> Sequence[tuple[Sequence[int], Versions]]:
        """Those of one type after those of another, with their places here; the same ones each time."""
        if not self.types:
            return []
        if self.types.count(self.types[0]) == len(self.types):
            return [(range(len(self.types)), self)]
        if not self._by_type:
            places: dict[str, list[int]] = {}
            for place, type_id in enumerate(self.types):
                places.setdefault(type_id, []).append(place)
            self._by_type = [(its, self.at(its)) for its in places.values()]
        return self._by_type

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> RecordVersion: ...
    @overload
    def __getitem__(self, place: slice) -> Versions: ...
    def __getitem__(self, place: int | slice) -> RecordVersion | Versions:
        if isinstance(place, slice):
            return Versions(*[column[place] for column in self._columns])
        return _made([column[place] for column in self._columns])

    def __iter__(self) -> Iterator[RecordVersion]:
        return map(_made, zip(*self._columns, strict=True))

    def __eq__(self, other: object) -> bool:
        """Also to a tuple or list of the same records."""
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == its for mine, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Versions({list(self)!r})"


def newest_of(versions: Iterable[RecordVersion]) -> Versions:
    """Each record once: at its highest revision, and of several of that as it was said last."""
    return _once(versions, by_revision=True)


def last_of(versions: Iterable[RecordVersion]) -> Versions:
    """Each record once: as it was said last, whatever its revision."""
    return _once(versions, by_revision=False)


def _once(versions: Iterable[RecordVersion], *, by_revision: bool) -> Versions:
    columns = Versions.of(versions)
    if len(set(columns.ids)) == len(columns):  # nearly always
        return columns
    found: dict[str, int] = {}
    for place, (record_id, revision) in enumerate(zip(columns.ids, columns.revisions, strict=True)):
        before = found.setdefault(record_id, place)
        if not by_revision or revision >= columns.revisions[before]:
            found[record_id] = place
    return columns.at([*found.values()])


def _made(parts: Sequence[Any]) -> RecordVersion:
    return RecordVersion(**dict(zip(RecordVersion.__struct_fields__, parts, strict=True)))
