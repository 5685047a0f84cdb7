"""A target fetched in parts, which goes on where the line broke, the PC was switched off or the disk was full."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sync.updates.errors import UpdateError
from sync.updates.model import damaged, stored_path
from sync.updates.parcel import Stopped
from sync.updates.sources import NotThereError, Source

if TYPE_CHECKING:
    from tuf.api._payload import TargetFile

PART = 256 * 1024  # bytes asked for at once, always from a multiple of it: a hub keeps its copies by them
LARGEST = 512 * 1024 * 1024


def fetch(source: Source, target: TargetFile, folder: Path, stopped: Stopped) -> Path:
    """The file of a target, whole and compared. Raises UpdateError ("damaged", "stopped"), SyncError, OSError; what came is
    kept for the next time unless it was wrong."""
    sha256 = target.hashes.get("sha256", "")
    if len(sha256) != 64 or not 0 <= target.length <= LARGEST:
        raise damaged()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sha256}.part"
    where = stored_path(target.path, sha256)
    with path.open("ab") as file:
        have = min(file.tell(), target.length)
        if have < target.length:
            have -= have % PART
        file.truncate(have)
        while have < target.length:
            if stopped():
                raise UpdateError("stopped", "Đã dừng tải bản mới.", "Fetching the update was stopped.")
            wanted = min(PART, target.length - have)
            part = _part(source, where, have, wanted)
            file.write(part)
            file.flush()
            have += len(part)
            if len(part) < wanted:
                break
        os.fsync(file.fileno())
    if _sha256(path) != sha256:
        path.unlink()
        raise damaged()
    return path


def fetch_small(source: Source, target: TargetFile, largest: int) -> bytes:
    """A target that fits into memory. Raises as ``fetch``."""
    sha256 = target.hashes.get("sha256", "")
    if len(sha256) != 64 or not 0 <= target.length <= largest:
        raise damaged()
    content = bytearray()
    where = stored_path(target.path, sha256)
    while len(content) < target.length:
        wanted = min(PART, target.length - len(content))
        part = _part(source, where, len(content), wanted)
        content += part
        if len(part) < wanted:
            break
    if hashlib.sha256(content).hexdigest() != sha256:
        raise damaged()
    return bytes(content)


def _part(source: Source, where: str, start: int, length: int) -> bytes:
    try:
        return source.part(where, start, length)[:length]
    except NotThereError as error:
        raise damaged() from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
