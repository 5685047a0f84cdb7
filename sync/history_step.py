"""Others' part of a record's history, for who looks at it now. It comes between the rounds of a sync, so that nobody waits for
the end of a long one, and by the same line; records never wait for it."""

from __future__ import annotations

from sync.protocol import SyncError, Transport
from sync.sound_answers import checked_history
from sync.store import Store

_NONE = {"no_record", "not_granted", "no_page", "wrong_method"}
"""Refusals that asking again changes nothing about: the city has not got the record, the rights were withdrawn, an older city."""
_LINE_LOST = {"unreachable", "tls", "not_the_city"}
"""Found out at once, and over when the line is back: the next sync asks again, however soon it comes."""


class HistoryStep:
    def __init__(self, store: Store, line: Transport) -> None:
        self._store = store
        self._line = line
        self._lost = False

    def begin(self) -> None:
        """Another sync: the line may be back."""
        self._lost = False

    def run(self) -> None:
        """Ask for what is looked at and not here, once a revision. A line that breaks is told of by the next round, if it is
        still broken then: nobody who looks is to be frightened by it."""
        if self._lost:
            return
        histories = self._store.histories
        for record_id, revision in histories.due():
            try:
                answer = checked_history(self._line.history(record_id))
            except SyncError as error:
                if error.code in _LINE_LOST:
                    self._lost = True
                    return
                if error.code not in _NONE:
                    histories.not_had(record_id)
                    return
                histories.none_there(record_id, revision)
            else:
                histories.keep(record_id, revision, answer)


__all__ = ["HistoryStep"]
