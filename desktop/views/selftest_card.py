"""Settings: where the IT staff have the program try itself on this PC."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from desktop.app import App
from desktop.language import tr
from desktop.theme import LARGE, MEDIUM
from desktop.widgets.basics import Card, button, text_label


class SelfTestCard(Card):
    def __init__(self, app: App) -> None:
        super().__init__(app.look, padding=LARGE - 4)
        self._app = app
        self.body.addWidget(text_label(tr("selftest.heading"), "heading"))
        row = QHBoxLayout()
        row.setSpacing(app.look.px(MEDIUM))
        row.addWidget(text_label(tr("selftest.open_tip"), "quiet", wrap=True), 1)
        row.addWidget(button(tr("selftest.open"), self.show_sheet))
        self.body.addLayout(row)

    def show_sheet(self) -> None:
        from desktop.views.selftest_sheet import SelfTestSheet

        SelfTestSheet(self._app, self.window()).open()
