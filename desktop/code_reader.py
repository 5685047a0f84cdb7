"""QR codes out of a picture file: a photograph or a scan of an ID card, where no hand scanner is at hand.

The library is zxing-cpp (Apache-2.0). It is imported when the first picture is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

from desktop.language import say, tr
from forms.disk_words import disk_words
from forms.identity import looks_like_card

PICTURES = ("png", "jpg", "jpeg", "jfif", "bmp", "webp", "gif", "tif", "tiff", "pdf")
"""Endings that the choice of files shows."""
_LARGEST_FILE = 60_000_000  # bytes
_LARGEST_SIDE = 6000  # px; a larger picture is made smaller, its codes are larger too
_SMALL_SIDE = 2000  # px; a code in a smaller picture may be read once it is twice the size


class PictureUnreadable(Exception):
    """The file is no picture, or there is no code in it; ``str()`` says so and what to do."""


def card_text(path: Path) -> str:
    """The text of the ID card's QR code in a picture file; of any QR code where none is a card's.

    Takes up to some seconds for a large photograph: not for the window's thread. Raises PictureUnreadable.
    """
    codes: list[str] = []
    for picture in pictures_of(path):
        codes += codes_in(picture)
        if card := next((code for code in codes if looks_like_card(code)), None):
            return card
    if not codes:
        raise PictureUnreadable(tr("scan.no_code", name=path.name))
    return codes[0]


def pictures_of(path: Path) -> Iterator[QImage]:
    """The picture, or every picture of a PDF. Raises PictureUnreadable."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise PictureUnreadable(tr("scan.too_large", name=path.name))
        content = path.read_bytes()
    except OSError as error:
        why = say(disk_words(error))
        raise PictureUnreadable(tr("scan.unreadable", name=path.name, reason=why)) from error
    if content.lstrip()[:5] == b"%PDF-":
        from desktop.pdf_pictures import pictures_in_pdf

        yield from pictures_in_pdf(content)
        return
    yield _picture(path.name, content)


def _picture(name: str, content: bytes) -> QImage:
    held = QByteArray(content)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _LARGEST_SIDE:
        reader.setScaledSize(size.scaled(QSize(_LARGEST_SIDE, _LARGEST_SIDE), Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    if picture.isNull():
        raise PictureUnreadable(tr("scan.no_picture", name=name))
    return picture


def codes_in(picture: QImage) -> list[str]:
    """Texts of the QR codes in a picture, in no order that means anything."""
    import zxingcpp

    for tried in _sizes(_on_white(picture)):
        found = zxingcpp.read_barcodes(tried, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
        if texts := [_text(code) for code in found if code.valid]:
            return texts
    return []


def _sizes(picture: QImage) -> Iterator[QImage]:
    yield picture
    if max(picture.width(), picture.height()) <= _SMALL_SIDE:
        twice = picture.size() * 2
        yield picture.scaled(twice, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    else:  # the grain of a photograph hides a code that its half shows
        half = QSize(picture.width() // 2, picture.height() // 2)
        yield picture.scaled(half, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _on_white(picture: QImage) -> QImage:
    """Grey, with white where it is see-through."""
    if picture.hasAlphaChannel():
        ground = QImage(picture.size(), QImage.Format.Format_RGB32)
        ground.fill(Qt.GlobalColor.white)
        painter = QPainter(ground)
        painter.drawImage(0, 0, picture)
        painter.end()
        picture = ground
    return picture.convertToFormat(QImage.Format.Format_Grayscale8)


def _text(code: object) -> str:
    """Cards are UTF-8; the library guesses, and takes short Vietnamese texts for other encodings."""
    content: bytes = bytes(getattr(code, "bytes", b""))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return str(getattr(code, "text", ""))
