"""Words on lines of a given width: broken between words, what does not fit shortened with …"""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics

LONG_WORD = 18  # characters; a longer one may be broken behind its marks
_MARK = re.compile(r"(?<=[-/_.,@])(?=[^\s\u200b])")


def broken_lines(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """``text`` in at most ``most`` lines of ``width`` px, broken between words, the last one shortened."""
    lines: list[str] = []
    rest = text.split()
    while rest and len(lines) < most - 1 and metrics.horizontalAdvance(" ".join(rest)) > width:
        count = 1
        while count < len(rest) and metrics.horizontalAdvance(" ".join(rest[: count + 1])) <= width:
            count += 1
        lines.append(_shortened(" ".join(rest[:count]), metrics, width))
        rest = rest[count:]
    return [*lines, _shortened(" ".join(rest), metrics, width)] if rest or not lines else lines


def breakable(text: str) -> str:
    """``text`` with places to break in its long words, which nobody sees: names of files, addresses, codes."""
    if all(len(word) <= LONG_WORD for word in text.split()):
        return text
    return re.sub(rf"\S{{{LONG_WORD + 1},}}", lambda word: _MARK.sub("\u200b", word[0]), text)


def narrowest(text: str, metrics: QFontMetrics, most: int) -> int:
    """px of the narrowest place in which ``text`` stands whole on at most ``most`` lines."""
    words = text.split()
    runs = (" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1))
    widths = sorted({metrics.horizontalAdvance(run) for run in runs})
    whole = " ".join(words)
    return next((width for width in widths if " ".join(broken_lines(whole, metrics, width, most)) == whole), 0)


def _shortened(text: str, metrics: QFontMetrics, width: int) -> str:
    """Qt shortens by fractions of a pixel what by whole ones has room: a word of a name would lose its end."""
    if metrics.horizontalAdvance(text) <= width:
        return text
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
