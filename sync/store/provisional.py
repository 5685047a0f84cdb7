"""What other PCs of the ward have done and the city has not heard yet, as the ward's hub tells it while the line is down.

Such changes are shown over the city's versions and stand as "at the hub"; they are no part of the outbox, give nobody a
revision and are never sent from here. They end when the city's own word of the record comes, which is the only one that
counts. What this PC does meanwhile to a record that waits at the hub is sent after it, so that the city hears it in order.

What the city refuses waits no longer, and its own version is shown again. A record that it has not got stays in sight, and it
is told that the city refused it and that its officer is putting it right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sync.clock import moment_text
from sync.protocol import Change, ChangeResult
from sync.store import worklist
from sync.store.context import StoreContext, devices_of, read_meta, write_meta
from sync.store.rowcodec import encode_change, encode_json
from sync.store.rows import RowWriter, Touch
from sync.store.worklist import Work

RefusedThere = tuple[str, str]
"""Device and change."""
HELD_FOR = timedelta(days=3)
"""So long this PC's own later changes of such a record let the other PC's go first."""
HELD_BACK = (
    "NOT EXISTS (SELECT 1 FROM changes h WHERE h.status = 'hub' AND h.record_id = changes.record_id "
    "AND h.seq < changes.seq AND h.at > ?)"
)
"""Condition on pending changes; its parameter: ``held_since``. What was made before this PC heard of the other's change waits for
nothing: each would wait for the other. Nor does it wait longer for what the hub tells later."""
_PLACES = "hub_places"
"""Change → its record and place (``seq``), of what a hub told, this PC worked on top of, and the hub tells no more: one that was
switched off, or had not heard the other PC for long, tells it again, and it is not to stand behind that work then."""


def held_since(context: StoreContext) -> str:
    return moment_text(context.clock.now() - HELD_FOR)


class Provisional:
    """Safe to use from several threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def count(self) -> int:
        """Changes that are shown and wait at the hub."""
        with self._context.readers.connection() as db:
            return int(db.execute("SELECT count(*) FROM changes WHERE status = 'hub'").fetchone()[0])

    def take(
        self,
        changes: Sequence[Change],
        refused: Collection[RefusedThere] = (),
        spoke: Collection[str] | None = None,
    ) -> int:
        """All that the hub has of others now, each PC's in its order; what it no longer has goes, but for records that
        only it brought: these stay in sight until the city names them, or their PC says them anew. ``refused``: what the
        city refused of what they made, as they say themselves. ``spoke``: the devices whose word the hub has; of another one's,
        what this PC has worked on top of stays for a while: the hub has forgotten it, not the city settled it. The number of
        changes shown."""
        touch = Touch()
        with self._context.writer.transaction(urgent=False) as db:
            rows = db.execute("SELECT change_id, record_id, result IS NOT NULL FROM changes WHERE status = 'hub'")
            noted = {change_id: (record_id, bool(sent_back)) for change_id, record_id, sent_back in rows}
            there = [(change_id, record_id) for change_id, (record_id, _) in noted.items()]
            now = self._context.now_text()
            mine = _others_than_hub(db, [c.change_id for c in changes])
            own = devices_of(db)
            wanted = [c for c in changes if c.change_id not in mine and c.device not in own]
            works = worklist.load(db, [*(record_id for _, record_id in there), *(c.record_id for c in wanted)])
            by_record: dict[str, list[Change]] = {}
            for change in wanted:
                by_record.setdefault(change.record_id, []).append(change)
            shown = {c.change_id: c for r, told in by_record.items() for c in self._fitting(works.get(r), told)}
            makers = {c.change.change_id: c.change.device for work in works.values() for c in work.open}
            back = {change_id for device, change_id in refused if makers.get(change_id) == device}
            under = _under_own_work(works.values(), held_since(self._context))
            anew = {(c.record_id, c.device) for c in shown.values() if c.kind == "create"}
            gone = [
                change_id
                for change_id, record_id in there
                if change_id not in shown
                and not (spoke is not None and makers.get(change_id) not in spoke and change_id in under)
                and (_is_known(works.get(record_id)) or (record_id, makers.get(change_id)) in anew)
            ]
            new = [c for change_id, c in shown.items() if change_id not in noted]
            turned = [
                i for i, (_, sent_back) in noted.items() if sent_back != (i in back) and (i in back or i in shown)
            ]
            db.executemany("UPDATE changes SET result = ? WHERE change_id = ? AND status = 'hub'",
                           [(_refused(i) if i in back else None, i) for i in turned])  # fmt: skip
            touch.records.update(noted[i][0] for i in turned)
            if gone or new:
                db.executemany("DELETE FROM changes WHERE change_id = ? AND status = 'hub'", [(i,) for i in gone])
                places = _places(db, works, set(gone))
                db.executemany(
                    "INSERT INTO changes (seq, change_id, record_id, status, settled, at, clock, payload) "
                    "VALUES (?, ?, ?, 'hub', 0, ?, ?, ?)",
                    # a clock that is a year ahead there must not hold this PC's own changes back for a year
                    [(places.get(c.change_id), c.change_id, c.record_id, min(c.at, now), c.clock, encode_change(c))
                     for c in new],
                )  # fmt: skip
                moved = {r for i, r in there if i in set(gone)} | {c.record_id for c in new}
                self._show(db, moved, works, touch)
        self._context.emit(touch.frozen())
        return len(shown)

    def _fitting(self, work: Work | None, told: Sequence[Change]) -> list[Change]:
        """Those that can be shown over what is here: made on the city's present version, or begun at the hub."""
        if self._context.plans.of(told[0].type).record_type is None:
            return []
        if _is_known(work) and work is not None and work.base is not None:
            return [c for c in told if c.kind != "create" and c.base_revision == work.base.revision]
        begun = told[0].kind == "create" or any(c.status == "hub" for c in (work.open if work else ()))
        own = work is not None and any(c.status != "hub" for c in work.open)
        return list(told) if begun and not own else []

    def _show(self, db: Any, ids: set[str], before: dict[str, Work], touch: Touch) -> None:
        works = worklist.load(db, ids)
        for record_id, work in works.items():
            if (former := before.get(record_id)) is not None:  # what is shown is not the city's version
                work.base, work.had_base_row = former.base, former.had_base_row
            kind = work.open[0].change if work.open else work.shown or work.base
            if kind is not None:
                work.shown = work.replayed(self._context.plans.of(kind.type).record_type)
        writer = RowWriter(db, self._context.plans, touch)
        worklist.keep(db, works, writer)
        writer.flush()


def _is_known(work: Work | None) -> bool:
    """Whether the city has the record, as far as this PC has heard."""
    return work is not None and work.base is not None and work.base.revision > 0


def _under_own_work(works: Iterable[Work], since: str) -> set[str]:
    """What a hub told that own work waiting here was made on top of, and still waits for."""
    return {
        told.change.change_id
        for work in works
        for told in work.open
        if told.status == "hub"
        and told.change.at > since
        and any(c.status == "pending" and c.seq > told.seq for c in work.open)
    }


def _places(db: Any, works: Mapping[str, Work], gone: Collection[str]) -> dict[str, int]:
    """The places that what a hub told before is to have again, as long as work on top of it waits here; those that are
    ``gone`` now are written down with them."""
    known: dict[str, tuple[str, int]] = {i: (r, seq) for i, (r, seq) in read_meta(db, _PLACES, {}).items()}
    places = known | {
        c.change.change_id: (record_id, c.seq)
        for record_id, work in works.items()
        for c in work.open
        if c.status == "hub" and c.change.change_id in gone
    }
    if not places:
        return {}
    ids = encode_json(list({record_id for record_id, _ in places.values()})).decode()
    sql = (
        "SELECT record_id, max(seq) FROM changes WHERE settled = 0 AND status <> 'hub' "
        "AND record_id IN (SELECT value FROM json_each(?)) GROUP BY record_id"
    )
    last = dict(db.execute(sql, (ids,)).fetchall())
    kept = {i: (r, seq) for i, (r, seq) in places.items() if seq < last.get(r, 0)}
    if kept != known:
        write_meta(db, _PLACES, kept)
    seqs = encode_json([seq for _, seq in kept.values()]).decode()
    sql = "SELECT seq FROM changes WHERE seq IN (SELECT value FROM json_each(?))"
    taken = {seq for (seq,) in db.execute(sql, (seqs,))}
    return {change_id: seq for change_id, (_, seq) in kept.items() if seq not in taken}


def _refused(change_id: str) -> bytes:
    return encode_change(ChangeResult(change_id=change_id, status="refused"))


def _others_than_hub(db: Any, ids: Sequence[str]) -> set[str]:
    sql = "SELECT change_id FROM changes WHERE status <> 'hub' AND change_id IN (SELECT value FROM json_each(?))"
    return {change_id for (change_id,) in db.execute(sql, (encode_json(list(ids)).decode(),))}


def let_go(db: Any, work: Work) -> None:
    """The city's own word of the record has come: what the hub told of it ends."""
    ended = [c for c in work.open if c.status == "hub"]
    if ended:
        db.executemany("DELETE FROM changes WHERE seq = ? AND status = 'hub'", [(c.seq,) for c in ended])
        work.open = [c for c in work.open if c.status != "hub"]


__all__ = ["HELD_BACK", "Provisional", "RefusedThere", "held_since", "let_go"]
