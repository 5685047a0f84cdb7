"""Taking in what devices push: each change is judged on its own, and a bad one never blocks another."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct, structs

from forms.definition import Catalog
from sync.clock import HANOI, Clock, parse_moment
from sync.gateway.access import Device, Rights
from sync.gateway.judging import Batch, Parked
from sync.gateway.ledger import Written
from sync.gateway.offers import Offer, refused, too_large_change
from sync.gateway.storage import BadValueError, Storage, Stream
from sync.json_values import foreign_value
from sync.protocol import LARGEST_CHANGE, MOST_REPLACED, Change, ChangeResult

CHANGE_ID = re.compile(r"[0-9A-Za-z_.:-]{1,64}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_LONGEST_TEXTS = 1000  # characters of number, state, times and names together
_encode = msgspec.msgpack.Encoder().encode
log = logging.getLogger(__name__)


class Taken(Struct):
    """One result a change, in order, and what was written to each stream, where that is known."""

    results: list[ChangeResult]
    written: dict[Stream, Written] = {}


class Intake:
    """``push`` of the protocol. ``news`` is told which streams have something new after each commit."""

    def __init__(
        self,
        storage: Storage,
        catalog: Catalog,
        clock: Clock,
        news: Callable[[set[Stream]], None],
        packs: Mapping[str, Catalog] | None = None,
    ) -> None:
        """``packs``: by version, what changes may have been made under; all others are judged under ``catalog``."""
        self._storage = storage
        self._packs = packs or {}
        self._catalog = catalog
        self._clock = clock
        self._news = news
        self._types = {t.id: t for t in catalog.record_types}

    def push(self, device: Device, changes: Iterable[tuple[Change, bytes]]) -> list[ChangeResult]:
        """Judge and store; one result a change, in order. What is accepted is durable when this returns."""
        return self.take(device, changes).results

    def take(self, device: Device, changes: Iterable[tuple[Change, bytes]], parked: Parked = frozenset()) -> Taken:
        """As ``push``, with what was written. ``parked``: records of which an earlier change of the same sender was refused:
        what comes after it is not judged either."""
        rights = Rights(device)
        return self._store(device, [self._offer(rights, change, payload) for change, payload in changes], parked)

    def _offer(self, rights: Rights, change: Change, payload: bytes) -> Offer:
        is_large = len(payload) > LARGEST_CHANGE
        if not change.device:
            change = structs.replace(change, device=rights.device.id)
            payload = _encode(change)
        own = self._packs.get(change.pack)
        record_type = own.record_type(change.type) if own and own.knows(change.type) else self._types.get(change.type)
        if record_type is None:
            message = f"Thành phố chưa có loại sổ “{change.type[:80]}”; cần cập nhật bộ biểu mẫu của thành phố."
            english = f"The city does not have the register “{change.type[:80]}” yet; its forms need an update."
            return Offer(change, payload, None, refused(change.change_id, message, english=english))
        if is_large:
            return Offer(change, payload, record_type, too_large_change(change.change_id))
        if wrong := _malformed(change):
            message = "Dữ liệu gửi lên không đúng dạng; báo bộ phận CNTT."
            english = "What was sent is malformed; tell the IT staff."
            return Offer(change, payload, record_type, refused(change.change_id, message, field=wrong, english=english))
        if problem := rights.problem(record_type, change):
            result = ChangeResult(change_id=change.change_id, status="refused", problems=(problem,))
            return Offer(change, payload, record_type, result)
        return Offer(change, payload, record_type)

    def _store(self, device: Device, offers: Sequence[Offer], parked: Parked) -> Taken:
        streams = {(o.change.ward, o.record_type.scope) for o in offers if o.record_type and not o.refusal}
        try:
            with self._storage.write(streams) as session:
                results, written = Batch(session, self._catalog, self._clock, device.id, parked).take(offers)
        except BadValueError as error:
            return Taken(self._bisect(device, offers, parked, error))
        self._news(set(written))
        return Taken(results, written)

    def _bisect(
        self, device: Device, offers: Sequence[Offer], parked: Parked, error: BadValueError
    ) -> list[ChangeResult]:
        """The database refused something in the batch: halve it, record by record, until the one to blame is alone."""
        by_record: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, offer in enumerate(offers):
            by_record[offer.change.ward, offer.change.record_id].append(index)
        groups = list(by_record.values())
        if len(groups) == 1:
            log.warning("refused by the database: %s: %s", offers[0].change.record_id, error)
            message = "Thành phố không ghi được bản ghi này; báo bộ phận CNTT."
            english = "The city cannot store this record; tell the IT staff."
            return [o.refusal or refused(o.change.change_id, message, english=english) for o in offers]
        results: dict[int, ChangeResult] = {}
        for half in (groups[: len(groups) // 2], groups[len(groups) // 2 :]):
            indexes = sorted(i for group in half for i in group)
            results.update(zip(indexes, self._store(device, [offers[i] for i in indexes], parked).results, strict=True))
        return [results[i] for i in range(len(offers))]


def _malformed(change: Change) -> str:
    """Name of the part that no program of ours could have written, or ""; whether fields fit their types is the judge's."""
    if CHANGE_ID.fullmatch(change.change_id) is None:
        return "change_id"
    if change.record_id != change.change_id and CHANGE_ID.fullmatch(change.record_id) is None:
        return "record_id"
    replaced = change.in_place_of
    if replaced and (len(replaced) > MOST_REPLACED or not all(map(CHANGE_ID.fullmatch, replaced))):
        return "in_place_of"
    if wrong := foreign_value(change.after) or (change.before and foreign_value(change.before)):
        return wrong[:80]
    texts = f"{change.number}{change.to_state}{change.at}{change.pack}{change.officer.name}"
    if len(texts) > _LONGEST_TEXTS or "\0" in texts:
        return "number, to_state, at, pack, officer"
    return "" if _is_moment(change.at) else "at"


@lru_cache(maxsize=4096)  # what is pushed in bulk was made within a few seconds
def _is_moment(text: str) -> bool:
    """Whether it is one as every program of ours writes it, and one in Hanoi too: each PC of the ward is to show it."""
    if MOMENT.fullmatch(text) is None:
        return False
    try:
        parse_moment(text).astimezone(HANOI)
    except (ValueError, OverflowError):
        return False
    return True
