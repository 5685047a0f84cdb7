"""What an officer could not read: words that are wider or taller than their place, and told nowhere else."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QAbstractButton, QCheckBox, QLabel, QWidget

from desktop.forms.field_widgets.line import LineField


def cut_words(root: QWidget) -> list[str]:
    """One line for each label or button that is seen, is too small for its words and has no tip that says them; and for a
    day that does not fit its field."""
    seen = (widget for widget in (root, *root.findChildren(QWidget)) if widget.isVisible())
    return [line for widget in seen for line in (_cut(widget),) if line]


def _cut(widget: QWidget) -> str:
    if isinstance(widget, LineField):
        return _cut_day(widget)
    if not isinstance(widget, QLabel | QAbstractButton) or not widget.text() or widget.toolTip():
        return ""
    room, metrics, text = widget.contentsRect(), widget.fontMetrics(), widget.text()
    if isinstance(widget, QLabel):
        words = re.split(r"[\s\u200b]+", text) if widget.wordWrap() else text.split("\n")
        needed = max((metrics.horizontalAdvance(each) for each in words), default=0)
        tall = widget.heightForWidth(widget.width()) if widget.wordWrap() else metrics.height()
        fits = needed <= room.width() + 1 and tall <= widget.height() + 1
    else:
        fits = widget.width() >= (
            widget.sizeHint().width() if isinstance(widget, QCheckBox) else metrics.horizontalAdvance(text)
        )
    return "" if fits else f"{widget.objectName()} {text[:60]!r} in {widget.width()} x {widget.height()}"


def _cut_day(widget: LineField) -> str:
    """Of a name its beginning says enough, of a day it does not: 20/1 may be many."""
    line = widget.line
    if widget.field.type not in ("date", "date_partial") or line.isReadOnly():
        return ""
    margins = line.textMargins()
    room = line.width() - margins.left() - margins.right() - line.fontMetrics().averageCharWidth() * 2
    needed = line.fontMetrics().horizontalAdvance("30/12/2026")
    return "" if needed <= room else f"day of {widget.path} in {line.width()}"
