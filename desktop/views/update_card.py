"""Settings: which version of the program runs, which one waits, why none came, and what is new."""

from __future__ import annotations

from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QListWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.theme import LARGE, SMALL
from desktop.version import VERSION
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import Card, button, text_label


class UpdateCard(Card):
    def __init__(self, app: App) -> None:
        super().__init__(app.look, padding=LARGE - 4)
        self.app = app
        self.body.addWidget(text_label(tr("update.heading"), "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(app.look.px(LARGE))
        form.setVerticalSpacing(app.look.px(SMALL))
        self.body.addLayout(form)
        form.addRow(text_label(tr("update.running"), "quiet"), text_label(VERSION))
        self._next = text_label("", wrap=True)
        form.addRow(text_label(tr("update.next"), "quiet"), self._next)
        self._checked = text_label("")
        form.addRow(text_label(tr("update.checked"), "quiet"), self._checked)
        self._trouble_heading, self._trouble = text_label(tr("update.trouble"), "quiet"), text_label("", wrap=True)
        form.addRow(self._trouble_heading, self._trouble)
        row = QHBoxLayout()
        row.setSpacing(app.look.px(SMALL))
        self.check = button(tr("update.check"), self._check)
        self.news = button(tr("update.news"), self.show_news)
        self.stick = button(tr("update.stick"), self._ask_folder, tip=tr("update.stick_tip"))
        row.addWidget(self.check)
        row.addWidget(self.stick)
        row.addWidget(self.news)
        row.addStretch(1)
        self.body.addLayout(row)
        app.updates_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        updates = self.app.updates
        packaged = updates is not None and updates.here is not None
        trouble = updates.trouble if updates is not None else None
        if not packaged:
            words = tr("update.not_packaged")
        elif updates is not None and updates.busy:
            words = tr("update.busy")
        elif updates is not None and updates.waiting:
            words = tr("update.waits", version=updates.waiting)
        else:
            words = tr("update.none")
        self._next.setText(words)
        at = updates.checked_at if updates is not None else ""
        self._checked.setText(when(at, self.app.clock.now()) if at else tr("update.never"))
        self._trouble.setText(say(trouble) if trouble else "")
        for label in (self._trouble, self._trouble_heading):
            label.setVisible(trouble is not None)
        self.check.setEnabled(packaged and updates is not None and not updates.busy and self.app.enrolment is not None)
        self.stick.setEnabled(packaged and updates is not None and not updates.busy)
        self.news.setVisible(updates is not None and bool(updates.notes(self.app.language)))

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.window(), tr("update.stick_tip"))
        if folder and self.app.updates is not None:
            self.app.updates.take_from(folder)

    def _check(self) -> None:
        if self.app.updates is not None:
            self.app.updates.check()

    def show_news(self) -> None:
        updates = self.app.updates
        if updates is None:
            return
        heading = tr("update.news_heading", version=updates.waiting or updates.running)
        sheet = Sheet(self.app.look, heading, self.window(), width=640)
        rows = QListWidget()
        rows.setWordWrap(True)
        rows.setMinimumHeight(self.app.look.px(280))
        rows.setAccessibleName(heading)
        rows.addItems(list(updates.notes(self.app.language)))
        sheet.body.addWidget(rows, 1)
        sheet.add_button(tr("update.close"), sheet.close, kind="primary")
        sheet.open()
        rows.setFocus()
