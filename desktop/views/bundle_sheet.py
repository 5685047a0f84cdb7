"""“Gửi nhận bằng USB”: what waits goes out to a stick, the city's answer comes in from one, where no line is for days."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from desktop.commands.errors import one_line
from desktop.language import language, say, tr
from desktop.models.dates import when
from desktop.models.standing import attention_sentence, waiting_sentence
from desktop.theme import MEDIUM, SMALL
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import Card, Notice, button, restyle, text_label

if TYPE_CHECKING:
    from desktop.app import App
    from sync.bundle.on_pc import Exported
    from sync.bundle.taking import Imported
    from sync.store.model import Overview

SUFFIX = ".sopb"
_FILES_BYTES = 200_000_000
_State = tuple["Overview", "Exported | None"]


class BundleSheet(Sheet):
    """Three steps, each a card: to the stick, to the city, back from the stick. What became of the last one stands below."""

    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("bundle.heading"), window, width=620)
        self._app = app
        self._stood: QWidget | None = None  # where the keyboard was before buttons went grey
        self.resize(self.minimumWidth(), self.height())
        self.body.setSpacing(app.look.px(MEDIUM))
        self.body.addWidget(text_label(tr("bundle.about"), "quiet", wrap=True))
        self._out = button(tr("bundle.export"), self.ask_export, kind="main")
        self._in = button(tr("bundle.import"), self.ask_import)
        self.waiting = text_label("", wrap=True)
        self.last = text_label("", "quiet", wrap=True)
        self._card("bundle.first", self.waiting, self._out)
        self._card("bundle.second", self.last, None)
        self._card("bundle.third", text_label(tr("bundle.third_about"), "quiet", wrap=True), self._in)
        self.outcome = Notice(app.look, "")
        self.outcome.hide()
        self.body.addWidget(self.outcome)
        self.body.addStretch(1)
        self.add_button(tr("bundle.close"), self.reject)
        self._out.setDefault(True)
        self._read()

    def _card(self, heading: str, about: QWidget, action: QPushButton | None) -> None:
        card = Card(self.look)
        card.body.setSpacing(self.look.px(SMALL))
        card.body.addWidget(text_label(tr(heading), "heading"))
        row = QHBoxLayout()
        row.setSpacing(self.look.px(MEDIUM))
        row.addWidget(about, 1)
        if action is not None:
            row.addWidget(action)
        card.body.addLayout(row)
        self.body.addWidget(card)

    def ask_export(self) -> None:
        """Asks where to, and writes."""
        device = self._app.enrolment.device if self._app.enrolment else "PC"
        name = f"so-phuong {device} {self._app.clock.now().astimezone():%Y-%m-%d %H.%M}{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self, tr("bundle.export"), str(_folder() / name), self._kinds())
        if chosen:
            path = Path(chosen)
            self.export_to(path if path.suffix else path.with_suffix(SUFFIX))

    def ask_import(self) -> None:
        """Asks for the city's answer, and takes it."""
        chosen, _ = QFileDialog.getOpenFileName(self, tr("bundle.import"), str(_folder()), self._kinds())
        if chosen:
            self.import_from(Path(chosen))

    def export_to(self, path: Path) -> None:
        from sync.bundle.on_pc import export_bundle

        store = self._app.store
        self._busy(tr("bundle.writing"))
        task = self._app.background.run(lambda: export_bundle(store, path, files_bytes=_FILES_BYTES), self)
        task.then(self._exported).failed(self._failed)

    def import_from(self, path: Path) -> None:
        from sync.bundle.on_pc import import_bundle

        store = self._app.store
        self._busy(tr("bundle.reading"))
        task = self._app.background.run(lambda: import_bundle(store, path), self)
        task.then(self._imported).failed(self._failed)

    def _kinds(self) -> str:
        return f"{tr('bundle.kind')} (*{SUFFIX})"

    def _exported(self, made: Exported) -> None:
        lines = [tr("bundle.exported", file=made.path, size=_size(made.size))]
        if made.files_left:
            lines.append(tr("bundle.files_left"))
        self._say("\n".join(lines), "green")
        self._read()

    def _imported(self, taken: Imported) -> None:
        # how many changes it settled is not said: some may be of officers whose work this one may not see
        lines = [tr("bundle.again" if taken.again else "bundle.imported"), *map(say, taken.problems)]
        self._say("\n".join(lines), "amber" if taken.problems else "green")
        self._app.read_enrolment()
        self._read()

    def _failed(self, error: Exception) -> None:
        self._say(one_line(error, language())[0], "red")
        self._read()

    def _busy(self, text: str) -> None:
        self._stood = self.focusWidget()
        self._out.setEnabled(False)
        self._in.setEnabled(False)
        self._say(text, "blue")

    def _say(self, text: str, kind: str) -> None:
        self.outcome.text.setText(text)
        self.outcome.setProperty("kind", kind)
        restyle(self.outcome)
        restyle(self.outcome.text)
        self.outcome.show()
        self.fit()

    def _read(self) -> None:
        from sync.bundle.on_pc import last_export

        store, seen, now = self._app.store, self._app.seen, self._app.clock.now()

        def read() -> _State:
            return store.overview(now, seen), last_export(store)

        self._app.background.run(read, self).then(self._show)

    def _show(self, state: _State) -> None:
        overview, last = state
        self.waiting.setText(" · ".join(filter(None, (waiting_sentence(overview), attention_sentence(overview)))))
        text = tr("bundle.second_about")
        if last is not None:
            at = when(last.at, self._app.clock.now())
            text = tr("bundle.second_waits", when=at, file=Path(last.path).name)
        self.last.setText(text)
        enrolled = self._app.enrolment is not None
        self._out.setEnabled(enrolled)
        self._in.setEnabled(enrolled)
        if self._stood is not None:
            self._stood.setFocus()
            self._stood = None
        self.fit()


def _folder() -> Path:
    """Where file dialogs begin."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))


def _size(size: int) -> str:
    return f"{max(1, round(size / 1000))} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB".replace(".", ",")
