"""The file of a bundle: a header anybody may read, sections only the receiver can, and the sender's signature over all.

``MAGIC``, the header's length and the header (MessagePack), then for each section its length and a ChaCha20-Poly1305 box
of a zstd frame, then 64 bytes of Ed25519 over the SHA-256 of everything before. The boxes' key comes from X25519 between a
key made for this file and the receiver's, through HKDF with the header; their nonce counts them and says which is the last,
so that none can be left out, doubled or moved. Nothing is opened before the signature holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import msgspec
import zstandard
from msgspec import Struct, structs

from sync.bundle.errors import BundleError, cut_short, no_bundle, tampered
from sync.bundle.keys import Keys, PublicKeys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

MAGIC = b"SoPhuong-USB-1\n"
LARGEST_SECTION = 64 * 1024 * 1024  # bytes, as written and once decompressed
_LARGEST_HEADER = 64 * 1024
_SIGNATURE = 64
_CONTEXT = b"so-phuong bundle 1"
_LENGTH = struct.Struct(">I")
_PIECE = 1024 * 1024


class Header(Struct, frozen=True, kw_only=True):
    """What a bundle is, for anybody who holds it. ``kind``: whom it is for; ``bundle``: its own id; ``answers``: the bundle
    that the city answers with this one; ``city``: the mark of the city's keys."""

    kind: Literal["city", "pc"]
    bundle: str
    device: str
    wards: tuple[str, ...]
    city: str
    at: str
    answers: str = ""
    once: bytes = b""  # the public half of the key made for this file


def write_sealed(path: Path, header: Header, sections: Iterable[bytes], sender: Keys, receiver: PublicKeys) -> int:
    """Write the file, whole or not at all; its size in bytes. What is there is replaced where it is a bundle. Raises
    BundleError and OSError."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    if path.is_dir() or (path.exists() and not _is_bundle(path)):
        raise BundleError(
            "exists",
            f"Đã có {path.name} và đó không phải gói USB; chọn tên khác.",
            f"{path.name} is there and is no bundle; choose another name.",
        )
    if not path.parent.is_dir():
        raise BundleError("no_folder", f"Không thấy thư mục {path.parent}.", f"There is no folder {path.parent}.")
    once = X25519PrivateKey.generate()
    header = structs.replace(header, once=once.public_key().public_bytes_raw())
    head = msgspec.msgpack.encode(header)
    box = _box(once.exchange(receiver.receiver()), head)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            out = _Hashed(file)
            out.write(MAGIC + _LENGTH.pack(len(head)) + head)
            for place, (section, last) in enumerate(_with_last(sections)):
                content = box.encrypt(
                    _nonce(place, last=last), zstandard.ZstdCompressor(level=9).compress(section), b""
                )
                out.write(_LENGTH.pack(len(content)) + content)
            file.write(sender.signer().sign(_CONTEXT + out.digest()))
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return size


def read_header(path: Path) -> Header:
    """What the file says it is; nothing of it is proved yet. Raises BundleError and OSError."""
    with path.open("rb") as file:
        return _header(file)[0]


class SealedFile:
    """A bundle that is open for reading, with its signature checked. Raises BundleError and OSError."""

    def __init__(self, path: Path, receiver: Keys, sender: PublicKeys) -> None:
        self._file = path.open("rb")
        try:
            self.header, head = _header(self._file)
            self._start = self._file.tell()
            self._count = self._walk()
            self._check(sender)
            self._box = _box_for(receiver, self.header, head)
        except BaseException:
            self._file.close()
            raise

    def sections(self) -> Iterator[bytes]:
        """One after the other, decrypted and decompressed."""
        from cryptography.exceptions import InvalidTag

        self._file.seek(self._start)
        for place in range(self._count):
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            try:
                frame = self._box.decrypt(_nonce(place, last=place + 1 == self._count), self._file.read(length), b"")
                with zstandard.ZstdDecompressor(max_window_size=LARGEST_SECTION).stream_reader(frame) as reader:
                    content = reader.read(LARGEST_SECTION + 1)
            except (InvalidTag, zstandard.ZstdError) as error:
                raise tampered() from error
            if len(content) > LARGEST_SECTION:
                raise tampered()
            yield content

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> SealedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _walk(self) -> int:
        """The number of sections, which must end where the signature begins."""
        end = os.fstat(self._file.fileno()).st_size - _SIGNATURE
        at, count = self._start, 0
        while at < end:
            self._file.seek(at)
            length = self._file.read(_LENGTH.size)
            if len(length) < _LENGTH.size:
                raise cut_short()
            size = int(_LENGTH.unpack(length)[0])
            if size > LARGEST_SECTION:
                raise tampered()
            at += _LENGTH.size + size
            count += 1
        if at != end or not count:
            raise cut_short()
        return count

    def _check(self, sender: PublicKeys) -> None:
        from cryptography.exceptions import InvalidSignature

        self._file.seek(0)
        left = os.fstat(self._file.fileno()).st_size - _SIGNATURE
        digest = hashlib.sha256()
        while left > 0 and (piece := self._file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
        try:
            sender.verifier().verify(self._file.read(_SIGNATURE), _CONTEXT + digest.digest())
        except (InvalidSignature, ValueError) as error:
            raise tampered() from error


class _Hashed:
    """Writes, and knows the SHA-256 of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)

    def digest(self) -> bytes:
        return self._digest.digest()


def _is_bundle(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _header(file: IO[bytes]) -> tuple[Header, bytes]:
    magic = file.read(len(MAGIC))
    if magic != MAGIC:
        raise cut_short() if magic and MAGIC.startswith(magic) else no_bundle()
    length = file.read(_LENGTH.size)
    size = int(_LENGTH.unpack(length)[0]) if len(length) == _LENGTH.size else 0
    head = file.read(size) if size <= _LARGEST_HEADER else b""
    if len(length) < _LENGTH.size or (size <= _LARGEST_HEADER and len(head) < size):
        raise cut_short()
    try:
        return msgspec.msgpack.decode(head, type=Header), head
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise tampered() from error


def _box_for(receiver: Keys, header: Header, head: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        return _box(receiver.opener().exchange(X25519PublicKey.from_public_bytes(header.once)), head)
    except ValueError as error:  # not 32 bytes, or a point of small order
        raise tampered() from error


def _box(secret: bytes, head: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(algorithm=SHA256(), length=32, salt=hashlib.sha256(head).digest(), info=_CONTEXT).derive(secret)
    return ChaCha20Poly1305(derived)


def _nonce(place: int, *, last: bool) -> bytes:
    """The key is new with each file, so that counting is enough."""
    return place.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _with_last(sections: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    waiting: bytes | None = None
    for section in sections:
        if waiting is not None:
            yield waiting, False
        waiting = section
    if waiting is not None:
        yield waiting, True
