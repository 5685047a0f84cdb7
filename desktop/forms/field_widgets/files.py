"""Attached files: name and size, a button to add, also by dropping them on the field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.forms.attachments import ACCEPTED, attach_each, open_copy
from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.field_widgets.file_row import FileRow
from desktop.forms.host import FormHost
from desktop.language import say_error
from forms.field_definition import Field
from sync.store.model import FileStanding, Touched


class FilesField(FieldWidget):
    """One file or several, by the field's type."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self._many = field.type == "files"
        self._files: list[dict[str, Any]] = []
        self._locked = False
        self._rows: list[FileRow] = []
        self._opening: set[str] = set()  # SHA-256 of what opens when it is here
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        self._column.addLayout(self._list)
        self._add = QPushButton(host.say("file.attach_short" if "/" in path else "file.attach"), self)
        self._add.setToolTip(host.say("file.attach"))
        self._add.setAccessibleName(f"{host.say('file.attach')}: {host.label(field.label)}")
        self._add.setProperty("kind", "flat")
        self._add.setAutoDefault(False)  # in a dialog Enter would press it
        self._add.clicked.connect(self._choose)
        self._column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self._note = QLabel(self)
        self._note.setObjectName("problem")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.hide()
        self._column.addWidget(self._note)
        self.setAcceptDrops(True)
        host.app.touched.connect(self._moved)
        host.app.files_moved.connect(self._moved)

    @property
    def focus_target(self) -> QWidget:
        return self._add

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter goes on like everywhere in a form; Space opens the choice of files."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._add.hasFocus():
            self.left.emit()
        else:
            event.ignore()

    def present(self, value: Any) -> None:
        files = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        if files == self._files and len(self._rows) == len(files):
            return
        self._files = list(files)
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(file) for file in self._files]
        self._ask_standing()
        self._show_add()
        self.resized.emit()

    def set_locked(self, locked: bool) -> None:
        if locked != self._locked:
            self._locked = locked
            files, self._files = self._files, []
            self.present(files)
            self._show_add()

    def take(self, paths: Sequence[Path]) -> None:
        """Copies the files in the background, then gives them to the entry."""
        wanted = list(paths) if self._many else list(paths)[:1]
        if not wanted or self._locked:
            return
        files = self.host.app.store.files
        self._say(self.host.say("file.busy"))
        task = self.host.app.background.run(lambda: attach_each(wanted, files), self)
        task.then(self._attached).failed(lambda error: self._warn([say_error(error)]))

    def _attached(self, answer: tuple[list[dict[str, Any]], list[str]]) -> None:
        """What could be attached is; what could not, or stands there already, is told."""
        files, refused = answer
        known = {f["sha256"]: f for f in self._files} if self._many else {}
        again = [known[f["sha256"]]["name"] for f in files if f["sha256"] in known]
        fresh = {f["sha256"]: f for f in files if f["sha256"] not in known}  # the same scan chosen twice at once is one
        told = [*refused, *(self.host.say("file.again", name=name) for name in dict.fromkeys(again))]
        self._warn(told)
        if fresh:
            self.committed.emit([*self._files, *fresh.values()] if self._many else next(iter(fresh.values())))

    def _show_add(self) -> None:
        self._add.setVisible(not self._locked and (self._many or not self._files))

    def _row(self, file: dict[str, Any]) -> FileRow:
        row = FileRow(file, self.host, self, locked=self._locked)
        row.opened.connect(lambda: self._open(row))
        row.removed.connect(lambda: self._remove(file))
        self._list.addWidget(row)
        return row

    def _moved(self, touched: Touched) -> None:
        """A file went to the city or came from it, or another process wrote."""
        if self._rows and (touched.files.intersection(row.sha256 for row in self._rows) or touched.outbox):
            self._ask_standing()

    def _ask_standing(self) -> None:
        if not self._rows:
            return
        files, wanted = self.host.app.store.files, [row.sha256 for row in self._rows]
        self.host.app.background.run(lambda: files.standing(wanted), self).then(self._show_standing)

    def _show_standing(self, standings: dict[str, FileStanding]) -> None:
        before = self.sizeHint()
        self._show_each(standings)
        if self.sizeHint() != before:
            self.resized.emit()

    def _show_each(self, standings: dict[str, FileStanding]) -> None:
        for row in self._rows:
            if (standing := standings.get(row.sha256)) is None:
                continue
            row.show_standing(standing)
            if row.sha256 not in self._opening:
                continue
            if standing.state not in ("missing", "fetching"):
                self._opening.discard(row.sha256)
                self._say("")
                self._open(row)
            elif standing.why:
                self._say("")  # the row says why

    def _open(self, row: FileRow) -> None:
        """Shows the file; one that is not here is fetched, and shown when it is."""
        app = self.host.app
        app.background.run(lambda: open_copy(row.file, app.store.files, app.temporary), self).then(
            lambda path: self._show(row, path)
        )

    def _show(self, row: FileRow, path: Path | None) -> None:
        app, sha256 = self.host.app, row.sha256
        if path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
            return
        self._opening.add(sha256)
        online = app.sync is not None and app.line.state == "up"
        self._say(self.host.say("file.coming" if online else "file.coming_later", name=row.name))
        app.background.run(lambda: app.store.files.want(sha256), self).then(lambda _none: app.sync_now())

    def _remove(self, file: dict[str, Any]) -> None:
        rest = [f for f in self._files if f.get("sha256") != file.get("sha256")]
        self.committed.emit((rest or None) if self._many else None)

    def _choose(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in ACCEPTED)
        title = self.host.label(self.field.label)
        names, _ = QFileDialog.getOpenFileNames(self, title, "", f"{title} ({kinds})")
        self.take([Path(name) for name in names])

    def _warn(self, told: Sequence[str]) -> None:
        """A column of a table has no room for a sentence: there it stands in the window, and in the sign's tip."""
        text = "\n".join(f"⚠ {each}" for each in told)
        in_a_row = bool(text) and "/" in self.path
        self._say("⚠" if in_a_row else text)
        self._note.setToolTip(text if in_a_row else "")
        self._note.setAccessibleName(text)
        if in_a_row:
            self.host.app.notice("  ".join(told), "red")

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self.resized.emit()

    def dragEnterEvent(self, event: QDragEnterEvent, /) -> None:
        if event.mimeData().hasUrls() and not self._locked:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent, /) -> None:
        self.take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
