"""Voiding a record: a dangerous action that no tool has to define, so that who may take it is found here."""

from __future__ import annotations

from forms.definition import RecordType

HEADS = frozenset({"chair", "office_head"})
"""Who voids where the tool names nobody."""


def void_roles(record_type: RecordType) -> frozenset[str]:
    """Roles that may void a record of the type: those of its actions into a void state, else the office's heads.

    An action that is open to everyone does not open this: it starts from some states only, voiding from any.
    """
    void = {state.id for state in record_type.states if state.kind == "void"}
    named = frozenset(role for action in record_type.actions if action.to in void for role in action.roles)
    return named or HEADS
