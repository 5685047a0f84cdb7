"""What a PC does about what the city says of itself: the clocks, who may work here, a restored city, packs, books."""

from __future__ import annotations

from datetime import datetime, timedelta

from forms.definition import Catalog, RecordType
from forms.label import Label
from forms.pack_format import PackError
from forms.register_numbers import series_names
from sync.clock import HANOI, parse_moment
from sync.hub.choice import note_trust
from sync.merge import NO_RECORD
from sync.protocol import Hello, LeaseRequest, SyncError, Transport
from sync.store import Store
from sync.store.held import ENDED
from sync.sync_report import SyncReport

CLOCK_TOLERANCE = timedelta(minutes=5)
NEXT_PERIOD_EARLY = timedelta(days=30)
OFFERED_AGAIN = timedelta(days=60)
"""What a city took so long ago stands in its backups."""
_NO_SUCH_BOOK = {"bad_request", "not_granted"}
"""A city whose forms are older than this PC's says so of a book it does not know yet: it is asked for at the next meeting, and
everything else goes on."""
SKEW_NOTED = 2.0  # seconds by which the clocks must have moved apart to be noted again


class Meeting:
    def __init__(self, store: Store, line: Transport) -> None:
        self._store = store
        self._line = line

    def note_time(self, time_there: str, report: SyncReport) -> None:
        skew = (self._store.clock.now() - parse_moment(time_there)).total_seconds()
        known = self._store.meta("clock_skew")
        if known is None or abs(skew - known) >= SKEW_NOTED:  # a write for every idle second would keep the disk awake
            self._store.set_meta("clock_skew", skew)
            if known is not None and abs(known) > CLOCK_TOLERANCE.total_seconds() >= abs(skew):
                self._store.set_meta("clock_skew_confirmed", None)  # put right: next time somebody looks anew
        if abs(skew) > CLOCK_TOLERANCE.total_seconds():
            minutes = f"{abs(skew) / 60:.0f}"
            problem = Label(
                f"Đồng hồ máy này lệch {minutes} phút so với thành phố.",
                f"This PC's clock is {minutes} minutes off the city's.",
            )
            if problem not in report.problems:
                report.problems.append(problem)

    def greet(self, hello: Hello) -> None:
        greet(self._store, hello)

    def packs(self, hello: Hello, report: SyncReport, *, sparing: bool) -> bool:
        """Fetch a newer pack for the next opening; False: it is to be tried again. Work goes on with the present one,
        whatever becomes of it."""
        if hello.offer is None:
            return True
        if sparing:
            return False
        from sync.packs import PackStep

        try:
            taken = PackStep(self._store, self._line).take(hello.offer)
        except (PackError, SyncError) as error:
            report.problems.append(error.label)
            return False
        report.pack = taken.version if taken else report.pack
        return True

    def compare(self, hello: Hello, report: SyncReport) -> None:
        """A city that knows later changes of this device than it made itself, or that heard two stores speak as one, tells of
        a store that came back from a backup."""
        report.problems += compare(self._store, hello)

    def lease(self, hello: Hello) -> None:
        """Bring the books this device numbers, the next period's early; one the city has elsewhere is let go."""
        for lease in hello.leases:
            self._store.numbers.put_lease(lease)
        held = {(x.ward, x.register, x.period) for x in hello.leases}
        given_up = {(x.ward, x.register, x.period) for x in self._store.numbers.hand_overs.all()}
        elsewhere = {*hello.lent, *given_up}
        now = self._store.clock.now().astimezone(HANOI)
        wanted = asked_for(self._store, hello, now)
        for ward, register, period in () if hello.suspended else wanted:
            if (ward, register, period) in held or (ward, register, period) in elsewhere:
                continue
            try:
                lease = self._line.lease(LeaseRequest(ward=ward, register=register, period=period))
                self._store.numbers.put_lease(lease)
                held.add((ward, register, period))
            except SyncError as error:
                if error.code in _NO_SUCH_BOOK:
                    continue
                if error.code != "lease_held":
                    raise
                # it may have been this PC's until the city moved it: from now on the other one numbers
                self._store.numbers.let_go(ward, register, period)
        for lease in self._store.numbers.leases():
            if (lease.ward, lease.register, lease.period) not in held:
                self._store.numbers.let_go(lease.ward, lease.register, lease.period)


def greet(store: Store, hello: Hello) -> None:
    """Take note of who may work here, and of a city restored from a backup."""
    enrolment = store.enrolment
    if enrolment is None:
        raise SyncError(
            "not_enrolled",
            "Máy này chưa được đăng ký với thành phố.",
            english="This PC is not enrolled with the city.",
            retry=False,
        )
    if enrolment.epoch and enrolment.epoch != hello.epoch:
        # the city came back from a backup: offer again what it may have lost, and read it all anew
        store.changes.note_epochs(enrolment.epoch, hello.ended)
        store.changes.offer_again(parse_moment(hello.time) - OFFERED_AGAIN)
        retry_after_restore(store)
        store.numbers.hand_overs.tell_again()
        store.file_queue.city_restored()
        store.histories.city_restored()
        for ward, scope in hello.streams:
            store.changes.reset_cursor(ward, scope)
    elif hello.ended and hello.ended != store.meta(ENDED, {}):
        store.changes.note_epochs("", hello.ended)
    store.changes.offer_refused_again()
    note_trust(store, hello.hubs)
    store.update_enrolment(officers=hello.officers, epoch=hello.epoch, wards=hello.ward_names, serves=hello.serves)


def retry_after_restore(store: Store) -> None:
    """What a restored city refused for want of its record is judged anew, behind what is offered again, and so is that something was
    given up: what was may stand there once more. No other refusal: what a lock or a state kept out is not to come in by way of a
    city that has yet to hear of them."""
    for row in store.changes.outbox():
        wants_record = any(problem.message == NO_RECORD.vi for problem in row.problems)
        if row.status == "refused" and (wants_record or row.change.only_takes_back):
            store.changes.retry(row.change.record_id)


def compare(store: Store, hello: Hello) -> list[Label]:
    """What is to be said where the city knows later changes of this device than it made itself, or heard two stores speak as
    one; it numbers no more then."""
    enrolment = store.enrolment
    if enrolment is None or enrolment.device != hello.device:
        return []
    if not store.numbers.suspension.notice(hello.device_seq, by_city=hello.suspended):
        return []
    return [
        Label(
            "Dữ liệu máy này được khôi phục từ bản sao cũ, hoặc hai máy dùng chung một đăng ký: tạm ngừng cấp số cho "
            "đến khi đồng bộ xong và đăng ký lại máy bằng mã mới.",
            "This PC's registers came back from an old backup, or two PCs share one enrolment: no numbers are given until "
            "it has synced and was enrolled again with a new code.",
        )
    ]


def asked_for(store: Store, hello: Hello, now: datetime) -> list[tuple[str, str, str]]:
    """The books that officers of this device may number, and those of the year that is over for what was signed then and waits."""
    wanted = wanted_leases(store.catalog, hello, now)
    numbered_here = {(ward, register) for ward, register, _ in wanted}
    return wanted + sorted(book for book in store.numbers.late_books() if book[:2] in numbered_here)


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
