"""One tool: a tab for each of its registers, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.language import say, tr
from desktop.models.quick import shown_types
from desktop.theme import LARGE, SMALL
from desktop.views.record_list import RecordList
from forms.definition import Tool


class ToolPage(QWidget):
    title_changed = Signal(str)
    actions_changed = Signal()

    def __init__(self, app: App, tool: Tool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.types = shown_types(tool, app.seen)
        self._lists: dict[str, RecordList] = {}
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        for record_type in self.types:
            self.tabs.addTab(say(record_type.label))
        self.tabs.setVisible(len(self.types) > 1)
        self.tabs.setAccessibleName(say(tool.label))
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setSpacing(0)
        column.setContentsMargins(0, app.look.px(SMALL) if len(self.types) > 1 else 0, 0, 0)
        row = QVBoxLayout()
        row.setContentsMargins(app.look.px(LARGE) - app.look.px(SMALL), 0, app.look.px(LARGE), 0)
        row.addWidget(self.tabs)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._show)
        self._show(0)

    @property
    def shown_list(self) -> RecordList:
        """The list that is shown."""
        return self._lists[self.types[self.tabs.currentIndex()].id]

    def show_type(self, type_id: str) -> None:
        for place, record_type in enumerate(self.types):
            if record_type.id == type_id:
                self.tabs.setCurrentIndex(place)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        rows = self.shown_list.actions()
        if len(self.types) > 1:
            group = tr("frame.keys_pages")
            for step, key, name in (
                (1, "Ctrl+PgDown", "frame.next_register"),
                (-1, "Ctrl+PgUp", "frame.previous_register"),
            ):
                rows.append(
                    ActionRow(id=name, title=tr(name), icon="next", shortcut=key, run=self._stepper(step), group=group)
                )
        return rows

    def can_leave(self) -> bool:
        return True

    def focus_first(self) -> None:
        self.shown_list.focus_first()

    def _stepper(self, step: int) -> Callable[[], None]:
        return lambda: self.tabs.setCurrentIndex((self.tabs.currentIndex() + step) % len(self.types))

    def _show(self, place: int) -> None:
        record_type = self.types[place]
        if record_type.id not in self._lists:
            made = RecordList(self._app, record_type, titled=len(self.types) == 1)
            self._lists[record_type.id] = made
            self._stack.addWidget(made)
        self._stack.setCurrentWidget(self._lists[record_type.id])
        self.actions_changed.emit()
