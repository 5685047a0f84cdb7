"""The rail as rows: today, then the tools by group with their counters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from msgspec import Struct
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.language import say, tr
from desktop.models.quick import in_rail_order, own_tools, shown_types
from desktop.sight import shown_reports
from forms.definition import Catalog, Tool
from sync.protocol import Officer
from sync.store.model import Overview

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_NOWHERE = QModelIndex()
FITTING = 12  # tools that fit the rail at 768 px with their headings; fewer need no folding


class RailRow(Struct, frozen=True):
    """``key`` is the page: "today", "reports", "tool:<id>", "more" (unfolds), or "" for a heading. ``count``: records on today's page;
    those of the tools add up to that of "today"."""

    kind: Literal["page", "group", "tool", "more"]
    key: str
    text: str
    icon: str = ""
    count: int = 0
    late: int = 0  # of them overdue or refused: then the number is red and bold
    open: int = 0  # records in work, whether they are due or not

    @property
    def urgent(self) -> bool:
        return self.late > 0

    @property
    def spoken(self) -> str:
        """What the counter and its colour mean, in words: for a screen reader and the tool tip."""
        parts = [self.text]
        if self.count:
            parts.append(tr("frame.rail_today", n=self.count))
        if self.late:
            parts.append(tr("frame.rail_late", n=self.late))
        if self.open:
            parts.append(tr("frame.rail_open", n=self.open))
        return ", ".join(parts)


def rail_rows(
    catalog: Catalog,
    officer: Officer | None,
    overview: Overview | None,
    *,
    seen: Collection[str],
    unfolded: bool,
    fitting: int = FITTING,
) -> tuple[RailRow, ...]:
    """The tools with a register the officer may see. Before the first count ``overview`` is None and every tool is shown
    without a counter."""
    rows = [_today(overview), *_reports(catalog, seen)]
    busy = [*overview.open_by_type, *overview.today_by_type] if overview else []
    own = own_tools(catalog, officer, busy)
    tools = [tool for tool in in_rail_order(catalog) if shown_types(tool, seen)]
    folded = [tool for tool in tools if tool.id not in own] if own and len(tools) > fitting else []
    rows += _by_group([tool for tool in tools if tool not in folded], catalog, overview)
    if folded:
        text = tr("frame.rail_fewer" if unfolded else "frame.rail_more", n=len(folded))
        rows.append(RailRow("more", "more", text, "chevron-up" if unfolded else "chevron-down"))
        if unfolded:
            rows += _by_group(folded, catalog, overview)
    return tuple(rows)


def _today(overview: Overview | None) -> RailRow:
    if overview is None:
        return RailRow("page", "today", tr("frame.today"), "today")
    return RailRow("page", "today", tr("frame.today"), "today", overview.today, overview.late)


def _reports(catalog: Catalog, seen: Collection[str]) -> list[RailRow]:
    """The page of reports, for whoever may see the registers of one of them."""
    shown = any(shown_reports(tool, seen) for tool in catalog.tools)
    return [RailRow("page", "reports", tr("report.title"), "chart")] if shown else []


def _by_group(tools: list[Tool], catalog: Catalog, overview: Overview | None) -> list[RailRow]:
    rows: list[RailRow] = []
    group = None
    for tool in tools:
        if tool.group != group:
            group = tool.group
            label = catalog.groups.get(group)
            rows.append(RailRow("group", "", say(label) if label else group))
        rows.append(_tool(tool, overview))
    return rows


def _tool(tool: Tool, overview: Overview | None) -> RailRow:
    key, text = f"tool:{tool.id}", say(tool.short)
    if overview is None:
        return RailRow("tool", key, text, tool.icon)
    today, late, at_work = (
        _sum(tool, counts) for counts in (overview.today_by_type, overview.late_by_type, overview.open_by_type)
    )
    return RailRow("tool", key, text, tool.icon, today, late, at_work)


def _sum(tool: Tool, counts: Mapping[str, int]) -> int:
    return sum(counts.get(record_type.id, 0) for record_type in tool.records)


class RailModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RailRow, ...] = ()

    def show(self, rows: tuple[RailRow, ...]) -> None:
        """Counters change in place; the list is set anew only when its rows are others."""
        if [row.key for row in rows] == [row.key for row in self.rows] and rows:
            self.rows = rows
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.rows[index.row()].kind == "group":
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.text
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return row.spoken
            case _ if role == ROW_ROLE:
                return row
        return None
