"""From one record to the next: what a record proposes, by the flows of its tool. No screen and no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from forms.definition import RecordType
from forms.entry import RecordEntry
from forms.expressions import Expression, Variables
from forms.flow_book import NOT_NEEDED, FlowBook, is_done, linked, may_be_done
from forms.flow_definition import ITSELF, Flow
from forms.functions import RuleSurroundings, rule_functions

Resolve = Callable[[str], Mapping[str, Any] | None]


class Source(Struct, frozen=True):
    """The record a flow begins at."""

    type: RecordType
    id: str
    state: str
    number: str | None
    fields: Mapping[str, Any]


class Target(Struct, frozen=True):
    """A record that followed, or that a flow acts on. ``fields`` are asked for where the record itself says what was done."""

    id: str
    state: str
    fields: Mapping[str, Any] = {}


class Proposal(Struct, frozen=True, kw_only=True):
    """What comes next after one record. ``target``: the record to act on; ``done``: the one that followed."""

    flow: Flow
    to: str  # record type
    target: str | None = None
    done: str | None = None
    dismissed: Mapping[str, Any] | None = None  # {"reason", "by", "at"}

    @property
    def is_open(self) -> bool:
        return self.done is None and self.dismissed is None


def mark_of(flow: Flow) -> str:
    """The engine field of the source that says why a proposal is not needed: {"reason", "by", "at"}."""
    return f"{NOT_NEEDED}{flow.id}"


def propose(
    flow: Flow, to: RecordType, source: Source, followers: list[Target], target: Target | None
) -> Proposal | None:
    """What a flow that applies comes to. ``followers`` point back at the source; ``target`` is the record it acts on.
    None where there is nothing to act on, or the record has gone another way."""
    dismissed = source.fields.get(mark_of(flow))
    dismissed = dismissed if isinstance(dismissed, Mapping) else None
    if not flow.finds:
        done = next((f.id for f in followers if is_done(flow, to, f.state)), None)
        return Proposal(flow=flow, to=to.id, done=done, dismissed=dismissed)
    if target is None:
        return None
    if is_done(flow, to, target.state) if not flow.link else source.id in linked(flow, target.fields):
        return Proposal(flow=flow, to=to.id, target=target.id, done=target.id, dismissed=dismissed)
    if not may_be_done(flow, to, target.state):
        return None
    return Proposal(flow=flow, to=to.id, target=target.id, dismissed=dismissed)


class FlowJudge:
    """Which flows apply to records; for one thread and one batch. ``resolve`` gives fields of other records."""

    def __init__(self, book: FlowBook, resolve: Resolve) -> None:
        self.book = book
        self._rules = _compiled(book)
        around = RuleSurroundings(resolve=resolve, dated_values=book.catalog.dated_values)
        self._functions = rule_functions(around)
        self._variables: dict[str, Variables] = {}

    def applying(self, source: Source) -> list[tuple[Flow, RecordType]]:
        """The flows that apply to a record as it is, each with the type it leads to."""
        flows = (flow for flow in self.book.sources.get(source.type.id, ()) if source.state in flow.states)
        return [(flow, to) for flow in flows if (to := self._leads_to(flow, source)) is not None]

    def _leads_to(self, flow: Flow, source: Source) -> RecordType | None:
        rules = self._rules[flow.key]
        if rules.where is not None and self._value(rules.where, source) is not True:
            return None
        type_id = flow.to if rules.to_field is None else self._value(rules.to_field, source)
        catalog = self.book.catalog
        if not isinstance(type_id, str) or not catalog.knows(type_id):
            return None
        to = catalog.record_type(type_id)
        return to if flow.finds or (flow.link or "") in to.field_map else None

    def _value(self, rule: Expression, source: Source) -> Any:
        known = {"state": source.state, "number": source.number, "id": source.id}
        variables = self._variables.get(rule.text)
        if variables is None:
            variables = self._variables[rule.text] = Variables({}, functions=self._functions, names=rule.reads)
        for name in rule.reads:
            variables.set(name, known[name] if name in known else source.fields.get(name))
        return rule.evaluate(variables)


def target_id(flow: Flow, source: Source) -> str | None:
    """The record that a flow acts on; ``finds: id`` is the source itself."""
    found = source.id if flow.finds == ITSELF else source.fields.get(flow.finds or "")
    return found if isinstance(found, str) else None


def values_of(
    flow: Flow, to: RecordType, entry: RecordEntry, source_id: str, present: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the flow writes into the next record: what its rules give over the source, and the link back to it.
    ``present``: fields of the record it acts on, whose earlier links stay."""
    values = {name: entry.evaluate(Expression(text)) for name, text in flow.sets.items()}
    found = {name: value for name, value in values.items() if value is not None and name in to.field_map}
    if flow.link and to.field(flow.link).type == "refs":
        found[flow.link] = list(dict.fromkeys((*linked(flow, present or {}), source_id)))
    elif flow.link:
        found[flow.link] = source_id
    return found


class _Rules(Struct, frozen=True):
    where: Expression | None
    to_field: Expression | None


def _compiled(book: FlowBook) -> dict[str, _Rules]:
    """The rules that say whether a flow applies, compiled once for a catalogue."""
    kept = vars(book)
    rules: dict[str, _Rules] | None = kept.get("_rules")
    if rules is None:
        rules = kept["_rules"] = {
            key: _Rules(Expression(f.where) if f.where else None, Expression(f.to_field) if f.to_field else None)
            for key, f in book.by_key.items()
        }
    return rules
