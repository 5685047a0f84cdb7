"""F1: every key that does something here, from the same rows as menus and palette. And what this program is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from desktop.actions import ActionRow, shown_shortcut
from desktop.app import App
from desktop.language import tr
from desktop.models.tags import Tag
from desktop.theme import LARGE, SMALL, TINY, Look
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import tag_label, text_label

EVERYWHERE = (("Enter", "key_enter"), ("Tab", "key_tab"), ("Esc", "key_esc"), ("Alt+↓", "key_list"), ("F9", "key_main"))


class KeysSheet(Sheet):
    """Two columns of headings with their keys."""

    def __init__(self, look: Look, rows: Iterable[ActionRow], window: QWidget) -> None:
        super().__init__(look, tr("frame.keys"), window, width=760)
        self.resize(look.px(800), min(look.px(640), window.height() - 60))
        body = QWidget()
        body.setObjectName("pageBody")
        columns = QHBoxLayout(body)
        columns.setSpacing(look.px(LARGE) * 2)
        for groups in _in_two([_everywhere(), *_by_group(rows)]):
            column = QVBoxLayout()
            for heading, lines in groups:
                column.addLayout(self._group(heading, lines))
                column.addSpacing(look.px(SMALL))
            column.addStretch(1)
            columns.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(body)
        self.body.addWidget(area, 1)
        self.body.addWidget(text_label(tr("frame.keys_left_alone"), "quiet", wrap=True))
        self.add_button(tr("frame.close"), self.accept)

    def _group(self, heading: str, lines: list[tuple[str, str]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(self.look.px(SMALL))
        grid.setVerticalSpacing(self.look.px(TINY))
        grid.setColumnMinimumWidth(0, self.look.px(112))
        grid.setColumnStretch(1, 1)
        grid.addWidget(text_label(heading, "heading"), 0, 0, 1, 2)
        for place, (key, title) in enumerate(lines, 1):
            grid.addWidget(tag_label(Tag(key)), place, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text_label(title, wrap=True), place, 1)
        return grid


Group = tuple[str, list[tuple[str, str]]]


def _everywhere() -> Group:
    return tr("frame.keys_form"), [(key, tr(f"frame.{name}")) for key, name in EVERYWHERE]


def _by_group(rows: Iterable[ActionRow]) -> list[Group]:
    keyed = sorted((row for row in rows if row.shortcut), key=lambda row: row.group)
    return [
        (group, [(shown_shortcut(row), row.title) for row in members])
        for group, members in groupby(keyed, key=lambda row: row.group)
    ]


def _in_two(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """Left and right of about the same height, in order."""
    half = sum(len(lines) + 2 for _, lines in groups) / 2
    left: list[Group] = []
    height = 0.0
    for group in groups:
        if left and height + len(group[1]) / 2 > half:
            break
        left.append(group)
        height += len(group[1]) + 2
    return left, groups[len(left) :]


class AboutBox(Sheet):
    def __init__(self, app: App, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.brand"), window, width=520)
        self.body.addWidget(text_label(tr("frame.about_text"), wrap=True))
        types = len(app.catalog.record_types)
        text = tr("frame.about_catalog", version=app.catalog.version, tools=len(app.catalog.tools), types=types)
        self.body.addWidget(text_label(text, "quiet", wrap=True))
        self.add_button(tr("frame.close"), self.accept)
