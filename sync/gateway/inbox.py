"""What services have for the wards, fetched by the couriers and taken in like any file of records."""

from __future__ import annotations

import logging
from collections.abc import Callable

from forms.label import Label
from sync.clock import Clock, moment_text
from sync.gateway.adapters import Adapter, Arrival, ArrivalReport
from sync.gateway.file_contents import keep_content
from sync.gateway.inbound import Inbound
from sync.gateway.parcel import UnreachableError
from sync.gateway.service_lines import is_inbox_due, state_of, take_inbox_turn
from sync.gateway.storage import Storage
from sync.gateway.wards import is_ward_code

log = logging.getLogger(__name__)
ScopeOf = Callable[[str], str | None]
"""Record type → its stream's scope; None: the catalogue does not have it."""


class Inbox:
    """``seconds``: between two looks at one service's inbox, by whichever process."""

    def __init__(
        self, storage: Storage, inbound: Inbound, clock: Clock, scope_of: ScopeOf, seconds: float = 15.0
    ) -> None:
        self._storage = storage
        self._inbound = inbound
        self._clock = clock
        self._scope_of = scope_of
        self.seconds = seconds

    def fetch(self, service: str, adapter: Adapter) -> int:
        """Take in what is there, if it is this caller's turn; how many were answered. Raises UnreachableError."""
        now = self._clock.now().timestamp()
        with self._storage.read() as session:
            if not is_inbox_due(session, service, now) or state_of(session, service).is_shut(now):
                return 0
        with self._storage.write() as session:
            if not take_inbox_turn(session, service, now, self.seconds):
                return 0
        count = 0
        for arrival in adapter.arrivals():
            count += self._answered(service, arrival)
        return count

    def _answered(self, service: str, arrival: Arrival) -> bool:
        """False: of this one nothing was said, so that it comes again; the others are not held up."""
        try:
            arrival.answer(self.take(service, arrival))
        except UnreachableError as error:
            if error.down:
                raise
            log.warning("inbox of %s: %s: %s", service, arrival.name, error)
            return False
        except Exception:  # whatever a strange arrival provokes
            log.exception("inbox of %s: %s", service, arrival.name)
            return False
        return True

    def take(self, service: str, arrival: Arrival) -> ArrivalReport:
        """Write the records; the same arrival again changes nothing."""
        scope = self._scope_of(arrival.type)
        numbers = [line.number for line in arrival.lines]
        if not is_ward_code(arrival.ward):
            return _all_refused(numbers, "ward", f"Không có phường {arrival.ward[:20]!r} / no such ward.")
        if scope is None:
            return _all_refused(numbers, "type", f"Không có sổ {arrival.type[:60]!r} / no such register.")
        if not self._inbound.may_send(service, arrival.type):
            return _all_refused(
                numbers, "type", f"{service} không gửi sổ {arrival.type[:60]} / does not send this register."
            )
        at = moment_text(self._clock.now())
        for content in arrival.files.values():
            keep_content(self._storage, arrival.ward, scope, content, at)
        report = self._inbound.take(arrival.type, arrival.ward, arrival.lines, service)
        for line, field, label in report.refused:
            log.warning("%s sent %s: line %s: %s: %s", service, arrival.name, line, field, label.vi)
        return ArrivalReport(tuple(report.ids), tuple((n, f, _both(label)) for n, f, label in report.refused))


def _both(label: Label) -> str:
    return label.vi if label.vi == label.en else f"{label.vi} / {label.en}"


def _all_refused(numbers: list[int], field: str, message: str) -> ArrivalReport:
    return ArrivalReport((), tuple((number, field, message) for number in numbers or [0]))
