"""F8: the text of an ID card's QR code, as a hand scanner types it or as a picture shows it, becomes a person: found, or
begun."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from desktop.app import App
from desktop.forms.card_picture import ask_for_picture, read_picture
from desktop.forms.cards import read_card
from desktop.language import tr
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import button, text_label
from sync.store.model import Record


class ScanDialog(Sheet):
    """A scanner ends with Enter; typing or pasting the text works as well, and so does a picture of the card."""

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.scan"), window, width=560)
        self._app = app
        self.body.addWidget(text_label(tr("frame.scan_about"), "quiet", wrap=True))
        self.text = QLineEdit()
        self.text.setAccessibleName(tr("frame.scan_text"))
        self.text.setPlaceholderText(tr("frame.scan_text"))
        self.text.returnPressed.connect(self.read)
        self.body.addWidget(self.text)
        row = QHBoxLayout()
        self.from_picture = button(tr("scan.from_picture"), self.ask_picture, tip=tr("scan.from_picture_tip"))
        row.addWidget(self.from_picture)
        row.addStretch(1)
        self.body.addLayout(row)
        self.problem = text_label("", "problem", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        self.add_button(tr("frame.cancel"), self.reject)
        self.add_button(tr("frame.scan_find"), self.read, kind="main")
        self.resize(self.minimumWidth(), self.height())
        self.fit()

    def ask_picture(self) -> None:
        if (path := ask_for_picture(self)) is not None:
            self.read_picture(path)

    def read_picture(self, path: Path) -> None:
        """Reads the code in a picture file and goes on as if it had been scanned."""
        self.from_picture.setEnabled(False)
        self.from_picture.setText(tr("scan.reading"))
        self.problem.hide()
        read_picture(self._app.background, path, self, self._take, self._refuse)

    def _take(self, text: str) -> None:
        self._ready()
        self.text.setText(text)
        self.read()

    def _refuse(self, sentence: str) -> None:
        self._ready()
        self._say(sentence)

    def _ready(self) -> None:
        self.from_picture.setEnabled(True)
        self.from_picture.setText(tr("scan.from_picture"))

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
        self.fit()
        self.text.setFocus()
        self.text.selectAll()
