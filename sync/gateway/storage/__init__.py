"""Where the city keeps what it holds: one ``Storage`` protocol, two databases behind it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sync.gateway.storage.base import BadValueError, Row, Session, Storage, StorageError, Stream

if TYPE_CHECKING:
    from sync.gateway.storage.notices import Notices

__all__ = ["BadValueError", "Row", "Session", "Storage", "StorageError", "Stream", "open_notices", "open_storage"]


def open_storage(url: str, *, create: bool = True) -> Storage:
    """Open (and migrate) the database at ``sqlite:///FILE`` or ``postgresql://…``. ``create`` False: a city must be there
    already, so that a mistyped address makes no second one. Raises StorageError."""
    if url.startswith("sqlite:///"):
        from sync.gateway.storage.sqlite import SqliteStorage

        return SqliteStorage(Path(url.removeprefix("sqlite:///")), create=create)
    if url.startswith(("postgresql://", "postgres://")):
        from sync.gateway.storage.postgres import PostgresStorage

        return PostgresStorage(url, create=create)
    raise _no_address(url)


def open_notices(url: str) -> Notices | None:
    """What tells other processes on the same database of news; None where that is one file, which they look at."""
    if not url.startswith(("postgresql://", "postgres://")):
        return None
    from sync.gateway.storage.notices import Notices

    return Notices(url)


def _no_address(url: str) -> StorageError:
    return StorageError(
        f"Địa chỉ cơ sở dữ liệu không đúng: {url} (cần sqlite:///TỆP hoặc postgresql://…). "
        "Not a database address: use sqlite:///FILE or postgresql://…"
    )
