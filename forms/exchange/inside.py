"""Records written inside a line, as references: which type each is of, and its own values. The PC and the city read them
with this; what becomes of them is theirs to decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.exchange.values import Inline, LineValues, read_values, reference_targets
from forms.label import Label

DEEPEST = 6
"""Objects inside each other: a file means no more, and none may break the reader."""
Rename = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""(type, values by name) -> the same by the names the catalogue has them under."""


class UnusableReferenceError(LookupError):
    """An inline object that means no record; ``field`` is where it, or its wrong part, stands."""

    def __init__(self, name: str, message: Label) -> None:
        super().__init__(message.vi)
        self.field = name
        self.label = message


class Inside(Struct, frozen=True):
    """One record written inside another. ``inside``: those written in it in turn."""

    inline: Inline
    record_type: RecordType
    values: LineValues
    inside: tuple[Inside, ...] = ()

    def fields(self) -> dict[str, Any]:
        """What it says; the ids of those inside it once they have been put in."""
        return {name: value for name, value in self.values.fields.items() if value is not None}


def read_inside(
    values: LineValues, catalog: Catalog, rename: Rename = lambda _type, given: given, depth: int = DEEPEST
) -> tuple[Inside, ...]:
    """What is written inside a line, down to ``depth`` objects in each other. Raises UnusableReferenceError."""
    return tuple(_read(inline, catalog, rename, depth) for inline in values.inline)


def _read(inline: Inline, catalog: Catalog, rename: Rename, depth: int) -> Inside:
    record_type = _target(inline, catalog, rename)
    given = {name: value for name, value in inline.value.items() if name != "type"}
    values = read_values(rename(record_type.id, given), record_type, catalog)
    if values.problems:
        problem = values.problems[0]
        raise UnusableReferenceError(f"{inline.name}/{problem.field}", problem.message)
    if values.inline and depth == 1:
        raise UnusableReferenceError(
            f"{inline.name}/{values.inline[0].name}",
            Label("Ở đây phải là mã bản ghi.", "This must be the id of a record."),
        )
    try:
        return Inside(inline, record_type, values, read_inside(values, catalog, rename, depth - 1))
    except UnusableReferenceError as error:
        raise UnusableReferenceError(f"{inline.name}/{error.field}", error.label) from error


def _target(inline: Inline, catalog: Catalog, rename: Rename) -> RecordType:
    """The record type the object is of: as it says, or the first whose fields it uses."""
    targets = reference_targets(inline.field)
    asked = inline.value.get("type")
    allowed = [t for t in targets if asked in (None, t)] if targets else [asked]
    named = {name: None for name in inline.value if name != "type"}
    for type_id in allowed:
        if not isinstance(type_id, str) or not catalog.knows(type_id):
            continue
        record_type = catalog.record_type(type_id)
        if named and rename(type_id, named).keys() <= record_type.field_map.keys():
            return record_type
    shown = ", ".join(targets) or "type"
    raise UnusableReferenceError(
        inline.name,
        Label(
            f"Không hiểu người hoặc bản ghi ghi ở đây; cần các mục của {shown}.",
            f"This object cannot be understood; it needs the fields of {shown}.",
        ),
    )


def innermost_first(inside: tuple[Inside, ...]) -> Iterator[Inside]:
    """All of them, each after those written in it."""
    for one in inside:
        yield from innermost_first(one.inside)
        yield one


def by_depth(lines: list[tuple[Inside, ...]]) -> Iterator[list[Inside]]:
    """All those of several lines in layers: none comes before the ones written in it, so that each layer can be looked
    up at once."""
    layers: list[list[Inside]] = []

    def place(one: Inside) -> int:
        level = 1 + max((place(each) for each in one.inside), default=-1)
        while len(layers) <= level:
            layers.append([])
        layers[level].append(one)
        return level

    for line in lines:
        for one in line:
            place(one)
    yield from layers
