"""Telling the city of the books this PC gives back, once everything numbered in them is there."""

from __future__ import annotations

from sync.protocol import LeaseRequest, SyncError, Transport
from sync.store import Store
from sync.store.model import HandOver
from sync.sync_report import SyncReport


def hand_books_over(store: Store, line: Transport, report: SyncReport) -> bool:
    """Whether one was taken: its note is still to be sent. Raises SyncError where the line fails."""
    moved = False
    for each in store.numbers.hand_overs.to_tell():
        if store.numbers.hand_overs.asked(each):
            moved |= _tell(store, line, each, report)
    return moved


def _tell(store: Store, line: Transport, each: HandOver, report: SyncReport) -> bool:
    hand_overs = store.numbers.hand_overs
    enrolment = store.enrolment
    try:
        lease = line.lease(request_of(each))
    except SyncError as error:
        if error.code == "lease_held":  # another PC has it, by whatever way
            hand_overs.done(each, each.to)
            return True
        if error.retry:
            raise
        hand_overs.refused(each)
        report.problems.append(error.label)
        return False
    if enrolment is not None and lease.device == enrolment.device:
        # a city that is older than this way of giving back, or the book has come round to this PC again
        hand_overs.came_round(each)
        store.numbers.put_lease(lease)
        return False
    hand_overs.done(each, lease.device)
    return True


def request_of(each: HandOver) -> LeaseRequest:
    return LeaseRequest(
        ward=each.ward,
        register=each.register,
        period=each.period,
        handover=each.id,
        to=each.to,
        last=each.last,
        officer=each.officer.name,
        reason=each.reason,
    )
