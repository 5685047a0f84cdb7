"""One transaction on the city's records: load what is touched, put new versions in memory, write all in bulk.

Officers' changes, services' answers and what services send all go through here, so that revision, position, digest,
deliveries and history are given in one place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from operator import itemgetter

import msgspec
from msgspec import Struct

from forms.definition import Catalog
from sync.clock import moment_text
from sync.digest_terms import term, terms
from sync.gateway.digest import add_to_digests
from sync.gateway.storage import Row, Session, Stream
from sync.gateway.void_deliveries import NOT_SENT, NOT_SENT_WORDS, in_void_state, services_with
from sync.locked_fields import VOID
from sync.protocol import Candidate, Change, ChangeResult, Fields, RecordVersion

_WAITING = ("waiting", None, "", None)  # status, number, message, problems
RecordKey = tuple[str, str]
"""(ward, record id)"""
REVISIONS_FROM = "revisions_from"
"""Where a city that came back from a backup keeps the least revision it gives to what is changed: those it gave before and
does not know of stand with PCs, and in the keys of what services got."""
_MANY = 100
_LOOKED_THROUGH = 500
"""Changes of one record that are looked through for an act said twice or a row that is gone; a record with more news than
that is nobody's own work of a day without a line."""
_HIGHEST = (1 << 63) - 1  # that a database can hold; a device may say more
_encode = msgspec.msgpack.Encoder().encode
_decode_change = msgspec.msgpack.Decoder(Change).decode
_decode_result = msgspec.msgpack.Decoder(ChangeResult).decode
_decode_fields = msgspec.msgpack.Decoder(Fields).decode
_decode_conflicts = msgspec.msgpack.Decoder(dict[str, tuple[Candidate, ...]]).decode
_RECORD = "ward, id, type, scope, revision, state, number, fields, conflicts, created_at, updated_at, updated_by, origin, pack"


def version_of(row: Row) -> RecordVersion:
    """A record from the columns of ``RECORD_SQL``."""
    conflicts = _decode_conflicts(row[8]) if row[8] is not None else {}
    return RecordVersion(
        ward=row[0],
        id=row[1],
        type=row[2],
        scope=row[3],
        revision=row[4],
        state=row[5],
        number=row[6],
        fields=_decode_fields(row[7]),
        conflicts=conflicts,
        created_at=row[9],
        updated_at=row[10],
        updated_by=row[11],
        origin=row[12],
        pack=row[13],
    )


RECORD_SQL = f"SELECT {_RECORD} FROM records"


class Entry(Struct, gc=False):
    """One change to be kept as history, with the city's answer."""

    change: Change
    payload: bytes  # MessagePack, as it came
    result: ChangeResult
    scope: str
    device: str


class Standing(Struct):
    """What the city does with records of one type in one state: the services that get them, and whether they are void."""

    services: list[str]
    is_void: bool


class Written(Struct):
    """What one transaction wrote to a stream: at the places after ``head``, one each, in this order."""

    head: int
    versions: list[RecordVersion]


class Ledger:
    """The records one transaction touches. The caller holds their streams."""

    def __init__(self, session: Session, catalog: Catalog, now: datetime) -> None:
        self._session = session
        self._catalog = catalog
        self._at = moment_text(now)
        self._due = now.timestamp()
        self._current: dict[RecordKey, RecordVersion] = {}
        self._loaded: dict[RecordKey, int] = {}  # revision as stored
        self._touched: dict[RecordKey, RecordVersion] = {}  # in the order of the last touch
        self._deliver: set[RecordKey] = set()
        self._entries: list[Entry] = []
        self._standings: dict[tuple[str, str], Standing] = {}  # by type and state

    def load(self, keys: Iterable[RecordKey]) -> None:
        """Bring the present versions in; one query a ward."""
        by_ward: dict[str, set[str]] = defaultdict(set)
        for ward, record_id in keys:
            by_ward[ward].add(record_id)
        for ward, ids in by_ward.items():
            if none_between(self._session, "records", "id", ward, ids):
                continue
            for row in self._session.all(f"{RECORD_SQL} WHERE ward = ? AND id = ANY(?)", ward, list(ids)):
                version = version_of(row)
                self._current[ward, version.id] = version
                self._loaded[ward, version.id] = version.revision

    def current(self, ward: str, record_id: str) -> RecordVersion | None:
        return self._current.get((ward, record_id))

    def put(self, version: RecordVersion, *, deliver: bool, anew: bool = False) -> int:
        """Make this the record's version and give it its revision. ``deliver``: services that want it get it. ``anew``: it was
        here before the database came back from a backup, and services may have had more of it than the backup knows."""
        key = (version.ward, version.id)
        before = self._current.get(key)
        least = self._floor if before is not None or anew else 1
        revision = max(before.revision + 1 if before is not None else 1, least)
        # the version was made for us by the judge and nobody else holds it; copying it would cost 15 fields a record
        msgspec.structs.force_setattr(version, "revision", revision)
        self._current[key] = version
        if before is not None:  # else it cannot have been touched
            self._touched.pop(key, None)
        self._touched[key] = version
        if deliver:
            self._deliver.add(key)
        return revision

    @cached_property
    def _floor(self) -> int:
        row = self._session.one("SELECT value FROM meta WHERE key = ?", REVISIONS_FROM)
        return int(row[0]) if row else 0

    def since(self, change: Change) -> list[Change]:
        """What was taken of the record and written after the revision the change was made at, oldest first; none where that
        is too much to look through. Of a record that is begun, all: its revision is one of before the city was restored."""
        start = 0 if change.kind == "create" else min(max(change.base_revision, 0), _HIGHEST)
        sql = "SELECT revision, payload, detail FROM changes WHERE ward = ? AND record_id = ? AND revision > ? AND status <> 'refused' LIMIT ?"
        rows = self._session.all(sql, change.ward, change.record_id, start, _LOOKED_THROUGH + 1)
        if len(rows) > _LOOKED_THROUGH:
            return []
        steps = [
            (int(row[0]), _decode_change(row[1]))
            for row in rows
            if row[2] is None or not _decode_result(row[2]).already
        ]
        for entry in self._entries:  # of this batch, not written yet
            made, told = entry.change, entry.result
            same = (made.ward, made.record_id) == (change.ward, change.record_id)
            if same and told.revision > start and told.status != "refused" and not told.already:
                steps.append((told.revision, made))
        return [step for _, step in sorted(steps, key=itemgetter(0))]

    def note(self, entry: Entry) -> None:
        """Keep a change as history."""
        self._entries.append(entry)

    def write(self) -> dict[Stream, Written]:
        """Write everything; the streams that have news, with these."""
        streams: dict[Stream, list[RecordVersion]] = defaultdict(list)
        for version in self._touched.values():
            streams[version.ward, version.scope].append(version)
        written = {key: Written(self._write_stream(*key, versions), versions) for key, versions in streams.items()}
        self._session.insert("changes", [self._change_row(entry) for entry in self._entries])
        return written

    def _write_stream(self, ward: str, scope: str, versions: Sequence[RecordVersion]) -> int:
        """The head there was before."""
        head = stream_head(self._session, ward, scope)
        new: list[Row] = []
        changed: list[Row] = []
        deliveries: list[Row] = []
        deltas: dict[str, int] = defaultdict(int)
        # of what no service is to get, this catalogue need not know the type or the state
        standings = [self._standing(v) if (ward, v.id) in self._deliver else None for v in versions]
        void = {
            v.id
            for v, standing in zip(versions, standings, strict=True)
            if standing is not None and (standing.is_void or VOID in v.fields)
        }
        known = services_with(self._session, ward, void) if void else {}
        made = terms([v.id for v in versions], [v.revision for v in versions])
        for position, (v, its_term, standing) in enumerate(zip(versions, made, standings, strict=True), head + 1):
            stored = self._loaded.get((ward, v.id))
            (new if stored is None else changed).append(_record_row(v, position))
            deltas[v.type] += its_term - (term(v.id, stored) if stored else 0)
            if standing is not None and (standing.services or v.id in void):
                deliveries += self._delivery_rows(
                    v, position, standing.services, known.get(v.id, {}) if v.id in void else None
                )
        self._session.insert("records", new)
        self._session.upsert("records", changed)
        self._session.upsert("deliveries", deliveries, keep=("number",))
        self._session.upsert("streams", [(ward, scope, head + len(versions))])
        add_to_digests(self._session, {(ward, scope, type_id): delta for type_id, delta in deltas.items()})
        return head

    def _standing(self, v: RecordVersion) -> Standing:
        found = self._standings.get((v.type, v.state))
        if found is None:
            wanted = self._catalog.record_type(v.type).deliveries
            services = sorted({d.service for d in wanted if v.state in d.states})
            found = self._standings[v.type, v.state] = Standing(services, in_void_state(self._catalog, v))
        return found

    def _delivery_rows(
        self, v: RecordVersion, position: int, services: Iterable[str], has_it: Mapping[str, bool] | None = None
    ) -> list[Row]:
        """One row for each service that gets the record in its present state; it replaces an older revision's. ``has_it``: of a
        void record, the services it was meant for, and whether one may have it."""
        times = (self._at, 0, self._due)
        held_back: list[str] = []
        if has_it is not None:
            named = services if in_void_state(self._catalog, v) else ()  # the tool itself says who hears of it
            services = sorted({*named, *(service for service, has in has_it.items() if has)})
            held_back = sorted({*has_it} - {*services})
        rows = [(v.ward, v.id, service, v.scope, v.revision, position, *_WAITING, *times) for service in services]
        return rows + [
            (v.ward, v.id, service, v.scope, v.revision, position, NOT_SENT, None, NOT_SENT_WORDS, None, *times)
            for service in held_back
        ]

    def _change_row(self, entry: Entry) -> Row:
        result = entry.result
        return (
            entry.change.ward,
            entry.change.change_id,
            entry.change.record_id,
            entry.scope,
            entry.device,
            result.status,
            result.revision,
            entry.payload,
            _encode(result) if result.problems or result.fields or result.already or result.taken_before else None,
            self._at,
        )


def none_between(session: Session, table: str, column: str, ward: str, ids: Collection[str]) -> bool:
    """Whether the ward has surely none of these many, since it has nothing from the least to the greatest of them: true of
    most of what was just begun on a PC, for the price of one look."""
    if len(ids) < _MANY:
        return False
    sql = f"SELECT 1 FROM {table} WHERE ward = ? AND {column} BETWEEN ? AND ? LIMIT 1"
    return session.one(sql, ward, min(ids), max(ids)) is None


def stream_head(session: Session, ward: str, scope: str) -> int:
    """The position of the newest record of the stream; 0: nothing yet."""
    row = session.one("SELECT head FROM streams WHERE ward = ? AND scope = ?", ward, scope)
    return int(row[0]) if row else 0


def stream_heads(session: Session, streams: Iterable[Stream]) -> dict[Stream, int]:
    """``stream_head`` of many; streams that nothing was written to are left out."""
    wards = {ward for ward, _ in streams}
    rows = session.all("SELECT ward, scope, head FROM streams WHERE ward = ANY(?)", list(wards))
    return {(ward, scope): int(head) for ward, scope, head in rows}


def _record_row(v: RecordVersion, position: int) -> Row:
    return (
        v.ward,
        v.id,
        v.type,
        v.scope,
        v.revision,
        position,
        v.state,
        v.number,
        _encode(v.fields),
        _encode(v.conflicts) if v.conflicts else None,
        v.created_at,
        v.updated_at,
        v.updated_by,
        v.origin,
        v.pack,
    )
