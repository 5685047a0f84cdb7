"""The keys of packs: Ed25519, as PEM. The city signs with the private one; every PC has the public one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from forms.disk_words import disk_words
from forms.pack_format import PackError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PASSPHRASE = "SOPHUONG_KEY_PASSPHRASE"  # noqa: S105 - the variable's name: where it is set, the private key is encrypted
SIGNATURE_BYTES = 64
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def new_keys(path: Path) -> tuple[Path, Path]:
    """Makes a key pair: the private key at ``path``, which only its owner may read, and the public one at ``path.pub``.
    Raises PackError; a file that is there is never overwritten."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = os.environ.get(PASSPHRASE, "").encode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption(),
    )
    public_path = path.with_name(path.name + ".pub")
    _write_new(path, private, 0o600)
    try:
        _write_new(public_path, public_pem(key.public_key()).encode(), 0o644)
    except PackError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return path, public_path


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, _NEW, mode), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise PackError(
            "exists", f"Đã có tệp {path}; chọn tên khác.", f"{path} is there; choose another name."
        ) from None
    except OSError as error:
        raise PackError(
            "disk", f"Không ghi được {path}: {disk_words(error).vi}", f"Cannot write {path}: {error}"
        ) from error


def public_pem(key: Ed25519PublicKey) -> str:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def read_private(path: Path) -> Ed25519PrivateKey:
    """Raises PackError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    secret = os.environ.get(PASSPHRASE, "").encode() or None
    try:
        content = path.read_bytes()
        try:
            key = load_pem_private_key(content, secret)
        except TypeError:  # a passphrase for a key that has none, or the other way round
            if secret is None:
                vi = f"Khóa {path} có mật khẩu: đặt biến {PASSPHRASE} rồi chạy lại."
                raise PackError(
                    "key", vi, f"The key {path} has a passphrase: set {PASSPHRASE} and run again."
                ) from None
            key = load_pem_private_key(content, None)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise PackError(
            "key", f"Không đọc được khóa riêng {path}.", f"Cannot read the private key {path}: {error}"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PackError("key", f"{path} không phải khóa Ed25519.", f"{path} is no Ed25519 key.")
    return key


def read_public(path: Path) -> str:
    """The public key of a file, as PEM. A private key's file gives its public half. Raises PackError."""
    try:
        text = path.read_text("ascii")
    except (OSError, ValueError) as error:
        raise PackError(
            "key", f"Không đọc được khóa công khai {path}.", f"Cannot read the public key {path}."
        ) from error
    if "PRIVATE KEY" in text:
        return public_pem(read_private(path).public_key())
    return public_pem(_public(text, str(path)))


def _public(pem: str, name: str) -> Ed25519PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise PackError(
            "key", f"Khóa công khai {name} không đọc được.", f"Cannot read the public key {name}."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise PackError("key", f"{name} không phải khóa Ed25519.", f"{name} is no Ed25519 key.")
    return key


def is_signed_by(payload: bytes | memoryview, signature: bytes, keys: Iterable[str]) -> bool:
    """Whether one of the public keys (PEM) made the signature. A key that cannot be read trusts nothing."""
    from cryptography.exceptions import InvalidSignature

    for pem in keys:
        try:
            _public(pem, "PEM").verify(signature, bytes(payload))
        except (InvalidSignature, PackError):
            continue
        return True
    return False
