"""What happens to a legal book, as records of the register that ``book_notes:`` in catalog.yaml names: so that it travels,
is seen on every PC of the ward and stays for whoever inspects the book."""

from __future__ import annotations

from typing import Any, Literal

from forms.definition import Catalog, RecordType

FIELDS = ("kind", "book", "book_label", "period", "from_n", "to_n", "from_device", "to_device", "reason", "at", "by")
NoteKind = Literal["handover", "takeover", "unused", "paper", "restored", "clock"]
"""handed over by its holder · taken over from a PC that is lost · a number that was spoilt · numbers that stand in the paper
book from before · goes on after a PC came back from a backup · somebody confirmed the clock"""
EXPLAINS = frozenset({"takeover", "unused", "paper", "restored"})
"""Kinds whose numbers, from ``from_n`` to ``to_n``, are accounted for."""


def note_values(
    kind: NoteKind,
    *,
    book: str,
    label: str,
    period: str,
    reason: str,
    at: str,
    by: str,
    numbers: tuple[int, int] | None = None,
    devices: tuple[str, str] = ("", ""),
) -> dict[str, Any]:
    """The fields of a note. ``numbers``: first and last; ``devices``: before and after."""
    first, last = numbers or (None, None)
    values = (kind, book, label, period, first, last, *devices, reason, at, by)
    return {name: value for name, value in zip(FIELDS, values, strict=True) if value not in (None, "")}


def noted_state(record_type: RecordType) -> str:
    """The state of a note that stands: those the program writes are never drafts."""
    return next((state.id for state in record_type.states if state.kind == "final"), record_type.initial_state)


def book_label(catalog: Catalog, register: str) -> str:
    """What people call a book: the label of its record type, and of its series."""
    name, _, series = register.partition("=")
    type_id = name.partition("/")[0]
    if not catalog.knows(type_id):
        return register
    record_type = catalog.record_type(type_id)
    text = record_type.label.vi
    if series and record_type.register and record_type.register.series_by:
        field = record_type.field_map.get(record_type.register.series_by)
        choices = catalog.choices_of(field) if field else ()
        text += " · " + next((c.label.vi for c in choices if c.code == series), series)
    return text
