"""A new PC's first fill, page by page (``protocol.FillRequest``): open work and the newest first, the rest behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from msgspec import structs

from sync.protocol import FILL_DONE, FILL_OVER, FillAnswer, FillPlace, FillRequest, SyncError
from sync.renamed_line import RenamedLine
from sync.retry import BatchSize, largest_batch
from sync.sound_answers import can_be_kept
from sync.store import Store
from sync.store.filling import FillProgress
from sync.strangers import repeating, unreadable
from sync.sync_report import SyncReport

_Stream = tuple[str, str]
_FIRST_PAGE = 1000  # records: soon something to see, on a slow line too
_NEARLY = 0.8
_STRETCH = 4
"""Pages between two looks at what is new at the city."""


class FirstFill:
    """``ahead`` as in ``sync.engine``; ``between`` is done before each page is asked for. Everything raises what the line
    raises; what was written down until then stays."""

    def __init__(
        self,
        store: Store,
        line: RenamedLine,
        ahead: Callable[[str], Executor],
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._line = line
        self._ahead = ahead
        self._between = between
        self._page = BatchSize(_FIRST_PAGE)
        self._streams: Sequence[_Stream] = ()
        self._mark = b""
        self._city_fills = True

    def meet(self, streams: Sequence[_Stream], mark: bytes, report: SyncReport) -> FillProgress | None:
        """Begin the fill of the streams that were never read, before anything else is read of them, and fix where they end
        now. How it stands; None: there is nothing to fill, or an older city brings all in the order of its log."""
        self._streams, self._mark = streams, mark
        fills = self._store.fills
        fills.keep_only(streams)
        new = [stream for stream, place in zip(streams, fills.places(streams), strict=True) if place == FillPlace()]
        if new and self._city_fills:
            began = time.monotonic()
            try:
                asked = self.request()
                answer = self.ask(asked)
            except SyncError as error:
                if error.code != "no_page":
                    raise
                self._city_fills = False
                return None
            if answer.places:
                report.pulled += self.write(asked, answer)
            report.pull_seconds += time.monotonic() - began
        report.fill = fills.progress()
        return report.fill

    def run(
        self,
        report: SyncReport,
        rounds: Callable[[SyncReport], None],
        progress: Callable[[SyncReport], None],
        *,
        sparing: bool,
    ) -> None:
        """All that is left, or with ``sparing`` what is needed to work. ``rounds`` sends what waits here and reads what is
        new; it comes between the pages, and last."""
        while (fill := self._store.fills.progress()) is not None:
            report.fill = fill
            if report.more or (sparing and fill.usable):
                report.more = True
                return
            try:
                began = time.monotonic()
                self._stretch(report, progress)
                report.pull_seconds += time.monotonic() - began
            except SyncError as error:
                if error.code != "no_page":
                    raise
                self._give_up()  # the city's program was put back to an older one
            rounds(report)
        report.fill = None

    def _stretch(self, report: SyncReport, progress: Callable[[SyncReport], None]) -> None:
        """Some pages; while one is written down here the city works on the next. It ends when an officer saved something."""
        with self._ahead("fill") as line:
            asked = self.request()
            coming = line.submit(self.ask, asked)
            for left in reversed(range(_STRETCH)):
                answer = coming.result()
                ends = not left or all(place.tier >= FILL_DONE for place in answer.places)
                following = None if ends or self._store.changes.pending(1) else self.request(answer)
                if following is not None:
                    coming = line.submit(self.ask, following)
                if answer.places:
                    report.pulled += self.write(asked, answer)
                    report.fill = self._store.fills.progress()
                    progress(report)
                if following is None:
                    return
                asked = following

    def _give_up(self) -> None:
        self._city_fills = False
        for stream, place in zip(self._streams, self._store.fills.places(self._streams), strict=True):
            if place.tier < FILL_DONE:
                self._store.fills.start_over(stream)

    def request(self, after: FillAnswer | None = None) -> FillRequest:
        """For the next page: after one that is not written down yet, or from where this PC stands."""
        places = after.places if after else tuple(self._store.fills.places(self._streams))
        places = tuple(FillPlace(tier=FILL_DONE) if place.tier >= FILL_DONE else place for place in places)
        limit = min(self._page.size, largest_batch(gentle=self._store.gentle))
        return FillRequest(known=self._mark, places=places, limit=limit)

    def ask(self, asked: FillRequest) -> FillAnswer:
        """The page, or a smaller one when the city finds it too large. Raises SyncError."""
        self._between()
        began = time.monotonic()
        try:
            answer = _checked(asked, self._line.fill(asked))
        except SyncError as error:
            if error.code != "too_large" or not self._page.refuse(asked.limit):
                raise
            return self.ask(structs.replace(asked, limit=self._page.size))
        got = sum(len(page.records) for page in answer.pages)
        # streams share a page by what is left of each, which leaves a few places of it empty
        self._page.answered(time.monotonic() - began, asked.limit if got > _NEARLY * asked.limit else got)
        return answer

    def write(self, asked: FillRequest, answer: FillAnswer) -> int:
        """Take in a page; the number of records that were news here."""
        fills = self._store.fills
        before = dict(zip(self._streams, asked.places, strict=True))
        after = dict(zip(self._streams, answer.places, strict=True))
        for stream, place in after.items():
            if place.tier == FILL_OVER:
                fills.start_over(stream)
        new = {stream: after[stream].head for stream, place in before.items() if place == FillPlace()}
        if new:
            fills.begin(new)
            before |= {stream: _begun(after[stream]) for stream in new}
        moved = {s: place for s, place in after.items() if place.tier != FILL_OVER and before[s].tier < FILL_DONE}
        taken = fills.apply(answer.pages, answer.along, before, moved)
        self._store.changes.checkpoint_when_long()
        return taken


def _begun(place: FillPlace) -> FillPlace:
    return FillPlace(place.head, below=place.head + 1)


def _checked(asked: FillRequest, answer: FillAnswer) -> FillAnswer:
    """The answer, where it can be one to this request and leads on. Raises SyncError."""
    if not answer.places:
        return answer
    moved = False
    if len(answer.places) != len(asked.places) or any(not 0 <= p.stream < len(asked.places) for p in answer.pages):
        raise repeating()
    for before, after in zip(asked.places, answer.places, strict=True):
        if before.tier == after.tier == FILL_DONE:
            continue
        leads_on = (after.tier, -after.below) > (before.tier, -before.below) if before.head else True
        if (not leads_on and after != before) or before.head not in (0, after.head):
            raise repeating()
        moved = moved or leads_on
    if not moved:
        raise repeating()
    if not all(map(can_be_kept, (answer.along, *(page.records for page in answer.pages)))):
        raise unreadable()
    return answer


__all__ = ["FirstFill"]
