"""A change of a record's past in words: what was done, and each value before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from desktop.forms.side_cards import field_labels
from desktop.language import language, say, tr
from forms.definition import RecordType
from forms.field_definition import Field
from forms.field_types import show
from forms.flow_book import NOT_NEEDED
from sync.held_copy import is_held
from sync.locked_fields import SAME_NUMBER
from sync.protocol import Change

if TYPE_CHECKING:
    from desktop.app import App


def describe_change(record_type: RecordType, change: Change) -> str:
    """One line: what the officer did, by the words on the buttons and the labels of the fields."""
    labels = ", ".join(field_labels(record_type, list(change.after)))
    match change.kind:
        case "create":
            return _begun(record_type, change)
        case "action":
            known = {a.id: a for a in record_type.actions}
            name = say(known[change.action].label) if change.action in known else change.action or ""
            return f"{name} · {change.number}" if change.number else name
        case "resolve":
            return tr("form.history.resolve", fields=labels)
        case "void":
            return tr("form.history.void", reason=change.reason or "")
        case _:
            if change.only_takes_back:
                return tr("form.history.taken_back")
            return _engine_words(change) or tr("form.history.edit", fields=labels)


def _begun(record_type: RecordType, change: Change) -> str:
    """A record that was begun past its first state (an old book, a copy after a disaster) took none of the steps before, so
    that nobody takes it for one that was signed here."""
    states = {s.id: s for s in record_type.states}
    state = states.get(change.to_state or record_type.initial_state)
    if state is None or (state.id == record_type.initial_state and not change.number):
        return tr("form.history.create")
    told = tr("form.history.begun_in", state=say(state.label))
    return f"{told} · {change.number}" if change.number else told


def _engine_words(change: Change) -> str:
    """What an edit of the engine's own, or of its fields, means; "" for one of the form's."""
    if is_held(change):
        told = tr("form.history.held", officer=change.reason or "")
        return f"{told} · {change.number}" if change.number else told
    if SAME_NUMBER in change.after:
        return tr("form.history.same_number")
    marks = [value for key, value in change.after.items() if key.startswith(NOT_NEEDED)]
    if not marks:
        return ""
    return tr("form.history.not_needed" if marks[0] else "form.history.needed", reason=change.reason or "")


def changed_lines(app: App, record_type: RecordType, change: Change) -> Iterator[str]:
    """ "Phone: 0987… → 0912…", one line a field; rows of a group by their column."""
    for path in sorted({*change.before, *change.after}):
        field, label = field_of(record_type, path)
        if field is None:
            continue
        old = shown_value(app, field, change.before.get(path))
        new = shown_value(app, field, change.after.get(path))
        yield tr("form.history.old_new", label=label, old=old, new=new)


def field_of(record_type: RecordType, path: str) -> tuple[Field | None, str]:
    """The field or group column a path means, and how to call it; a whole row is called by its group."""
    name, *rest = path.split("/")
    field = record_type.field_map.get(name)
    if field is None or len(rest) < 2:
        return field, say(field.label) if field else name
    column = next((c for c in field.fields if c.name == rest[1]), None)
    return column, f"{say(field.label)}, {say(column.label)}" if column else name


def shown_value(app: App, field: Field, value: Any) -> str:
    """A value of the past in words; a row of a group as its cells; empty is said, not left blank."""
    if value in (None, "", []):
        return tr("form.empty")
    if field.type == "group":
        rows = value if isinstance(value, list) else [value]
        return "; ".join(_row_text(app, field, row) for row in rows if isinstance(row, dict))
    choices = app.catalog.choices_of(field) if field.type in {"one_of", "many_of"} else ()
    try:
        return show(field, value, language(), choices=choices, resolve=app.named, masked=field.masked)
    except (TypeError, ValueError, LookupError, AttributeError):  # another PC's, which the city refused for just that
        return tr("form.history.unreadable")


def _row_text(app: App, field: Field, row: dict[str, Any]) -> str:
    return ", ".join(shown_value(app, c, row[c.name]) for c in field.fields if row.get(c.name) not in (None, ""))
