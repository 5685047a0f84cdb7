"""What an officer may see and write: the record types in the scopes that his roles open. The one place that says so.

A PC that several officers share holds what all of them together were granted. Whoever sits at it is shown what a PC of his
own would hold: nothing else is listed, found, counted, opened, referred to or printed. Nothing is taken off the PC, and
what waits to be sent is sent whoever is signed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from forms.definition import Catalog, RecordType, Tool
from forms.flow_book import flow_book, is_for
from forms.flow_definition import Flow
from forms.report_definition import Report
from sync.protocol import Officer

if TYPE_CHECKING:
    from sync.store.model import Enrolment


def all_types(catalog: Catalog) -> frozenset[str]:
    return frozenset(record_type.id for record_type in catalog.record_types)


def seen_types(catalog: Catalog, officer: Officer | None, officers: Sequence[Officer] = ()) -> frozenset[str]:
    """The ids of the types ``officer`` may see on a PC of ``officers``.

    Nobody signed in: no grant narrows anything (a PC before its enrolment). A role this catalogue does not know opens
    nothing on a shared PC; on a PC of its own everything there came by the officer's grants, which are the city's to judge.
    """
    if officer is None:
        return all_types(catalog)
    scopes = {role.id: role.scopes for role in catalog.roles}
    alone = all(one.id == officer.id for one in officers)
    if alone and (not officer.roles or any(role not in scopes for role in officer.roles)):
        return all_types(catalog)
    opened = {scope for role in officer.roles for scope in scopes.get(role, ())}
    return frozenset(record_type.id for record_type in catalog.record_types if record_type.scope in opened)


def seen_by_any(catalog: Catalog, officers: Sequence[Officer]) -> frozenset[str]:
    """What the officers of a PC may see together."""
    if not officers:
        return all_types(catalog)
    return frozenset[str]().union(*(seen_types(catalog, officer, officers) for officer in officers))


def may_begin(record_type: RecordType, officer: Officer | None, seen: Iterable[str]) -> bool:
    """``begun_by`` names the roles that may; naming none lets every officer who sees the register."""
    if officer is None or record_type.id not in seen:
        return False
    return not record_type.begun_by or not set(record_type.begun_by).isdisjoint(officer.roles)


def works_at_home(officer: Officer | None, enrolment: Enrolment | None) -> bool:
    """Whether the officer serves the ward that a PC's new records belong to. Who serves only another ward of a PC of several
    works on what that one has: the city refuses what he would begin, since it would stand in a ward that is not his."""
    if officer is None or enrolment is None:
        return True
    return enrolment.ward in enrolment.serves.get(officer.id, (enrolment.ward,))


def shown_reports(tool: Tool, seen: Collection[str] | None) -> list[Report]:
    """Whoever may not see a register sees no figure of it either; None: all registers."""
    return [report for report in tool.reports if seen is None or all(table.over in seen for table in report.tables)]


def offered_batches(
    record_type: RecordType, catalog: Catalog, officer: Officer | None, seen: Collection[str] | None
) -> list[Flow]:
    """The lists for everybody at once that are the officer's to make in a register; whoever may not see those it is made
    of is offered none. None: all registers."""
    if officer is None:
        return []
    flows = flow_book(catalog).batches.get(record_type.id, ())
    return [f for f in flows if (seen is None or f.from_ in seen) and is_for(f, record_type, officer.roles)]
