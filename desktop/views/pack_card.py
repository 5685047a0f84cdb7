"""Settings: which forms this PC works with, which ones wait for the next opening, and what they change."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QListWidget

from desktop.app import App
from desktop.language import say, tr
from desktop.models.dates import when
from desktop.theme import LARGE, SMALL
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import Card, button, text_label
from forms.pack_changes import PackChange
from sync.pack_use import PackState, read_state


class PackCard(Card):
    def __init__(self, app: App) -> None:
        super().__init__(app.look, padding=LARGE - 4)
        self.app = app
        state = read_state(app.folder)
        self.body.addWidget(text_label(tr("pack.heading"), "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(app.look.px(LARGE))
        form.setVerticalSpacing(app.look.px(SMALL))
        self.body.addLayout(form)
        form.addRow(text_label(tr("pack.version"), "quiet"), text_label(self._present(state), wrap=True))
        if state.next is not None:
            waits = tr("pack.waits", version=self._since(state.next.version, state.next.taken_at))
            form.addRow(text_label(tr("pack.next"), "quiet"), text_label(waits, wrap=True))
        if state.newest is not None:
            row = QHBoxLayout()
            row.addWidget(button(tr("pack.changes"), self._ask))
            row.addStretch(1)
            self.body.addLayout(row)

    def _present(self, state: PackState) -> str:
        version = self.app.catalog.version
        if state.active is None:
            return tr("pack.own", version=version)
        return self._since(version, state.active.taken_at)

    def _since(self, version: str, taken_at: str) -> str:
        """With the day it came, by which a record's form can be told."""
        return tr("pack.since", version=version, when=when(taken_at, self.app.clock.now())) if taken_at else version

    def _ask(self) -> None:
        from sync.pack_news import latest_changes

        folder = self.app.folder
        self.app.background.run(lambda: latest_changes(folder), self).then(self._show)

    def _show(self, changes: list[PackChange]) -> None:
        sheet = Sheet(self.app.look, tr("pack.changes_heading"), self.window(), width=640)
        rows = QListWidget()
        rows.setWordWrap(True)
        rows.setMinimumHeight(self.app.look.px(320))
        rows.setAccessibleName(tr("pack.changes_heading"))
        rows.addItems([say(change.sentence) for change in changes] or [tr("pack.nothing")])
        sheet.body.addWidget(rows, 1)
        sheet.add_button(tr("pack.close"), sheet.close, kind="primary")
        sheet.open()
        rows.setFocus()
