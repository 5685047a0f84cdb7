"""Attached files on their way: what has still to be sent, what is being fetched, and what is not on this PC."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.actions import ActionRow
from desktop.app import App
from desktop.forms.attachments import shown_size
from desktop.language import say, tr
from desktop.models.table import Column, Row
from desktop.models.tags import file_tag
from desktop.theme import SMALL
from desktop.views.table_page import TablePage
from desktop.widgets.basics import Card, button, text_label
from forms.definition import Catalog
from sync.store import Store
from sync.store.model import FileCounts, FileRow, Touched


class FilesLine(QWidget):
    """One line about files for the page of what waits; away while there is nothing to tell."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(app.look.px(SMALL))
        self.text = text_label("", wrap=True)
        line.addWidget(self.text, 1)
        line.addWidget(button(tr("frame.files_see"), self.see), 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def see(self) -> None:
        self._app.page_requested.emit("files")

    def refresh(self) -> None:
        store, seen = self._app.store, self._app.seen
        self._app.background.run(lambda: store.files.counts(seen), self).then(self._show)

    def _show(self, counts: FileCounts) -> None:
        sentence = files_sentence(counts)
        self.text.setText(sentence)
        self.setVisible(bool(sentence))


def files_sentence(counts: FileCounts) -> str:
    """ "Tệp đính kèm: 2 tệp chờ gửi (3,1 MB) · 14 tệp chưa ở máy này"; empty when there is nothing to tell."""
    parts = []
    if counts.to_send:
        parts.append(tr("frame.files_to_send", count=counts.to_send, size=shown_size(counts.bytes_to_send)))
    if counts.wanted:
        parts.append(tr("frame.files_wanted", count=counts.wanted))
    if counts.not_here > counts.wanted:
        parts.append(tr("frame.files_not_here", count=counts.not_here - counts.wanted))
    if not parts:
        return ""
    why = f"\n⚠ {tr('frame.why_last_time', why=counts.why)}" if counts.why else ""
    return f"{tr('frame.files')}: {' · '.join(parts)}{why}"


class FilesPage(TablePage):
    """One row a file and record, those of the newest records first."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.files"), parent)
        self._files: dict[str, FileRow] = {}
        self._fetch = button(tr("frame.files_fetch"), self._want, tip=tr("frame.files_fetch_tip"))
        self.head.addWidget(self._fetch)
        self.column.addWidget(text_label(tr("frame.files_about"), "quiet", wrap=True))
        columns = (
            Column("status", tr("frame.column_stand")),
            Column("name", tr("frame.column_file"), stretch=True, width=36, main=True),
            Column("size", tr("frame.column_size"), right=True),
            Column("title", tr("frame.column_record"), stretch=True, width=40),
            Column("register", tr("frame.column_register"), width=24),
        )
        self.put_table(
            columns, name=tr("frame.files"), empty=tr("frame.files_empty"), advice=tr("frame.files_empty_advice")
        )
        app.files_moved.connect(self._on_touched)
        self.table.opened.connect(self._open)
        self.table.moved.connect(self._explain)
        self.why = Card(app.look)
        self._why = text_label("", wrap=True)
        self.why.body.addWidget(self._why)
        self.why.hide()
        self.column.addWidget(self.why)

    def actions(self) -> list[ActionRow]:  # type: ignore[override]  # rows, not Qt's own
        return [
            ActionRow(
                id="files.fetch",
                title=tr("frame.files_fetch"),
                icon="retry",
                run=self._want,
                enabled=self._fetch.isEnabled,
                group=tr("frame.files"),
            )
        ]

    def concerns(self, touched: Touched) -> bool:
        return bool(touched.files) or touched.outbox

    def refresh(self) -> None:
        store, catalog, seen = self.app.store, self.app.catalog, self.app.seen
        self.app.background.run(lambda: file_rows(store, catalog, seen), self).then(self._show)

    def _show(self, loaded: tuple[tuple[FileRow, ...], tuple[Row, ...]]) -> None:
        files, rows = loaded
        self._files = {_key(file): file for file in files}
        self.show_rows(rows)
        self._explain(self.table.current_key())

    def _open(self, key: str) -> None:
        self.app.open_record(self._files[key].record_id)

    def _explain(self, key: str) -> None:
        file = self._files.get(key)
        self.why.setVisible(file is not None)
        self._fetch.setEnabled(file is not None and file.standing.state in ("missing", "fetching"))
        if file is None:
            return
        lines = [tr(f"frame.why_file_{file.standing.state}")]
        if file.standing.why:
            lines.append(tr("frame.why_last_time", why=file.standing.why))
        self._why.setText("\n".join(lines))

    def _want(self) -> None:
        file, store = self._files.get(self.table.current_key()), self.app.store
        if file is not None and file.standing.state in ("missing", "fetching"):
            self.app.background.run(lambda: store.files.want(file.sha256)).then(lambda _none: self.app.sync_now())


def _key(file: FileRow) -> str:
    return f"{file.record_id} {file.sha256}"


def file_rows(store: Store, catalog: Catalog, seen: Collection[str]) -> tuple[tuple[FileRow, ...], tuple[Row, ...]]:
    """Runs in the background: the files that are not both here and at the city, and how each is shown."""
    files = store.files.all(seen, only="open")
    rows = []
    for file in files:
        label = say(catalog.record_type(file.type).label) if catalog.knows(file.type) else file.type
        cells = (file_tag(file.standing), file.name, shown_size(file.size), file.title or label, label)
        rows.append(Row(_key(file), cells))
    return files, tuple(rows)
