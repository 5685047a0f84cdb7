"""One action on several records of a register: who can take it, who is left out and why, then one after another. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from desktop.batches import Desk, Tally, Told, Watch, go_on, joined
from desktop.following import entry_of_record, with_followers, write
from forms.definition import Action, RecordType
from forms.entry import RuleError
from forms.label import Label
from sync.store.model import Record, Save, SaveRefused, StoreError

BY_HAND = frozenset({"file", "files", "signature"})
"""What an action asks for that belongs to one record: such an action is taken on the record's own page."""


class Choice(Struct, frozen=True):
    """An action, the records that may take it, in the order of the list, and what stands in the way of the others."""

    action: Action
    able: tuple[Record, ...]
    left: tuple[Told, ...]


def choices(records: Sequence[Record], record_type: RecordType, desk: Desk) -> tuple[Choice, ...]:
    """The actions that at least one of the records may take, the one for most of them first."""
    able: dict[str, list[Record]] = {action.id: [] for action in _shared(record_type)}
    left: dict[str, list[Told]] = {action_id: [] for action_id in able}
    for record in records:
        entry = entry_of_record(record, desk.catalog, desk.context)
        offers = {offer.action.id: offer for offer in entry.actions(desk.officer)}
        for action in _shared(record_type):
            why = _in_the_way(record, record_type, action, offers.get(action.id))
            if why is None:
                able[action.id].append(record)
            else:
                left[action.id].append(Told(record.id, record.title, why))
    found = [Choice(a, tuple(able[a.id]), tuple(left[a.id])) for a in _shared(record_type) if able[a.id]]
    return tuple(sorted(found, key=lambda choice: -len(choice.able)))


def act(choice: Choice, inputs: Mapping[str, Any], desk: Desk, watch: Watch = go_on) -> Tally:
    """Takes the action on each record by itself: one that is refused, or was changed meanwhile, holds up no other."""
    tally = Tally()
    for known in choice.able:
        if not watch(tally):
            tally.stopped = True
            return tally
        tally.looked_at += 1
        record = desk.store.records.load(known.id)
        if record is None or record.type != known.type:
            tally.refused.append(Told(known.id, known.title, _GONE))
            continue
        entry = entry_of_record(record, desk.catalog, desk.context)
        try:
            entry.perform(choice.action.id, desk.officer, inputs)
            save = Save(type=record.type, fields=entry.fields, opened=record, action=choice.action.id)
            write(desk.store, with_followers(save, entry, desk.store, desk.officer, desk.may_begin), desk.officer)
            tally.made += 1
        except RuleError as error:
            tally.refused.append(Told(record.id, record.title, joined([p.message for p in error.problems])))
        except SaveRefused as refusal:
            tally.refused.append(Told(record.id, record.title, refusal.label))
        except StoreError as error:  # a full disk: none of the others will fare better
            tally.refused.append(Told(record.id, record.title, error.label))
            tally.stopped = True
            return tally
    return tally


_GONE = Label("Không còn trên máy này.", "No longer on this PC.")


def _shared(record_type: RecordType) -> list[Action]:
    """A refusal or a cancellation has a reason of its own for each record."""
    fields = record_type.field_map
    return [a for a in record_type.actions if not a.danger and not any(fields[name].type in BY_HAND for name in a.asks)]


def _in_the_way(record: Record, record_type: RecordType, action: Action, offer: Any) -> Label | None:
    if offer is None:
        state = record_type.state(record.state).label
        return Label(f"Đang là “{state.vi}”.", f"Stands at “{state.en}”.")
    if blocking := [problem.message for problem in offer.problems if problem.blocks]:
        return joined(blocking)
    answered = [name for name in action.asks if record.fields.get(name) not in (None, "", [])]
    if answered:
        label = record_type.field(answered[0]).label
        return Label(f"Đã có “{label.vi}”: làm riêng hồ sơ này.", f"Has its own “{label.en}”: take it on its own page.")
    return None
