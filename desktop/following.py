"""Going on from one record to the next, for pages and verbs alike: begin it prefilled, act on it, or say that it is not
needed; and what happens by itself in the same save. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry, RuleError
from forms.flow_book import flow_book, is_for, wanted_roles
from forms.flows import FlowJudge, Proposal, Source, mark_of, values_of
from sync.clock import moment_text
from sync.ids import IdSource
from sync.store.model import Record, Save, SaveRefused

if TYPE_CHECKING:
    from sync.protocol import Officer
    from sync.store import Store

Made = tuple[Record, ...]
MOST_NAMES = 2  # of the roles whose work it is


def entry_of_record(record: Record, catalog: Catalog, context: EntryContext) -> RecordEntry:
    return RecordEntry(
        catalog.record_type(record.type),
        catalog,
        context,
        fields=record.fields,
        state=record.state,
        number=record.number,
        id=record.id,
    )


def begin_values(proposal: Proposal, record: Record, catalog: Catalog, context: EntryContext) -> dict[str, Any]:
    """What the next record starts with."""
    to = catalog.record_type(proposal.to)
    return values_of(proposal.flow, to, entry_of_record(record, catalog, context), record.id)


def act_on(
    proposal: Proposal,
    record: Record,
    target: Record,
    officer: Officer,
    context: EntryContext,
    *,
    catalog: Catalog,
    inputs: Mapping[str, Any] | None = None,
) -> Save:
    """The flow's action on the record it found, tried and ready to save. ``inputs``: what else the action asks for.
    Raises RuleError with what stands in the way."""
    to = catalog.record_type(proposal.to)
    values = values_of(proposal.flow, to, entry_of_record(record, catalog, context), record.id, target.fields)
    entry = entry_of_record(target, catalog, context)
    return _acted(entry, target, proposal.flow.action or "", officer, {**values, **(inputs or {})})


def _acted(
    entry: RecordEntry, target: Record | None, action_id: str, officer: Officer, values: Mapping[str, Any]
) -> Save:
    asked = set(entry.record_type.action(action_id).asks)
    for name, value in values.items():
        if name not in asked:
            entry.set(name, value)
    entry.perform(action_id, officer, {name: value for name, value in values.items() if name in asked})
    return Save(type=entry.record_type.id, fields=entry.fields, opened=target, action=action_id)


def dismissal(proposal: Proposal, record: Record, reason: str, officer: Officer, context: EntryContext) -> Save:
    """Says why a proposal is not needed; it travels with the record and stands in its history."""
    mark = {"reason": reason, "by": officer.name, "at": moment_text(context.now())}
    told = f"{proposal.flow.label.vi}: {reason}"
    return Save(type=record.type, fields={**record.fields, mark_of(proposal.flow): mark}, opened=record, reason=told)


def taken_up_again(proposal: Proposal, record: Record) -> Save:
    """The proposal stands again."""
    fields = {**record.fields, mark_of(proposal.flow): None}
    return Save(type=record.type, fields=fields, opened=record, reason=proposal.flow.label.vi)


def is_work_of(proposal: Proposal, officer: Officer | None, catalog: Catalog) -> bool:
    return officer is not None and is_for(proposal.flow, catalog.record_type(proposal.to), officer.roles)


def role_names(proposal: Proposal, catalog: Catalog, say: Callable[[Any], str]) -> str:
    """Whose work it is, in words; "" for everybody's."""
    wanted = wanted_roles(proposal.flow, catalog.record_type(proposal.to))
    names = [say(role.label) for role in catalog.roles if role.id in wanted]
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


def with_followers(
    save: Save, entry: RecordEntry, store: Store, officer: Officer, may_begin: Callable[[RecordType], bool]
) -> list[Save]:
    """The save, and after it what its flows do by themselves (``mode: auto``). ``entry`` is the record as it will be. What
    the officer may not do, or what lacks something, is left out: it stays a proposal."""
    flows = flow_book(entry.catalog).sources.get(save.type, ())
    if not any(flow.mode == "auto" for flow in flows):
        return [save]
    record_id = save.opened.id if save.opened else save.id or IdSource(store.clock).new()
    if save.opened is None:
        save = structs.replace(save, id=record_id)
    return [save, *_followers(_Following(entry, record_id, store, officer), save.opened, may_begin)]


def write(store: Store, saves: Sequence[Save], officer: Officer, *, draft: str | None = None) -> Made:
    """Saves a record with its followers; where one of them cannot be written the record goes alone."""
    try:
        return store.save(saves, officer, draft=draft)
    except SaveRefused:
        if len(saves) == 1:
            raise
        return store.save(saves[:1], officer, draft=draft)


class _Following:
    """A record that is about to be saved, with surroundings in which it stands as it will be."""

    def __init__(self, entry: RecordEntry, record_id: str, store: Store, officer: Officer) -> None:
        self.entry, self.id, self.store, self.officer = entry, record_id, store, officer
        fields, resolve = entry.fields, entry.context.resolve
        self.context = structs.replace(entry.context, resolve=lambda i: fields if i == record_id else resolve(i))

    def applying(self, state: str, fields: Mapping[str, Any]) -> dict[str, RecordType]:
        """Flow by flow what it leads to, were the record like this."""
        source = Source(self.entry.record_type, self.id, state, self.entry.number, fields)
        judge = FlowJudge(flow_book(self.entry.catalog), self.context.resolve)
        return {flow.key: to for flow, to in judge.applying(source)}


def _followers(here: _Following, opened: Record | None, may_begin: Callable[[RecordType], bool]) -> list[Save]:
    entry = here.entry
    now = here.applying(entry.state, entry.fields)
    before = here.applying(opened.state, opened.fields) if opened else {}
    open_now = {p.flow.key for p in here.store.proposals.of(opened) if not p.is_open} if opened else set[str]()
    saves = []
    for flow in flow_book(entry.catalog).sources[entry.record_type.id]:
        if flow.mode != "auto" or flow.key not in now or flow.key in before or flow.key in open_now:
            continue
        to = now[flow.key]
        try:
            if flow.finds:
                target = here.store.records.load(str(entry.get(flow.finds)))
                if target is None or target.type != to.id:
                    continue
                values = values_of(flow, to, entry, here.id, target.fields)
                found = entry_of_record(target, entry.catalog, here.context)
                saves.append(_acted(found, target, flow.action or "", here.officer, values))
            elif may_begin(to):
                saves.append(_begun(here, to, values_of(flow, to, entry, here.id), flow.action))
        except RuleError:
            continue
    return saves


def _begun(here: _Following, to: RecordType, values: Mapping[str, Any], action: str | None) -> Save:
    """A new record; raises RuleError while something that blocks is missing."""
    entry = RecordEntry(to, here.entry.catalog, here.context)
    for name, value in values.items():
        entry.put(name, value)
    if to.visit and entry.get(to.visit) in (None, ""):
        entry.put(to.visit, IdSource(here.store.clock).new())
    if action is not None:
        entry.perform(action, here.officer)
    elif blocking := [problem for problem in entry.problems() if problem.blocks]:
        raise RuleError(blocking)
    return Save(type=to.id, fields=entry.fields, action=action)
