"""Whether Vietnamese letters are really drawn: with a shape of their own each, all from one font."""

from __future__ import annotations

from itertools import product
from unicodedata import normalize

from PySide6.QtCore import QCryptographicHash, QPointF, Qt
from PySide6.QtGui import QFont, QImage, QPainter, QTextLayout

_VOWELS = "aăâeêioôơuưy"
_MARKS = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # of the six tones
SMALL = [*(normalize("NFC", vowel + mark) for vowel, mark in product(_VOWELS, _MARKS)), *"bcdđghklmnpqrstvx"]
ALPHABET = "".join([*SMALL, *(letter.upper() for letter in SMALL)])
"""Every letter that Vietnamese has: 29, with the tones of its vowels, small and capital."""
SIGNS = "“”…·→–✓×↓◐○⚠—◷▾≠↩●✕◆‖⇄↑←‼≈"
"""Signs that the program's sentences, tags and buttons use; any font may draw them."""
PAPER_SIGNS = "☒☐…–“”□"
_SIDE = 64  # px of the picture a letter is drawn into
_SIZE = 32  # px


def fonts_used(font: QFont, text: str) -> dict[str, str]:
    """Family of each font that draws some of ``text`` → the first letter it draws; "" for letters no font has."""
    used: dict[str, str] = {}
    for letter in text:
        layout = QTextLayout(letter, font)
        layout.beginLayout()
        layout.createLine()
        layout.endLayout()
        for run in layout.glyphRuns():
            drawn = all(run.glyphIndexes())
            used.setdefault(run.rawFont().familyName() if drawn else "", letter)
    return used


def undrawn(font: QFont, text: str) -> str:
    """Letters that leave no mark, or the same mark as another letter or as a character that no font has."""
    font = QFont(font)
    font.setPixelSize(_SIZE)
    seen = {_picture(font, "\U0010fffd"): "", _picture(font, " "): ""}
    wrong = []
    for letter in text:
        picture = _picture(font, letter)
        if picture in seen:
            wrong.append(letter)
        seen.setdefault(picture, letter)
    return "".join(wrong)


def _picture(font: QFont, letter: str) -> bytes:
    image = QImage(_SIDE, _SIDE, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setFont(font)
    painter.drawText(QPointF(12, 42), letter)
    painter.end()
    return bytes(QCryptographicHash.hash(bytes(image.constBits()), QCryptographicHash.Algorithm.Sha1).data())
