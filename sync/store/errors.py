"""Turns the database library's errors into ours: plain words, with where and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlite

from sync.store.model import DamagedStore, StoreError


class DiskFull(StoreError):
    code = "disk_full"


class ReadOnlyStore(StoreError):
    code = "read_only"


class BusyStore(StoreError):
    code = "busy"


class ClosedStore(StoreError):
    code = "closed"


_DAMAGED = ("malformed", "not a database", "hmac", "disk image", "no such table")
_READ_ONLY = ("readonly", "read-only", "unable to open")


def translate(error: Exception, path: Path) -> StoreError:
    """The StoreError that says in a sentence what ``error`` of the database library means for the person there."""
    text = str(error).lower()
    if "full" in text:
        return DiskFull(f"Ổ đĩa đã đầy nên chưa lưu được; hãy xóa bớt tệp rồi lưu lại. (Disk full: {path})")
    if any(mark in text for mark in _READ_ONLY):
        return ReadOnlyStore(f"Không ghi được vào thư mục {path.parent}; hãy kiểm tra quyền ghi. (Folder is read-only)")
    if "locked" in text or "busy" in text:
        return BusyStore("Kho đang được một chương trình khác ghi; hãy thử lại sau giây lát. (Store is busy)")
    if isinstance(error, MemoryError) or any(mark in text for mark in _DAMAGED):
        return DamagedStore(f"Tệp {path} bị hỏng; hãy khôi phục từ bản sao lưu. (Damaged store: {error})")
    return StoreError(f"Kho dữ liệu báo lỗi: {error} ({path})")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of the database library leave the block as StoreErrors."""
    try:
        yield
    except (sqlite.Error, MemoryError) as error:
        raise translate(error, path) from error
