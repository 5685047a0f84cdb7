"""F8: the text of an ID card's QR code, as a hand scanner types it, becomes a person: found, or begun."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from desktop.app import App
from desktop.forms.cards import read_card
from desktop.language import tr
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import text_label
from sync.store.model import Record


class ScanDialog(Sheet):
    """A scanner ends with Enter; typing or pasting the text works as well."""

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.scan"), window, width=560)
        self._app = app
        self.body.addWidget(text_label(tr("frame.scan_about"), "quiet", wrap=True))
        self.text = QLineEdit()
        self.text.setAccessibleName(tr("frame.scan_text"))
        self.text.setPlaceholderText(tr("frame.scan_text"))
        self.text.returnPressed.connect(self.read)
        self.body.addWidget(self.text)
        self.problem = text_label("", "problem", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        self.add_button(tr("frame.cancel"), self.reject)
        self.add_button(tr("frame.scan_find"), self.read, kind="main")

    def read(self) -> None:
        """Looks the card's number up in the background."""
        card = read_card(self.text.text(), self._app.catalog, ())
        if isinstance(card, str):
            self._say(card)
            return
        type_id, number, values = card
        if type_id not in self._app.seen:
            self._say(tr("frame.not_granted"))
            return
        store = self._app.store
        self._app.background.run(lambda: store.records.find(type_id, **{number: values[number]}), self).then(
            lambda found: self._open(type_id, values, found)
        )

    def _open(self, type_id: str, values: dict[str, Any], found: tuple[Record, ...]) -> None:
        self.accept()
        if found:
            self._app.open_record(found[0].id)
        else:
            self._app.begin(type_id, values)
            self._app.notice(tr("frame.scan_new"))

    def _say(self, text: str) -> None:
        self.problem.setText(f"! {text}")
        self.problem.show()
        self.text.setFocus()
        self.text.selectAll()
