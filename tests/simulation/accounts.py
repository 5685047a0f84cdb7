"""What was promised: every save that said "saved", kept outside of all that can fail, and where it must be now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from sync.protocol import Change, ChangeResult
from sync.store.model import Record
from sync.store.rowcodec import decode_change

if TYPE_CHECKING:
    from tests.simulation.city_side import CitySide
    from tests.simulation.pc import Pc

_decode = msgspec.msgpack.Decoder(Change).decode
_decode_result = msgspec.msgpack.Decoder(ChangeResult).decode


class Kept(Struct, frozen=True):
    """A change in a store: its standing there."""

    change: Change
    status: str
    settled: bool


class AtCity(Struct, frozen=True):
    """A change in the city's history, in the order it was taken in."""

    change: Change
    status: str
    revision: int
    device: str


class Broken(AssertionError):
    """An invariant does not hold."""


class Accounts:
    def __init__(self) -> None:
        self.saves = 0
        self.made: dict[str, tuple[str, Change]] = {}  # change id → PC, as acknowledged to the officer
        self.names: dict[str, str] = {}  # change id → version of the pack whose names of fields it was read in
        self.lost: set[str] = set()  # by physics: a disaster left no copy anywhere
        self.given_up: dict[str, str] = {}  # change id → PC: refused by the city, and wanted no more
        self.withdrawn = False  # a grant, or a token with its grants
        self.moved_on_trust = False  # a book, to where somebody said that its paper ends
        self.attached: list[tuple[str, str, str]] = []  # (SHA-256, PC, record), each saved
        self.taken_up: set[str] = set()  # papers that some counter has checked
        self._seen: dict[str, int] = {}

    def saved(self, pc: Pc, records: tuple[Record, ...], wanted: dict[str, Any] | None = None) -> None:
        """A save call returned: what it made is promised from now on. ``wanted``: what the officer put into the first."""
        self.saves += 1
        for change_id, kept in changes_of(pc, since=self._seen.get(pc.name, 0)).items():
            if kept.change.device in pc.devices:  # and not of others' history
                self.made.setdefault(change_id, (pc.name, kept.change))
                self.names.setdefault(change_id, pc.store.catalog.version)
        self._seen[pc.name] = newest(pc)
        for name, value in (wanted or {}).items():
            if (shown := records[0].fields.get(name)) != value:
                raise Broken(f"{pc.name}: saved {name} = {value!r} and shows {shown!r} ({records[0].id})")

    def reopened(self, pc: Pc) -> None:
        """The store may have gone back: what it makes from here on is new."""
        self._seen[pc.name] = newest(pc)

    def disaster(self, pcs: list[Pc], city: CitySide) -> int:
        """Right after something went back in time: what no store and no city has any more is lost, and nothing else may
        ever be. The number newly lost."""
        here: set[str] = set(history_of(city))
        for pc in pcs:
            here |= {i for i, kept in changes_of(pc).items() if kept.change.device in pc.devices}
        gone = self.made.keys() - here - self.lost
        self.lost |= gone
        return len(gone)

    def check_claim(self, pc: Pc, city: CitySide) -> None:
        """A PC that says nothing waits has everything of its own at the city."""
        if not city.up or pc.store.changes.outbox():
            return
        there = history_of(city)
        for change_id, kept in changes_of(pc).items():
            if kept.change.device not in pc.devices:
                continue
            if kept.status in ("accepted", "conflict") and change_id not in self.lost:
                found = there.get(change_id)
                if found is None or found.status == "refused":
                    raise Broken(f"{pc.name} says all is at the city, which lacks {told(kept.change)}")


def newest(pc: Pc) -> int:
    with pc.store._context.readers.connection() as db:
        return int(db.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


def changes_of(pc: Pc, since: int = 0) -> dict[str, Kept]:
    """What a store has of its own and of others' history."""
    sql = "SELECT change_id, payload, status, settled FROM changes WHERE seq > ? ORDER BY seq"
    with pc.store._context.readers.connection() as db:
        return {i: Kept(decode_change(body), status, bool(s)) for i, body, status, s in db.execute(sql, (since,))}


def history_of(city: CitySide) -> dict[str, AtCity]:
    """All that the city took in or refused, in the order it wrote it."""
    order = "rowid" if city.city.storage.dialect == "sqlite" else "received_at, revision"
    with city.city.storage.read() as session:
        rows = session.all(f"SELECT change_id, payload, status, revision, device FROM changes ORDER BY {order}")
    return {row[0]: AtCity(_decode(bytes(row[1])), row[2], row[3], row[4]) for row in rows}


def told(change: Change) -> str:
    return f"{change.kind} {change.change_id} of {change.type} {change.record_id} {dict(change.after)!r}"
