"""One PC's records: an encrypted SQLite file and everything that reads or writes it. ``Store`` is the only door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sync.store.store import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    """Bring ``Store`` in when first asked for, so that the structs can be imported without the database library."""
    if name == "Store":
        from sync.store.store import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
