"""What has to be read by whoever next sits here, and stands in the window until somebody has: a toast is gone by the end of
lunch. Kept in the profile and not in the store, which may just have been replaced; no personal data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

FILE_NAME = "notices.json"


class LastingNotice(msgspec.Struct, frozen=True):
    """A sentence by its name in the translations, so that it follows the language; ``at``: when, in UTC."""

    name: str
    at: str
    values: dict[str, Any] = {}


def lasting_notices(folder: Path) -> tuple[LastingNotice, ...]:
    """The oldest first; none of a damaged file: there is nobody to tell of it."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=tuple[LastingNotice, ...])
    except (OSError, msgspec.MsgspecError, ValueError):
        return ()


def keep_notice(folder: Path, notice: LastingNotice) -> None:
    """The same sentence said again stands once, with the newest figures."""
    others = (each for each in lasting_notices(folder) if each.name != notice.name)
    _write(folder, (*others, notice))


def keep_restored(folder: Path, at: str, unsent: int = 0, apart: str = "") -> None:
    """A backup took the store's place. ``apart``: where what it replaced stands, with ``unsent`` changes in it."""
    values = {"count": unsent, "folder": apart} if unsent else {}
    keep_notice(folder, LastingNotice("office.restored_unsent" if unsent else "office.restored", at, values))


def drop_notice(folder: Path, notice: LastingNotice) -> None:
    """Somebody has read it."""
    _write(folder, tuple(each for each in lasting_notices(folder) if each != notice))


def _write(folder: Path, notices: tuple[LastingNotice, ...]) -> None:
    path = folder / FILE_NAME
    if not notices:
        path.unlink(missing_ok=True)
        return
    beside = path.with_name(f"{FILE_NAME}.new")
    beside.write_bytes(msgspec.json.encode(notices))
    beside.replace(path)
