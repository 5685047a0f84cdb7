"""Packs: a catalogue in one signed file, made by the city's staff, taken by every PC.

Nothing of a pack is looked into before its signature holds, and nothing of it is kept before its files, its definitions and
the program it needs were looked at; until then the pack in use stays.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from forms.disk_words import disk_words
from forms.label import Label
from forms.pack_format import (
    FOLDER,
    LARGEST_CONTENT,
    LARGEST_FILE,
    LARGEST_PACK,
    LARGEST_SERIAL,
    MAGIC,
    MANIFEST,
    MOST_FILES,
    Manifest,
    PackError,
    is_safe_path,
    is_version,
    version_key,
)
from forms.pack_keys import SIGNATURE_BYTES, is_signed_by, read_private
from resources.version import VERSION

PROGRAM_VERSION = VERSION
"""Of this program, as packs name the least they need (``minimum_program``)."""
_HEAD = len(MAGIC) + SIGNATURE_BYTES
_TIME = (1980, 1, 1, 0, 0, 0)  # the same content gives the same file, whenever it is made
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    KeyError,
)


class Pack(Struct, frozen=True):
    """A pack whose signature and files hold."""

    manifest: Manifest
    sha256: str  # of the whole file: its name on the line
    content: bytes

    def unpack(self, folder: Path) -> None:
        """Writes the catalogue into a folder that is not there yet, whole or not at all. Raises PackError."""
        beside = folder.with_name(folder.name + ".new")
        try:
            shutil.rmtree(beside, ignore_errors=True)
            for path, content in _files(self.content, self.manifest):
                target = beside / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            beside.rename(folder)
        except OSError as error:
            shutil.rmtree(beside, ignore_errors=True)
            vi = f"Không ghi được bộ mẫu biểu vào {folder} ({disk_words(error).vi}); bộ đang dùng vẫn giữ nguyên."
            raise PackError(
                "disk", vi, f"The pack cannot be written to {folder} ({error}); the present one stays."
            ) from error


def build(
    files: dict[str, bytes], key: Path, *, version: str, serial: int, made_at: str, tools: Iterable[str] = (),
    minimum_program: str = PROGRAM_VERSION, note: Label = Label("", ""),  # noqa: B008 - frozen
) -> bytes:  # fmt: skip
    """The pack file of a catalogue's files (path → content). The caller has checked them. Raises PackError."""
    if wrong := next((path for path in files if not is_safe_path(path)), None):
        raise PackError(
            "input", f"Tên tệp không dùng được trong gói: {wrong}", f"A pack cannot hold a file called {wrong}"
        )
    manifest = Manifest(
        serial=serial,
        version=version,
        made_at=made_at,
        minimum_program=minimum_program,
        tools=tuple(tools),
        note=note,
        files={path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())},
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        _add(archive, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        for path, content in sorted(files.items()):
            _add(archive, FOLDER + path, content)
    payload = buffer.getvalue()
    if len(payload) > LARGEST_PACK or len(files) > MOST_FILES:
        raise PackError("too_large", "Gói quá lớn.", "The pack is too large.")
    _manifest(payload)
    return MAGIC + read_private(key).sign(payload) + payload


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def open_pack(content: bytes, keys: Iterable[str]) -> Pack:
    """A pack file checked: its signature by one of the public keys (PEM) first, then every file. Raises PackError."""
    if len(content) > LARGEST_PACK + _HEAD:
        raise PackError("too_large", "Gói mẫu biểu quá lớn.", "The pack is too large.")
    if not content.startswith(MAGIC):
        raise PackError("not_a_pack", "Tệp này không phải gói mẫu biểu.", "This file is no pack.")
    if not is_signed_by(memoryview(content)[_HEAD:], content[len(MAGIC) : _HEAD], keys):
        vi = "Chữ ký của gói mẫu biểu không đúng (gói bị sửa, tải thiếu, hoặc không phải của thành phố); không dùng gói này."
        en = "The pack's signature does not hold (changed, cut short, or not the city's); it is not used."
        raise PackError("signature", vi, en)
    return trusted(content)


def trusted(content: bytes) -> Pack:
    """A pack file whose signature has been checked before; its files are checked. Raises PackError."""
    manifest = _manifest(content[_HEAD:])
    for _ in _files(content, manifest):
        pass
    return Pack(manifest, hashlib.sha256(content).hexdigest(), content)


def check_program(manifest: Manifest, program: str = PROGRAM_VERSION) -> None:
    """Raises PackError for a pack that needs a newer program."""
    if manifest.format != 1 or version_key(manifest.minimum_program) > version_key(program):
        vi = (
            f"Gói mẫu biểu {manifest.version} cần chương trình từ bản {manifest.minimum_program}; máy này là {program}."
        )
        en = f"Pack {manifest.version} needs the program from {manifest.minimum_program} on; this is {program}."
        raise PackError("program", vi, en)


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a catalogue or tool folder, as ``build`` takes them; hidden ones and links are left out. Raises PackError."""
    found: dict[str, bytes] = {}
    try:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if any(part.startswith((".", "~$")) or part == "__pycache__" for part in parts) or path.is_symlink():
                continue
            if path.is_file() and path.suffix != ".py":
                if path.stat().st_size > LARGEST_FILE:
                    raise PackError("too_large", f"Tệp quá lớn: {path}", f"Too large a file: {path}")
                found["/".join(parts)] = path.read_bytes()
    except OSError as error:
        raise PackError(
            "input", f"Không đọc được {folder}: {disk_words(error).vi}", f"Cannot read {folder}: {error}"
        ) from error
    return found


def _manifest(payload: bytes) -> Manifest:
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            manifest = msgspec.json.decode(_read(archive, archive.getinfo(MANIFEST)), type=Manifest)
    except (*_BROKEN_ZIP, msgspec.MsgspecError) as error:
        raise _damaged(str(error)) from error
    if not 0 < manifest.serial < LARGEST_SERIAL or not is_version(manifest.version):
        raise _damaged("its serial or its version is impossible")
    if len({path.casefold() for path in manifest.files}) != len(manifest.files):
        raise _damaged("two of its files are one on Windows")
    return manifest


def _files(content: bytes, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file, each checked; the paths stay inside. Raises PackError."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content[_HEAD:])) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename != MANIFEST]
            if len(entries) > MOST_FILES or {e.filename for e in entries} != {FOLDER + path for path in manifest.files}:
                raise _damaged("its files are not those of the manifest")
            for entry in entries:
                path = entry.filename.removeprefix(FOLDER)
                if not is_safe_path(path):
                    raise _damaged(f"an impossible path: {path}")
                data = _read(archive, entry)
                total += len(data)
                if total > LARGEST_CONTENT:
                    raise PackError(
                        "too_large", "Gói mẫu biểu quá lớn khi mở ra.", "The pack is too large when unpacked."
                    )
                if hashlib.sha256(data).hexdigest() != manifest.files[path]:
                    raise _damaged(f"{path} is not what the manifest says")
                yield path, data
    except _BROKEN_ZIP as error:
        raise _damaged(str(error)) from error


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's content, never more of it in memory than a file may have."""
    with archive.open(entry) as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise PackError(
            "too_large", f"Tệp quá lớn trong gói: {entry.filename}", f"Too large in the pack: {entry.filename}"
        )
    return data


def _damaged(why: str) -> PackError:
    return PackError(
        "damaged", "Gói mẫu biểu bị hỏng; không dùng gói này.", f"The pack is damaged ({why}); it is not used."
    )
