"""The program's icon, from the drawing in resources/icons: app.ico for Windows, PNGs for Linux desktops.

Run apart, since it draws with Qt: ``python -m installer.icon DIR``.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

from installer import ROOT

DRAWING = ROOT / "resources" / "icons" / "app.svg"
SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)  # px; Windows takes 20, 24 and 40 at 125 % and 150 %
GROUND, INK = "#123f5c", "#ffffff"  # of the window's header


def write_icons(folder: Path) -> None:
    """``folder``/app.ico and app-<size>.png."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-m", "installer.icon", str(folder)], cwd=ROOT, env=environment, check=True)


def drawn(size: int) -> bytes:
    """A PNG: the drawing in white on a rounded ground, bolder the smaller it is."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
    from PySide6.QtGui import QColor, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    stroke = 2.4 if size <= 24 else 2.0 if size <= 48 else 1.6
    drawing = (
        DRAWING.read_text("utf-8")
        .replace("currentColor", INK)
        .replace('stroke-width="1.5"', f'stroke-width="{stroke}"')
    )
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(GROUND))
    painter.drawRoundedRect(QRectF(0, 0, size, size), size / 6, size / 6)
    edge = size * 0.08
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(edge, edge, size - 2 * edge, size - 2 * edge))
    painter.end()
    kept = QByteArray()
    buffer = QBuffer(kept)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub wants bytes
    return bytes(kept.data())


def packed(pictures: dict[int, bytes]) -> bytes:
    """An .ico of PNGs: a head, an entry of 16 bytes for each, then the pictures."""
    at = 6 + 16 * len(pictures)
    head, body = struct.pack("<3H", 0, 1, len(pictures)), b""
    for size, picture in pictures.items():
        head += struct.pack("<4B2H2I", size % 256, size % 256, 0, 0, 1, 32, len(picture), at + len(body))
        body += picture
    return head + body


def main(folder: Path) -> None:
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication([])
    pictures = {size: drawn(size) for size in SIZES}
    del application
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.ico").write_bytes(packed(pictures))
    for size, picture in pictures.items():
        (folder / f"app-{size}.png").write_bytes(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
