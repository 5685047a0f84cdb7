"""Copies a file to the profile, by content: the same scan attached twice is kept once.

Refused when it is attached and not a day later: a size the line cannot carry and a type nobody can open are told now.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
from pathlib import Path
from typing import Any

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
_CHUNK = 1 << 20


class AttachmentRefused(Exception):
    """The file cannot be attached; ``str()`` says why and what to do."""


def shown_size(size: int) -> str:
    """Bytes as a person reads them: "1,4 MB"."""
    if size < 1024:
        return f"{size} B"
    value, unit = (size / 1024, "KB") if size < 1024 * 1024 else (size / 1024 / 1024, "MB")
    return f"{value:.1f}".replace(".", ",").removesuffix(",0") + f" {unit}"


def attach(source: Path, folder: Path) -> dict[str, Any]:
    """Copies ``source`` under ``folder``; the canonical value of a file field. Raises AttachmentRefused.

    The name in the folder is the SHA-256, so two records share one copy. Written beside, flushed and renamed, so that
    a power cut leaves no half file under a whole name.
    """
    media_type = ACCEPTED.get(source.suffix.lower()) or ""
    if not media_type:
        raise AttachmentRefused(tr("form.file.type", name=source.name))
    try:
        size = source.stat().st_size
        if size > LARGEST:
            limit = shown_size(LARGEST)
            raise AttachmentRefused(tr("form.file.too_large", name=source.name, size=shown_size(size), limit=limit))
        digest = _copy(source, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise AttachmentRefused(tr("form.file.unreadable", name=source.name, reason=reason)) from error
    return {"sha256": digest, "name": source.name, "size": size, "media_type": media_type}


def stored_file(folder: Path, value: dict[str, Any]) -> Path:
    """Where the content of a file field lies."""
    digest = str(value["sha256"])
    suffix = mimetypes.guess_extension(str(value.get("media_type", ""))) or ""
    return folder / digest[:2] / (digest + suffix)


def _copy(source: Path, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{source.name}.{os.getpid()}.part"
    digest = hashlib.sha256()
    with source.open("rb") as reader, beside.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    media_type = ACCEPTED[source.suffix.lower()]
    target = stored_file(folder, {"sha256": digest.hexdigest(), "media_type": media_type})
    target.parent.mkdir(parents=True, exist_ok=True)
    beside.replace(target)
    return digest.hexdigest()
