"""The end of a sync: whether this PC and the city hold the same at the same cursors. A stream that differs is read again from
the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from forms.label import Label
from sync.marks import streams_mark
from sync.protocol import PullRequest
from sync.renamed_line import RenamedLine
from sync.store import Store
from sync.sync_report import SyncReport

Stream = tuple[str, str]  # ward, scope


class DigestCheck:
    def __init__(self, store: Store, line: RenamedLine) -> None:
        self._store = store
        self._line = line

    def run(
        self, streams: Sequence[Stream], city: bytes, report: SyncReport, rounds: Callable[[SyncReport], None]
    ) -> None:
        """``city``: the mark of all digests that it gave with the last round. Raises SyncError."""
        changes = self._store.changes
        if streams_mark((stream, changes.digest(*stream)) for stream in streams) == city:
            return
        differing = [stream for stream in streams if self._differs(*stream)]
        for ward, scope in differing:
            changes.reset_cursor(ward, scope)
            vi, en = (
                f"Sổ {ward}/{scope} lệch với thành phố; đã tải lại.",
                f"{ward}/{scope} differed from the city; read anew.",
            )
            report.problems.append(Label(vi, en))
        if differing:
            pulled = report.pulled
            rounds(report)
            report.repaired, report.pulled = report.pulled - pulled, pulled
            for stream in differing:
                if self._differs(*stream):  # though it was read to its end: the city lost what it did not name
                    changes.mark_missing(*stream)

    def _differs(self, ward: str, scope: str) -> bool:
        """Whether a stream holds something else here than at the city, with nothing new to be read."""
        cursor = self._store.changes.cursor(ward, scope)
        answer = self._line.pull(PullRequest(ward=ward, scope=scope, cursor=cursor, limit=1))
        return not (answer.records or answer.deliveries or self._matches(ward, scope, answer.digest))

    def _matches(self, ward: str, scope: str, city: dict[str, str]) -> bool:
        mine = self._store.changes.digest(ward, scope)
        return {k: v for k, v in mine.items() if int(v, 16)} == {k: v for k, v in city.items() if int(v, 16)}
