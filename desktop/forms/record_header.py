"""The top of a record's page: what it is, its state, its draft, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.forms.action_bar import ActionBar
from desktop.language import tr
from desktop.models.dates import clock_time
from desktop.models.tags import Tag
from desktop.widgets.basics import button, restyle, text_label

if TYPE_CHECKING:
    from desktop.app import App

ELIDE_AT = 420  # px a title may take before it is shortened


class RecordHeader(QWidget):
    """Title and tags on the left, actions on the right; the subtitle below, so that a long name cuts nothing off."""

    def __init__(self, app: App, save: Callable[[], object], show_print: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        px = app.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        line = QHBoxLayout()
        line.setSpacing(px(8))
        self.title = text_label("", "title", parent=self)
        self.title.setMinimumWidth(px(60))
        self.state = self._tag()
        self.draft = self._tag()
        line.addWidget(self.title)
        line.addWidget(self.state)
        line.addWidget(self.draft)
        line.addStretch(1)
        self.print_button = button(tr("form.print"), show_print, tip="Ctrl+P")
        self.save_button = button(tr("form.save"), save, tip="Ctrl+S")
        self.action_bar = ActionBar(app, self)
        line.addWidget(self.print_button)
        line.addWidget(self.save_button)
        line.addWidget(self.action_bar)
        column.addLayout(line)
        self.subtitle = text_label("", "quiet", wrap=True, parent=self)
        self.subtitle.hide()
        column.addWidget(self.subtitle)

    def show_title(self, title: str, subtitle: str) -> None:
        room = max(160, self.width() - 520) if self.width() > 400 else ELIDE_AT
        self.title.setText(self.title.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, room))
        self.title.setToolTip(title)
        self.subtitle.setText(subtitle)
        self.subtitle.setVisible(bool(subtitle))

    def show_state(self, tag: Tag | None) -> None:
        self._put(self.state, tag)

    def show_draft(self, at: str | None, *, pending: bool = False) -> None:
        """When the draft was kept; nothing while there is none."""
        if at:
            self._put(self.draft, Tag(tr("form.draft.saved", time=clock_time(at)), "grey"))
        else:
            self._put(self.draft, Tag(tr("form.draft.pending"), "grey") if pending else None)

    def set_busy(self, busy: bool) -> None:
        """While a save is under way nothing else may begin."""
        for widget in (self.action_bar, self.save_button, self.print_button):
            widget.setEnabled(not busy)

    def _tag(self) -> QLabel:
        tag = text_label("", "tag", parent=self)
        tag.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        tag.hide()
        return tag

    @staticmethod
    def _put(label: QLabel, tag: Tag | None) -> None:
        label.setVisible(tag is not None)
        if tag is not None and (label.text() != str(tag) or label.property("kind") != tag.kind):
            label.setText(str(tag))
            label.setProperty("kind", tag.kind)
            restyle(label)


class NoticeLine(QFrame):
    """One sentence over the form, with at most one thing to do about it."""

    def __init__(self, app: App, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        line = QHBoxLayout(self)
        line.setContentsMargins(app.look.px(12), app.look.px(6), app.look.px(6), app.look.px(6))
        self.text = text_label("", wrap=True, parent=self)
        line.addWidget(self.text, 1)
        self._button: QPushButton | None = None
        self._line = line
        self.hide()

    def say(self, text: str, kind: str = "blue", do: tuple[str, Callable[[], object]] | None = None) -> None:
        self.clear()
        self.text.setText(text)
        self.setProperty("kind", kind)
        restyle(self)
        restyle(self.text)
        if do is not None:
            self._button = button(do[0], do[1], kind="flat")
            self._line.addWidget(self._button)
        self.show()

    def clear(self) -> None:
        self.hide()
        if self._button is not None:
            self._button.hide()
            self._button.deleteLater()
            self._button = None
