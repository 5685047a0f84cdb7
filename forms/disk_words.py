"""What a disk, a stick or a folder of the network says when it refuses, in plain words: the system's own are English here."""

from __future__ import annotations

import errno

from forms.label import Label

_GONE = Label(
    "không còn ở đó (đã xóa, đổi tên hoặc rút USB)",
    "it is no longer there (deleted, renamed, or the stick was pulled out)",
)
_FORBIDDEN = Label(
    "không được phép, hoặc chương trình khác đang mở", "it is not allowed, or another program has it open"
)
_FULL = Label("ổ đĩa đã đầy", "the disk is full")
_READ_ONLY = Label("ổ đĩa chỉ cho đọc", "the disk can only be read")
_FAILING = Label("ổ đĩa hoặc USB báo lỗi, hay đã bị rút ra", "the disk or stick fails, or was pulled out")
_BUSY = Label("chương trình khác đang dùng", "another program is using it")
_FOLDER = Label("đây là một thư mục", "it is a folder")
_LONG_NAME = Label("tên tệp quá dài", "the file's name is too long")
_NO_SERVER = Label("không tới được máy giữ tệp trong mạng", "the computer of the network that has it cannot be reached")

_WORDS = {
    "ENOENT": _GONE, "ENOTDIR": _GONE, "EACCES": _FORBIDDEN, "EPERM": _FORBIDDEN, "ENOSPC": _FULL, "EDQUOT": _FULL,
    "EROFS": _READ_ONLY, "EIO": _FAILING, "ENXIO": _FAILING, "ENODEV": _FAILING, "ENOMEDIUM": _FAILING, "EBUSY": _BUSY,
    "ETXTBSY": _BUSY, "EISDIR": _FOLDER, "ENAMETOOLONG": _LONG_NAME, "ENETUNREACH": _NO_SERVER, "ENETDOWN": _NO_SERVER,
    "EHOSTDOWN": _NO_SERVER, "EHOSTUNREACH": _NO_SERVER, "ETIMEDOUT": _NO_SERVER, "ESTALE": _NO_SERVER,
}  # fmt: skip


def disk_words(error: OSError) -> Label:
    """Why, as the end of a sentence; of a rare reason the system's own words."""
    name = errno.errorcode.get(error.errno or 0, "")  # by name: not every system has every one
    own = error.strerror or str(error)
    return _WORDS.get(name) or Label(own, own)
