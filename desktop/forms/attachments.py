"""Takes a file into the encrypted store, by content: the same scan attached twice is kept once.

Refused when it is attached and not a day later: a size the line cannot carry and a type nobody can open are told now.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any, Protocol

from desktop.language import tr

LARGEST = 20 * 1024 * 1024  # bytes; a 40-page scan at 200 dpi stays below
ACCEPTED = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".xml": "application/xml",
    ".txt": "text/plain",
}


class AttachmentRefused(Exception):
    """The file cannot be attached; ``str()`` says why and what to do."""


def shown_size(size: int) -> str:
    """Bytes as a person reads them: "1,4 MB"."""
    if size < 1024:
        return f"{size} B"
    value, unit = (size / 1024, "KB") if size < 1024 * 1024 else (size / 1024 / 1024, "MB")
    return f"{value:.1f}".replace(".", ",").removesuffix(",0") + f" {unit}"


class KeepsFiles(Protocol):
    """What this needs of ``store.files``."""

    def put(self, content: bytes) -> str: ...
    def read(self, sha256: str) -> bytes | None: ...


def attach(source: Path, files: KeepsFiles) -> dict[str, Any]:
    """Keeps the content of ``source``; the canonical value of a file field. Raises AttachmentRefused."""
    media_type = ACCEPTED.get(source.suffix.lower()) or ""
    if not media_type:
        raise AttachmentRefused(tr("form.file.type", name=source.name))
    try:
        size = source.stat().st_size
        if size > LARGEST:
            limit = shown_size(LARGEST)
            raise AttachmentRefused(tr("form.file.too_large", name=source.name, size=shown_size(size), limit=limit))
        content = source.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise AttachmentRefused(tr("form.file.unreadable", name=source.name, reason=reason)) from error
    digest = files.put(content)
    return {"sha256": digest, "name": source.name, "size": len(content), "media_type": media_type}


def open_copy(value: dict[str, Any], files: KeepsFiles, folder: Path) -> Path | None:
    """Writes the file where another program can show it: ``folder`` is removed when the program ends. None when the
    content is not on this PC."""
    digest = str(value["sha256"])
    content = files.read(digest)
    if content is None:
        return None
    suffix = mimetypes.guess_extension(str(value.get("media_type", ""))) or ""
    path = folder / f"{digest[:16]}{suffix}"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
