"""One transaction's worth of changes: load what they touch in a few queries, judge in order in memory, write in bulk."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import msgspec
from msgspec import structs

from forms.definition import Catalog, RecordType
from sync.clock import Clock, moment_text
from sync.gateway.books import MOST_SAME, Books, Noted, doubts
from sync.gateway.given_up import GivenUp, over_what_came, too_late
from sync.gateway.ledger import Entry, Ledger, Written, none_between
from sync.gateway.offers import Offer, refused
from sync.gateway.record_sizes import RecordSizes, outgrown
from sync.gateway.restores import ended_epochs
from sync.gateway.sequences import DeviceChanges
from sync.gateway.services import CITY, ServiceHand
from sync.gateway.storage import Session, Stream
from sync.held_copy import is_held, is_only_heard, is_untrue, says_nothing
from sync.locked_fields import SAME_NUMBER
from sync.merge import Judgement, judge
from sync.protocol import Change, ChangeResult, RecordVersion
from sync.said_twice import Since

_decode_change = msgspec.msgpack.Decoder(Change).decode
_decode_result = msgspec.msgpack.Decoder(ChangeResult).decode
_NOTHING = Noted()
log = logging.getLogger(__name__)
Parked = frozenset[tuple[str, str]]
"""(ward, record id) of records of which a change was refused."""


class Batch:
    """Changes of one device. The caller holds the streams they touch."""

    def __init__(
        self, session: Session, catalog: Catalog, clock: Clock, device: str, parked: Parked = frozenset()
    ) -> None:
        self._session = session
        self._catalog = catalog
        self._device = device
        self._now = now = clock.now()
        self._ledger = Ledger(session, catalog, now)
        self._given_up = GivenUp(session, moment_text(now))
        self._books = Books(session)
        self._sequence = DeviceChanges(session, device)
        self._sizes = RecordSizes()
        self._known: dict[tuple[str, str], tuple[Change, ChangeResult]] = {}  # by ward and change id
        self._city = ServiceHand(catalog, clock, CITY)
        self._parked = set(parked)
        self._again: dict[str, list[str]] = defaultdict(list)  # by ward: refused at an earlier push, judged anew

    def take(self, offers: Sequence[Offer]) -> tuple[list[ChangeResult], dict[Stream, Written]]:
        """Results in order, and the streams that have news, with these."""
        fit = [o for o in offers if o.refusal is None]
        self._load_known(o for o in offers if o.refusal is None or o.is_named)
        self._ledger.load((o.change.ward, o.change.record_id) for o in fit)
        self._load_given_up([o.change for o in fit])
        self._books.load((o.change, o.record_type) for o in fit if o.record_type and o.change.number)
        results = [self._result(offer) for offer in offers]
        for offer, result in zip(offers, results, strict=True):
            if offer.change.number and result.status == "refused" and offer.refusal is None:
                self._heard(offer)
        for ward, ids in self._again.items():
            self._session.run("DELETE FROM changes WHERE ward = ? AND change_id = ANY(?)", ward, ids)
        self._books.write()
        self._given_up.write()
        self._sequence.write()
        return results, self._ledger.write()

    def _load_known(self, offers: Iterable[Offer]) -> None:
        by_ward: dict[str, list[str]] = defaultdict(list)
        for offer in offers:
            by_ward[offer.change.ward].append(offer.change.change_id)
            if offer.refusal is None:
                by_ward[offer.change.ward] += offer.change.in_place_of
        sql = "SELECT change_id, payload, detail, status, revision FROM changes WHERE ward = ? AND change_id = ANY(?)"
        for ward, ids in by_ward.items():
            if none_between(self._session, "changes", "change_id", ward, ids):
                continue
            for change_id, payload, detail, status, revision in self._session.all(sql, ward, ids):
                plain = ChangeResult(change_id=change_id, status=status, revision=revision)
                result = _decode_result(detail) if detail else plain
                self._known[ward, change_id] = (_decode_change(payload), result)

    def _load_given_up(self, changes: Iterable[Change]) -> None:
        """Of the batch itself too: what a later one replaces is not to be taken first."""
        here = self._ledger.current
        self._given_up.load(c for c in changes if here(c.ward, c.record_id) or (c.ward, c.change_id) in self._known)
        for change in changes:
            if change.in_place_of:
                self._given_up.note(change)

    def _result(self, offer: Offer) -> ChangeResult:
        change = offer.change
        key = (change.ward, change.record_id)
        known = self._known.get((change.ward, change.change_id))
        if known is not None and known[1].status != "refused" and _is_same(known[0], change):
            # also where it would not be allowed any more: what was taken stays taken, and only its answer was lost
            return structs.replace(known[1], duplicate=True)
        if offer.refusal is not None or offer.record_type is None:
            self._park(key, change)
            return offer.refusal or refused(change.change_id, "")
        if known is not None and not _is_same(known[0], change):
            return refused(
                change.change_id,
                "Mã thay đổi này đã dùng cho một nội dung khác; báo bộ phận CNTT.",
                english="This change id was used for something else; tell the IT staff.",
            )
        if change in self._given_up:
            return self._too_late(offer, offer.record_type, is_known=known is not None)
        if key in self._parked and not is_held(change):  # that is made over nobody's work
            return refused(
                change.change_id,
                "Chờ thay đổi trước đó của cùng bản ghi được xử lý.",
                english="Waits for an earlier change of the same record.",
            )
        if known is not None:
            self._again[change.ward].append(change.change_id)
        else:
            self._sequence.note(change)
        result = self._judged(offer, offer.record_type)
        self._known[change.ward, change.change_id] = (change, result)
        if result.status == "refused":
            self._park(key, change)
        return result

    def _park(self, key: tuple[str, str], change: Change) -> None:
        if not is_held(change):  # nor is any over that
            self._parked.add(key)

    @cached_property
    def _ended(self) -> dict[str, int]:
        return ended_epochs(self._session, self._now)

    def _heard(self, offer: Offer) -> None:
        """The number of an act that was not taken is on paper all the same."""
        current = self._ledger.current(offer.change.ward, offer.change.record_id)
        fields = {**(current.fields if current else {}), **offer.change.after}
        if offer.record_type is not None:
            self._books.heard(offer.change, offer.record_type, fields, self._device)

    def _too_late(self, offer: Offer, record_type: RecordType, *, is_known: bool) -> ChangeResult:
        """Kept as history, in the way of nothing."""
        result = too_late(offer.change)
        if not is_known:
            self._sequence.note(offer.change)
            self._ledger.note(Entry(offer.change, offer.payload, result, record_type.scope, self._device))
        return result

    def _taken_before(self, change: Change) -> dict[str, int]:
        replaced = ((i, self._known.get((change.ward, i))) for i in change.in_place_of)
        return {
            i: known[1].revision
            for i, known in replaced
            if known and known[1].status != "refused" and known[0].record_id == change.record_id
        }

    def _came(self, change: Change) -> list[Change]:
        """What the change stands in place of, and was taken and written after all."""
        replaced = (self._known.get((change.ward, i)) for i in change.in_place_of)
        return [k[0] for k in replaced if k and _was_written(k[1]) and k[0].record_id == change.record_id]

    def _judged(self, offer: Offer, record_type: RecordType) -> ChangeResult:
        change = offer.change
        current = self._ledger.current(change.ward, change.record_id)
        record_type = self._judged_by(record_type, current)
        if is_held(change) and is_untrue(change, self._ended):
            return ChangeResult(change_id=change.change_id, status="accepted", already=True)
        meant = over_what_came(current, change, self._came(change)) if change.in_place_of else change
        judgement = _judgement(record_type, current, meant, lambda: self._ledger.since(meant))
        if (after := judgement.version) and self._sizes.outgrown(change, offer.payload, current, after):
            judgement = Judgement(outgrown(change))
        result = judgement.result
        noted = _NOTHING
        if judgement.version is not None:
            # the result was made for us by the judge, as the version was
            deliver = not is_only_heard(change, current, judgement.version)
            revision = self._ledger.put(judgement.version, deliver=deliver, anew=change.base_revision > 0)
            structs.force_setattr(result, "revision", revision)
            if change.number and change.number == judgement.version.number:
                noted = self._books.note(change, record_type, judgement.version.fields)
            elif change.number:
                self._heard(offer)
        if noted is not _NOTHING and (flags := doubts(record_type, change, noted)):
            result = structs.replace(result, problems=(*result.problems, *flags))
        if change.in_place_of and (taken := self._taken_before(change)):
            result = structs.replace(result, taken_before=taken)
        if not says_nothing(change, result):
            self._ledger.note(Entry(change, offer.payload, result, record_type.scope, self._device))
        if noted.others:
            self._mark_same(record_type, change, noted.others)
        return result

    def _judged_by(self, record_type: RecordType, current: RecordVersion | None) -> RecordType:
        """The type of the change's own pack, unless the record is in a state that pack does not know."""
        if current is None or current.type != record_type.id or any(s.id == current.state for s in record_type.states):
            return record_type
        return self._catalog.record_type(current.type)

    def _mark_same(self, record_type: RecordType, change: Change, others: Sequence[str]) -> None:
        """Those that had the number before are marked as long as they are few: a list with one number in every line would be
        written once for each two of its lines."""
        told = (change.record_id, *others[:MOST_SAME])
        self._mark_all(record_type, change.ward, told, of=told if len(others) < MOST_SAME else told[:1])

    def _mark_all(self, record_type: RecordType, ward: str, ids: Sequence[str], of: Sequence[str]) -> None:
        """Write on each record ``of`` these which others carry its number, so that every PC of the ward sees it."""
        self._ledger.load((ward, i) for i in of if self._ledger.current(ward, i) is None)
        for record_id in of:
            current = self._ledger.current(ward, record_id)
            if current is None or current.scope != record_type.scope:
                continue  # its stream is not held
            known = current.fields.get(SAME_NUMBER) or []
            same = sorted({*known, *ids} - {record_id})
            self._city.mark(self._ledger, current, {SAME_NUMBER: same})


def _was_written(result: ChangeResult) -> bool:
    return result.status != "refused" and not result.already


def _is_same(known: Change, change: Change) -> bool:
    """The same act; a PC that had to enrol anew sends what it made before under its new device, and an older program on the
    way leaves out what it does not know."""
    if known.device == change.device and known.in_place_of == change.in_place_of:
        return known == change
    return known == structs.replace(change, device=known.device, in_place_of=known.in_place_of)


def _judgement(record_type: RecordType, current: RecordVersion | None, change: Change, since: Since) -> Judgement:
    if current is not None and _is_own_work(record_type, current, change):
        message = "Người đã ký hoặc lập bản ghi không được tự duyệt; cần một người khác."
        english = "Whoever signed or made the record may not approve it; somebody else must."
        return Judgement(refused(change.change_id, message, english=english))
    try:
        return judge(record_type, current, change, since)
    except Exception:  # whatever a hostile change provokes must not block the others of its batch
        log.exception("cannot judge change %s of %s", change.change_id, change.type)
        return Judgement(
            refused(
                change.change_id,
                "Thành phố không hiểu được thay đổi này; báo bộ phận CNTT.",
                english="The city cannot make sense of this change; tell the IT staff.",
            )
        )


def _is_own_work(record_type: RecordType, current: RecordVersion, change: Change) -> bool:
    """Whether the action must not be taken by the officer who stands in its ``not_by`` field: maker is not approver."""
    if change.kind != "action":
        return False
    name = next((a.not_by for a in record_type.actions if a.id == change.action), None)
    who = current.fields.get(name) if name else None
    if isinstance(who, Mapping):
        who = who.get("officer")
    return who is not None and who == change.officer.id
