"""The changes of a round as columns: the larger half of ``sync.line_form``."""

from __future__ import annotations

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
from sync.ids import id_time_ms
from sync.protocol import Change, Officer

Replaced = Annotated[tuple[str, ...], Meta(max_length=1000)]
"""More than a save can replace."""


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
    times = [id_time_ms(c.change_id) for c in changes]
    clocks = [_put_clock(c, time) for c, time in zip(changes, times, strict=True)]
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
        at=[_put_at(c.at, _seconds(clock, time)) for c, clock, time in zip(changes, clocks, times, strict=True)],
        clocks=clocks,
        in_place_of=[c.in_place_of for c in changes] if any(c.in_place_of for c in changes) else [],
    )


def get_changes(column: ChangeColumns, known: Sequence[Officer]) -> Iterator[Change]:
    officers = [*known, *column.officers]
    ids = get_ids(column.ids)
    count = len(ids) // 3
    columns = [
        *(ids[:count], ids[count : 2 * count], ids[2 * count :]),
        *(get_rows(column.after), (before for _, before in get_rows(column.before))),
        *(many(column.by, count), many(column.wards, count), many(column.kinds, count)),
        *(many(column.revisions, count), many(column.states, count), many(column.to_states, count)),
        *(many(column.actions, count), many(column.numbers, count), many(column.reasons, count)),
        *(many(column.packs, count), many(column.devices, count)),
        *(accumulate(column.places), column.at, column.clocks, many(column.in_place_of or [()], count)),
    ]
    for (change_id, record_id, save_id, (type_id, after), before, by, ward, kind, revision, state, to_state, action,
         number, reason, pack, device, place, at, clock, in_place_of) in zip(*columns, strict=True):  # fmt: skip
        if not 0 <= by < len(officers):
            raise ValueError("a change of no officer")
        time = None if isinstance(clock, str) else id_time_ms(change_id)
        yield Change(
            change_id=change_id, save_id=save_id, record_id=record_id, type=type_id, ward=ward, kind=kind, before=before,
            after=after, base_revision=revision, state=state, to_state=to_state, action=action, number=number,
            reason=reason, pack=pack, officer=officers[by], device=device, device_seq=place,
            at=at if isinstance(at, str) else moment(at + _seconds(clock, time)), clock=_clock(clock, time, device),
            in_place_of=in_place_of,
        )  # fmt: skip


def _put_clock(change: Change, time: int | None) -> int | str:
    """A hybrid clock's stamp (``sync.clock``) as the steps (65,536 a millisecond) from ``time``, which the change's id has,
    where it is the device's own and written as it writes it."""
    stamp = change.clock
    if time is None or stamp[18:] != change.device:
        return stamp
    try:
        number = int(stamp[:12] + stamp[13:17], 16) - (time << 16)
    except ValueError:
        return stamp
    fits = -(1 << 62) < number < 1 << 62
    return number if fits and _clock(number, time, change.device) == stamp else stamp


def _clock(number: int | str, time: int | None, device: str) -> str:
    if isinstance(number, str):
        return number
    if time is None:
        raise ValueError("a clock's stamp without a time")
    number += time << 16
    return f"{number >> 16:012x}-{number & 0xFFFF:04x}-{device}"


def _put_at(text: str, clock: int) -> int | str:
    at = put_moment(text)
    return at if isinstance(at, str) else at - clock


def _seconds(clock: int | str, time: int | None) -> int:
    """The clock's stamp in seconds, from which ``at`` is counted; 0 where it is no number."""
    return 0 if isinstance(clock, str) or time is None else ((time << 16) + clock >> 16) // 1000
