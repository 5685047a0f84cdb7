"""Writing shown records, with all that follows from them, in bulk: row, list, search, references, keys, counters, digest.

Everything of a batch is gathered first and then written with one statement a table, because the pages that a batch
dirties are encrypted and written once each: for 50,000 new records this is what decides between seconds and minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from sync.locked_fields import AWAITING
from sync.protocol import DeliveryState, Fields, RecordVersion
from sync.store import projection, proposals, rowcodec
from sync.store.aliases import kept_id, pointing_by_alias, target_of
from sync.store.batch import Batch
from sync.store.digests import DigestSums
from sync.store.model import Touched
from sync.store.new_rows import NewRows, Places, conflicts_text, new_rows, open_due, wanted_row_ids, with_type
from sync.store.plan import Plans, TypePlan, link_key, link_keys
from sync.store.rowcodec import decode_fields, encode_json
from sync.versions import Versions

Row = tuple[Any, ...]


class Touch:
    """Gathers what a transaction changed."""

    def __init__(self) -> None:
        self.records: set[str] = set()
        self.types: set[str] = set()
        self.outbox = False
        self.deliveries: list[DeliveryState] = []

    def frozen(self) -> Touched:
        return Touched(frozenset(self.records), frozenset(self.types), self.outbox, tuple(self.deliveries))


class Item(Struct):
    """One record to write: the row that is there, the version to show, and where it stands."""

    old: Row | None
    version: RecordVersion
    standing: int
    is_new: bool
    rid: int = 0


class New(Struct):
    """Records of which there is nothing here yet, where they stand, and whether an officer should be told of each."""

    versions: Versions
    standings: list[int]
    news: list[bool]


class RowWriter:
    """Writes the shown records of one transaction. ``put`` each once, or ``put_new`` many, then ``flush``."""

    def __init__(self, connection: Any, plans: Plans, touch: Touch) -> None:
        self._db = connection
        self._plans = plans
        self._touch = touch
        self._items: list[Item] = []
        self._new: list[New] = []
        self._one_by_one: list[tuple[RecordVersion, int, bool]] = []  # new ones too
        self._flowing: list[Item] = []  # new or changed, of types that flows begin at or lead to
        self._counts: Counter[tuple[str, str]] = Counter()
        self._digests = DigestSums()

    def put(self, old: Row | None, version: RecordVersion, standing: int, *, is_new: bool = False) -> None:
        if old is None:
            self._one_by_one.append((version, standing, is_new))
        else:
            self._items.append(Item(old, version, standing, is_new, old[0]))

    def put_new(self, new: New) -> None:
        """Of none of them there may be anything here."""
        self._new.append(new)

    def flush(self) -> None:
        """Write everything that was put."""
        items, new = self._items, self._all_new()
        if not items and not new:
            return
        rids = row_ids(self._db, new.versions) if new else []
        resolver = BatchResolver(self._db, self._plans, [item.version for item in items], new.versions if new else None)
        batch = Batch()
        known, shown = self._plans.of, self._plans.shown_elsewhere
        changed = [item.version for item in items if self._gather(item, known(item.version.type), batch, resolver)]
        shown_elsewhere = [link_key(version.id) for version in changed if version.type in shown]
        described = {item.rid for item in items}
        if new:
            described.update(rids)
            for places, versions in new.versions.by_type():
                its = Places(
                    [rids[place] for place in places],
                    [new.standings[place] for place in places],
                    [new.news[place] for place in places],
                )
                plan = known(versions.types[0])
                self._gather_new(new_rows(plan, versions, its, resolver), batch)
                if plan.id in shown:
                    shown_elsewhere += link_keys(versions.ids)
        batch.write(self._db)
        self._write_counts()
        self._digests.write(self._db)
        if shown_elsewhere:
            described.difference_update([row[-1] for row in batch.restated])
            self._refresh_pointing_at(shown_elsewhere, described, resolver)
        if self._flowing:
            proposals.update(self._db, self._plans, self._flowing, resolver)
        self._items, self._new, self._one_by_one, self._flowing = [], [], [], []

    def _all_new(self) -> New | None:
        if self._one_by_one:
            versions, standings, news = zip(*self._one_by_one, strict=True)
            self._new.append(New(Versions.of(versions), list(standings), list(news)))
        if len(self._new) < 2:
            return self._new[0] if self._new else None
        return New(
            Versions.together([new.versions for new in self._new]),
            [standing for new in self._new for standing in new.standings],
            [news for new in self._new for news in new.news],
        )

    def _gather_new(self, made: NewRows, batch: Batch) -> None:
        """Queue the rows of records of which there is nothing yet: nearly all of a large pull."""
        plan, v = made.plan, made.versions
        batch.add_new(made)
        self._touch.records.update(v.ids)
        self._touch.types.add(plan.id)
        self._counts.update({(plan.id, state): n for state, n in Counter(v.states).items()})
        self._digests.add_terms(plan.id, v.wards, v.scopes, made.terms)
        for place, fields in enumerate(v.fields):
            if AWAITING in fields:
                self._gather_awaiting(v[place], plan, batch)
        if plan.id in self._plans.flows.types:
            for place in proposals.concerned(self._plans.flows, plan.id, v.states, v.fields):
                self._flowing.append(Item(None, v[place], 0, False, made.rids[place]))

    def _gather_awaiting(self, v: RecordVersion, plan: TypePlan, batch: Batch) -> None:
        batch.add_awaiting(v, void=plan.record_type is not None and plan.record_type.state(v.state).kind == "void")

    def _gather(self, item: Item, plan: TypePlan, batch: Batch, resolver: BatchResolver) -> bool:
        """Queue the rows of one record that is here already; whether its fields are new."""
        old, v = item.old, item.version
        assert old is not None  # noqa: S101
        self._touch.records.add(v.id)
        self._touch.types.add(v.type)
        text = encode_json(v.fields).decode()
        self._digests.move(old, v)
        same_text = bool(old[8] == text)
        if old[6] != v.state or old[2] != v.type:
            self._counts[old[2], old[6]] -= 1
            self._counts[v.type, v.state] += 1
        if same_text and (old[6], old[7], old[10]) == (v.state, v.number, v.created_at):
            self._restate(item, plan, batch)
            if old[11] != v.updated_at and (v.type, v.state) in self._plans.flows.begins:
                self._flowing.append(item)  # what comes next is listed by when it was last touched
            return False
        if v.type in self._plans.flows.types:
            self._flowing.append(item)
        if plan.has_double:
            batch.alike.append((item.rid,))
        found = plan.describe([v.fields], [v.state], [v.number], resolver)
        due = found.due[0]
        due_open = open_due(plan, v.state, v.fields, due) if due is not None else None
        conflicts = conflicts_text(v) if v.conflicts else None
        new = int(item.is_new and v.state in plan.open_states)
        # in the order of rowcodec.COLUMNS, from `type` on
        values = (v.type, v.ward, v.scope, v.revision, v.state, v.number, text, conflicts, v.created_at,
                  v.updated_at, v.updated_by, v.origin, v.pack, due, due_open, item.standing, new,
                  found.titles[0], found.subtitles[0])  # fmt: skip
        batch.updates.append((*values, item.rid))
        if plan.record_type is not None:
            columns = projection.columns_of(
                plan, [item.rid], [v.state], [v.number], updated=[v.updated_at], found=found
            )
            batch.lists[plan] += zip(*columns, strict=True)
        batch.replace_search(item.rid, with_type(found.texts[0], plan))
        if AWAITING in v.fields or AWAITING in old[8]:
            self._gather_awaiting(v, plan, batch)
        if not same_text:
            batch.add_pointers(plan, item.rid, decode_fields(old[8]), v.fields)
        return not same_text

    def _restate(self, item: Item, plan: TypePlan, batch: Batch) -> None:
        """The record reads as before; only where it stands, or its revision, moved."""
        old, v = item.old, item.version
        assert old is not None  # noqa: S101
        new = int(item.is_new and bool(old[18]))
        values = (v.revision, conflicts_text(v), v.updated_at, v.updated_by, v.origin, v.pack, item.standing, new)
        batch.restated.append((*values, item.rid))
        if old[11] != v.updated_at and plan.record_type is not None:
            batch.moved[plan.id, plan].append((v.updated_at, item.rid))

    def _write_counts(self) -> None:
        rows = [(type_id, state, n) for (type_id, state), n in self._counts.items() if n]
        self._db.executemany(
            "INSERT INTO counters (type, state, n) VALUES (?, ?, ?) "
            "ON CONFLICT (type, state) DO UPDATE SET n = n + excluded.n",
            rows,
        )
        self._counts.clear()

    def _refresh_pointing_at(self, targets: list[int], described: set[int], resolver: BatchResolver) -> None:
        """``targets``: the keys of the records whose fields are new (``link_key``); ``described``: what has just got its title:
        of the others the name in it may be one of those."""
        if len(targets) > 1 and rowcodec.none_between(self._db, "links", "target", targets):
            return
        found = self._db.execute(
            "SELECT DISTINCT rid FROM links WHERE target IN (SELECT value FROM json_each(?)) ORDER BY rid DESC LIMIT ?",
            (encode_json(targets).decode(), REFRESHED_AT_ONCE),
        ).fetchall()
        if not found:  # nearly every save
            return
        rids = [rid for (rid,) in found if rid not in described]
        rids += looking_through(self._db, self._plans, [rid for (rid,) in found], described)
        rids += [rid for rid in pointing_by_alias(self._db, self._plans, [r for (r,) in found]) if rid not in described]
        del rids[REFRESHED_AT_ONCE:]
        if rids:
            refresh(self._db, self._plans, rids, self._touch, resolver)
            if self._plans.flows.sources:  # what a flow looks up may be what changed
                proposals.recompute(self._db, self._plans, rids, resolver)


def looking_through(connection: Any, plans: Plans, rids: list[int], described: set[int]) -> list[int]:
    """The records in whose titles a name stands that is told by way of these: a form's the household's, whose head is called
    otherwise now."""
    if not plans.looked_through:
        return []
    sql = "SELECT id FROM records WHERE rid IN (SELECT value FROM json_each(?)) AND type IN (SELECT value FROM json_each(?))"
    between = (encode_json(rids).decode(), encode_json(sorted(plans.looked_through)).decode())
    by_way_of = [record_id for (record_id,) in connection.execute(sql, between)]
    if not by_way_of:
        return []
    sql = (
        "SELECT DISTINCT l.rid FROM links l CROSS JOIN records r ON r.rid = l.rid "
        "WHERE l.target IN (SELECT value FROM json_each(?)) AND r.type IN (SELECT value FROM json_each(?)) "
        "ORDER BY l.rid DESC LIMIT ?"
    )
    lookers = encode_json(sorted(plans.looking_through)).decode()
    given = (encode_json(link_keys(by_way_of)).decode(), lookers, REFRESHED_AT_ONCE)
    there = {*rids, *described}
    return [rid for (rid,) in connection.execute(sql, given) if rid not in there]


REFRESHED_AT_ONCE = 2000
"""Records that are described again, newest first, because one they refer to changed; keeps a save short."""


class BatchResolver:
    """``resolve`` for a batch: its own records first, then the store, all references of the batch read in one query."""

    def __init__(
        self, connection: Any, plans: Plans, versions: Sequence[RecordVersion] = (), new: Versions | None = None
    ) -> None:
        """``versions`` and ``new``: its own."""
        self._db = connection
        self._plans = plans
        self._parts = [part for part in (Versions.of(versions), new) if part]
        self._known: dict[str, Fields | None] = {}
        self._read = False
        self._aliases: dict[str, str] = {}
        for part in self._parts:
            self._known.update(zip(part.ids, part.fields, strict=True))
            if not plans.merged_types.isdisjoint(part.types):
                for v in part:
                    self._note_alias(v.id, v.type, v.state, v.fields)

    def _note_alias(self, record_id: str, type_id: str, state: str, fields: Mapping[str, Any]) -> None:
        if type_id in self._plans.merged_types and (into := target_of(self._plans.of(type_id), state, fields)):
            self._aliases[record_id] = into

    def __call__(self, record_id: str) -> Mapping[str, Any] | None:
        found = self._own(record_id)
        return self._own(kept_id(record_id, self._next)) if record_id in self._aliases else found

    def _next(self, record_id: str) -> str | None:
        self._own(record_id)
        return self._aliases.get(record_id)

    def _own(self, record_id: str) -> Mapping[str, Any] | None:
        known = self._known
        if record_id in known:
            return known[record_id]
        if not self._read:
            self._read = True
            of = self._plans.of
            pairs = (pair for part in self._parts for pair in zip(part.types, part.fields, strict=True))
            self.read({target for type_id, fields in pairs for _, target in of(type_id).links(fields)})
        if record_id not in known:
            self.read({record_id})
        return known[record_id]

    def read(self, ids: Iterable[str]) -> None:
        wanted = [i for i in ids if i not in self._known]
        self._known.update(dict.fromkeys(wanted))
        sql = "SELECT id, fields, type, state FROM records WHERE id IN (SELECT value FROM json_each(?))"
        for record_id, text, type_id, state in self._db.execute(sql, (encode_json(wanted).decode(),)):
            fields = self._known[record_id] = decode_fields(text)
            self._note_alias(record_id, type_id, state, fields)


def refresh(
    connection: Any,
    plans: Plans,
    rids: list[int],
    touch: Touch,
    resolver: BatchResolver,
    *,
    pointers: bool = False,
) -> None:
    """Describe records again and write title, list and search rows; with ``pointers`` their references and keys too."""
    sql = f"SELECT {rowcodec.COLUMNS} FROM records WHERE rid IN (SELECT value FROM json_each(?))"
    rows = connection.execute(sql, (encode_json(rids).decode(),)).fetchall()
    fields_of = {row[0]: decode_fields(row[8]) for row in rows}
    resolver.read({t for row in rows for _, t in plans.of(row[2]).links(fields_of[row[0]])})
    batch, titles = Batch(), []
    for row in rows:
        plan = plans.of(row[2])
        found = plan.describe([fields_of[row[0]]], [row[6]], [row[7]], resolver)
        due_open = open_due(plan, row[6], fields_of[row[0]], found.due[0])
        titles.append((found.titles[0], found.subtitles[0], found.due[0], due_open, row[0]))
        batch.replace_search(row[0], with_type(found.texts[0], plan))
        if plan.record_type is not None:
            columns = projection.columns_of(plan, [row[0]], [row[6]], [row[7]], updated=[row[11]], found=found)
            batch.lists[plan] += zip(*columns, strict=True)
        if pointers:
            batch.add_pointers_anew(plan, row[0], fields_of[row[0]])
        touch.records.add(row[1])
        touch.types.add(row[2])
    connection.executemany("UPDATE records SET title = ?, subtitle = ?, due_at = ?, due_open = ? WHERE rid = ?", titles)
    batch.write(connection)


def row_ids(connection: Any, versions: Versions) -> list[int]:
    """Row ids for new records that grow with the moment a record was begun, so that "newest first" is the order of the index; a
    number already taken gives way to the next free one."""
    wanted = wanted_row_ids(versions)
    if len(set(wanted)) == len(wanted) and not _taken(connection, wanted):  # nearly always
        return wanted
    found, used = list(wanted), set[int]()
    waiting = list(enumerate(wanted))
    while waiting:
        there = _taken(connection, [rid for _, rid in waiting])
        again = []
        for place, rid in waiting:
            free = rid + (rid in there)
            while free in used:
                free += 1
            if free != rid:  # whether that one is taken is not known yet
                again.append((place, free))
                continue
            used.add(rid)
            found[place] = rid
        waiting = again
    return found


def _taken(connection: Any, rids: list[int]) -> set[int]:
    """Those of these row ids that stand for a record."""
    if not rids:
        return set()
    if len(rids) == 1:  # a save: a fifth of what asking through a list costs
        found = connection.execute("SELECT rid FROM records WHERE rid = ?", rids)
    elif rowcodec.none_between(connection, "records", "rid", rids):
        return set()
    else:
        sql = "SELECT rid FROM records WHERE rid IN (SELECT value FROM json_each(?))"
        found = connection.execute(sql, (encode_json(rids).decode(),))
    return {rid for (rid,) in found}
