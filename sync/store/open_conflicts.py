"""The records on which a person must choose between two values, newest first, page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sync.store import rowcodec, sight
from sync.store.context import StoreContext
from sync.store.model import Cursor, Page, Record
from sync.store.rowcodec import record_of

_LAST = 2**63 - 1
_OPEN = "FROM records INDEXED BY records_attention WHERE standing > 1 AND conflicts IS NOT NULL"
"""Records the city refused something of stand as refused, and may wait for a choice all the same."""


def read_conflicts(
    context: StoreContext, limit: int, after: Cursor | None = None, within: Collection[str] | None = None
) -> Page:
    with context.readers.connection() as db:
        types = sight.narrowed(db, within)
        seen, of_types = sight.clause(types), types or ()
        total = int(db.execute(f"SELECT count(*) {_OPEN} {seen}", of_types).fetchone()[0])
        sql = f"SELECT {rowcodec.COLUMNS} {_OPEN} {seen} AND rid < ? ORDER BY rid DESC LIMIT ?"
        rows = db.execute(sql, (*of_types, after.row if after else _LAST, limit + 1)).fetchall()
    shown = rows[:limit]
    places = [Cursor(row[0], row[0]) for row in shown]
    return Page(
        records=tuple(record_of(row) for row in shown),
        total=total,
        start=places[0] if places else None,
        end=places[-1] if places else None,
        has_before=after is not None,
        has_after=len(rows) > limit,
    )


def page_by_page(read: Callable[[Cursor | None], Page]) -> Iterator[Record]:
    """The records of all pages; ``read`` gives the page after a place."""
    after = None
    while True:
        page = read(after)
        yield from page.records
        if not page.has_after:
            return
        after = page.end
