"""Takes a file into the encrypted store, by content: the same scan attached twice is kept once.

Refused when it is attached and not a day later: a size the line cannot carry and a type nobody can open are told now. What
a file is, is told from what is inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from desktop.language import say, tr
from forms.attached import LARGEST_FILE
from forms.disk_words import disk_words
from forms.file_kinds import SUFFIXES, kind_of

LARGEST = LARGEST_FILE
ALIKE = {".jpeg": ".jpg", ".jfif": ".jpg", ".tiff": ".tif"}
ACCEPTED = (*SUFFIXES.values(), *ALIKE)
"""Endings that the choice of files shows."""
_WEAK = {"text/plain", "application/xml"}
"""Kinds that say little: a script is text too, so that their names must not promise anything else."""


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
    try:
        size = source.stat().st_size
        if size > LARGEST:
            limit = shown_size(LARGEST)
            raise AttachmentRefused(tr("form.file.too_large", name=source.name, size=shown_size(size), limit=limit))
        content = source.read_bytes()
    except OSError as error:
        why = say(disk_words(error))
        raise AttachmentRefused(tr("form.file.unreadable", name=source.name, reason=why)) from error
    media_type = _media_type(source, content)
    digest = files.put(content)
    name = source.name if _says(source, media_type) else source.name + SUFFIXES[media_type]
    return {"sha256": digest, "name": name, "size": len(content), "media_type": media_type}


def attach_each(sources: Sequence[Path], files: KeepsFiles) -> tuple[list[dict[str, Any]], list[str]]:
    """Of several chosen together: the values of those that can be attached, and why the others cannot. One wrong file among
    five does not take the other four with it."""
    taken, refused = [], []
    for source in sources:
        try:
            taken.append(attach(source, files))
        except AttachmentRefused as refusal:
            refused.append(str(refusal))
    return taken, refused


def _media_type(source: Path, content: bytes) -> str:
    if not content:
        raise AttachmentRefused(tr("form.file.empty", name=source.name))
    kind = kind_of(content)
    if kind.macros:
        raise AttachmentRefused(tr("form.file.macros", name=source.name))
    media_type = kind.media_type
    if media_type is None or (media_type in _WEAK and source.suffix and not _says(source, media_type)):
        raise AttachmentRefused(tr("form.file.type", name=source.name))
    return media_type


def _says(source: Path, media_type: str) -> bool:
    """Whether the name ends as such a file's does."""
    suffix = source.suffix.lower()
    return ALIKE.get(suffix, suffix) == SUFFIXES[media_type]


def open_copy(value: dict[str, Any], files: KeepsFiles, folder: Path) -> Path | None:
    """Writes the file where another program can show it: ``folder`` is removed when the program ends. None when the
    content is not on this PC. Its ending comes from its kind, never from its name, which may be anybody's."""
    digest = str(value["sha256"])
    content = files.read(digest)
    if content is None:
        return None
    path = folder / f"{digest[:16]}{SUFFIXES.get(str(value.get('media_type', '')), '.bin')}"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
