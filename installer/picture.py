"""The picture beside setup's first page and last: the program's drawing on its ground. ``python -m installer.picture FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from installer.icon import DRAWING, GROUND, INK

WIDTH, HEIGHT = 328, 628  # px: twice what Windows shows at 100 %


def draw(path: Path) -> None:
    from PySide6.QtCore import QByteArray, QRectF
    from PySide6.QtGui import QColor, QGuiApplication, QImage, QLinearGradient, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = QLinearGradient(0, 0, 0, HEIGHT)
    ground.setColorAt(0, QColor(GROUND))
    ground.setColorAt(1, QColor(GROUND).darker(135))
    painter.fillRect(image.rect(), ground)
    drawing = DRAWING.read_text("utf-8").replace("currentColor", INK)
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    renderer.render(painter, QRectF((WIDTH - 150) / 2, 110, 150, 150))
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(path), "BMP")  # type: ignore[call-overload]
    del application


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
