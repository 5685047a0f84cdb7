"""Paints tags, and rows tall enough to read, in tables and lists."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from desktop.models.table import TAG_ROLE
from desktop.models.tags import Tag
from desktop.theme import RADIUS_SMALL, SMALL, TINY, Look

Index = QModelIndex | QPersistentModelIndex


def tag_width(metrics: QFontMetrics, tag: Tag, look: Look) -> int:
    return metrics.horizontalAdvance(str(tag)) + 2 * look.px(SMALL)


def paint_tag(painter: QPainter, tag: Tag, left: int, row: QRect, look: Look) -> int:
    """Draws one tag from ``left``, cut at the end of ``row``; returns its right edge."""
    metrics = QFontMetrics(look.font())
    height = metrics.height() + look.px(2)
    width = min(tag_width(metrics, tag, look), row.right() - left)
    if width < look.px(24):
        return row.right()
    box = QRect(left, row.center().y() - height // 2, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.colour(f"{tag.kind}_ground"))
    painter.drawRoundedRect(box, look.px(RADIUS_SMALL), look.px(RADIUS_SMALL))
    painter.setPen(look.colour(tag.kind))
    inner = box.adjusted(look.px(SMALL), 0, -look.px(TINY), 0)
    text = metrics.elidedText(str(tag), Qt.TextElideMode.ElideRight, inner.width())
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
    return box.right()


class TagDelegate(QStyledItemDelegate):
    """Cells with a ``TAG_ROLE`` as tags; a thin line under every row; the row with the focus is framed."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus  # type: ignore[attr-defined]  # the whole row is framed instead

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        box: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = box.left() + self._look.px(SMALL)
        for tag in index.data(TAG_ROLE) or ():
            painter.setFont(self._look.font())
            left = paint_tag(painter, tag, left, box, self._look) + self._look.px(TINY)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(self._look.colour("line_soft"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        size = super().sizeHint(option, index)
        tags: tuple[Tag, ...] = index.data(TAG_ROLE) or ()
        if tags:
            metrics = QFontMetrics(self._look.font())
            gaps = self._look.px(SMALL) + len(tags) * self._look.px(TINY)
            size.setWidth(sum(tag_width(metrics, tag, self._look) for tag in tags) + gaps)
        return size
