"""The top of a record's page: what it is, its state, its draft, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from desktop.forms.action_bar import ActionBar
from desktop.language import tr
from desktop.models.dates import clock_time
from desktop.models.tags import Tag
from desktop.widgets.basics import button, restyle, text_label
from desktop.widgets.broken_lines import broken_lines
from forms.entry import ActionOffer

if TYPE_CHECKING:
    from desktop.app import App

ROOMY = 900  # px: below it one action stands beside the main one, the others behind "More"
LEAST_TITLE = 220  # px a long title keeps: the actions beside the main one then go behind "More"


class TitleLabel(QLabel):
    """As many lines as it may have, the last one shortened with … where it does not fit; the whole stands in its tip."""

    def __init__(self, parent: QWidget, role: str = "title", lines: int = 1) -> None:
        super().__init__(parent)
        self._most = lines
        self.setObjectName(role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.whole = ""

    def show_text(self, text: str) -> None:
        self.whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.whole) + 4, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shown = "\n".join(broken_lines(self.whole, self.fontMetrics(), self.width(), self._most))
        if shown != self.text():
            self.setText(shown)


class RecordHeader(QWidget):
    """The title with the actions, tags and subtitle below: a long name or large letters push nothing out."""

    def __init__(self, app: App, save: Callable[[], object], show_print: Callable[[], object], parent: QWidget) -> None:
        super().__init__(parent)
        px = app.look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(2))
        line = QHBoxLayout()
        line.setSpacing(px(8))
        self._column, self._line, self._is_stacked = column, line, False
        self.title = TitleLabel(self, lines=2)
        self._roomy, self._least_title, self._gap = px(ROOMY), px(LEAST_TITLE), px(8)
        self.state = self._tag()
        self.draft = self._tag()
        line.addWidget(self.title, 1)
        self.print_button = button(tr("form.print"), show_print, tip="Ctrl+P")
        self.save_button = button(tr("form.save"), save, tip="Ctrl+S")
        self.action_bar = ActionBar(app, self)
        self.action_bar.after = self.save_button
        self._buttons = QWidget(self)
        across = QHBoxLayout(self._buttons)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(px(8))
        across.addStretch(1)
        for each in (self.print_button, self.save_button, self.action_bar):
            across.addWidget(each)
        line.addWidget(self._buttons)
        column.addLayout(line)
        below = QHBoxLayout()
        below.setSpacing(px(8))
        below.addStrut(px(24))  # kept free while there is nothing to say: a draft's tag must not push the form down
        self.subtitle = TitleLabel(self, "quiet")
        for part in (self.state, self.draft):
            below.addWidget(part)
        below.addWidget(self.subtitle, 1)
        column.addLayout(below)

    def show_title(self, title: str, subtitle: str) -> None:
        self.title.show_text(title)
        self._make_room()
        self.subtitle.show_text(subtitle)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.action_bar.set_roomy(self.width() >= self._roomy)
        self._make_room()

    def let_save_lead(self, leads: bool) -> None:
        """Whether saving is what F9 does here: of something new where no step is this officer's."""
        kind = "main" if leads else ""
        if self.save_button.property("kind") != kind:
            self.save_button.setText(tr("form.save") + ("  F9" if leads else ""))
            self.save_button.setProperty("kind", kind)
            restyle(self.save_button)

    def show_offers(self, offers: Sequence[ActionOffer]) -> None:
        self.action_bar.show_offers(offers)
        self._make_room()

    def _make_room(self) -> None:
        """What stands beside the title may not push it out of sight."""
        others = (self.print_button, self.save_button)
        taken = sum(button.sizeHint().width() + self._gap for button in others if not button.isHidden())
        wanted = min(self.title.sizeHint().width(), self._least_title)
        room = self.width() - taken - wanted - self._gap
        self.action_bar.fit(room)
        self._stack(self.action_bar.wanted_width() > room > 0)

    def _stack(self, stacked: bool) -> None:
        """With large letters on a small screen the buttons stand in a line of their own, below the title."""
        if stacked == self._is_stacked:
            return
        self._is_stacked = stacked
        (self._line if stacked else self._column).removeWidget(self._buttons)
        if stacked:
            self._column.insertWidget(1, self._buttons)
        else:
            self._line.addWidget(self._buttons)

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
        self.do: tuple[str, Callable[[], object]] | None = None
        self._button = button(
            "", self._run, kind="flat"
        )  # one for all: made anew it would stand between the form's fields for Tab
        self._button.hide()
        line.addWidget(self._button)
        self.hide()

    def say(self, text: str, kind: str = "blue", do: tuple[str, Callable[[], object]] | None = None) -> None:
        self.clear()
        self.text.setText(text)
        self.setProperty("kind", kind)
        restyle(self)
        restyle(self.text)
        self.do = do
        if do is not None:
            self._button.setText(do[0])
            self._button.show()
        self.show()

    def clear(self) -> None:
        self.hide()
        self.do = None
        self._button.hide()

    def _run(self) -> None:
        if self.do is not None:
            self.do[1]()
