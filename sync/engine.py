"""One sync, from hello to the final check. It reads as one paragraph; each step is a function below or beside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial

import msgspec
from msgspec import structs

from forms.label import Label
from sync.clock import HANOI, moment_text
from sync.digest_check import DigestCheck
from sync.file_step import FileStep
from sync.first_fill import FirstFill
from sync.handing_over import hand_books_over
from sync.history_step import HistoryStep
from sync.lock import SyncLock
from sync.marks import CITY_HEARD, books_mark
from sync.meeting import Meeting
from sync.old_city import OldCity
from sync.own_records import own_of
from sync.protocol import (
    LARGEST_CHANGE,
    TOO_LARGE_CHANGE,
    Change,
    ChangeResult,
    FieldProblem,
    Hello,
    PullAnswer,
    SyncAnswer,
    SyncError,
    SyncRequest,
    Transport,
)
from sync.renamed_line import RenamedLine
from sync.retry import CHANGES_AT_ONCE, FIRST_PAGE, BatchSize, largest_batch, share_of
from sync.second_look import SecondLook
from sync.sound_answers import checked
from sync.store import Store
from sync.store.errors import BusyStore
from sync.store.filling import FillProgress
from sync.store.indexing import READ_AT_MOST
from sync.sync_report import SyncReport
from sync.versions import Versions

OFFERED_ANEW_AFTER = timedelta(days=7)
"""By then every PC has offered its own again to a city that came back from a backup; what is still missing there is begun
anew by a PC that has a copy."""
SPARING = 100  # changes, and records, of a sparing sync
REMEMBERED_EVERY = timedelta(minutes=10)
LARGE = 64 * 1024
"""Bytes of a change above which a proxy on the way may not take it by itself: where nobody said otherwise nginx takes 1 MB, and a
firewall that reads along 128 KB."""
TOO_LARGE_ON_THE_WAY = Label(
    "Đường truyền của cơ quan không nhận thay đổi lớn như thế này; bớt nội dung, hoặc đính kèm thành tệp.",
    "A proxy on the way takes no change as large as this one; shorten it, or attach a file.",
)
_encode = msgspec.msgpack.Encoder().encode
_Coming = Future[tuple[SyncRequest, SyncAnswer]]


def one_thread(name: str) -> Executor:
    return ThreadPoolExecutor(1, name)


@contextmanager
def _busy_for_now() -> Iterator[None]:
    """Another program holds the store (a backup, a scanner): the sync is taken up again like one whose line broke."""
    try:
        yield
    except BusyStore as error:
        vi = "Kho trên máy đang được chương trình khác dùng; máy sẽ tự đồng bộ lại."
        raise SyncError("busy", vi, english="Another program is using the store; the sync is tried again.") from error


class Engine:
    """Carries one store's changes to the city and the city's records here.

    ``progress`` is told after every batch; raising from it stops the sync between two batches, losing nothing. ``ahead``
    makes what asks for the next round ("sync") while this one is written down, and what makes ready the one after it ("changes").
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
        *,
        progress: Callable[[SyncReport], None] | None = None,
        ahead: Callable[[str], Executor] = one_thread,
    ) -> None:
        self._store = store
        self._line = RenamedLine(transport, store.catalog)
        self._progress = progress or (lambda report: None)
        self._ahead = ahead
        self._batch = BatchSize(largest=CHANGES_AT_ONCE)
        self._page = BatchSize(FIRST_PAGE)
        self._files = FileStep(store, self._line)
        self._meeting = Meeting(store, self._line)
        self._sync = self._line.sync
        self._second_look = SecondLook(store, self._line)
        self._check = DigestCheck(store, self._line)
        self._histories = HistoryStep(store, self._line)
        self._first_fill = FirstFill(store, self._line, ahead, self._histories.run)
        self._hello: Hello | None = None
        self._mark = b""
        self._books = b""
        self._digest = b""
        self._noted: datetime | None = None
        self._sparing = False
        self._met: date | None = None  # the day on which the city last said all of what it says at a first meeting

    def sync_once(self, *, sparing: bool = False) -> SyncReport:
        """One whole sync; ``sparing``: one small round, for a line that costs or that others need by day, which leaves the
        rest (``report.more``) for later. Raises SyncError when the city cannot be reached or refuses; what was done until
        then stays done."""
        self._sparing = sparing
        self._histories.begin()
        began = time.monotonic()
        sent, received = self._line.bytes_sent, self._line.bytes_received
        report = SyncReport()
        with _busy_for_now(), SyncLock(self._store.path), self._indexed(report):
            if self._met != self._today():  # a new day may want new books; a pack may not have come whole
                self._hello, self._mark = None, b""
            since = self._store.clock.now() - OFFERED_ANEW_AFTER
            self._store.changes.offer_missing(since)
            self._rounds(report)
            if not report.more and self._store.changes.tell_held(since):  # over what the city says now
                self._rounds(report)
            if not report.more and self._store.changes.leave_the_hub():  # the city was asked, and has not got them
                self._store.changes.offer_missing(since)
                self._rounds(report)
            self._first_fill.run(report, self._rounds, self._progress, sparing=sparing)
            handed = not report.more and hand_books_over(self._store, self._line, report)
            report.numbered = self._store.numbers.give_awaiting()
            if report.numbered or handed:
                self._rounds(report)
            if not report.more:
                self._check.run(self._hello.streams if self._hello else (), self._digest, report, self._rounds)
                if self._second_look.take():
                    self._rounds(report)  # what waited behind it goes on
            self._histories.run()  # of what has just come, too
            self._note_end(report)
            if not report.more:
                self._store.numbers.suspension.synced()
            if not sparing and not report.more:
                self._files.run(report, lambda: self._progress(report))
        report.seconds = time.monotonic() - began
        report.bytes_sent = self._line.bytes_sent - sent
        report.bytes_received = self._line.bytes_received - received
        return report

    @contextmanager
    def _indexed(self, report: SyncReport) -> Iterator[None]:
        """Behind what came, also where the line broke: the search index of it."""
        try:
            yield
        except SyncError:
            report.answered = False
            self._index(report)
            raise
        self._index(report)

    def _index(self, report: SyncReport) -> None:
        """After the first fill of a large ward the search box finds the oldest only with this, so that it counts as its end."""
        indexing, fill = self._store.indexing, report.fill

        def told() -> None:
            if fill is None:
                much = indexing.waiting() > READ_AT_MOST
                report.fill = FillProgress(usable=True, percent=99) if much else None
            self._store.changes.checkpoint_when_long()
            self._progress(report)

        indexing.run(progress=told)

    def _rounds(self, report: SyncReport) -> None:
        """Round after round, until the outbox is empty and every stream is read to its end.

        While the city works on one round, its answer to the one before is written down here, unless what is in it decides
        what may be sent next; and while that is committed, the round after it is made ready for the line.
        """
        with self._ahead("sync") as line, self._ahead("changes") as side:
            began = time.monotonic()
            asked = self._round()
            coming = line.submit(self._ask, asked)
            later = self._later(asked)
            while True:
                if later:
                    self._line.prepare(later)
                whole, (asked, answer) = asked, coming.result()
                ahead = asked is whole and not self._sparing
                following, beside = self._following(asked, answer, later) if ahead else None, None
                if following is not None:
                    coming = line.submit(self._ask, following)
                    later = self._later(asked, following)
                    beside = partial(self._begin_beside, line, coming, side, later)
                with self._store.changes.beside_commits(beside):
                    done = self._write_down(asked, answer, report)
                began, taken = (now := time.monotonic()), now - began
                if asked.changes:
                    report.push_seconds += taken
                else:
                    report.pull_seconds += taken
                if following is None:
                    following = self._round()
                    if done and not following.changes:
                        self._digest = answer.digest
                        return
                    if self._sparing and answer.hello is None:
                        report.more = True
                        return
                    coming = line.submit(self._ask, following)
                    later = self._later(following)
                asked = following

    def _begin_beside(self, line: Executor, coming: _Coming, side: Executor, later: tuple[Change, ...]) -> None:
        """What is done while SQLite commits."""
        line.submit(self._derive, coming)
        if later:
            side.submit(self._line.prepare, later)

    def _derive(self, coming: _Coming) -> None:
        """Make ready what is written down next."""
        if coming.done() and not coming.exception():
            self._store.changes.derive(page.records for page in coming.result()[1].news)

    def _later(self, *on_their_way: SyncRequest) -> tuple[Change, ...]:
        """The changes after those that are on their way."""
        if self._sparing or not on_their_way[-1].changes:
            return ()
        sent = [change for asked in on_their_way for change in asked.changes]
        size = min(self._batch.size, self._most)
        size = share_of(self._store.changes.waiting(2 * size, len(sent)), size)
        return tuple(self._own(self._store.changes.pending_behind(sent, size)))

    def _round(self) -> SyncRequest:
        """What is to be said and asked now. Until the city has said who it is, nothing is told."""
        if self._hello is None:
            return SyncRequest()
        changes = self._store.changes
        most = self._most
        return SyncRequest(
            known=self._mark + self._books,
            changes=tuple(self._own(changes.pending(min(self._batch.size, most)))),
            cursors=tuple(changes.cursor(*stream) for stream in self._hello.streams),
            limit=min(self._page.size, most),
        )

    @property
    def _most(self) -> int:
        """Changes, and records, of one round."""
        return SPARING if self._sparing else largest_batch(gentle=self._store.gentle)

    def _following(self, asked: SyncRequest, answer: SyncAnswer, later: tuple[Change, ...]) -> SyncRequest | None:
        """The next round, where it can be known before this one's answer is written down: a refusal parks later changes,
        which must not be sent."""
        if answer.hello is not None or answer.leases is not None or len(answer.results) != len(asked.changes):
            return None
        if any(result.status == "refused" for result in answer.results):
            return None
        if not later and not any(page.more for page in answer.news):
            return None
        cursors = list(asked.cursors)
        for page in answer.news:
            cursors[page.stream] = page.cursor
        return structs.replace(asked, changes=later, cursors=tuple(cursors), limit=min(self._page.size, self._most))

    def _ask(self, asked: SyncRequest) -> tuple[SyncRequest, SyncAnswer]:
        """The city's answer to a round, or to a smaller one when it finds this one too large. Raises SyncError."""
        self._histories.run()
        began = time.monotonic()
        try:
            answer = self._sync(asked)
        except SyncError as error:
            if error.code == "no_page" and self._sync == self._line.sync:
                self._sync = OldCity(self._line).sync
                return self._ask(asked)
            if error.code != "too_large" or self._put_aside(asked.changes, LARGEST_CHANGE, TOO_LARGE_CHANGE):
                raise
            if not self._smaller(asked):
                self._put_aside(asked.changes, LARGE, TOO_LARGE_ON_THE_WAY)
                raise
            return self._ask(structs.replace(asked, changes=asked.changes[: self._batch.size], limit=self._page.size))
        seconds = time.monotonic() - began
        if asked.changes:
            self._batch.answered(seconds, len(asked.changes))
        if answer.news:
            self._page.answered(seconds, sum(len(page.records) for page in answer.news))
        return asked, checked(asked, answer)

    def _put_aside(self, changes: Sequence[Change], most: int, why: Label) -> bool:
        """Changes of more than ``most`` bytes, which come through no line, are refused here; whether there were any. What waits
        behind them goes at the next sync."""
        problems = (FieldProblem("", why.vi, None, why.en),)
        results = [
            ChangeResult(change_id=change.change_id, status="refused", problems=problems)
            for change in changes
            if len(_encode(change)) > most
        ]
        self._store.changes.acknowledge(results)
        return bool(results)

    def _smaller(self, asked: SyncRequest) -> bool:
        """Whether less can be said or asked at once than was."""
        fewer_changes = len(asked.changes) > 1 and self._batch.refuse(len(asked.changes))
        return self._page.refuse(asked.limit) or fewer_changes

    def _write_down(self, asked: SyncRequest, answer: SyncAnswer, report: SyncReport) -> bool:
        """Take note of a round; whether it leaves nothing to be asked."""
        report.answered = True
        if answer.hello is not None:
            self._meet(answer.hello, answer.mark, report)
            return False
        self._meeting.note_time(answer.time, report)
        if answer.leases is not None and self._hello is not None:
            self._hello = structs.replace(self._hello, leases=answer.leases)
            self._books = books_mark(answer.leases)
            self._meeting.lease(self._hello)
            self._store.set_meta(CITY_HEARD, answer.time)
        done = self._take_in(asked, answer, self._settle(asked, answer.results, report), report)
        self._progress(report)
        return done

    def _take_in(self, asked: SyncRequest, answer: SyncAnswer, begun: Versions, report: SyncReport) -> bool:
        """The pages of the streams; whether these are read to their ends now. ``begun``: records that are the city's from now
        on."""
        if self._hello is None or not asked.cursors:
            return self._hello is not None and not self._hello.streams
        changes = self._store.changes
        ended = True
        for page in answer.news:
            ward, scope = stream = self._hello.streams[page.stream]
            expected = changes.cursor(ward, scope) == asked.cursors[page.stream]
            if expected and page.own:
                expected = page.own == self._line.mark_of(own_of(changes, stream, (asked, answer), page, begun))
            if not expected:
                ended = False  # it is asked for again from where this PC stands
                continue
            pull = PullAnswer(records=page.records, deliveries=page.deliveries, cursor=page.cursor, more=page.more)
            report.pulled += changes.apply_pull(pull, ward, scope)
            ended = ended and not page.more
        return ended

    def _meet(self, hello: Hello, mark: bytes, report: SyncReport) -> None:
        """Work by what the city says of itself and of this device from now on."""
        self._meeting.note_time(hello.time, report)
        self._meeting.greet(hello)
        self._meeting.compare(hello, report)
        fill = self._first_fill.meet(hello.streams, mark, report)
        # a new PC is to be worked at before it reads definitions for its next opening
        whole = (fill is None or fill.usable) and self._meeting.packs(hello, report, sparing=self._sparing)
        self._meeting.lease(hello)
        self._hello, self._mark, self._books = hello, mark, books_mark(hello.leases)
        self._store.set_meta(CITY_HEARD, hello.time)
        self._met = self._today() if whole else None

    def _today(self) -> date:
        return self._store.clock.now().astimezone(HANOI).date()

    def _own(self, changes: Sequence[Change]) -> Iterator[Change]:
        """The changes as this device's. One made before the PC had to enrol anew names the device it was then, and the
        city takes from a device its own changes only."""
        device = self._hello.device if self._hello else ""
        for change in changes:
            yield change if change.device == device else structs.replace(change, device=device)

    def _settle(self, asked: SyncRequest, results: Sequence[ChangeResult], report: SyncReport) -> Versions:
        """Note what became of the changes; the records that the city has from now on as they were begun here."""
        if not results:
            return Versions.of(())
        begun = {c.record_id: c.after for c in asked.changes if c.kind == "create"}
        settled = self._store.changes.acknowledge(results, begun=begun)
        report.pushed += sum(r.status != "refused" for r in results)
        report.conflicts += sum(r.status == "conflict" for r in results)
        report.refused += sum(r.status == "refused" for r in results)
        return settled

    def _note_end(self, report: SyncReport) -> None:
        """Remember when this was. A sync that found nothing, soon after one that was remembered, is not: an idle PC leaves
        the disk alone."""
        now = self._store.clock.now()
        moved = report.pushed or report.pulled or report.refused or report.repaired
        if moved or self._noted is None or not timedelta() <= now - self._noted < REMEMBERED_EVERY:
            self._store.set_meta("last_sync", moment_text(now))
            self._store.changes.checkpoint()
            self._noted = now


__all__ = ["Engine", "SyncReport", "one_thread"]
