"""The record one stands on, beside its list; only where the window is wide enough for both."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.app import App
from desktop.language import tr
from desktop.models.rows import PreviewSection, marks_of, preview_of
from desktop.models.tags import due_tag, state_tag
from desktop.theme import SMALL
from desktop.widgets.basics import Card, bare_column, button, tag_label, text_label
from desktop.widgets.broken_lines import breakable
from forms.definition import RecordType
from sync.store.model import Record

LONG_LABEL = 34  # characters; a longer one stands on several lines, and leaves the value its place


class Preview(Card):
    """Reads only; Enter in the list opens the form."""

    def __init__(self, app: App) -> None:
        super().__init__(app.look)
        self._app = app
        self._wanted = ""
        self._inside = bare_column(self.body)
        self._shown: QWidget | None = None

    def show_record(self, record: Record | None, record_type: RecordType) -> None:
        """Loads the shown texts in the background; only the last record asked for is shown."""
        self._wanted = record.id if record else ""
        if record is None:
            self._put(None)
            return
        context = self._app.rows
        self._app.background.run(lambda: preview_of(record, record_type, context), self).then(
            lambda sections: self._show(record, record_type, sections)
        )

    def _show(self, record: Record, record_type: RecordType, sections: tuple[PreviewSection, ...]) -> None:
        if record.id != self._wanted:
            return
        look = self._app.look
        page = QWidget()
        page.setObjectName("bare")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, look.px(SMALL), 0)
        column.setSpacing(look.px(SMALL))
        column.addWidget(text_label(record.title, "heading", wrap=True))
        if record.subtitle:
            column.addWidget(text_label(record.subtitle, "quiet", wrap=True))
        column.addLayout(self._tags(record, record_type))
        for section in sections:
            column.addSpacing(look.px(SMALL))
            column.addWidget(text_label(section.heading, "heading", wrap=True))
            column.addLayout(self._lines(section))
        column.addStretch(1)
        column.addWidget(button(tr("frame.open_key"), lambda: self._app.open_record(record.id)))
        self._put(page)

    def _put(self, page: QWidget | None) -> None:
        if self._shown is not None:
            self._inside.removeWidget(self._shown)
            self._shown.deleteLater()
        self._shown = page
        if page is not None:
            self._inside.addWidget(page)

    def _tags(self, record: Record, record_type: RecordType) -> QHBoxLayout:
        row = QHBoxLayout()
        tags = [state_tag(record_type, record.state), *marks_of(record)]
        due = due_tag(record, record_type, self._app.clock.now(), self._app.calendar)
        for tag in (*tags, due):
            if tag is not None:
                row.addWidget(tag_label(tag))
        row.addStretch(1)
        return row

    def _lines(self, section: PreviewSection) -> QFormLayout:
        made = QFormLayout()
        made.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        made.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        made.setHorizontalSpacing(self._app.look.px(14))
        made.setVerticalSpacing(self._app.look.px(5))
        for label, text in section.lines:
            name = text_label(label, "quiet", wrap=len(label) > LONG_LABEL)
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            if name.wordWrap():
                name.setFixedWidth(self._app.look.px(170))
            value = text_label(breakable(text), wrap=True)
            value.setAlignment(Qt.AlignmentFlag.AlignTop)
            made.addRow(name, value)
        return made
