"""The queue of deliveries, kept in the database: claim, answer, put off. One place in it a record and service."""

from __future__ import annotations

import logging
import random
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.renames import catalog_in_first_names, to_first, to_present
from sync.clock import Clock, moment_text
from sync.gateway.ledger import RECORD_SQL, Ledger, stream_head, version_of
from sync.gateway.relevance import Relevance
from sync.gateway.services import ServiceHand
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.protocol import FieldProblem, Fields, RecordVersion

CLAIM_SECONDS = 300.0  # after these a claimed delivery is anybody's again: whoever had it died
LONGEST_WAIT = 900.0
_encode = msgspec.msgpack.Encoder().encode
log = logging.getLogger(__name__)


class Parcel(Struct, frozen=True, kw_only=True):
    """One record on its way to one service. ``revision`` is the accepted one that asked for the delivery; what is
    sent is the record as it is now."""

    service: str
    revision: int
    attempts: int
    record: RecordVersion
    fields: Fields = {}  # those of the record that a service gets
    references: dict[str, Fields] = {}

    @property
    def key(self) -> str:
        """The same for every attempt, so that the service can tell a repetition."""
        return f"{self.record.id}:{self.revision}:{self.service}"

    @property
    def stream(self) -> Stream:
        return self.record.ward, self.record.scope


class ServiceAnswer(Struct, frozen=True, kw_only=True):
    """What a service says to a delivery."""

    status: Literal["accepted", "refused"]
    number: str | None = None
    fields: Fields = {}
    message: str = ""
    problems: tuple[FieldProblem, ...] = ()


class Parcels:
    """The queue. ``first_wait``: seconds before the second attempt; each further wait doubles."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock, first_wait: float = 2.0) -> None:
        self._storage = storage
        self._clock = clock
        self.first_wait = first_wait
        self.use(catalog)

    def use(self, catalog: Catalog) -> None:
        """Go on with other definitions. Services get and give fields under their first names, whatever packs call them."""
        self._present = catalog
        self._catalog = catalog_in_first_names(catalog)
        self._relevance = Relevance(catalog, self._clock)

    def claim(self, service: str, limit: int) -> list[Parcel]:
        """Take up to ``limit`` due deliveries; nobody else gets them for ``CLAIM_SECONDS``."""
        now = self._clock.now()
        with self._storage.write() as session:
            rows = session.all(
                "SELECT ward, record_id, revision, attempts FROM deliveries WHERE service = ? "
                "AND status IN ('waiting', 'sent') AND due_at <= ? ORDER BY due_at, record_id LIMIT ? "
                + self._storage.skip_locked,
                service,
                now.timestamp(),
                limit,
            )
            for ward, record_id, _, _ in rows:
                session.run(
                    "UPDATE deliveries SET status = 'sent', due_at = ? "
                    "WHERE ward = ? AND record_id = ? AND service = ?",
                    now.timestamp() + CLAIM_SECONDS,
                    ward,
                    record_id,
                    service,
                )
        return [parcel for row in rows if (parcel := self._packed(service, row))]

    def next_due(self, service: str) -> float | None:
        """Seconds until the next delivery is due; None: nothing waits."""
        with self._storage.read() as session:
            row = session.one(
                "SELECT min(due_at) FROM deliveries WHERE service = ? AND status IN ('waiting', 'sent')", service
            )
        return None if row is None or row[0] is None else float(row[0]) - self._clock.now().timestamp()

    def _packed(self, service: str, row: Row) -> Parcel | None:
        """The parcel, or None when its record cannot be understood; it then comes due again, and holds up no other."""
        try:
            return self._parcel(service, row)
        except Exception:  # a type the catalogue lost, a rule that fails: the operator sees it in the log
            log.exception("cannot pack %s for %s", row[1], service)
            return None

    def _parcel(self, service: str, row: Row) -> Parcel | None:
        ward, record_id, revision, attempts = row
        with self._storage.read() as session:
            found = session.one(f"{RECORD_SQL} WHERE ward = ? AND id = ?", ward, record_id)
            if found is None:
                return None
            record = version_of(found)
            versions = _references(session, self._catalog.record_type(record.type), record)
        references = {version.id: version.fields for version in versions}
        fields = self._sendable(record, versions)
        return Parcel(
            service=service, revision=revision, attempts=attempts, record=record, fields=fields, references=references
        )

    def _sendable(self, record: RecordVersion, references: list[RecordVersion]) -> Fields:
        """What the rules, which speak of the pack's names, let through."""

        def present(version: RecordVersion) -> Fields:
            if not self._present.knows(version.type):
                return version.fields
            return to_present(self._present.record_type(version.type), self._present).values(version.fields)

        seen = {version.id: present(version) for version in references}
        fields = self._relevance.sendable(msgspec.structs.replace(record, fields=present(record)), seen)
        return to_first(self._present.record_type(record.type), self._present).values(fields)

    def answer(self, parcel: Parcel, answer: ServiceAnswer) -> set[Stream]:
        """Write the answer: the delivery's state, and what the service owns into the record. The streams with news."""
        now = self._clock.now()
        with self._storage.write([parcel.stream]) as session:
            if answer.status == "accepted":
                self._amend(session, parcel, answer, now)
            state = (answer.status, answer.number, answer.message, answer.problems)
            self._settle(session, parcel, state, parcel.attempts + 1, 0.0)
        return {parcel.stream}

    def _amend(self, session: Session, parcel: Parcel, answer: ServiceAnswer, now: datetime) -> None:
        ledger = Ledger(session, self._catalog, now)
        ledger.load([(parcel.record.ward, parcel.record.id)])
        current = ledger.current(parcel.record.ward, parcel.record.id)
        if current is None:
            return
        record_type = self._catalog.record_type(current.type)
        hand = ServiceHand(self._catalog, self._clock, parcel.service)
        fields = hand.owned(record_type, answer.fields)
        number = None
        register = record_type.register
        if answer.number and register and register.kind == "service" and register.service == parcel.service:
            number = answer.number
            fields[register.field] = number
        if hand.amend(ledger, current, fields, number):
            ledger.write()

    def put_off(self, parcel: Parcel, message: str, *, tried: bool = True) -> set[Stream]:
        """Try again later: doubling waits with jitter, so that a service that comes back is not run over."""
        attempts = parcel.attempts + tried
        wait = min(LONGEST_WAIT, self.first_wait * 2.0 ** min(attempts - 1, 20)) * random.uniform(0.75, 1.25)  # noqa: S311
        with self._storage.write([parcel.stream]) as session:
            self._settle(session, parcel, ("waiting", None, message, ()), attempts, wait)
        return {parcel.stream}

    def _settle(
        self, session: Session, parcel: Parcel, state: tuple[str, str | None, str, tuple[FieldProblem, ...]],
        attempts: int, wait: float,
    ) -> None:  # fmt: skip
        """Set the delivery's state and give it a place in the stream. A newer revision that waits keeps waiting."""
        ward, scope = parcel.stream
        now = self._clock.now()
        status, number, message, problems = state
        position = stream_head(session, ward, scope) + 1
        session.upsert("streams", [(ward, scope, position)])
        session.run(
            "UPDATE deliveries SET number = coalesce(?, number), position = ? "
            "WHERE ward = ? AND record_id = ? AND service = ?",
            number,
            position,
            ward,
            parcel.record.id,
            parcel.service,
        )
        session.run(
            "UPDATE deliveries SET status = ?, message = ?, problems = ?, at = ?, attempts = ?, due_at = ? "
            "WHERE ward = ? AND record_id = ? AND service = ? AND revision = ?",
            status,
            message[:1000].replace("\0", ""),
            _encode(problems) if problems else None,
            moment_text(now),
            attempts,
            now.timestamp() + wait,
            ward,
            parcel.record.id,
            parcel.service,
            parcel.revision,
        )


def _references(session: Session, record_type: RecordType, record: RecordVersion) -> list[RecordVersion]:
    """The records this one points to, so that the service need not ask back. A dangling one is left out."""
    ids: list[str] = []
    for field in record_type.fields:
        value = record.fields.get(field.name)
        if field.type in ("person", "household", "organisation", "ref") and isinstance(value, str):
            ids.append(value)
        elif field.type == "refs" and isinstance(value, list):
            ids += [item for item in value if isinstance(item, str)]
    if not ids:
        return []
    rows = session.all(f"{RECORD_SQL} WHERE ward = ? AND id = ANY(?)", record.ward, ids)
    return [version_of(row) for row in rows]
