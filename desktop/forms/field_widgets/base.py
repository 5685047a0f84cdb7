"""What every field widget has in common: it shows a value, hears the officer, and knows nothing of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.forms.host import FormHost
from forms.field_definition import Choice, Field


class FieldWidget(QWidget):
    """One field on the screen.

    ``committed`` carries what the officer gave, as typed text or as JSON; the entry parses it. ``typed`` tells of every
    keystroke, so that drafts are kept; ``left`` asks for the next field (Enter). A widget never rewrites text the officer is typing: ``present`` waits until he is gone.
    """

    committed = Signal(object)
    typed = Signal()
    left = Signal()
    resized = Signal()

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.host = host
        self.path = path
        self.row_key: Callable[[QKeyEvent], None] | None = None  # a row hears of keys before a line takes them

    @property
    def focus_target(self) -> QWidget:
        """The widget that takes the keyboard for this field."""
        return self

    def present(self, value: Any) -> None:
        """Shows the entry's value."""
        raise NotImplementedError

    def set_locked(self, locked: bool) -> None:
        """A locked field shows its value and takes no typing."""
        self.setEnabled(not locked)

    def set_choices(self, choices: tuple[Choice, ...]) -> None:
        """The choices open to the officer now (cascades); only lists care."""

    def set_wrong(self, wrong: bool) -> None:
        """Marks the input; the words stand below it."""
        mark(self.focus_target, wrong=wrong)

    def flush(self) -> None:
        """Commits what was typed and not yet committed; before saving and before leaving."""

    def commit_typed(self) -> None:
        """Commits text as far as it goes, without rewriting it and without choosing for the officer; for drafts."""

    def unsettled(self) -> str:
        """Text that stands here after ``flush`` and is part of no value yet; a save would leave it out."""
        return ""

    def half_typed(self) -> dict[str, str]:
        """Text by path that stands here and cannot be committed yet (half a choice): a draft keeps it as typed."""
        return {}


def lock_line(line: QLineEdit, *, locked: bool) -> None:
    """A locked line shows its text and takes no typing; what invites to type goes away with it."""
    if line.isReadOnly() == locked:
        return
    line.setReadOnly(locked)
    line.setFocusPolicy(Qt.FocusPolicy.ClickFocus if locked else Qt.FocusPolicy.StrongFocus)
    invites = line.property("invites") or ""
    line.setProperty("invites", line.placeholderText())
    line.setPlaceholderText(invites)
    line.style().unpolish(line)
    line.style().polish(line)


def mark(widget: QWidget, *, wrong: bool) -> None:
    """Sets the property the style looks at; repolishes only on a change, since that is the slow part."""
    if bool(widget.property("problem")) != wrong:
        widget.setProperty("problem", wrong)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
