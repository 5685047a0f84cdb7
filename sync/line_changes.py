"""The changes of a round as columns: the larger half of ``sync.line_form``."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Annotated, Any

from msgspec import Meta, Struct

from sync.columns import (
    MOST,
    Ids,
    Numbers,
    Rows,
    few,
    get_ids,
    get_rows,
    many,
    moment,
    put_ids,
    put_moment,
    put_rows,
    steps,
)
from sync.ids import halves_of, id_time_ms
from sync.protocol import MOST_REPLACED, Change, Officer

_FARTHEST = 1 << 62
Replaced = Annotated[tuple[str, ...], Meta(max_length=MOST_REPLACED)]


class ChangeColumns(Struct, array_like=True):
    """``ids``: of all changes, then of their records, then of their saves. ``by``: the place of the officer, first among those
    of the Hello that the request knows, then among ``officers``. ``clocks``: from the time in the change's id, in
    65,536ths of a millisecond; ``at``: seconds from the clock."""

    ids: Ids
    after: Rows
    before: Rows
    officers: list[Officer]
    by: list[int]
    wards: list[str]
    kinds: list[Any]  # str; read as they come, since a newer program may have others
    revisions: list[int]
    states: list[str]
    to_states: list[str | None]
    actions: list[str | None]
    numbers: list[str | None]
    reasons: list[str | None]
    packs: list[str]
    devices: list[str]
    places: list[int]  # device_seq, as steps
    at: Numbers
    clocks: Numbers
    in_place_of: Annotated[list[Replaced], Meta(max_length=MOST)] = []  # all, or none


def put_changes(changes: Sequence[Change], officers: Sequence[Officer]) -> ChangeColumns:
    # one officer does much in a row, and comparing him is cheaper than hashing him
    known = list(officers)
    by: list[int] = []
    last: Officer | None = None
    for change in changes:
        if last is None or (change.officer is not last and change.officer != last):
            last = change.officer
            if last not in known:
                known.append(last)
            place = known.index(last)
        by.append(place)
    types = [c.type for c in changes]
    at, clocks = _put_stamps(changes)
    ids = [*(c.change_id for c in changes), *(c.record_id for c in changes), *(c.save_id for c in changes)]
    return ChangeColumns(
        ids=put_ids(ids),
        after=put_rows(types, [c.after for c in changes]),
        before=put_rows(types, [c.before for c in changes]),
        officers=known[len(officers) :],
        by=few(by),
        wards=few([c.ward for c in changes]),
        kinds=few([str(c.kind) for c in changes]),
        revisions=few([c.base_revision for c in changes]),
        states=few([c.state for c in changes]),
        to_states=few([c.to_state for c in changes]),
        actions=few([c.action for c in changes]),
        numbers=few([c.number for c in changes]),
        reasons=few([c.reason for c in changes]),
        packs=few([c.pack for c in changes]),
        devices=few([c.device for c in changes]),
        places=steps([c.device_seq for c in changes]),
        at=at,
        clocks=clocks,
        in_place_of=[c.in_place_of for c in changes] if any(c.in_place_of for c in changes) else [],
    )


def get_changes(column: ChangeColumns, known: Sequence[Officer]) -> Iterator[Change]:
    officers = [*known, *column.officers]
    if not all(0 <= by < len(officers) for by in column.by):
        raise ValueError("a change of no officer")
    ids = get_ids(column.ids)
    count = len(ids) // 3
    columns = [
        *(ids[:count], ids[count : 2 * count], ids[2 * count :]),
        *(*get_rows(column.after), get_rows(column.before)[1]),
        *(many([officers[by] for by in column.by], count), many(column.wards, count), many(column.kinds, count)),
        *(many(column.revisions, count), many(column.states, count), many(column.to_states, count)),
        *(many(column.actions, count), many(column.numbers, count), many(column.reasons, count)),
        *(many(column.packs, count), many(column.devices, count)),
        *(accumulate(column.places), *_get_stamps(column, ids[:count]), many(column.in_place_of or [()], count)),
    ]
    for (change_id, record_id, save_id, type_id, after, before, officer, ward, kind, revision, state, to_state, action,
         number, reason, pack, device, place, at, stamp, in_place_of) in zip(*columns, strict=True):  # fmt: skip
        yield Change(
            change_id=change_id, save_id=save_id, record_id=record_id, type=type_id, ward=ward, kind=kind, before=before,
            after=after, base_revision=revision, state=state, to_state=to_state, action=action, number=number,
            reason=reason, pack=pack, officer=officer, device=device, device_seq=place,
            at=at, clock=stamp, in_place_of=in_place_of,
        )  # fmt: skip


def _put_stamps(changes: Sequence[Change]) -> tuple[Numbers, Numbers]:
    """``at`` and ``clocks`` of the columns."""
    at: list[Any] = [put_moment(c.at) for c in changes]
    numbers, halves = _numbers_of(changes), halves_of([c.change_id for c in changes])
    if numbers and halves and all(head >> 12 & 15 == 7 for head in halves[0]) and set(map(type, at)) == {int}:
        clocks = [number - (head >> 16 << 16) for number, head in zip(numbers, halves[0], strict=True)]
        if min(clocks) > -_FARTHEST and max(clocks) < _FARTHEST:
            return [seconds - (number >> 16) // 1000 for seconds, number in zip(at, numbers, strict=True)], [*clocks]
    stamps = [_put_stamp(c) for c in changes]
    return [at for at, _ in stamps], [clock for _, clock in stamps]


def _numbers_of(changes: Sequence[Change]) -> tuple[int, ...] | None:
    """The clocks of changes of one device as steps since 1970; None where one of them is not written as the device writes it."""
    devices = {c.device for c in changes}
    device = min(devices, default="")
    if len(devices) != 1 or any(len(c.clock) != 18 + len(device) for c in changes):
        return None
    digits = "".join([c.clock[:12] + c.clock[13:17] for c in changes])
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    is_plain = raw.hex() == digits and all(c.clock[12] == "-" and c.clock[17:] == f"-{device}" for c in changes)
    return struct.unpack(f">{len(changes)}Q", raw) if is_plain else None


def _put_stamp(change: Change) -> tuple[int | str, int | str]:
    """``at`` and ``clock`` of a change as they stand in the columns. A hybrid clock's stamp (``sync.clock``) becomes steps
    (65,536 a millisecond) from the time in the change's id where it is the device's own and written as it writes it."""
    clock: int | str = change.clock
    at, seconds = put_moment(change.at), 0
    time = id_time_ms(change.change_id)
    if time is not None and change.clock[18:] == change.device:
        try:
            number = int(change.clock[:12] + change.clock[13:17], 16) - (time << 16)
        except ValueError:
            return at, clock
        if -_FARTHEST < number < _FARTHEST:
            stamp, its_seconds = _stamp(number, time, change.device)
            if stamp == change.clock:
                clock, seconds = number, its_seconds
    return at if isinstance(at, str) else at - seconds, clock


def _get_stamps(column: ChangeColumns, ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """``at`` and ``clock`` of each change."""
    devices, halves = many(column.devices, len(ids)), halves_of(ids)
    try:
        return _plain_stamps(column.at, column.clocks, halves[0] if halves else (), devices)
    except (TypeError, ValueError, struct.error):  # one of them is not written as a device of ours writes it
        pass
    at, stamps = [], []
    for seconds, clock, change_id, device in zip(column.at, column.clocks, ids, devices, strict=True):
        stamp, since = (clock, 0) if isinstance(clock, str) else _stamp(clock, id_time_ms(change_id), device)
        stamps.append(stamp)
        at.append(seconds if isinstance(seconds, str) else moment(seconds + since))
    return at, stamps


def _plain_stamps(
    at: Sequence[Any], clocks: Sequence[Any], heads: Sequence[int], devices: Sequence[str]
) -> tuple[list[str], list[str]]:
    """``_get_stamps`` where all are numbers and all ids tell a time. Raises TypeError, ValueError or struct.error."""
    if any(head >> 12 & 15 != 7 for head in heads):
        raise ValueError("no UUIDv7")
    numbers = [(head >> 16 << 16) + clock for head, clock in zip(heads, clocks, strict=True)]
    digits = struct.pack(f">{len(numbers)}Q", *numbers).hex()
    places = range(0, len(digits), 16)
    return (
        [moment(seconds + (number >> 16) // 1000) for seconds, number in zip(at, numbers, strict=True)],
        [f"{digits[i : i + 12]}-{digits[i + 12 : i + 16]}-{end}" for i, end in zip(places, devices, strict=True)],
    )


def _stamp(number: int, time: int | None, device: str) -> tuple[str, int]:
    """A hybrid clock's stamp so many steps from ``time``, and its time in seconds, from which ``at`` is counted."""
    if time is None:
        raise ValueError("a clock's stamp without a time")
    number += time << 16
    ms = number >> 16
    return f"{ms:012x}-{number & 0xFFFF:04x}-{device}", ms // 1000
