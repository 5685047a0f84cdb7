"""“Đọc mã từ ảnh”: asks for a picture of an ID card and hands on the text of its QR code, as a scanner would type it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop.background import Background, Task
from desktop.language import say_error, tr


def ask_for_picture(parent: QWidget) -> Path | None:
    """The file chosen, where pictures lie; None when the officer thought better of it."""
    from desktop.code_reader import PICTURES

    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    kinds = f"{tr('scan.pictures')} ({' '.join(f'*.{ending}' for ending in PICTURES)})"
    chosen, _ = QFileDialog.getOpenFileName(parent, tr("scan.from_picture"), folder, kinds)
    return Path(chosen) if chosen else None


def read_picture(
    background: Background, path: Path, owner: QWidget, read: Callable[[str], object], failed: Callable[[str], object]
) -> Task[str]:
    """In the background: ``read(text of the code)``, or ``failed(sentence)``."""
    from desktop.code_reader import card_text

    return background.run(lambda: card_text(path), owner).then(read).failed(lambda error: failed(say_error(error)))
