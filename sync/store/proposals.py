"""What comes next after records, kept so that today's page finds it quickly: a row for each open proposal.

Written in the transaction that writes the record, for types that flows begin at or lead to; others cost nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sync.protocol import Fields, RecordVersion
from sync.store import rowcodec
from sync.store.context import StoreContext, read_meta, write_meta
from sync.store.model import ProposalRow, Record
from sync.store.plan import Plans, link_key
from sync.store.rowcodec import decode_fields, encode_json, record_of

if TYPE_CHECKING:
    from forms.definition import Flow, RecordType
    from forms.flow_book import FlowBook
    from forms.flows import FlowJudge, Proposal, Source, Target
    from sync.store.rows import BatchResolver, Item

FORMAT = 1
"""Counts up when the rows would come out differently for the same flows."""
_HASH = "flows"  # in meta
BATCH = 2000


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
        from forms.flow_book import is_for, possible_targets

        plans = self._context.plans
        return [
            (key, target.id)
            for key, flow in plans.flows.by_key.items()
            for target in possible_targets(flow, self._context.catalog)
            if is_for(flow, target, roles) and (within is None or {flow.from_, target.id} <= set(within))
        ]


def update(connection: Any, plans: Plans, items: Iterable[Item], resolver: BatchResolver) -> None:
    """After the records of a transaction were written: the proposals of those that flows begin at, and of those that
    point at or are pointed at by the others."""
    book = plans.flows
    sources: dict[int, RecordVersion] = {}
    rids: set[int] = set()
    ids: set[str] = set()
    for item in items:
        version = item.version
        if _begins(book, version.type, version.state) or (
            item.old is not None and _begins(book, item.old[2], item.old[6])
        ):
            sources[item.rid] = version
        for flow in book.linked.get(version.type, ()):
            before = decode_fields(item.old[8]) if item.old is not None else {}
            ids.update(_linked(before, flow), _linked(version.fields, flow))
        for flow in book.acted_on.get(version.type, ()):
            code = plans.of(flow.from_).link_code(flow.finds or "")
            sql = "SELECT rid FROM links WHERE target = ? AND field = ?"
            rids.update(rid for (rid,) in connection.execute(sql, (link_key(version.id), code)))
    if ids:
        sql = "SELECT rid FROM records WHERE id IN (SELECT value FROM json_each(?))"
        rids.update(rid for (rid,) in connection.execute(sql, (encode_json(sorted(ids)).decode(),)))
    if sources:
        _replace(connection, plans, sources, resolver)
    if others := sorted(rids - sources.keys()):
        recompute(connection, plans, others, resolver)


def _begins(book: FlowBook, type_id: str, state: str) -> bool:
    """Whether a record in this state may have proposals at all: nearly none of a large pull does."""
    return any(state in flow.states for flow in book.sources.get(type_id, ()))


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
        for proposal in _proposals(connection, plans, judge, _source(plans.flows, record))
        if proposal.is_open and proposal.flow.mode != "offer"
    ]
    numbers = encode_json(list(records)).decode()
    connection.execute("DELETE FROM proposals WHERE source IN (SELECT value FROM json_each(?))", (numbers,))
    connection.executemany("INSERT INTO proposals (source, flow, type, target, at) VALUES (?, ?, ?, ?, ?)", found)


def rebuild(connection: Any, plans: Plans) -> None:
    """All rows anew when the flows of the catalogue are others than those they were made by; one transaction."""
    if read_meta(connection, _HASH) == (wanted := _hash(plans.flows)):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM proposals")
        for type_id in plans.flows.sources:
            after = -1
            while rids := _next(connection, type_id, after):
                recompute(connection, plans, rids, _Lookup(connection))
                after = rids[-1]
        write_meta(connection, _HASH, wanted)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _next(connection: Any, type_id: str, after: int) -> list[int]:
    sql = "SELECT rid FROM records WHERE type = ? AND rid > ? ORDER BY rid LIMIT ?"
    return [rid for (rid,) in connection.execute(sql, (type_id, after, BATCH))]


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
        target = _target(connection, to, target_id(flow, source)) if flow.finds else None
        followers = [] if flow.finds else _followers(connection, plans, flow, to, source.id)
        if proposal := propose(flow, to, source, followers, target):
            found.append(proposal)
    return found


def _target(connection: Any, to: RecordType, record_id: str | None) -> Target | None:
    from forms.flows import Target

    sql = "SELECT id, state FROM records WHERE id = ? AND type = ?"
    row = connection.execute(sql, (record_id, to.id)).fetchone() if record_id else None
    return Target(*row) if row else None


def _followers(connection: Any, plans: Plans, flow: Flow, to: RecordType, source_id: str) -> list[Target]:
    """Records of the wanted type that point back, in order of making; hashes are compared with the records themselves."""
    from forms.flows import Target

    link = flow.link or ""
    sql = (
        "SELECT r.id, r.state, r.fields FROM links l JOIN records r ON r.rid = l.rid "
        "WHERE l.target = ? AND l.field = ? AND r.type = ? ORDER BY l.rid"
    )
    rows = connection.execute(sql, (link_key(source_id), plans.of(to.id).link_code(link), to.id))
    return [Target(i, state) for i, state, text in rows if source_id in _linked(decode_fields(text), flow)]


def _linked(fields: Fields, flow: Flow) -> list[str]:
    value = fields.get(flow.link or "")
    return value if isinstance(value, list) else [value] if isinstance(value, str) else []
