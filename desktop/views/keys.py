"""F1: every key that does something here, from the same rows as menus and palette. And what this program is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from desktop.actions import ActionRow, shown_shortcut
from desktop.app import App
from desktop.language import tr
from desktop.theme import LARGE, SMALL, TINY, Look
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import text_label

EVERYWHERE = (("Enter", "key_enter"), ("Tab", "key_tab"), ("Esc", "key_esc"), ("Alt+↓", "key_list"), ("F9", "key_main"))


class KeysSheet(Sheet):
    """Two columns of headings with their keys."""

    def __init__(self, look: Look, rows: Iterable[ActionRow], window: QWidget) -> None:
        super().__init__(look, tr("frame.keys"), window, width=760)
        self.resize(look.px(800), min(look.px(560), window.height() - 60))
        body = QWidget()
        body.setObjectName("pageBody")
        grid = QGridLayout(body)
        grid.setHorizontalSpacing(look.px(LARGE))
        grid.setVerticalSpacing(look.px(TINY))
        groups = [(tr("frame.keys_form"), [(key, tr(f"frame.{name}")) for key, name in EVERYWHERE])]
        keyed = sorted((row for row in rows if row.shortcut), key=lambda row: row.group)
        for group, members in groupby(keyed, key=lambda row: row.group):
            groups.append((group, [(shown_shortcut(row), row.title) for row in members]))
        half = sum(len(lines) + 2 for _, lines in groups) / 2
        place, column = 0, 0
        for heading, lines in groups:
            if column == 0 and place and place + len(lines) / 2 > half:
                place, column = 0, 1
            place = self._add_group(grid, place, column * 3, heading, lines)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(4, 1)
        grid.setColumnMinimumWidth(2, look.px(LARGE))
        grid.setRowStretch(grid.rowCount(), 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        self.body.addWidget(area, 1)
        self.body.addWidget(text_label(tr("frame.keys_left_alone"), "quiet", wrap=True))
        self.add_button(tr("frame.close"), self.accept)

    def _add_group(self, grid: QGridLayout, place: int, column: int, heading: str, lines: list[tuple[str, str]]) -> int:
        grid.addWidget(text_label(heading, "heading"), place, column, 1, 2)
        for key, title in lines:
            place += 1
            shown = text_label(key, "tag")
            shown.setProperty("kind", "grey")
            grid.addWidget(shown, place, column, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(text_label(title, wrap=True), place, column + 1)
        grid.setRowMinimumHeight(place + 1, self.look.px(SMALL))
        return place + 2


class AboutBox(Sheet):
    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.brand"), window, width=520)
        self.body.addWidget(text_label(tr("frame.about_text"), wrap=True))
        types = len(app.catalog.record_types)
        text = tr("frame.about_catalog", version=app.catalog.version, tools=len(app.catalog.tools), types=types)
        self.body.addWidget(text_label(text, "quiet", wrap=True))
        self.add_button(tr("frame.close"), self.accept)
