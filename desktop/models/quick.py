"""What an officer begins most: derived from the catalogue and his roles, since a tool is data (promise 5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from desktop.sight import may_begin
from forms.definition import Catalog, RecordType, Tool
from sync.protocol import Officer

MOST = 4  # buttons that fit one line at 1024 px beside the card's


def is_named(record_type: RecordType, officer: Officer | None) -> bool:
    """Whether the definition names one of the officer's roles: then it is his own work, not only allowed."""
    return officer is not None and not set(record_type.begun_by).isdisjoint(officer.roles)


def quick_starts(catalog: Catalog, officer: Officer | None, seen: Collection[str]) -> tuple[RecordType, ...]:
    """One type of record a tool, in the rail's order; the officer's own work before what is merely allowed.

    A tool's quick start is the first of its records with a deadline or a legal book of its own: what people come to the
    counter for, and not the lists of persons and procedures that it leans on.
    """
    found = [first for tool in in_rail_order(catalog) if (first := _first_counter_record(tool, officer, seen))]
    own = [record_type for record_type in found if is_named(record_type, officer)]
    others = [record_type for record_type in found if not is_named(record_type, officer)]
    return tuple((own + others)[:MOST])


def _first_counter_record(tool: Tool, officer: Officer | None, seen: Collection[str]) -> RecordType | None:
    for record_type in tool.records:
        counter = record_type.deadline is not None or record_type.register is not None
        if record_type.in_rail and counter and may_begin(record_type, officer, seen):
            return record_type
    return None


def in_rail_order(catalog: Catalog) -> tuple[Tool, ...]:
    """Tools by group; a group the catalogue does not name goes last."""
    order = {group: place for place, group in enumerate(catalog.groups)}
    return tuple(sorted(catalog.tools, key=lambda tool: order.get(tool.group, len(order))))


def shown_types(tool: Tool, seen: Collection[str]) -> tuple[RecordType, ...]:
    """The records of a tool that have a list of their own, and that the officer may see."""
    return tuple(record_type for record_type in tool.records if record_type.in_rail and record_type.id in seen)


def own_tools(catalog: Catalog, officer: Officer | None, busy: Iterable[str]) -> frozenset[str]:
    """Tools that stand in the rail without unfolding: the officer's own work, and whatever has open records."""
    busy_tools = {type_id.partition(".")[0] for type_id in busy}
    return frozenset(
        tool.id
        for tool in catalog.tools
        if tool.id in busy_tools or any(is_named(record_type, officer) for record_type in tool.records)
    )
