"""Changes that were refused and reached the city once more: a request that a slow line held back may arrive after the
refusal of its repetition, when what stood in the way is gone. The record then moves, and the PC asks what became of them."""

from __future__ import annotations

from sync.protocol import SyncError, Transport
from sync.sound_answers import checked_history
from sync.store import Store

_OF_THE_RECORD = {"damaged", "too_large", "internal"}
"""What may be wrong with one record's history alone; anything else is the line's or the city's, and ends the sync."""


class SecondLook:
    def __init__(self, store: Store, line: Transport) -> None:
        self._store = store
        self._line = line
        self._seen: dict[str, int] = {}  # record → the revision at which the city was asked
        self._slow: set[str] = set()  # records whose histories did not come in time: others are asked for first

    def take(self) -> int:
        """Settle the refused changes that the city has taken after all; their number. Each record is asked for once a
        revision; one whose history cannot be read is passed over, and asked for by the next sync. Raises SyncError when the
        line is lost."""
        refused: dict[str, set[str]] = {}
        for row in self._store.changes.outbox():
            if row.status == "refused":
                refused.setdefault(row.change.record_id, set()).add(row.change.change_id)
        taken = 0
        for version in sorted(self._store.changes.held(refused), key=lambda v: v.id in self._slow):
            if version.revision > 0 and self._seen.get(version.id) != version.revision:
                try:
                    taken += self._ask(version.id, refused[version.id])
                except SyncError as error:
                    if error.code == "timeout":
                        self._slow.add(version.id)
                        break  # so slow that the next one is not asked for now
                    if error.code not in _OF_THE_RECORD:
                        raise
                else:
                    self._seen[version.id] = version.revision
        return taken

    def _ask(self, record_id: str, refused: set[str]) -> int:
        try:
            answer = checked_history(self._line.history(record_id))
        except SyncError as error:
            if error.retry:
                raise
            return 0  # it is not there, or not for this PC
        results = [r for r in answer.results if r.change_id in refused and r.status != "refused"]
        if results:
            self._store.changes.acknowledge(results)
            self._store.changes.retry(record_id)  # what waited behind them goes on
        return len(results)
