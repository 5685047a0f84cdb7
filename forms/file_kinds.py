"""What a file is, told from what is inside it: its name may say anything."""

from __future__ import annotations

import codecs
import io
import zipfile

from msgspec import Struct

_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCX, _XLSX = f"{_OFFICE}wordprocessingml.document", f"{_OFFICE}spreadsheetml.sheet"
_ODT = "application/vnd.oasis.opendocument.text"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_HEADS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
SUFFIXES: dict[str, str] = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "application/msword": ".doc",
    _DOCX: ".docx",
    "application/vnd.ms-excel": ".xls",
    _XLSX: ".xlsx",
    _ODT: ".odt",
    "application/xml": ".xml",
    "text/plain": ".txt",
}
"""The kinds that may be attached: what every PC of an office can open. Media type → usual ending of the name."""
_PDF_HEAD = 1024  # bytes within which readers look for a PDF's beginning
_BLANK = b"\xef\xbb\xbf \t\r\n\0"  # what may stand before it; anything else may be another kind's beginning
_TEXT_LOOKED_AT = 64 * 1024  # bytes
_MOST_ENTRIES = 10_000  # of a ZIP's list


class FileKind(Struct, frozen=True):
    """``media_type`` None: none of ``SUFFIXES``. ``macros``: it carries a program of its own."""

    media_type: str | None
    macros: bool = False


def kind_of(content: bytes) -> FileKind:
    """The kind of a whole file by its content. Never raises."""
    if content[:_PDF_HEAD].lstrip(_BLANK).startswith(b"%PDF-"):
        return FileKind("application/pdf")
    for head, media_type in _HEADS:
        if content.startswith(head):
            return FileKind(media_type)
    if content.startswith(_OLE):
        return _ole(content)
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    return FileKind(_text(content))


def _ole(content: bytes) -> FileKind:
    """Word and Excel before 2007: the names of the parts stand in the file as UTF-16."""

    def has(name: str) -> bool:
        return name.encode("utf-16-le") in content

    macros = has("_VBA_PROJECT")
    if has("WordDocument"):
        return FileKind("application/msword", macros)
    if has("Workbook") or has("Book"):
        return FileKind("application/vnd.ms-excel", macros)
    return FileKind(None)


def _zipped(content: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                return FileKind(None)
            names = {entry.filename for entry in entries}
            macros = any(name.endswith("vbaProject.bin") for name in names)
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                said = archive.read("mimetype").decode("ascii", "replace").strip()
                return FileKind(said if said == _ODT else None)
            if "[Content_Types].xml" in names and "word/document.xml" in names:
                return FileKind(_DOCX, macros)
            if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
                return FileKind(_XLSX, macros)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        pass
    return FileKind(None)


def _text(content: bytes) -> str | None:
    """XML, or text in UTF-8 or UTF-16. What was written in an old encoding (TCVN3, VNI) has no control characters either."""
    head = content[:_TEXT_LOOKED_AT]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head.decode("utf-16", "replace")
    elif b"\0" in head:
        return None
    else:
        text = head.decode("utf-8", "replace")
    if not text.strip() or any(ch < " " and ch not in "\t\n\r\f\x1a" for ch in text):
        return None
    if text.lstrip("\ufeff \t\r\n").startswith("<?xml"):
        return "application/xml"
    if head.startswith((b"MZ", b"\x7fELF", b"#!")):
        return None
    return "text/plain"
