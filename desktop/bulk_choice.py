"""One choice for many records on which two PCs wrote differently: what it would mean, field by field, before it is made. No
Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Literal

from msgspec import Struct

from sync.difference import get_path, put_path
from sync.store.model import Record, Save

Side = Literal["city", "mine", "later"]
SIDES: tuple[Side, ...] = ("city", "mine", "later")


class Choice(Struct, frozen=True):
    """One field of one record: the value that stands, and the one it would get."""

    record: Record
    key: str
    now: Any
    then: Any


class Plan(Struct, frozen=True):
    choices: tuple[Choice, ...]
    skipped: int  # fields that the side has no value for

    @property
    def records(self) -> list[Record]:
        return list({choice.record.id: choice.record for choice in self.choices}.values())


def plan_choices(records: Iterable[Record], side: Side, devices: Collection[str]) -> Plan:
    """``devices``: the names of this PC, for whose values are its own."""
    choices, skipped = [], 0
    for record in records:
        for key in record.conflicts:
            found, value = _value_of(record, key, side, devices)
            if found:
                choices.append(Choice(record, key, get_path(record.fields, key), value))
            else:
                skipped += 1
    return Plan(tuple(choices), skipped)


def saves_of(plan: Plan) -> list[Save]:
    """A change a record, so that each can be looked up, and chosen otherwise, in its own history."""
    saves = []
    for record in plan.records:
        mine = [choice for choice in plan.choices if choice.record.id == record.id]
        fields: dict[str, Any] = dict(record.fields)
        for choice in mine:
            put_path(fields, choice.key, choice.then)
        keys = tuple(choice.key for choice in mine)
        saves.append(Save(type=record.type, fields=fields, opened=record, kind="resolve", resolves=keys))
    return saves


def _value_of(record: Record, key: str, side: Side, devices: Collection[str]) -> tuple[bool, Any]:
    city = get_path(record.fields, key)
    if side == "city":
        return True, city
    candidates = record.conflicts[key]
    if side == "mine":
        own = [c for c in candidates if c.device in devices]
        return (True, own[-1].value) if own else (False, None)
    latest = max(candidates, key=lambda c: c.at)
    if not latest.over:
        return False, None  # an older city did not say since when its value stands
    return True, latest.value if latest.at > latest.over else city
