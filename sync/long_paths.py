r"""Paths as Windows takes them whatever their length, and as SQLite takes them in an address.

Windows refuses more than 260 characters unless a path begins with ``\\?\`` (or the machine's policy and the program's
manifest both lift the limit). A profile or a backup folder that is given the prefix once hands it on to everything in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

LONG = 150
"""Characters of a folder above which what lies in it may pass the limit: packs and printouts lie some 90 deeper."""
_PREFIX, _UNC = "\\\\?\\", "\\\\?\\UNC\\"


def usable(folder: Path) -> Path:
    """The folder, absolute, so that whatever lies in it can be opened."""
    whole = folder.expanduser().absolute()
    if os.name != "nt":
        return whole
    text = os.path.normpath(whole)  # with the prefix Windows no longer understands . and ..
    return Path(prefixed(text)) if len(text) > LONG else Path(text)


def prefixed(text: str) -> str:
    """An absolute Windows path without its limit of length."""
    if text.startswith(_PREFIX):
        return text
    return _UNC + text[2:] if text.startswith("\\\\") else _PREFIX + text


def shown(path: Path | str) -> str:
    """The path as a person writes it."""
    text = str(path)
    if text.startswith(_UNC):
        return "\\\\" + text[len(_UNC) :]
    return text.removeprefix(_PREFIX)


def sqlite_address(path: Path, options: str) -> str:
    r"""``file:…?options`` for SQLite. ``Path.as_uri`` is of no use: of ``\\server\share`` it makes an address with a host,
    which SQLite refuses, and of ``\\?\`` nothing at all."""
    return f"file:{quote(str(path.absolute()), safe='/')}?{options}"
