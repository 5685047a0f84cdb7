"""Keys that sign updates: Ed25519, each in a PEM file of its own, with a passphrase or without."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import SSlibKey

from sync.updates.errors import UpdateError


def make_key(path: Path, passphrase: str = "") -> None:
    """A new private key in ``path``, readable by its owner alone, and its public half in ``path`` with ".pub". Raises
    FileExistsError."""
    key = Ed25519PrivateKey.generate()
    how = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.with_name(path.name + ".pub").write_bytes(public)


def signer_of(path: Path, passphrase: str = "") -> CryptoSigner:
    """Raises UpdateError: no key, or another passphrase."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() or None)
    except (ValueError, TypeError) as error:
        vi = f"Không mở được khóa {path.name}: sai câu mật khẩu hoặc không phải khóa."
        raise UpdateError("key", vi, f"Cannot open the key {path.name}: another passphrase, or no key.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UpdateError("key", f"{path.name} không phải khóa Ed25519.", f"{path.name} is no Ed25519 key.")
    return CryptoSigner(key)


def public_key_of(path: Path) -> SSlibKey:
    """Of a ".pub" file. Raises UpdateError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except ValueError as error:
        raise UpdateError("key", f"{path.name} không phải khóa.", f"{path.name} is no key.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UpdateError("key", f"{path.name} không phải khóa Ed25519.", f"{path.name} is no Ed25519 key.")
    return SSlibKey.from_crypto(key)
