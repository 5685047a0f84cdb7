"""Keys of a device and of the city: Ed25519 to sign bundles, X25519 to open them.

A device makes its own at its first enrolment and keeps them in its encrypted store; the city keeps its own in its database.
Only the public halves travel, at enrolment, as one text: ``ed25519:<base64>,x25519:<base64>``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

_SIZE = 32  # bytes of each key
LARGEST_TEXT = 200  # characters of public keys, well above what they take


class PublicKeys(Struct, frozen=True):
    sign: bytes
    box: bytes

    @property
    def text(self) -> str:
        return f"ed25519:{b64encode(self.sign).decode()},x25519:{b64encode(self.box).decode()}"

    @property
    def mark(self) -> str:
        """Names these keys; 16 hex digits."""
        return sha256(self.sign + self.box).hexdigest()[:16]

    def verifier(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(self.sign)

    def receiver(self) -> X25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        return X25519PublicKey.from_public_bytes(self.box)


class Keys(Struct, frozen=True):
    """The private halves, as 32 bytes each."""

    sign: bytes
    box: bytes

    @property
    def text(self) -> str:
        """How they are kept."""
        return b64encode(self.sign + self.box).decode()

    @property
    def public(self) -> PublicKeys:
        return PublicKeys(self.signer().public_key().public_bytes_raw(), self.opener().public_key().public_bytes_raw())

    def signer(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.sign)

    def opener(self) -> X25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return X25519PrivateKey.from_private_bytes(self.box)


def new_keys() -> Keys:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return Keys(Ed25519PrivateKey.generate().private_bytes_raw(), X25519PrivateKey.generate().private_bytes_raw())


def keys_of_text(text: str) -> Keys:
    """What ``Keys.text`` wrote. Raises ValueError."""
    raw = b64decode(text, validate=True)
    if len(raw) != 2 * _SIZE:
        raise ValueError("not a pair of keys")
    return Keys(raw[:_SIZE], raw[_SIZE:])


def public_of_text(text: str) -> PublicKeys | None:
    """What ``PublicKeys.text`` wrote; None for anything else, as a device that enrolled before there were bundles gave."""
    names = {}
    for part in text[:LARGEST_TEXT].split(","):
        name, _, value = part.partition(":")
        try:
            names[name] = b64decode(value, validate=True)
        except ValueError:
            return None
    if len(names.get("ed25519", b"")) != _SIZE or len(names.get("x25519", b"")) != _SIZE:
        return None
    return PublicKeys(names["ed25519"], names["x25519"])
