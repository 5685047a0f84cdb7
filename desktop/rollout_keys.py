"""What an office may set for its PCs: each key, its type, and what is wrong with a value, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from forms.label import Label

Text = Annotated[str, Meta(min_length=1, max_length=1000)]
Wards = Annotated[list[Annotated[str, Meta(pattern=r"^\d{5}$")]], Meta(min_length=1, max_length=600)]
Folders = Annotated[list[Text], Meta(max_length=8)]
LISTS = ("wards", "backup_to")


class Key(Struct, frozen=True):
    """``wanted``: what is expected, with an example. ``check``: a further look at a value of the right type; what is wrong with
    it, or None."""

    type: Any
    wanted: Label
    check: Callable[[Any], Label | None] = lambda value: None


def _url(value: str) -> Label | None:
    from sync.http_line import checked_url
    from sync.protocol import SyncError

    try:
        checked_url(value)
    except SyncError as error:
        return Label(str(error), "not an https:// address (http:// within this PC alone)")
    return None


def _proxy(value: str) -> Label | None:
    if re.fullmatch(r"https?://[^\s/@]+(@[^\s/@]+)?/?", value):
        return None
    return Label("không phải địa chỉ proxy", "not the address of a proxy")


def _hub(value: str) -> Label | None:
    if value in ("auto", "off") or re.fullmatch(r"https://[^\s/]+/?", value):
        return None
    return Label("không phải auto, off hay địa chỉ https://", "neither auto, off nor an https:// address")


def _folders(value: list[str]) -> Label | None:
    for folder in value:
        if not (Path(folder).is_absolute() or re.match(r"^([A-Za-z]:[\\/]|\\\\[^\\])", folder)):
            return Label(f"“{folder}” không phải đường dẫn đầy đủ", f"“{folder}” is not a full path")
    return None


def _code(value: str) -> Label | None:
    if 8 <= sum(c.isalnum() for c in value) <= 64:
        return None
    return Label("không giống mã đăng ký", "does not look like an enrolment code")


KEYS: dict[str, Key] = {
    "url": Key(Text, Label('địa chỉ thành phố, ví dụ "https://sophuong.example.vn"', "the city's address"), _url),
    "ca": Key(Text, Label("đường dẫn tệp chứng thư gốc (PEM)", "the path of a PEM file")),
    "proxy": Key(Text, Label('địa chỉ proxy, ví dụ "http://10.0.0.1:3128"', "a proxy's address"), _proxy),
    "wards": Key(Wards, Label('danh sách mã phường 5 chữ số, ví dụ ["00070"]', 'five-digit ward codes, ["00070"]')),
    "code": Key(Text, Label("mã đăng ký của một máy", "one PC's enrolment code"), _code),
    "token": Key(Text, Label("mã đăng ký hàng loạt", "a bulk token"), _code),
    "language": Key(Annotated[str, Meta(pattern="^(vi|en)$")], Label('"vi" hoặc "en"', '"vi" or "en"')),
    "hub": Key(Text, Label('"auto", "off" hoặc "https://may-chu:8621"', '"auto", "off" or an address'), _hub),
    "ring": Key(
        Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")],
        Label('tên vòng cập nhật, ví dụ "pilot"', 'the name of a ring, such as "pilot"'),
    ),
    "autostart": Key(
        bool, Label("true hoặc false (chính sách: DWORD 1 hoặc 0)", "true or false (policy: DWORD 1 or 0)")
    ),
    "backup_to": Key(
        Folders,
        Label(r"""danh sách thư mục, ví dụ ['\\may-chu\sao-luu']""", r"""folders, such as ['\\server\backup']"""),
        _folders,
    ),
    "backup_keep": Key(
        Annotated[int, Meta(ge=1, le=365)],
        Label("số bản sao lưu giữ lại, 1 đến 365", "how many backups are kept, 1 to 365"),
    ),
}


def checked(name: str, value: Any, *, policy: bool) -> tuple[Any, Label | None]:
    """The value in its own type, or what is wrong with it. A policy's numbers and lists come as Windows can hold them."""
    key = KEYS[name]
    if policy:
        value = _of_windows(name, value)
    try:
        value = msgspec.convert(value, key.type)
    except msgspec.ValidationError:
        return None, Label(f"đang là {_short(value)}", f"it is {_short(value)}")
    if (wrong := key.check(value)) is not None:
        return None, wrong
    return value, None


def _of_windows(name: str, value: Any) -> Any:
    """A list is a multi-string, or one string with ``;`` between; yes and no are 1 and 0."""
    if name in LISTS:
        parts = re.split(r"[;\r\n]+", value) if isinstance(value, str) else value
        return [part.strip() for part in parts if str(part).strip()] if isinstance(parts, list) else value
    if name == "autostart" and isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        return value.strip()
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
