"""The pictures inside a PDF: scanners hand out a page as one picture in a PDF. No more of the format is read than that.

A stream stands in the file as it is (ISO 32000-1, 7.3.8), so that neither the table of objects nor the pages are needed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from PySide6.QtGui import QImage

_LARGEST = 200_000_000  # bytes of one picture when unpacked: A4 at 600 dpi in colour has half of that
_HEAD = 4000  # bytes before a stream in which its dictionary begins
_MOST = 60  # pictures looked at


def pictures_in_pdf(content: bytes) -> Iterator[QImage]:
    """Pictures that can be read, in the order of the file; what is damaged or of a rarer kind is left out."""
    for count, place in enumerate(re.finditer(rb"stream\r?\n", content)):
        if count > 50 * _MOST:
            return
        head = content[max(0, place.start() - _HEAD) : place.start()].rpartition(b" obj")[2]
        if re.search(rb"/Subtype\s*/Image", head) and (picture := _picture(head, content, place.end())) is not None:
            yield picture


def _picture(head: bytes, content: bytes, begin: int) -> QImage | None:
    end = content.find(b"endstream", begin)
    if b"/DCTDecode" in head and b"/FlateDecode" not in head:
        picture = QImage.fromData(content[begin : end if end >= 0 else len(content)])
        return None if picture.isNull() else picture
    width, height = _number(head, b"Width"), _number(head, b"Height")
    if b"/FlateDecode" not in head or re.search(rb"/Predictor\s+(?!1\b)", head) or not 0 < width * height <= _LARGEST:
        return None
    try:
        pixels = zlib.decompressobj().decompress(content[begin:], 3 * width * height + 1)
    except zlib.error:
        return None
    kinds = (
        (QImage.Format.Format_RGB888, 3 * width),
        (QImage.Format.Format_Grayscale8, width),
        (QImage.Format.Format_Mono, (width + 7) // 8),
    )
    for kind, row in kinds:
        if len(pixels) == row * height:
            picture = QImage(pixels, width, height, row, kind)
            if kind == QImage.Format.Format_Mono:  # 0 is black in a PDF
                picture.setColorTable([0xFF000000, 0xFFFFFFFF])
            return picture.copy()
    return None


def _number(head: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb"\s+(\d{1,6})", head)
    return int(found[1]) if found else 0
