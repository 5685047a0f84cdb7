"""What comes next after records, kept so that today's page finds it quickly: a row for each open proposal.

Written in the transaction that writes the record, for types that flows begin at or lead to; others cost nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sync.protocol import Fields, RecordVersion
from sync.store import rowcodec
from sync.store.context import StoreContext, read_meta, whole, write_meta
from sync.store.model import ProposalRow, Record
from sync.store.plan import Plans, link_key
from sync.store.rowcodec import decode_fields, encode_json, record_of
from sync.store.rows_by_type import RowsByType

if TYPE_CHECKING:
    from forms.definition import RecordType
    from forms.flow_book import FlowBook
    from forms.flow_definition import Flow
    from forms.flows import FlowJudge, Proposal, Source, Target
    from sync.store.rows import BatchResolver, Item

FORMAT = 1
"""Counts up when the rows would come out differently for the same flows."""
_HASH, _REBUILDING = "flows", "flows_rebuilding"  # in meta
BATCH = 500


class Proposals:
    """What comes next, as the officer sees it. Safe to use from several threads."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def of(self, record: Record) -> tuple[Proposal, ...]:
        """What comes next after one record: open, done and dismissed, in the order of the catalogue."""
        book = self._context.plans.flows
        if record.type not in book.sources:
            return ()
        with self._context.readers.connection() as db:
            judge = _judge(self._context.plans, _Lookup(db))
            return tuple(_proposals(db, self._context.plans, judge, _source(book, record)))

    def waiting(
        self,
        roles: Sequence[str],
        within: Collection[str] | None = None,
        *,
        since: str = "",
        limit: int = 50,
    ) -> tuple[ProposalRow, ...]:
        """Open proposals, offers left out, that are the work of somebody with these roles, the latest first. ``within``:
        types that may be seen; ``since``: a moment, older ones are left out."""
        found: list[tuple[str, int, str, str, str | None]] = []
        sql = "SELECT at, source, flow, type, target FROM proposals WHERE flow = ? AND type = ? AND at >= ? "
        with self._context.readers.connection() as db:
            for flow, to in self._keys(roles, within):  # each is the front of the index
                found += db.execute(f"{sql} ORDER BY at DESC LIMIT ?", (flow, to, since, limit)).fetchall()
            found = sorted(found, key=lambda row: row[:2], reverse=True)[:limit]
            sql = f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?))"
            numbers = encode_json([source for _, source, *_ in found]).decode()
            records = {row[0]: record_of(row) for row in db.execute(sql, (numbers,))}
        return tuple(ProposalRow(records[source], flow, to, target) for _, source, flow, to, target in found)

    def _keys(self, roles: Sequence[str], within: Collection[str] | None) -> list[tuple[str, str]]:
        """(flow, type it leads to) of everything that is work for these roles."""
        book, mine = self._context.plans.flows, set(roles)
        return [
            (key, type_id)
            for key, flow in book.by_key.items()
            for type_id, wanted in book.aims[key]
            if not (wanted and mine.isdisjoint(wanted))
            and (within is None or (flow.from_ in within and type_id in within))
        ]


def concerned(book: FlowBook, type_id: str, states: Sequence[str], fields: Sequence[Fields]) -> Sequence[int]:
    """The places of those among new records of the type that are for ``update``."""
    if type_id in book.acted_on:
        return range(len(states))
    names = {flow.link or "" for flow in book.linked.get(type_id, ())}
    begins = {state for each, state in book.begins if each == type_id}.intersection(states)
    both = enumerate(zip(states, fields, strict=True))
    return (
        [place for place, (state, f) in both if state in begins or not names.isdisjoint(f)] if begins or names else []
    )


def update(connection: Any, plans: Plans, items: Iterable[Item], resolver: BatchResolver) -> None:
    """After the records of a transaction were written: the proposals of those that flows begin at, and of those that
    point at or are pointed at by the others."""
    from forms.flow_book import linked

    book = plans.flows
    sources: dict[int, RecordVersion] = {}
    rids: set[int] = set()
    ids: set[str] = set()
    acted_on: list[int] = []
    for item in items:
        version = item.version
        if (version.type, version.state) in book.begins or (
            item.old is not None and (item.old[2], item.old[6]) in book.begins
        ):
            sources[item.rid] = version
        for flow in book.linked.get(version.type, ()):
            if found_now := linked(flow, version.fields):
                ids.update(found_now)
            if item.old is not None:
                ids.update(linked(flow, decode_fields(item.old[8])))
        if version.type in book.acted_on:
            acted_on.append(link_key(version.id))
    if acted_on:
        sql = "SELECT rid FROM links WHERE target IN (SELECT value FROM json_each(?)) AND field IN (SELECT value FROM json_each(?))"
        codes = sorted({plans.of(f.from_).link_code(f.finds or "") for flows in book.acted_on.values() for f in flows})
        found = connection.execute(sql, (encode_json(acted_on).decode(), encode_json(codes).decode()))
        rids.update(rid for (rid,) in found)
    if ids:
        sql = "SELECT rid FROM records WHERE id IN (SELECT value FROM json_each(?))"
        rids.update(rid for (rid,) in connection.execute(sql, (encode_json(sorted(ids)).decode(),)))
    if sources:
        _replace(connection, plans, sources, resolver)
    if others := sorted(rids - sources.keys()):
        recompute(connection, plans, others, resolver)


def recompute(connection: Any, plans: Plans, rids: list[int], resolver: Any) -> None:
    """Judges the records anew that flows begin at, as they are in the store."""
    sql = (
        f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?)) "
        "AND type IN (SELECT value FROM json_each(?))"
    )
    known = encode_json(list(plans.flows.sources)).decode()
    rows = connection.execute(sql, (encode_json(rids).decode(), known)).fetchall()
    if rows:
        _replace(connection, plans, {row[0]: record_of(row) for row in rows}, resolver)


def _replace(connection: Any, plans: Plans, records: Mapping[int, Record | RecordVersion], resolver: Any) -> None:
    """Puts the open proposals of these records in place of those that were kept."""
    judge = _judge(plans, resolver)
    found = [
        (rid, proposal.flow.key, proposal.to, proposal.target, record.updated_at)
        for rid, record in records.items()
        if not record.updated_at or record.updated_at >= plans.proposed_since
        for proposal in _proposals(connection, plans, judge, _source(plans.flows, record))
        if proposal.is_open and proposal.flow.mode != "offer"
    ]
    numbers = encode_json(list(records)).decode()
    connection.execute("DELETE FROM proposals WHERE source IN (SELECT value FROM json_each(?))", (numbers,))
    connection.executemany("INSERT INTO proposals (source, flow, type, target, at) VALUES (?, ?, ?, ?, ?)", found)


def is_outdated(connection: Any, plans: Plans) -> bool:
    """Whether the flows of the catalogue are others than those the rows were made by."""
    return bool(read_meta(connection, _HASH) != _hash(plans.flows))


def rebuild(
    connection: Any,
    plans: Plans,
    prepared: Callable[[int], None] = lambda records: None,
    alive: Callable[[], None] = lambda: None,
) -> None:
    """All rows anew, some records at a time, each time one transaction that notes how far it came: a cut goes on from there.
    ``prepared`` is told after each how many records they were; ``alive`` is called while they are looked for."""
    wanted = _hash(plans.flows)
    places = RowsByType(connection, plans.flows.sources, alive)
    while True:
        with whole(connection):
            if read_meta(connection, _HASH) == wanted:
                return
            done, types, after = read_meta(connection, _REBUILDING) or ("", [], -1)
            if done != wanted:
                connection.execute("DELETE FROM proposals")
                types, after = sorted(plans.flows.sources), -1
            rids = places.next(types[0], after, BATCH) if types else []
            if rids:
                if recent := _recent(connection, rids, plans.proposed_since):
                    recompute(connection, plans, recent, _Lookup(connection))
                write_meta(connection, _REBUILDING, (wanted, types, rids[-1]))
            elif types:
                write_meta(connection, _REBUILDING, (wanted, types[1:], -1))
            else:
                write_meta(connection, _REBUILDING, None)
                write_meta(connection, _HASH, wanted)
        prepared(len(rids))


def _recent(connection: Any, rids: list[int], since: str) -> list[int]:
    sql = "SELECT rid FROM records WHERE rid IN (SELECT value FROM json_each(?)) AND updated_at >= ? ORDER BY rid"
    return [rid for (rid,) in connection.execute(sql, (encode_json(rids).decode(), since))]


def _hash(book: FlowBook) -> str:
    states = [(t, [(s.id, s.kind) for s in book.catalog.record_type(t).states]) for t in sorted(book.types)]
    parts = (FORMAT, list(book.by_key.values()), states)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def _judge(plans: Plans, resolve: Any) -> FlowJudge:
    """Brought in with the first record that a flow begins at: the rule language takes long to import."""
    from forms.flows import FlowJudge

    return FlowJudge(plans.flows, resolve)


class _Lookup:
    """Fields of other records, read one at a time and remembered."""

    def __init__(self, connection: Any) -> None:
        self._db = connection
        self._known: dict[str, Fields | None] = {}

    def __call__(self, record_id: str) -> Fields | None:
        if record_id not in self._known:
            row = self._db.execute("SELECT fields FROM records WHERE id = ?", (record_id,)).fetchone()
            self._known[record_id] = decode_fields(row[0]) if row else None
        return self._known[record_id]


def _source(book: FlowBook, record: Record | RecordVersion) -> Source:
    from forms.flows import Source

    return Source(book.catalog.record_type(record.type), record.id, record.state, record.number, record.fields)


def _proposals(connection: Any, plans: Plans, judge: FlowJudge, source: Source) -> list[Proposal]:
    from forms.flows import propose, target_id

    found = []
    for flow, to in judge.applying(source):
        target = _target(connection, flow, to, target_id(flow, source)) if flow.finds else None
        followers = [] if flow.finds else _followers(connection, plans, flow, to, source.id)
        if proposal := propose(flow, to, source, followers, target):
            found.append(proposal)
    return found


def _target(connection: Any, flow: Flow, to: RecordType, record_id: str | None) -> Target | None:
    from forms.flows import Target

    sql = "SELECT id, state, fields FROM records WHERE id = ? AND type = ?"
    row = connection.execute(sql, (record_id, to.id)).fetchone() if record_id else None
    return Target(row[0], row[1], decode_fields(row[2]) if flow.link else {}) if row else None


def _followers(connection: Any, plans: Plans, flow: Flow, to: RecordType, source_id: str) -> list[Target]:
    """Records of the wanted type that point back, in order of making; hashes are compared with the records themselves."""
    from forms.flow_book import linked
    from forms.flows import Target

    link = flow.link or ""
    sql = (
        "SELECT r.id, r.state, r.fields FROM links l JOIN records r ON r.rid = l.rid "
        "WHERE l.target = ? AND l.field = ? AND r.type = ? ORDER BY l.rid"
    )
    rows = connection.execute(sql, (link_key(source_id), plans.of(to.id).link_code(link), to.id))
    return [Target(i, state) for i, state, text in rows if source_id in linked(flow, decode_fields(text))]
