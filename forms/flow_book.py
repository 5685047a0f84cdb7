"""A catalogue's flows, by the record types they begin at and lead to. Plain data: the rule language is not needed for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forms.definition import Catalog, RecordType
from forms.flow_definition import Flow

Aims = dict[str, tuple[tuple[str, tuple[str, ...]], ...]]
_AIMS = "_flow_aims"
NOT_NEEDED = "_flow_"
"""With a flow's id: the engine field of a record that says why what would come next is not needed."""


class FlowBook:
    """``sources``: flows by the type they begin at. ``linked``: by a type that may follow, the flows whose done mark is a
    field of it. ``acted_on``: by a type that flows act on. ``begins``: (type, state) of a record that may have
    something come next. ``batches``: by the type they make, the flows that are begun for
    all their sources at once; they propose nothing and are in none of the others. ``aims``: see ``aims_of``."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.sources: dict[str, tuple[Flow, ...]] = {}
        self.linked: dict[str, tuple[Flow, ...]] = {}
        self.acted_on: dict[str, tuple[Flow, ...]] = {}
        self.by_key: dict[str, Flow] = {}
        self.batches: dict[str, tuple[Flow, ...]] = {}
        self.aims: Aims = vars(catalog).get(_AIMS) or aims_of(catalog)
        for flow in catalog.flows:
            if not catalog.knows(flow.from_):
                continue
            if flow.mode == "batch":
                if flow.to is not None and catalog.knows(flow.to):
                    self.batches[flow.to] = (*self.batches.get(flow.to, ()), flow)
                continue
            self.by_key[flow.key] = flow
            self.sources[flow.from_] = (*self.sources.get(flow.from_, ()), flow)
            for type_id, _roles in self.aims[flow.key]:
                table = self.acted_on if flow.finds else self.linked
                table[type_id] = (*table.get(type_id, ()), flow)
        self.begins = frozenset((t, state) for t, flows in self.sources.items() for f in flows for state in f.states)
        self.types = frozenset({*self.sources, *self.linked, *self.acted_on})


def flow_book(catalog: Catalog) -> FlowBook:
    """The book of a catalogue, made once."""
    kept = vars(catalog)
    book: FlowBook = kept.get("_flow_book") or kept.setdefault("_flow_book", FlowBook(catalog))
    return book


def aims_of(catalog: Catalog) -> Aims:
    """Of every flow that proposes, by its key: the types it may lead to, and the roles whose work that is (none: everybody's).
    To find it out takes every definition of the catalogue, so a compiled one brings it along."""
    return {
        flow.key: tuple(
            (target.id, tuple(sorted(wanted_roles(flow, target)))) for target in possible_targets(flow, catalog)
        )
        for flow in catalog.flows
        if flow.mode != "batch" and catalog.knows(flow.from_)
    }


def put_aims(catalog: Catalog, aims: Aims) -> None:
    """For the loader: ``aims_of`` as it was when the catalogue was compiled."""
    vars(catalog)[_AIMS] = aims


def batch_named(book: FlowBook, name: str) -> Flow | None:
    """A batch by the tool whose records it makes and its id: ``tool.flow``."""
    tool, _, flow_id = name.partition(".")
    made = (f for type_id, flows in book.batches.items() if type_id.partition(".")[0] == tool for f in flows)
    return next((flow for flow in made if flow.id == flow_id), None)


def batch_name(flow: Flow) -> str:
    return f"{(flow.to or '').partition('.')[0]}.{flow.id}"


def possible_targets(flow: Flow, catalog: Catalog) -> Iterator[RecordType]:
    """The type a flow leads to; where a field of the source names it, every type whose ``link`` can point back."""
    if flow.to is not None:
        if catalog.knows(flow.to):
            yield catalog.record_type(flow.to)
        return
    for record_type in catalog.record_types:
        field = record_type.field_map.get(flow.link or "")
        if field is not None and field.type in ("ref", "refs") and (not field.targets or flow.from_ in field.targets):
            yield record_type


def is_done(flow: Flow, target: RecordType, state: str) -> bool:
    """Whether a record in this state is what the flow wanted: begun and not void, or brought as far as its action would."""
    if not flow.finds:
        return target.state(state).kind != "void"
    # an action that keeps the state is told by the flow's `link` instead
    return target.reached(state, target.action(flow.action or "").to)


def linked(flow: Flow, fields: Mapping[str, Any]) -> list[str]:
    """The records a flow's ``link`` points at."""
    value = fields.get(flow.link or "")
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, str)]  # of another shape than any form makes: none


def may_be_done(flow: Flow, target: RecordType, state: str) -> bool:
    """Whether the flow's action can start from the state of the record it acts on."""
    return state in target.action(flow.action or "").from_


def wanted_roles(flow: Flow, target: RecordType) -> frozenset[str]:
    """The roles whose work the flow is; empty: everybody's."""
    if flow.roles:
        return frozenset(flow.roles)
    return frozenset(target.action(flow.action or "").roles if flow.finds else target.begun_by)


def is_for(flow: Flow, target: RecordType, roles: Sequence[str]) -> bool:
    """Whether somebody with these roles is shown it as work."""
    wanted = wanted_roles(flow, target)
    return not wanted or not wanted.isdisjoint(roles)
