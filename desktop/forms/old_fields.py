"""What a record holds in fields that its form no longer asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.language import say, tr
from forms.entry import RecordEntry

if TYPE_CHECKING:
    from desktop.app import App


def old_lines(app: App, entry: RecordEntry) -> list[tuple[str, str]]:
    """One line a field, as a side card takes them; none where there is nothing."""
    from desktop.forms.change_words import shown_value  # which itself stands beside these cards

    fields = [f for f in entry.record_type.fields if f.retired and entry.get(f.name) not in (None, "", [])]
    lines = [(f"{say(f.label)}: {shown_value(app, f, entry.get(f.name))}", "") for f in fields]
    return [*lines, (tr("pack.old_fields_about"), "hint")] if lines else []
