"""The queue of deliveries, kept in the database: claim, answer, put off. One place in it a record and service.

A claim is a hold with a name and an end, apart from the delivery's state: a newer revision that comes while an older one is
on its way waits until that one is answered, so that a service gets a record's revisions in their order.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct, structs

from forms.definition import Catalog, RecordType
from sync.clock import Clock, moment_text
from sync.gateway import awaited
from sync.gateway.ledger import Ledger, stream_head
from sync.gateway.packing import CLAIMED, Packing
from sync.gateway.parcel import Parcel, ServiceAnswer
from sync.gateway.service_lines import (
    LONGEST_HOLD,
    LONGEST_WAIT,
    backoff,
    give_probe_back,
    open_again,
    shut,
    state_of,
    take_probe,
    tell,
    tell_no_more,
)
from sync.gateway.services import ServiceHand
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.protocol import FieldProblem, RecordVersion

HOLD_SECONDS = 60.0  # after these a claimed delivery is anybody's again: whoever had it died
ENOUGH = 12  # failures of which a parcel may be the cause; then it waits for an operator
STOPPED = "stopped"
"""The state of a delivery that is not tried any more; on the line it is told as waiting, which every PC knows."""
_LOOK_AT = 100  # due rows, whose wards are asked
_QUEUED = "status IN ('waiting', 'sent')"
_DUE = f"(due_at <= ? OR due_at > ? + {2 * LONGEST_WAIT})"
_FREE = f"(held_until <= ? OR held_until > ? + {2 * LONGEST_HOLD})"
"""Of now, twice. What lies further ahead than anybody waits or holds was written by a clock that was wrong then."""
_encode = msgspec.msgpack.Encoder().encode
log = logging.getLogger(__name__)


class _State(Struct, frozen=True):
    """What of a delivery is told on the line."""

    status: str
    number: str | None
    message: str
    problems: tuple[FieldProblem, ...] = ()


class Parcels:
    """The queue. ``first_wait``: seconds before the second attempt; each further wait doubles. ``hold``: seconds a claim
    lasts unless it is prolonged."""

    def __init__(
        self, storage: Storage, catalog: Catalog, clock: Clock, first_wait: float = 2.0, hold: float = HOLD_SECONDS
    ) -> None:
        self._storage = storage
        self._clock = clock
        self.first_wait = first_wait
        self.hold = hold
        self.use(catalog)

    def use(self, catalog: Catalog) -> None:
        """Go on with other definitions."""
        self.packing = Packing(catalog, self._clock)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def claim(self, service: str, limit: int) -> list[Parcel]:
        """Take up to ``limit`` due deliveries; nobody else gets them while the hold lasts. Of a service that is down one,
        by one caller."""
        now, holder = self._now(), secrets.token_hex(8)
        with self._storage.read() as session:
            line = state_of(session, service)
            if line.is_shut(now):
                return []
            wards = self._due_wards(session, service, now)
        if not wards:
            return []
        rows: list[Row] = []
        with self._storage.write() as session:
            if line.failures:
                if not take_probe(session, service, now, self.hold):
                    return []
                limit = 1
            for ward in wards:
                rows += self._claimed(session, (ward, service), now, limit - len(rows), holder)
                if len(rows) >= limit:
                    break
        parcels = [parcel for row in rows if (parcel := self._packed(service, row, holder))]
        parcels = [parcel for parcel in parcels if not self._waits_for_files(parcel)]
        if line.failures and not parcels:
            self._give_probe_back(service)
        return parcels

    def _due_wards(self, session: Session, service: str, now: float) -> list[str]:
        """Wards of the deliveries that have been due longest. A claim names its ward, so that the table can be
        distributed by it."""
        sql = f"SELECT ward FROM deliveries WHERE service = ? AND {_QUEUED} AND {_DUE} AND {_FREE} "
        rows = session.all(sql + "ORDER BY due_at LIMIT ?", service, now, now, now, now, _LOOK_AT)
        return list(dict.fromkeys(ward for (ward,) in rows))

    def _claimed(self, session: Session, key: tuple[str, str], now: float, limit: int, holder: str) -> list[Row]:
        rows = session.all(
            f"SELECT {CLAIMED} FROM deliveries WHERE ward = ? AND service = ? AND {_QUEUED} AND {_DUE} "
            f"AND {_FREE} ORDER BY due_at, record_id LIMIT ? {self._storage.skip_locked}",
            *(*key, now, now, now, now, limit),
        )
        if rows:
            session.run(
                "UPDATE deliveries SET held_until = ?, holder = ? WHERE ward = ? AND service = ? AND record_id = ANY(?)",
                *(now + self.hold, holder, *key, [row[1] for row in rows]),
            )
        return rows

    def prolong(self, parcel: Parcel) -> bool:
        """Hold it for the full time from now; False: somebody else has it meanwhile."""
        with self._storage.write() as session:
            return session.run(
                "UPDATE deliveries SET held_until = ? WHERE ward = ? AND record_id = ? AND service = ? AND holder = ?",
                *(self._now() + self.hold, parcel.record.ward, parcel.record.id, parcel.service, parcel.holder),
            ) > 0  # fmt: skip

    def release(self, parcels: Sequence[Parcel], *, all_of_them: bool = False) -> None:
        """Give back what was claimed and not tried. ``all_of_them``: so that whether the service is back was not tried
        either."""
        for parcel in parcels:
            with self._storage.write() as session:
                _let_go(session, parcel)
        if all_of_them and parcels:
            self._give_probe_back(parcels[0].service)

    def _give_probe_back(self, service: str) -> None:
        with self._storage.write() as session:
            give_probe_back(session, service, self._now())

    def next_due(self, service: str) -> float | None:
        """Seconds until the next delivery may be tried; None: nothing waits."""
        now = self._now()
        with self._storage.read() as session:
            line = state_of(session, service)
            sql = f"SELECT due_at FROM deliveries WHERE service = ? AND {_QUEUED} AND {_FREE} "
            row = session.one(sql + "ORDER BY due_at LIMIT 1", service, now, now)
        if row is None:
            return None
        return max(float(row[0]), line.probe_at if line.failures else 0.0) - now

    def _packed(self, service: str, row: Row, holder: str) -> Parcel | None:
        """The parcel, or None when its record cannot be understood; it is put off and holds up no other."""
        try:
            with self._storage.read() as session:
                return self.packing.parcel(session, service, row, holder)
        except Exception:  # a type the catalogue lost, a rule that fails: the operator sees it in the log
            log.exception("cannot pack %s for %s", row[1], service)
            self._count_fault(service, row)
            return None

    def _count_fault(self, service: str, row: Row) -> None:
        ward, record_id, revision, attempts, faults = row[:5]
        faults = (faults if attempts else 0) + 1
        status = STOPPED if faults >= ENOUGH else "waiting"
        with self._storage.write() as session:
            session.run(
                "UPDATE deliveries SET attempts = attempts + 1, faults = ?, status = ?, due_at = ?, held_until = 0 "
                "WHERE ward = ? AND record_id = ? AND service = ? AND revision = ?",
                *(faults, status, self._now() + backoff(self.first_wait, faults), ward, record_id, service, revision),
            )

    def _waits_for_files(self, parcel: Parcel) -> bool:
        """Whether files that the service is to get are not at the city yet; the delivery then says so, once, and is looked
        at again when they come."""
        record_type = self.packing.catalog.record_type(parcel.record.type)
        ward, record_id = parcel.record.ward, parcel.record.id
        with self._storage.read() as session:
            if not awaited.missing_files(session, record_type, ward, parcel.fields):
                return False
        with self._storage.write([parcel.stream]) as session:
            missing = awaited.missing_files(session, record_type, ward, parcel.fields)
            if not missing:
                return False
            awaited.hold(session, ward, record_id, parcel.service, [file.sha256 for file in missing])
            state = _State("waiting", None, awaited.sentence(missing))
            self._settle(session, parcel, state, parcel.attempts, LONGEST_WAIT)
        return True

    # what became of a parcel

    def answer(self, parcel: Parcel, answer: ServiceAnswer) -> set[Stream]:
        """Write the answer: the delivery's state, and what the service owns into the record. The streams with news."""
        now = self._clock.now()
        with self._storage.write([parcel.stream]) as session:
            news = False
            if answer.status == "accepted":
                news, answer = self._amend(session, parcel, answer, now)
            state = _State(answer.status, answer.number, answer.message, answer.problems)
            news = self._settle(session, parcel, state, parcel.attempts + 1, 0.0) or news
            open_again(session, parcel.service)
        return {parcel.stream} if news else set()

    def taken(self, parcel: Parcel, message: str) -> set[Stream]:
        """The service has it and answers later: it is asked again, at longer and longer intervals."""
        attempts = parcel.attempts + 1 if parcel.is_taken else 1
        with self._storage.write([parcel.stream]) as session:
            wait = backoff(self.first_wait, attempts)
            news = self._settle(session, parcel, _State("sent", None, message), attempts, wait, taken=True)
            open_again(session, parcel.service)
        return {parcel.stream} if news else set()

    def put_off(self, parcel: Parcel, message: str, *, fault: bool = False, answered: bool = False) -> set[Stream]:
        """Try again later: doubling waits with jitter, so that a service that comes back is not run over. ``fault``: the
        parcel itself may be the cause; after ENOUGH of them it waits for an operator. ``answered``: the line is up."""
        attempts, faults = parcel.attempts + 1, parcel.faults + fault
        status = "sent" if parcel.is_taken else "waiting"
        if fault and faults >= ENOUGH and not parcel.is_taken:
            status, message = STOPPED, f"Đã thử {faults} lần không được; bộ phận CNTT của thành phố xem. {message}"
        with self._storage.write([parcel.stream]) as session:
            wait = backoff(self.first_wait, attempts)
            news = self._settle(session, parcel, _State(status, None, message), attempts, wait, faults=faults)
            if answered:
                open_again(session, parcel.service)
        return {parcel.stream} if news else set()

    def service_down(self, parcel: Parcel, message: str, wait: float = 0.0) -> None:
        """Nothing goes to the parcel's service until one try gets through; ``wait``: seconds the service asked for."""
        now = self._now()
        with self._storage.write() as session:
            line = state_of(session, parcel.service)
            wait = min(LONGEST_WAIT, max(wait, backoff(self.first_wait, line.failures + 1)))
            shut(session, parcel.service, now, wait, was_probe=line.failures > 0, why=message)

    def unusable(self, service: str, why: str) -> None:
        """There is no way to the service, since its keys cannot be read: told where an operator looks, until they can or
        something gets through. Said at every try, it is written when something else stands there."""
        tell(self._storage, service, why)

    def usable(self, service: str) -> None:
        """There is a way to the service; whether it answers is seen when something is due."""
        tell_no_more(self._storage, service)

    def _amend(
        self, session: Session, parcel: Parcel, answer: ServiceAnswer, now: datetime
    ) -> tuple[bool, ServiceAnswer]:
        """Whether the record says something new, and the answer as it is to be told."""
        catalog = self.packing.catalog
        ledger = Ledger(session, catalog, now)
        ledger.load([(parcel.record.ward, parcel.record.id)])
        current = ledger.current(parcel.record.ward, parcel.record.id)
        if current is None:
            return False, answer
        record_type = catalog.record_type(current.type)
        if _numbers(record_type, parcel.service) and answer.number not in (None, current.number):
            answer = _with_other_number(parcel, current, answer)
        hand = ServiceHand(catalog, self._clock, parcel.service)
        fields = hand.owned(record_type, answer.fields)
        number = None
        if answer.number and record_type.register and _numbers(record_type, parcel.service):
            number = answer.number
            fields[record_type.register.field] = number
        if not hand.amend(ledger, current, fields, number):
            return False, answer
        ledger.write()
        return True, answer

    def _settle(
        self, session: Session, parcel: Parcel, state: _State, attempts: int, wait: float,
        *, faults: int = 0, taken: bool | None = None,
    ) -> bool:  # fmt: skip
        """Set the delivery's state, and let it go. What is told on the line gets a place in the stream, when it is new:
        a service that is down for hours is no news. A newer revision that waits keeps waiting."""
        key = (parcel.record.ward, parcel.record.id, parcel.service)
        which = "WHERE ward = ? AND record_id = ? AND service = ?"
        row = session.one(f"SELECT revision, status, number, message, problems, holder FROM deliveries {which}", *key)
        _let_go(session, parcel)
        if row is None:
            return False
        if row[5] != parcel.holder and state.status not in ("accepted", "refused"):
            return False  # so slow that somebody else has it, or has its answer: to have failed is no news any more
        is_answered = row[0] == parcel.revision and row[1] == "accepted"
        if is_answered and row[5] != parcel.holder and state.status == "refused":
            return False  # a service that took it from another courier may refuse what comes a second time
        message = state.message[:1000].replace("\0", "")
        problems = _encode(state.problems) if state.problems else None
        number = state.number or row[2]
        news = bool(number != row[2])
        if row[0] == parcel.revision:
            now = self._clock.now()
            news = news or (told_status(state.status), message, problems) != (told_status(row[1]), row[3], row[4])
            keeps_taken = parcel.is_taken if taken is None else taken
            session.run(
                "UPDATE deliveries SET status = ?, message = ?, problems = ?, at = ?, attempts = ?, due_at = ?, "
                f"faults = ?, taken = ? {which}",
                *(state.status, message, problems, moment_text(now), attempts, now.timestamp() + wait),
                *(faults, parcel.revision if keeps_taken else 0, *key),
            )
        if news:
            ward, scope = parcel.stream
            position = stream_head(session, ward, scope) + 1
            session.upsert("streams", [(ward, scope, position)])
            session.run(f"UPDATE deliveries SET number = ?, position = ? {which}", number, position, *key)
        return news


def _numbers(record_type: RecordType, service: str) -> bool:
    """Whether the register's numbers are the service's to give."""
    register = record_type.register
    return register is not None and register.kind == "service" and register.service == service


def _with_other_number(parcel: Parcel, current: RecordVersion, answer: ServiceAnswer) -> ServiceAnswer:
    """An answer with another number than the record has. One that the record got after the parcel was packed came with a first
    answer to the same act, from another courier: it stands on papers, and the second says nothing over it. One that the service
    saw and changed is its to change: history keeps the former. Either is told."""
    if current.number is None:
        return answer
    if current.number == parcel.record.number:
        told = f"Dịch vụ đổi số {current.number} thành {answer.number}."
        return structs.replace(answer, message=" ".join(filter(None, (answer.message, told))))
    log.warning("delivery %s: numbered twice, %s stays, %s is left", parcel.key, current.number, answer.number)
    told = f"Dịch vụ trả lời hai lần với hai số: giữ số {current.number} cấp trước; báo dịch vụ hủy số {answer.number}."
    fields = {k: v for k, v in answer.fields.items() if current.fields.get(k) is None}
    return structs.replace(answer, number=current.number, fields=fields, message=told)


def told_status(status: str) -> str:
    """A delivery's state as PCs know it."""
    return "waiting" if status == STOPPED else status


def _let_go(session: Session, parcel: Parcel) -> None:
    session.run(
        "UPDATE deliveries SET held_until = 0 WHERE ward = ? AND record_id = ? AND service = ? AND holder = ?",
        *(parcel.record.ward, parcel.record.id, parcel.service, parcel.holder),
    )


__all__ = ["ENOUGH", "HOLD_SECONDS", "STOPPED", "Parcel", "Parcels", "ServiceAnswer", "told_status"]
