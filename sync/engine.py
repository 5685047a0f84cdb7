"""One sync, from hello to the final check. It reads as one paragraph; each step is a function below or beside."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from forms.definition import Catalog, RecordType
from sync.clock import HANOI, moment_text, parse_moment
from sync.lock import SyncLock
from sync.protocol import ChangeResult, Hello, LeaseRequest, PullRequest, PushRequest, SyncError, Transport
from sync.retry import BatchSize
from sync.store import Store

PULL_LIMIT = 1000
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


class Engine:
    """Carries one store's changes to the city and the city's records here.

    ``progress`` is told after every batch; raising from it stops the sync between two batches, losing nothing.
    """

    def __init__(
        self, store: Store, transport: Transport, *, progress: Callable[[SyncReport], None] | None = None
    ) -> None:
        self._store = store
        self._line = transport
        self._progress = progress or (lambda report: None)
        self._batch = BatchSize()

    def sync_once(self) -> SyncReport:
        """One whole sync. Raises SyncError when the city cannot be reached or refuses; what was done until then stays
        done."""
        began = time.monotonic()
        report = SyncReport()
        with SyncLock(self._store.path):
            hello = self._line.hello()
            self._greet(hello, report)
            self._lease(hello, report)
            pushing = time.monotonic()
            self._push(report)
            pulling = time.monotonic()
            self._pull(hello, report)
            report.push_seconds, report.pull_seconds = pulling - pushing, time.monotonic() - pulling
            self._number(report)
            self._check(hello, report)
            self._store.set_meta("last_sync", moment_text(self._store.clock.now()))
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
                self._store.set_meta(f"lease_held:{register}:{period}", str(error))

    def _push(self, report: SyncReport) -> None:
        """Send the outbox in order. A change leaves it only with the city's answer."""
        while changes := self._store.changes.pending(self._batch.size):
            began = time.monotonic()
            try:
                answer = self._line.push(PushRequest(changes))
            except SyncError as error:
                if error.code == "too_large" and self._batch.refuse():
                    continue
                raise
            self._batch.answered(time.monotonic() - began)
            results = _matching(answer.results, {c.change_id for c in changes})
            if not results:
                raise SyncError("damaged", "Thành phố không trả lời cho thay đổi nào; sẽ tự thử lại.")
            self._store.changes.acknowledge(results)
            report.pushed += sum(r.status != "refused" for r in results)
            report.conflicts += sum(r.status == "conflict" for r in results)
            report.refused += sum(r.status == "refused" for r in results)
            self._progress(report)

    def _pull(self, hello: Hello, report: SyncReport) -> None:
        for ward, scope in hello.streams:
            report.pulled += self._pull_stream(ward, scope, report)

    def _pull_stream(self, ward: str, scope: str, report: SyncReport) -> int:
        pulled = 0
        while True:
            cursor = self._store.changes.cursor(ward, scope)
            answer = self._line.pull(PullRequest(ward=ward, scope=scope, cursor=cursor, limit=PULL_LIMIT))
            pulled += self._store.changes.apply_pull(answer, ward, scope)
            self._progress(report)
            if not answer.more:
                return pulled
            if answer.cursor <= cursor:
                raise SyncError("damaged", "Thành phố trả lời lặp lại; sẽ tự thử lại.")

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
            wanted += [(ward, register_id(record_type), period) for period in _periods(record_type, now)]
    return wanted


def register_id(record_type: RecordType) -> str:
    """How leases name a book: ``tool.record/register``."""
    return f"{record_type.id}/{record_type.register.id}" if record_type.register else record_type.id


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


def _matching(results: tuple[ChangeResult, ...], sent: set[str]) -> tuple[ChangeResult, ...]:
    return tuple(r for r in results if r.change_id in sent)
