"""A new version laid beside the others: built in a folder that nobody starts, which gets its name as the last thing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from forms.disk_words import disk_words
from sync.updates.errors import UpdateError
from sync.updates.model import Manifest, UpdateFile, get_manifest, is_version, put_manifest
from sync.updates.parcel import Parcel, Stopped, missing_base
from sync.updates.pointer import keep_names, patiently

MANIFEST = "update-manifest"
SPARE = 64 * 1024 * 1024  # bytes of the disk that are left to the store
_LAYING, _GONE = ".laying-", ".gone-"
_PIECE = 1024 * 1024


def lay(folder: Path, manifest: Manifest, parcel: Parcel, old: Iterable[Path], stopped: Stopped) -> Path:
    """``folder/<version>``, with files from the parcel and those that ``old`` versions have. Raises UpdateError ("base": an
    old file is not there as it was, "damaged", "disk", "stopped"); then nothing has changed."""
    target = folder / manifest.version
    if is_whole(target):
        return target
    part = folder / f"{_LAYING}{manifest.version}"
    shutil.rmtree(part, ignore_errors=True)
    try:
        _check_room(folder, sum(file.size for file in manifest.files))
        wanted = {f.sha256: f.size for f in manifest.files if not f.link and f.sha256 not in parcel} | parcel.bases()
        found = _found(wanted, old, stopped)
        if wanted.keys() - found.keys():
            raise missing_base()
        part.mkdir(parents=True)
        for file in manifest.files:
            if stopped():
                raise UpdateError("stopped", "Đã dừng cài bản mới.", "Laying the update was stopped.")
            _put(part / file.path, file, parcel, found)
        _write(part / MANIFEST, put_manifest(manifest))
        for place in {part, *(path.parent for path in part.rglob("*"))}:
            keep_names(place)
        if target.exists():  # of something else than laying
            put_aside(target)
        patiently(lambda: part.rename(target))
        keep_names(folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise no_room(error) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return target


def is_whole(place: Path) -> bool:
    """Whether a version lies there with all of its files: one that a virus scanner took out ends it."""
    try:
        files = get_manifest((place / MANIFEST).read_bytes()).files
        return all((place / file.path).lstat().st_size == file.size for file in files if not file.link)
    except (OSError, UpdateError):
        return False


def _check_room(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size + SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_room(error: OSError) -> UpdateError:
    vi = f"Không ghi được bản mới ({disk_words(error).vi}); bản đang dùng vẫn nguyên. Dọn bớt đĩa, máy sẽ tự thử lại."
    return UpdateError(
        "disk", vi, f"The update cannot be written ({disk_words(error).en}); free some disk, it is tried again."
    )


def _found(wanted: dict[bytes, int], old: Iterable[Path], stopped: Stopped) -> dict[bytes, Path]:
    """Old files by content. Only those of a wanted size are read."""
    sizes = set(wanted.values())
    found: dict[bytes, Path] = {}
    for path in (file for place in old for file in _files(place)):
        if len(found) == len(wanted) or stopped():
            break
        with contextlib.suppress(OSError):
            if path.stat().st_size in sizes:
                with path.open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").digest()
                if sha256 in wanted:
                    found.setdefault(sha256, path)
    return found


def _files(place: Path) -> Iterator[Path]:
    return (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())


def _put(path: Path, file: UpdateFile, parcel: Parcel, found: dict[bytes, Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.link:
        path.symlink_to(file.link)
        return
    with path.open("wb") as out:
        if file.sha256 in parcel:
            parcel.unpack(file.sha256, out, found)
        else:
            digest = hashlib.sha256()
            with found[file.sha256].open("rb") as source:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    out.write(piece)
            if digest.digest() != file.sha256:
                raise missing_base()
        out.flush()
        os.fsync(out.fileno())
    if file.runs and os.name != "nt":
        path.chmod(0o755)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def tidy(folder: Path, keep: Iterable[str]) -> None:
    """Versions but these, and what an interrupted laying left, go. One that is running stays, whole."""
    kept = set(keep)
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith((_LAYING, _GONE)):
                shutil.rmtree(path, ignore_errors=True)
            elif path.is_dir() and is_version(path.name) and path.name not in kept:
                put_aside(path)


def put_aside(path: Path) -> None:
    """Away with a whole version at once: Windows refuses to rename what is running."""
    aside = path.with_name(f"{_GONE}{path.name}")
    shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
