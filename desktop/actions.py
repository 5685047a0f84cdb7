"""Every action of the workspace as a row of data: menus, the palette and the sheet of keys derive from rows.

A page hands out its rows by ``actions()``; the window adds its own. Titles are already in the language in use, since
rows are made anew when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


def always() -> bool:
    return True


class ActionRow(Struct, frozen=True, kw_only=True):
    id: str
    title: str
    run: Callable[[], object]
    icon: str = ""
    shortcut: str = ""  # portable text, "Ctrl+K"
    by_key: Callable[[], object] | None = None  # what the key does, where it asks more than a press in the palette
    enabled: Callable[[], bool] = always
    group: str = ""  # heading in the sheet of keys and in the palette
    main: bool = False  # the page's one filled button (F9)
    danger: bool = False  # asks first
    words: str = ""  # what else it is looked for by, in the palette
    why_not: str = ""  # shown while it is not enabled


def shown_shortcut(row: ActionRow) -> str:
    """The key as the officer's system writes it; an arrow as it stands on the key."""
    if not row.shortcut:
        return ""
    return QKeySequence(row.shortcut).toString(QKeySequence.SequenceFormat.NativeText).replace("+Left", "+←")


def bind(row: ActionRow, owner: QWidget) -> QAction:
    """A QAction of ``owner`` that runs the row by its key when it is enabled."""
    action = QAction(row.title, owner)
    action.setObjectName(row.id)
    if row.shortcut:
        action.setShortcut(QKeySequence(row.shortcut))
        action.setAutoRepeat(row.shortcut != "F9")  # a step is taken once, however long the key is held

    def run() -> None:
        if row.enabled():
            (row.by_key or row.run)()

    action.triggered.connect(run)
    owner.addAction(action)
    return action
