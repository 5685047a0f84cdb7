"""The line icons of ``resources/icons``, in any colour and at any size.

One set: 24 × 24 units, lines of 1.5, round ends, drawn in ``currentColor``. Tools name their icon in the catalogue; an
unknown name gives the plain record, so that a new tool is never refused for a picture.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap

import resources

FOLDER = Path(resources.__file__).parent / "icons"
FALLBACK = "record"


def has_icon(name: str) -> bool:
    return (FOLDER / f"{name}.svg").is_file()


@cache
def _source(name: str) -> str:
    return (FOLDER / f"{name if has_icon(name) else FALLBACK}.svg").read_text(encoding="utf-8")


@cache
def _drawn(name: str, colour: str, device_px: int) -> QPixmap:
    from PySide6.QtSvg import QSvgRenderer

    picture = QPixmap(device_px, device_px)
    picture.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    return picture


def pixmap(name: str, colour: QColor, size: int, ratio: float = 1.0) -> QPixmap:
    """The icon ``size`` device-independent px wide, sharp on a screen of that pixel ratio."""
    picture = QPixmap(_drawn(name, colour.name(), round(size * ratio)))
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: QColor, size: int = 18) -> QIcon:
    """For buttons and menus; holds the resolution of each kind of screen that is there."""
    made = QIcon()
    application = QGuiApplication.instance()
    sharpest = application.devicePixelRatio() if isinstance(application, QGuiApplication) else 1.0
    for ratio in {1.0, sharpest}:
        made.addPixmap(pixmap(name, colour, size, ratio))
    return made
