"""What is kept of others' part of a record's history: asked for while somebody looks at it, and once a revision.

Whoever looks holds a ``Look``; what the city was asked is remembered by this process alone, so that looking at nothing writes
nothing.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from sync.clock import parse_moment
from sync.protocol import Change, ChangeResult, HistoryAnswer
from sync.retry import wait_after
from sync.store import deliveries
from sync.store.access import GENTLE_COMMIT
from sync.store.context import StoreContext, devices_of
from sync.store.rowcodec import encode_change
from sync.store.rows import Touch

HistoryStanding = Literal["whole", "cut", "part", "failed", "only_here"]
"""All of it is here; the latest of very many are; the city has more; the same, and it could not be had just now; the city has
been asked and gives none."""

# of how many of the record's revisions there is a change here
_REVISIONS = (
    "SELECT count(DISTINCT revision) FROM changes WHERE record_id = ?1 AND settled = 1 AND revision BETWEEN 1 AND ?2 "
    "AND (status = 'conflict' OR (status = 'accepted' AND result IS NULL))"
)
# of others it is but a copy of the city's word, and the newer word stands; what waits here, or at the hub, is not touched
_KEEP = (
    "INSERT INTO changes (change_id, record_id, status, settled, at, clock, revision, payload, result) "
    "VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (change_id) DO UPDATE SET "
    "status = excluded.status, revision = excluded.revision, payload = excluded.payload, result = excluded.result "
    "WHERE ?9 AND settled = 1 AND record_id = excluded.record_id "
    "AND (status, revision, result) IS NOT (excluded.status, excluded.revision, excluded.result)"
)
NONE_FOR = timedelta(minutes=10)
"""A city that has none is not asked again for so long, at the same revision."""
_Row = tuple[Any, ...]


class Look:
    """Somebody looks at the history of a record, for as long as this is held. Compared by identity."""

    def __init__(self, record_id: str) -> None:
        self.record_id = record_id


class _Asked(Struct):
    """What became of the last question. ``revision``: of the record here when it was asked, and ``begun_at``: its beginning,
    since one that a restored city lost and that is begun anew counts from one again; ``at_hub``: changes that were left as the
    hub told them, and are to be asked for when they have ended; ``failures``: in a row, since ``at``."""

    revision: int = -1
    begun_at: str = ""
    standing: HistoryStanding = "part"
    at_hub: frozenset[str] = frozenset()
    failures: int = 0
    at: datetime | None = None


class _Stands(Struct, frozen=True):
    """``revision``: of the record here, 0 where the city has not got it as far as is known; ``is_asked``: the city was, at
    that revision."""

    standing: HistoryStanding
    revision: int
    is_asked: bool


class Histories:
    """Safe to use from several threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._looks: weakref.WeakSet[Look] = weakref.WeakSet()
        self._asked: dict[str, _Asked] = {}

    def look(self, record_id: str) -> Look:
        """The next syncs bring what the city has of its history, until the look is dropped."""
        look = Look(record_id)
        with self._lock:
            self._looks.add(look)
        return look

    def standing(self, record_id: str) -> HistoryStanding:
        with self._context.readers.connection() as db:
            return self._standing(db, record_id).standing

    def due(self) -> list[tuple[str, int]]:
        """(id, revision) of the records that are looked at and whose history the city is to be asked for now. Also where every
        revision is here: what this PC said may have written nothing since another had said it, and a city that was restored
        begins to count anew."""
        with self._lock:
            looked_at = sorted({look.record_id for look in self._looks})
        if not looked_at:
            return []
        with self._context.readers.connection() as db:
            found = [(record_id, self._standing(db, record_id)) for record_id in looked_at]
        unasked = [(record_id, s.revision) for record_id, s in found if s.revision and not s.is_asked]
        return [(record_id, revision) for record_id, revision in unasked if self._rested(record_id)]

    def keep(self, record_id: str, revision: int, answer: HistoryAnswer) -> None:
        """What the city answered, asked when the record had that revision here."""
        with self._context.readers.connection() as db:
            at_hub = _at_hub(db, record_id) & {change.change_id for change in answer.changes}
            _, begun_at = _held(db, record_id)
        touch = keep_history(self._context, answer, of=record_id)
        if max((r.revision for r in answer.results if r.status != "refused"), default=0) < revision:
            self.none_there(record_id, revision)  # a restored city has not got the record back as it is here
            return
        self._note(record_id, _Asked(revision, begun_at, "cut" if answer.cut else "whole", at_hub), touch)

    def none_there(self, record_id: str, revision: int) -> None:
        """The city has no history of the record as it is here: the rights were withdrawn, it is an older city, or one that was
        restored has not got the record and may have it again."""
        with self._context.readers.connection() as db:
            _, begun_at = _held(db, record_id)
        self._note(record_id, _Asked(revision, begun_at, "only_here", at=self._context.clock.now()))

    def not_had(self, record_id: str) -> None:
        """The line broke, or what came was no answer; it is asked for again, each time after a longer wait."""
        with self._lock:
            before = self._asked.get(record_id) or _Asked()
        asked = (before.revision, before.begun_at, before.standing)
        self._note(record_id, _Asked(*asked, failures=before.failures + 1, at=self._context.clock.now()))

    def city_restored(self) -> None:
        """It came back from a backup: what it had told may be another story now, at the same revisions."""
        with self._lock:
            self._asked.clear()

    def _note(self, record_id: str, asked: _Asked, touch: Touch | None = None) -> None:
        """Told also where nothing came: whoever looks says so."""
        with self._lock:
            self._asked[record_id] = asked
        touch = touch or Touch()
        touch.records.add(record_id)
        self._context.emit(touch.frozen())

    def _standing(self, db: Any, record_id: str) -> _Stands:
        revision, begun_at = _held(db, record_id)
        with self._lock:
            asked = self._asked.get(record_id) or _Asked()
        here = db.execute(_REVISIONS, (record_id, revision)).fetchone()[0] >= revision
        is_asked = (asked.revision, asked.begun_at) == (revision, begun_at) and not asked.failures
        if is_asked and asked.standing == "only_here":
            is_asked = self._is_within(NONE_FOR, asked)
            return _Stands("whole" if here else "only_here", revision, is_asked)
        is_asked = is_asked and (not asked.at_hub or asked.at_hub <= _at_hub(db, record_id))
        if is_asked:
            return _Stands(asked.standing, revision, is_asked)
        missing: HistoryStanding = "failed" if asked.failures else "part"
        return _Stands("whole" if here else missing, revision, is_asked)

    def _rested(self, record_id: str) -> bool:
        with self._lock:
            asked = self._asked.get(record_id)
        if asked is None or not asked.failures:
            return True
        return not self._is_within(timedelta(seconds=wait_after(asked.failures, 0.0)), asked)

    def _is_within(self, time: timedelta, asked: _Asked) -> bool:
        """Whether that was so lately; a clock that was set back holds nothing up."""
        return asked.at is not None and timedelta() <= self._context.clock.now() - asked.at < time


def _held(db: Any, record_id: str) -> tuple[int, str]:
    """At which revision the record is here, 0 where it is not, and since when there is one."""
    row = db.execute("SELECT revision, created_at FROM records WHERE id = ?", (record_id,)).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "")


def _at_hub(db: Any, record_id: str) -> frozenset[str]:
    sql = "SELECT change_id FROM changes WHERE record_id = ? AND status = 'hub'"
    return frozenset(change_id for (change_id,) in db.execute(sql, (record_id,)))


def keep_history(context: StoreContext, answer: HistoryAnswer, of: str | None = None) -> Touch:
    """Keep what the city knows of a record's past: others' changes, those of ours that are not here, deliveries. ``of``: the
    one that was asked for; what is about another (an id that two wards have) is left out. The caller tells what it touched."""
    changes = answer.changes
    touch = Touch()
    with context.readers.connection() as db:
        own = devices_of(db)
        if of is not None:
            place = db.execute("SELECT ward, type FROM records WHERE id = ?", (of,)).fetchone()
            changes = tuple(c for c in changes if c.record_id == of and (place is None or (c.ward, c.type) == place))
        told = [d for d in answer.deliveries if of is None or d.record_id == of]
        told = [d for d in told if d not in deliveries.of_record(db, d.record_id)]
    results = {r.change_id: r for r in answer.results}
    rows = [_row(change, results.get(change.change_id), own) for change in changes]
    touch.records.update(c.record_id for c in changes)
    for start in range(0, len(rows), GENTLE_COMMIT):
        with context.writer.transaction(urgent=False) as db:
            db.executemany(_KEEP, rows[start : start + GENTLE_COMMIT])
    if told:
        with context.writer.transaction(urgent=False) as db:
            from sync.store import pulling  # a start pulls nothing yet

            pulling.write_deliveries(db, told, touch)
    return touch


def _row(change: Change, result: ChangeResult | None, own: Collection[str]) -> _Row:
    status, revision, body = "accepted", 0, None
    if result is not None:
        status, revision = result.status, result.revision
        if status == "refused" or result.problems or result.fields:
            body = encode_change(result)
    return (change.change_id, change.record_id, status, change.at, change.clock or _clock_of(change.at), revision,
            encode_change(change), body, not made_here(change, own))  # fmt: skip


def _clock_of(at: str) -> str:
    """What the city writes itself bears no clock: it comes after what it answers, in the same second."""
    try:
        ms = int(parse_moment(at).timestamp() * 1000) + 999
    except (ValueError, OverflowError):
        return ""
    return f"{max(0, ms):012x}-0000-"


def made_here(change: Change, devices: Collection[str]) -> bool:
    """Also one from before the first enrolment; a service's change names no device either, but counts none of its own."""
    return change.device in devices if change.device else change.device_seq > 0


__all__ = ["Histories", "HistoryStanding", "Look", "keep_history", "made_here"]
