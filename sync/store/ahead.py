"""The rows of a large page made by a thread of their own, batch after batch, while the batches before are written: SQLite
works, encrypts and waits for the disk without Python, which meanwhile describes what comes next.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sync.protocol import RecordVersion
from sync.store import pulling
from sync.store.context import StoreContext
from sync.store.new_rows import Prepared, prepared
from sync.store.pulling import Stream

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_AT_ONCE = 4
"""Pages that are begun and not written yet; a sync has two at most, of some 5,000 records each."""
SWITCH_SECONDS = 0.0005
"""So long who writes waits at most after each statement until this thread lets it go on: Python's own 5 ms, for hundreds of
statements, would make one of the two wait for all of the other's work."""


class Page:
    """One page under way."""

    def __init__(self, batches: Sequence[Future[Prepared]] = ()) -> None:
        self._batches = dict(enumerate(batches))

    def batch(self, start: int) -> Prepared | None:
        """Of the batch that begins there, as soon as it is made; None: it is to be made by whoever writes it."""
        coming = self._batches.pop(start // pulling.BATCH, None)  # what is written is no longer kept
        if coming is None:
            return None
        try:
            return coming.result()
        except Exception:  # whatever it is, who writes comes upon it too, and has a record to name
            import logging  # a start needs none

            logging.getLogger(__name__).exception("cannot make rows ahead")
            return None

    def drop(self) -> None:
        for coming in self._batches.values():
            coming.cancel()


class Ahead:
    """One thread, which begins with the first large page and ends with the store's last user. Safe to use from several
    threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._begun: list[tuple[Sequence[RecordVersion], Page]] = []

    def begin(self, records: Sequence[RecordVersion], ward: str, scope: str) -> None:
        """These are about to be written, if nothing comes between."""
        if len(records) <= pulling.BATCH:
            return
        page = self._page(records, ward, scope)
        with self._lock:
            self._begun.append((records, page))
            gone, self._begun = self._begun[:-_AT_ONCE], self._begun[-_AT_ONCE:]
        for _, other in gone:
            other.drop()

    def forget(self) -> None:
        """Nothing of what was begun is to be written any more."""
        with self._lock:
            gone, self._begun = self._begun, []
        for _, other in gone:
            other.drop()

    def take(self, records: Sequence[RecordVersion], ward: str, scope: str) -> Page:
        """What was begun for these, else begun now."""
        if len(records) <= pulling.BATCH:
            return Page()
        with self._lock:
            found = next((page for begun, page in self._begun if begun is records), None)
            self._begun = [each for each in self._begun if each[0] is not records]
        return found or self._page(records, ward, scope)

    def _page(self, records: Sequence[RecordVersion], ward: str, scope: str) -> Page:
        with self._context.readers.connection() as db:
            filled = Stream(db, ward, scope).filled
        with self._lock:
            if self._thread is None:
                from concurrent.futures import ThreadPoolExecutor  # a start needs none

                sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_SECONDS))
                self._thread = ThreadPoolExecutor(1, "rows")
            submit, plans = self._thread.submit, self._context.plans
        starts = range(0, len(records), pulling.BATCH)
        return Page(
            [submit(prepared, plans, records[start : start + pulling.BATCH], filled=filled) for start in starts]
        )
