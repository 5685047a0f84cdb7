"""Contents of files in one file: a whole version, or what makes one version out of another.

``MAGIC``, the length of the head (4 bytes), the head (MessagePack), then the packed contents one after another. A content
is zstd alone, or zstd with an old file as its dictionary. Contents are named by their SHA-256 and come once, however many
files have them. Unpacking holds one old file and a window of the new one in memory and no more.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec
import zstandard
from msgspec import Struct

from sync.updates.errors import UpdateError
from sync.updates.model import damaged

MAGIC = b"SPU1"
LARGEST_BASE = 64 * 1024 * 1024  # bytes; a larger old file would not fit beside the rest in an old PC's memory
_LARGEST_HEAD = 16 * 1024 * 1024
_LARGEST_WINDOW = 27  # log2 of bytes
_PIECE = 256 * 1024


class Packed(Struct, frozen=True, array_like=True):
    """``base``: SHA-256 of the old file the content is told by (empty: by none), ``base_size`` its bytes."""

    sha256: bytes
    size: int
    packed: int
    base: bytes = b""
    base_size: int = 0


class Parcel:
    """One that lies on the disk. Raises UpdateError ("damaged") when it is none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            begin = file.read(8)
            length = int.from_bytes(begin[4:], "big")
            if begin[:4] != MAGIC or length > _LARGEST_HEAD:
                raise damaged()
            try:
                self.contents = msgspec.msgpack.decode(file.read(length), type=tuple[Packed, ...])
            except msgspec.MsgspecError as error:
                raise damaged() from error
        self._places: dict[bytes, tuple[int, Packed]] = {}
        at = 8 + length
        for content in self.contents:
            self._places[content.sha256] = (at, content)
            at += content.packed

    def __contains__(self, sha256: bytes) -> bool:
        return sha256 in self._places

    def bases(self) -> dict[bytes, int]:
        """SHA-256 → size of the old files it needs."""
        return {content.base: content.base_size for content in self.contents if content.base}

    def unpack(self, sha256: bytes, into: IO[bytes], bases: Mapping[bytes, Path]) -> None:
        """Write one content. Raises UpdateError: "damaged", or "base" when an old file is not what it was."""
        at, content = self._places[sha256]
        dictionary = None
        if content.base:
            old = bases[content.base].read_bytes()
            if hashlib.sha256(old).digest() != content.base:
                raise missing_base()
            dictionary = _dictionary(old)
        reader = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << _LARGEST_WINDOW)
        digest, left = hashlib.sha256(), content.size
        with self._path.open("rb") as file:
            file.seek(at)
            try:
                part: Any = _Part(file, content.packed)
                with reader.stream_reader(part, read_size=_PIECE) as plain:
                    while piece := plain.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise damaged()
                        digest.update(piece)
                        into.write(piece)
            except zstandard.ZstdError as error:
                raise damaged() from error
        if left or digest.digest() != sha256:
            raise damaged()


def missing_base() -> UpdateError:
    vi = "Tệp của bản đang dùng đã bị thay đổi nên không ghép được; sẽ tải trọn bản mới."
    return UpdateError("base", vi, "A file of the present version was changed; the whole new version is fetched.")


def write_parcel(path: Path, contents: Iterable[tuple[Path, Path | None]], *, level: int = 19) -> int:
    """Write new files, each with the old one it came from (None: a new one); the size in bytes."""
    heads: list[Packed] = []
    bodies: list[bytes] = []
    known: set[bytes] = set()
    for new, old in contents:
        plain = new.read_bytes()
        sha256 = hashlib.sha256(plain).digest()
        if sha256 in known:
            continue
        known.add(sha256)
        base = old.read_bytes() if old is not None and old.stat().st_size <= LARGEST_BASE else b""
        packed, by_base = _packed(plain, base, level)
        told = (hashlib.sha256(base).digest(), len(base)) if by_base else (b"", 0)
        heads.append(Packed(sha256, len(plain), len(packed), *told))
        bodies.append(packed)
    head = msgspec.msgpack.encode(heads)
    with path.open("wb") as file:
        file.write(MAGIC + len(head).to_bytes(4, "big") + head)
        for body in bodies:
            file.write(body)
        return file.tell()


def _packed(plain: bytes, base: bytes, level: int) -> tuple[bytes, bool]:
    """The shorter of the two ways, and whether it needs the old file."""
    alone = zstandard.ZstdCompressor(level=level).compress(plain)
    if not base:
        return alone, False
    window = min(_LARGEST_WINDOW, max(10, (len(base) + len(plain)).bit_length()))
    how = zstandard.ZstdCompressionParameters.from_level(
        level, window_log=window, enable_ldm=True, write_content_size=1
    )
    told = zstandard.ZstdCompressor(dict_data=_dictionary(base), compression_params=how).compress(plain)
    return (told, True) if len(told) < len(alone) else (alone, False)


def _dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Part(io.RawIOBase):
    """So many bytes of a file from where it stands."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file = file
        self._left = length

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(piece)
        return piece


Stopped = Callable[[], bool]
"""Whether the work is to be given up."""
