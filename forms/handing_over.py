"""Whose turn it is: the steps of a record type that wait for somebody with certain roles, told from its definition.

Nobody writes "this is a signature" into a definition. It follows from who may do what: whoever has no part in beginning a
record and may take its next main step decides on it; and where one step gives a number or freezes what was signed, it
waits for those who could not have brought the record there themselves.
"""

from __future__ import annotations

from collections.abc import Collection

from forms.definition import Action, RecordType

UNDER_WAY = ("open", "waiting")  # kinds of states in which a record waits for anybody
FEW = 5
"""Kinds of officers who share a decision; a step that more may take is everyday work, and waits for its deadline."""


def steps_waiting_for(record_type: RecordType, roles: Collection[str]) -> dict[str, Action]:
    """State → the main action that somebody with ``roles`` is to take there next."""
    held = set(roles)
    found: dict[str, Action] = {}
    for action in record_type.actions:
        if not action.main or action.danger or not held & set(action.roles):
            continue
        for state in action.from_:
            if record_type.state(state).kind in UNDER_WAY and _waits(record_type, action, state, held):
                found.setdefault(state, action)
    return found


def _waits(record_type: RecordType, action: Action, state: str, held: set[str]) -> bool:
    mine = held & set(action.roles)
    few = len(action.roles) <= FEW
    ends = few and action.to != "=" and record_type.state(action.to).kind == "final"
    signs = action.takes_number or bool(action.freezes)
    begins = state == record_type.initial_state
    order = [each.id for each in record_type.states]
    if action.to != "=" and not signs and order.index(action.to) <= order.index(state):
        return False  # done once more at will, such as giving it to somebody else
    if not held & _beginners(record_type):
        return signs or ends or (few and not begins)
    if begins:
        return False
    before = _brought_by(record_type, state)
    return bool((signs and mine - before) or (ends and not before & set(action.roles)))


def _beginners(record_type: RecordType) -> set[str]:
    """Who prepares: begins records or takes the main step out of their first state (unless that step is the signature)."""
    found = set(record_type.begun_by)
    for action in record_type.actions:
        signs = action.takes_number or bool(action.freezes)
        if action.main and not signs and record_type.initial_state in action.from_:
            found |= set(action.roles)
    return found


def _brought_by(record_type: RecordType, state: str) -> set[str]:
    """Who takes the steps forward into a state; sending back is no handing over."""
    order = {each.id: place for place, each in enumerate(record_type.states)}
    found = set(record_type.begun_by) if state == record_type.initial_state else set[str]()
    for action in record_type.actions:
        if action.to == state and any(order[each] < order[state] for each in action.from_):
            found |= set(action.roles)
    return found
