"""The way back into a backup whose PC is gone: the store's key, sealed so that only the city can open it.

Beside each backup lies a small file that the city's operator turns into a code (``gateway recovery-key``); the code opens that
backup on any PC. The box is ChaCha20-Poly1305 under a key from X25519 between a key made for this file and the city's.
"""

from __future__ import annotations

import os
from base64 import b32decode, b32encode, b64decode, b64encode
from hashlib import sha256

import msgspec
from msgspec import Struct

from sync.bundle.errors import BundleError
from sync.bundle.keys import Keys, PublicKeys

_CONTEXT = b"so-phuong recovery 1"
_KEY_BYTES, _CHECK_BYTES = 32, 3
_GROUP = 5
_LARGEST = 4096


class SealedKey(Struct, frozen=True, kw_only=True):
    """``city``: the mark of the city's keys; ``once``: the public half of the key made for this file."""

    format: int = 1
    device: str
    at: str
    city: str
    once: str
    nonce: str
    box: str


def seal_key(key: bytes, device: str, at: str, city: PublicKeys) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    once = X25519PrivateKey.generate()
    public, nonce = once.public_key().public_bytes_raw(), os.urandom(12)
    box = ChaCha20Poly1305(_derived(once.exchange(city.receiver()), public)).encrypt(nonce, key, _bound(device, at))
    sealed = SealedKey(
        device=device, at=at, city=city.mark, once=_text(public), nonce=_text(nonce), box=_text(box)
    )  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2)


def unseal_key(content: bytes, city: Keys) -> tuple[SealedKey, bytes]:
    """What the file says of itself, and the key. Raises BundleError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        sealed = msgspec.json.decode(content[:_LARGEST], type=SealedKey)
        public, nonce, box = (b64decode(part, validate=True) for part in (sealed.once, sealed.nonce, sealed.box))
        shared = city.opener().exchange(X25519PublicKey.from_public_bytes(public))
        key = ChaCha20Poly1305(_derived(shared, public)).decrypt(nonce, box, _bound(sealed.device, sealed.at))
    except (msgspec.MsgspecError, ValueError) as error:
        raise BundleError("no_recovery", "Đây không phải tệp khóa khôi phục.", "This is no recovery key.") from error
    except InvalidTag as error:
        raise BundleError(
            "not_ours",
            "Tệp khóa khôi phục này không dành cho thành phố này, hoặc đã bị sửa.",
            "This recovery key is not for this city, or was changed.",
        ) from error
    return sealed, key


def code_of_key(key: bytes) -> str:
    """The key as a person can type it, with a checksum."""
    text = b32encode(key + sha256(key).digest()[:_CHECK_BYTES]).decode().rstrip("=")
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def key_of_code(code: str) -> bytes | None:
    """None where it is no such code, or a letter is wrong."""
    text = "".join(c for c in code.upper().replace("0", "O").replace("1", "I") if c.isalnum())
    try:
        raw = b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        return None
    key, check = raw[:_KEY_BYTES], raw[_KEY_BYTES:]
    return key if len(key) == _KEY_BYTES and check == sha256(key).digest()[:_CHECK_BYTES] else None


def _bound(device: str, at: str) -> bytes:
    return f"{device}\n{at}".encode()


def _derived(shared: bytes, once: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=once, info=_CONTEXT).derive(shared)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
