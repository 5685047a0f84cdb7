"""Records begun for many sources at once: a flow of mode ``batch`` over one source after the other. No screen and no store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry
from forms.expressions import Expression
from forms.field_definition import Section
from forms.flow_definition import Flow
from forms.label import Label

GIVEN = "given"
"""The name under which a batch's rules see what the officer answered: ``given.period``."""
Key = tuple[tuple[str, Any], ...]


def question(flow: Flow, to: RecordType) -> RecordType:
    """What an officer is asked once for the whole batch, as a form of its own: the target's fields with their defaults and
    constraints, free of what they hang on there. What is calculated there may stay empty, unless it tells records apart."""
    first = to.initial_state
    fields = tuple(
        structs.replace(
            field,
            calculate=None,
            relevant=None,
            locked_from=None,
            required_from=None,
            owner="officer",
            required=name in flow.once or (field.required is True and field.calculate is None),
        )
        for name in flow.asks
        if (field := to.field_map.get(name)) is not None
    )
    return structs.replace(
        to,
        title='""',
        subtitle=None,
        sections=(Section("asked", flow.label, fields),),
        states=tuple(structs.replace(s, kind="open", locked=False) for s in to.states if s.id == first),
        actions=(),
        rules=(),
        register=None,
        deadline=None,
        printouts=(),
        duplicate=(),
        visit=None,
    )


class Begun(Struct, frozen=True):
    """What one source brings about. ``left_out`` and ``noted``: the guards it does not fulfil, blocking or not."""

    entry: RecordEntry
    left_out: tuple[Label, ...]
    noted: tuple[Label, ...]


class Batch:
    """One batch with what was answered; for one thread. ``given``: canonical values of the fields asked for."""

    def __init__(self, flow: Flow, given: Mapping[str, Any], catalog: Catalog, context: EntryContext) -> None:
        self.flow, self.catalog, self.context = flow, catalog, context
        self.to = catalog.record_type(flow.to or "")
        self.given = {name: given.get(name) for name in flow.asks}
        self._from = catalog.record_type(flow.from_)
        self._where = Expression(flow.where) if flow.where else None
        self._guard = [(Expression(message.rule), message) for message in flow.guard]
        self._sets = {name: Expression(text) for name, text in flow.sets.items()}

    def begin(self, source_id: str, state: str, number: str | None, fields: Mapping[str, Any]) -> Begun | None:
        """The record that one source brings about, with everything calculated and not yet judged; None where the source
        is not meant."""
        if state not in self.flow.states:
            return None
        source = RecordEntry(
            self._from,
            self.catalog,
            self.context,
            fields=fields,
            state=state,
            number=number,
            id=source_id,
            watched=False,
        )
        source.values.variables.set(GIVEN, self.given)
        if self._where is not None and source.evaluate(self._where) is not True:
            return None
        values = {name: source.evaluate(rule) for name, rule in self._sets.items()}
        link = self.flow.link or ""
        values[link] = [source_id] if self.to.field(link).type == "refs" else source_id
        entry = RecordEntry(self.to, self.catalog, self.context, watched=False)
        for name, value in {**self.given, **values}.items():
            if value is not None:
                entry.put(name, value)
        broken = [message for rule, message in self._guard if source.evaluate(rule) is False]
        left_out = tuple(message.message for message in broken if not message.warn)
        return Begun(entry, left_out, tuple(message.message for message in broken if message.warn))

    def key(self, entry: RecordEntry) -> Key | None:
        """What of a record may be there only once; None while a part of it is missing."""
        values = tuple((name, entry.get(name)) for name in self.flow.once)
        return None if any(value in (None, "", []) for _, value in values) else values
