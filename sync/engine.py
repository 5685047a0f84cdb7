"""One sync, from hello to the final check. It reads as one paragraph; each step is a function below or beside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from msgspec import Struct, structs

from forms.definition import Catalog, RecordType
from forms.pack_format import PackError
from forms.register_numbers import series_names
from sync.clock import HANOI, moment_text, parse_moment
from sync.lock import SyncLock
from sync.protocol import (
    Change,
    ChangeResult,
    Hello,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushRequest,
    SyncError,
    Transport,
)
from sync.renamed_line import RenamedLine
from sync.retry import BatchSize
from sync.store import Store

CLOCK_TOLERANCE = timedelta(minutes=5)
NEXT_PERIOD_EARLY = timedelta(days=30)


class SyncReport(Struct, kw_only=True):
    """What one sync did. ``refused`` and ``conflicts`` count changes of this sync; ``repaired`` records pulled again
    because the digests differed; ``problems`` are sentences about what went wrong beside the way."""

    pushed: int = 0
    pulled: int = 0
    conflicts: int = 0
    refused: int = 0
    repaired: int = 0
    numbered: int = 0
    seconds: float = 0.0
    push_seconds: float = 0.0
    pull_seconds: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0
    problems: list[str] = []
    pack: str = ""  # version of a pack that was taken: it is worked with from the next opening on


class Engine:
    """Carries one store's changes to the city and the city's records here.

    ``progress`` is told after every batch; raising from it stops the sync between two batches, losing nothing.
    """

    def __init__(
        self, store: Store, transport: Transport, *, progress: Callable[[SyncReport], None] | None = None
    ) -> None:
        self._store = store
        self._line = RenamedLine(transport, store.catalog)
        self._progress = progress or (lambda report: None)
        self._batch = BatchSize()
        self._page = BatchSize(1000)
        self._device = ""

    def sync_once(self) -> SyncReport:
        """One whole sync. Raises SyncError when the city cannot be reached or refuses; what was done until then stays
        done."""
        began = time.monotonic()
        report = SyncReport()
        with SyncLock(self._store.path):
            hello = self._line.hello()
            self._device = hello.device
            self._greet(hello, report)
            self._packs(hello, report)
            self._lease(hello, report)
            pushing = time.monotonic()
            self._push(report)
            pulling = time.monotonic()
            self._pull(hello, report)
            report.push_seconds, report.pull_seconds = pulling - pushing, time.monotonic() - pulling
            self._number(report)
            self._check(hello, report)
            self._store.set_meta("last_sync", moment_text(self._store.clock.now()))
            self._store.changes.checkpoint()
        report.seconds = time.monotonic() - began
        report.bytes_sent = self._line.bytes_sent
        report.bytes_received = self._line.bytes_received
        return report

    def _greet(self, hello: Hello, report: SyncReport) -> None:
        """Take note of who may work here, of the city's clock, and of a city restored from a backup."""
        enrolment = self._store.enrolment
        if enrolment is None:
            raise SyncError("not_enrolled", "Máy này chưa được đăng ký với thành phố.", retry=False)
        skew = self._store.clock.now() - parse_moment(hello.time)
        self._store.set_meta("clock_skew", skew.total_seconds())
        if abs(skew) > CLOCK_TOLERANCE:
            report.problems.append(f"Đồng hồ máy này lệch {abs(skew.total_seconds()) / 60:.0f} phút so với thành phố.")
        if enrolment.epoch and enrolment.epoch != hello.epoch:
            # the city came back from a backup: offer again what it may have lost, and read it all anew
            self._store.changes.offer_again(self._store.clock.now() - timedelta(days=60))
            for ward, scope in hello.streams:
                self._store.changes.reset_cursor(ward, scope)
        self._store.update_enrolment(officers=hello.officers, epoch=hello.epoch, wards=hello.ward_names)

    def _packs(self, hello: Hello, report: SyncReport) -> None:
        """Fetch a newer pack for the next opening. Work goes on with the present one, whatever becomes of it."""
        if hello.offer is None:
            return
        from sync.packs import PackStep

        try:
            taken = PackStep(self._store, self._line).take(hello.offer)
        except (PackError, SyncError) as error:
            report.problems.append(str(error))
            return
        report.pack = taken.version if taken else ""

    def _lease(self, hello: Hello, report: SyncReport) -> None:
        """Bring the books this device numbers, the next period's early."""
        for lease in hello.leases:
            self._store.numbers.put_lease(lease)
        held = {(x.ward, x.register, x.period) for x in hello.leases}
        now = self._store.clock.now().astimezone(HANOI)
        for ward, register, period in wanted_leases(self._store.catalog, hello, now):
            if (ward, register, period) in held:
                continue
            try:
                self._store.numbers.put_lease(
                    self._line.lease(LeaseRequest(ward=ward, register=register, period=period))
                )
            except SyncError as error:
                if error.code != "lease_held":
                    raise
                # it may have been this PC's until the city moved it: from now on the other one numbers
                self._store.numbers.let_go(ward, register, period)
                self._store.set_meta(f"lease_held:{register}:{period}", str(error))

    def _push(self, report: SyncReport) -> None:
        """Send the outbox in order. A change leaves it only with the city's answer.

        While the city works on one batch, the answer to the one before is written down here; after a refusal it is
        written down first, since it parks later changes that must not be sent.
        """
        outbox = self._store.changes
        with ThreadPoolExecutor(1, "push") as line:
            batch = outbox.pending(self._batch.size)
            answer = line.submit(self._offer, batch)
            while batch:
                following = outbox.pending(self._batch.size, skip=len(batch))
                results = answer.result()
                if len(results) == len(batch) and all(r.status != "refused" for r in results):
                    answer = line.submit(self._offer, following)
                    self._settle(results, report)
                    batch = following or outbox.pending(self._batch.size)
                    if following:
                        continue
                else:
                    self._settle(results, report)
                    batch = outbox.pending(self._batch.size)
                answer = line.submit(self._offer, batch)

    def _offer(self, changes: Sequence[Change]) -> tuple[ChangeResult, ...]:
        """The city's results for a batch. One that it finds too large is offered in halves. Raises SyncError."""
        if not changes:
            return ()
        began = time.monotonic()
        try:
            answer = self._line.push(PushRequest(tuple(self._own(changes))))
        except SyncError as error:
            if error.code != "too_large" or not self._batch.refuse() or len(changes) == 1:
                raise
            return self._offer(changes[: (len(changes) + 1) // 2])
        self._batch.answered(time.monotonic() - began)
        sent = {c.change_id for c in changes}
        results = tuple(r for r in answer.results if r.change_id in sent)
        if not results:
            raise SyncError("damaged", "Thành phố không trả lời cho thay đổi nào; sẽ tự thử lại.")
        return results

    def _own(self, changes: Sequence[Change]) -> Iterator[Change]:
        """The changes as this device's. One made before the PC had to enrol anew names the device it was then, and the
        city takes from a device its own changes only."""
        for change in changes:
            yield change if change.device == self._device else structs.replace(change, device=self._device)

    def _settle(self, results: Sequence[ChangeResult], report: SyncReport) -> None:
        self._store.changes.acknowledge(results)
        report.pushed += sum(r.status != "refused" for r in results)
        report.conflicts += sum(r.status == "conflict" for r in results)
        report.refused += sum(r.status == "refused" for r in results)
        self._progress(report)

    def _pull(self, hello: Hello, report: SyncReport) -> None:
        for ward, scope in hello.streams:
            report.pulled += self._pull_stream(ward, scope, report)

    def _pull_stream(self, ward: str, scope: str, report: SyncReport) -> int:
        """Read a stream to its end; the next answer is on its way while this one is written down."""
        pulled = 0
        with ThreadPoolExecutor(1, "pull") as line:
            cursor = self._store.changes.cursor(ward, scope)
            coming = line.submit(self._ask, ward, scope, cursor)
            while True:
                answer = coming.result()
                if answer.more and answer.cursor <= cursor:
                    raise SyncError("damaged", "Thành phố trả lời lặp lại; sẽ tự thử lại.")
                cursor = answer.cursor
                if answer.more:
                    coming = line.submit(self._ask, ward, scope, cursor)
                pulled += self._store.changes.apply_pull(answer, ward, scope)
                self._progress(report)
                if not answer.more:
                    return pulled

    def _ask(self, ward: str, scope: str, cursor: int) -> PullAnswer:
        """The next page of a stream; one too large to be read is asked for in a smaller one. Raises SyncError."""
        began = time.monotonic()
        try:
            answer = self._line.pull(PullRequest(ward=ward, scope=scope, cursor=cursor, limit=self._page.size))
        except SyncError as error:
            if error.code != "too_large" or not self._page.refuse():
                raise
            return self._ask(ward, scope, cursor)
        self._page.answered(time.monotonic() - began)
        return answer

    def _number(self, report: SyncReport) -> None:
        """Give numbers to the records that waited for this PC's book, and send them."""
        report.numbered = self._store.numbers.give_awaiting()
        if report.numbered:
            self._push(report)

    def _check(self, hello: Hello, report: SyncReport) -> None:
        """Compare digests at the same cursor; a stream that differs is read again from the start."""
        for ward, scope in hello.streams:
            cursor = self._store.changes.cursor(ward, scope)
            answer = self._line.pull(PullRequest(ward=ward, scope=scope, cursor=cursor, limit=1))
            if answer.records or answer.deliveries or self._digest_matches(ward, scope, answer.digest):
                continue  # news arrived meanwhile: the next sync compares
            self._store.changes.reset_cursor(ward, scope)
            report.repaired += self._pull_stream(ward, scope, report)
            report.problems.append(f"Sổ {ward}/{scope} lệch với thành phố; đã tải lại.")

    def _digest_matches(self, ward: str, scope: str, city: dict[str, str]) -> bool:
        mine = self._store.changes.digest(ward, scope)
        return {k: v for k, v in mine.items() if int(v, 16)} == {k: v for k, v in city.items() if int(v, 16)}


def wanted_leases(catalog: Catalog, hello: Hello, now: datetime) -> list[tuple[str, str, str]]:
    """The books (ward, register, period) that officers of this device may number, and the next year's in December."""
    roles = {role for officer in hello.officers for role in officer.roles}
    wards_of_scope: dict[str, list[str]] = {}
    for ward, scope in hello.streams:
        wards_of_scope.setdefault(scope, []).append(ward)
    wanted = []
    for record_type in catalog.record_types:
        if not _numbers_here(record_type, roles):
            continue
        for ward in wards_of_scope.get(record_type.scope, ()):
            wanted += [
                (ward, series, period)
                for period in _periods(record_type, now)
                for series in series_names(record_type, catalog)
            ]
    return wanted


def _numbers_here(record_type: RecordType, roles: set[str]) -> bool:
    register = record_type.register
    if register is None or register.kind != "leased":
        return False
    return any(a.takes_number and (not a.roles or roles & set(a.roles)) for a in record_type.actions)


def _periods(record_type: RecordType, now: datetime) -> list[str]:
    period = record_type.register.period if record_type.register else "none"
    if period == "none":
        return [""]
    if period == "day":
        return [now.date().isoformat()]
    soon = now + NEXT_PERIOD_EARLY
    return [str(now.year)] + ([str(soon.year)] if soon.year != now.year else [])
