"""The address of a service, as an operator writes it."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

_EDXML = "edxml+"
_OPTIONS = frozenset({"key", "inbox"})


class AddressError(ValueError):
    """``str()`` says in Vietnamese and English what is wrong."""


class Address(Struct, frozen=True):
    """``url`` is what is connected to, or the path of a folder; ``key`` names a file of keys, or ``env:NAME``."""

    kind: Literal["rest", "package", "drop"]
    url: str
    key: str = ""
    has_inbox: bool = False


def parse_address(text: str) -> Address:
    """Raises AddressError."""
    kind: Literal["rest", "package", "drop"] = "rest"
    if text.startswith(_EDXML):
        kind, text = "package", text.removeprefix(_EDXML)
    url, _, fragment = text.partition("#")
    options = dict(parse_qsl(fragment, keep_blank_values=True))
    if unknown := sorted(set(options) - _OPTIONS):
        raise AddressError(f"Địa chỉ dịch vụ có phần lạ / unknown option in the address: {', '.join(unknown)}")
    parts = urlsplit(url)
    if parts.scheme == "file" and kind == "rest":
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
            raise AddressError(
                f"Thư mục phải viết đủ, file:///thư-mục / a folder is written whole, file:///folder: {url}"
            )
        path = unquote(parts.path)
        windows = len(path) > 2 and path[2] == ":"  # file:///C:/folder
        return Address("drop", path[1:] if windows else path, has_inbox=True)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError(
            f"Địa chỉ dịch vụ cần http(s)://…, edxml+http(s)://… hoặc file:///thư-mục: {text} "
            "/ a service's address is http(s)://…, edxml+http(s)://… or file:///folder"
        )
    return Address(kind, url, options.get("key", ""), kind == "package" or "inbox" in options)
