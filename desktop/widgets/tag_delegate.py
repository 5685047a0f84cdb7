"""Paints tags, and rows tall enough to read, in tables and lists."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.models.table import TAG_ROLE, Cell
from desktop.models.tags import Tag
from desktop.theme import MEDIUM, RADIUS_SMALL, SMALL, TINY, Look

Index = QModelIndex | QPersistentModelIndex
EDGE = 110  # of 255: how strongly a tag is outlined on the chosen row


def paint_tag(
    painter: QPainter, tag: Tag, left: int, row: QRect, look: Look, *, brief: bool = False, outlined: bool = False
) -> int:
    """Draws one tag from ``left``, cut at the end of ``row``; ``brief``: its sign alone; ``outlined``: on a ground that is
    almost its own. Returns its right edge."""
    text = tag.sign if brief and tag.sign else str(tag)
    metrics = QFontMetrics(look.font())
    height = metrics.height() + look.px(2)
    width = min(metrics.horizontalAdvance(text) + 2 * look.px(SMALL), row.right() - left)
    box = QRect(left, row.center().y() - height // 2, width, height)
    edge = look.colour(tag.kind)
    edge.setAlpha(EDGE)
    painter.setPen(QPen(edge, 1) if outlined else Qt.PenStyle.NoPen)
    painter.setBrush(look.colour(f"{tag.kind}_ground"))
    painter.drawRoundedRect(box, look.px(RADIUS_SMALL), look.px(RADIUS_SMALL))
    painter.setPen(look.colour(tag.kind))
    inner = box.adjusted(look.px(SMALL), 0, -look.px(TINY), 0)
    painter.drawText(
        inner,
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width()),
    )
    return box.right()


class TagDelegate(QStyledItemDelegate):
    """Cells with a ``TAG_ROLE`` as tags; a thin line under every row. In the columns named in ``brief`` there is room
    for the signs only: the words are then in the tip and in the record."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.brief: frozenset[int] = frozenset()
        self.wrapped = -1  # the column whose words may take two lines

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.column() != self.wrapped:
            option.features &= ~QStyleOptionViewItem.ViewItemFeature.WrapText  # type: ignore[attr-defined]
        option.state &= ~QStyle.StateFlag.State_HasFocus  # type: ignore[attr-defined]  # the table frames the whole row

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = box.left() + self._look.px(MEDIUM)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        for tag in index.data(TAG_ROLE) or ():
            painter.setFont(self._look.font())
            brief = index.column() in self.brief
            left = paint_tag(painter, tag, left, box, self._look, brief=brief, outlined=chosen)
            left += self._look.px(TINY)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self._look.colour("line_soft"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.restore()

    def widest(self, cells: Sequence[Cell], metrics: QFontMetrics, *, brief: bool) -> int:
        """The place of the cell that needs the most room in its column."""
        widths: dict[Cell, int] = {}
        for cell in set(cells):
            if isinstance(cell, str):
                widths[cell] = metrics.horizontalAdvance(cell)
            else:
                widths[cell] = self._tags_width((cell,) if isinstance(cell, Tag) else cell, brief=brief)
        return max(range(len(cells)), key=lambda place: widths[cells[place]], default=0)

    def _tags_width(self, tags: tuple[Tag, ...], *, brief: bool) -> int:
        metrics, px = QFontMetrics(self._look.font()), self._look.px
        texts = [tag.sign if brief and tag.sign else str(tag) for tag in tags]
        gaps = 2 * px(SMALL) * len(tags) + px(MEDIUM) + px(TINY) * len(tags)
        return sum(metrics.horizontalAdvance(text) for text in texts) + gaps

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        size = super().sizeHint(option, index)
        tags: tuple[Tag, ...] = index.data(TAG_ROLE) or ()
        if tags:
            size.setWidth(self._tags_width(tags, brief=index.column() in self.brief))
        return size
