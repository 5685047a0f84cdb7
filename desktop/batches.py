"""Making a register's records for many sources at once, for the list page and the verb alike: counted first, then written
a hundred at a time. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field, structs

from desktop.following import with_followers
from forms.batches import Batch, Key
from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry
from forms.flow_definition import Flow
from forms.label import Label
from sync.ids import IdSource, derived_id
from sync.store.model import Record, Save, SaveRefused

if TYPE_CHECKING:
    from sync.protocol import Officer
    from sync.store import Store

AT_ONCE = 100  # records in one transaction: a sync, or an officer's own save, waits for no more
MAY_STAY = 3  # reasons told of one record


class Told(Struct, frozen=True):
    """What is to be said of one source: why nothing was made for it, or what to look at in what was made."""

    id: str  # of the source
    title: str
    message: Label


class Tally(Struct):
    """How far a batch is. ``made``: records written, or that would be; ``existing``: there before; ``dropped``: of these,
    taken off again by somebody (void), which a second run must not bring back."""

    looked_at: int = 0
    made: int = 0
    existing: int = 0
    dropped: list[Told] = field(default_factory=list)
    refused: list[Told] = field(default_factory=list)
    noted: list[Told] = field(default_factory=list)
    stopped: bool = False


Watch = Callable[[Tally], bool]
"""Hears how far a batch is; False stops it."""


def go_on(_tally: Tally) -> bool:
    return True


class Desk(Struct, frozen=True):
    """Who makes the records, where, and by which rules."""

    store: Store
    catalog: Catalog
    context: EntryContext
    officer: Officer
    may_begin: Callable[[RecordType], bool]


class _Ready(Struct, frozen=True):
    source: Record
    entry: RecordEntry
    key: Key


def count(flow: Flow, given: Mapping[str, Any], desk: Desk, watch: Watch = go_on) -> Tally:
    """What ``make`` would do now; nothing is written."""
    tally = Tally()
    for _ in _ready(flow, given, desk, tally, watch):
        tally.made += 1
    return tally


def make(flow: Flow, given: Mapping[str, Any], desk: Desk, watch: Watch = go_on) -> Tally:
    """Makes what is missing, AT_ONCE records a transaction. What cannot be written is told by name; the others are. Any
    other error of the store ends it, and what was written stays: another run makes the rest."""
    tally, waiting = Tally(), list[_Ready]()
    for ready in _ready(flow, given, desk, tally, watch):
        waiting.append(ready)
        if len(waiting) == AT_ONCE:
            _write(waiting, desk, tally)
            waiting.clear()
    if not tally.stopped:
        _write(waiting, desk, tally)
    return tally


def _ready(flow: Flow, given: Mapping[str, Any], desk: Desk, tally: Tally, watch: Watch) -> Iterator[_Ready]:
    """The records to be made, source by source in their order of making; everything else goes into the tally."""
    batch = Batch(flow, given, desk.catalog, desk.context)
    seen_keys: set[str] = set()
    for source in desk.store.records.each(flow.from_):
        if not watch(tally):
            tally.stopped = True
            return
        tally.looked_at += 1
        begun = batch.begin(source.id, source.state, source.number, source.fields)
        if begun is None:
            continue
        entry = begun.entry
        if (key := batch.key(entry)) is None:
            tally.refused.append(Told(source.id, source.title, _missing(flow, entry)))
            continue
        if repr(key) in seen_keys or _is_there(source, entry, key, desk, tally):
            continue
        seen_keys.add(repr(key))
        _put_visit(entry, desk)
        problems = entry.problems()
        blocking = [*begun.left_out, *(problem.message for problem in problems if problem.blocks)]
        if blocking:
            tally.refused.append(Told(source.id, source.title, joined(blocking)))
            continue
        if noted := [*begun.noted, *(problem.message for problem in problems)]:
            tally.noted.append(Told(source.id, source.title, joined(noted)))
        yield _Ready(source, entry, key)


def _is_there(source: Record, entry: RecordEntry, key: Key, desk: Desk, tally: Tally) -> bool:
    to = entry.record_type
    found = desk.store.records.find(to.id, **dict(key))
    if not found:
        return False
    tally.existing += 1
    if all(to.state(record.state).kind == "void" for record in found):
        label = to.state(found[-1].state).label
        vi, en = (
            f"Trước đây đã lập, nay “{label.vi}”; cần thì lập tay.",
            f"Made before, now “{label.en}”; make it by hand.",
        )
        tally.dropped.append(Told(source.id, source.title, Label(vi, en)))
    return True


def _write(waiting: list[_Ready], desk: Desk, tally: Tally) -> None:
    """One transaction; where a record of it is refused each goes by itself, so that only that one stays behind."""
    if not waiting:
        return
    try:
        desk.store.save([save for ready in waiting for save in _saves(ready, desk)], desk.officer)
        tally.made += len(waiting)
    except SaveRefused as refusal:
        if len(waiting) > 1:
            for ready in waiting:
                _write([ready], desk, tally)
            return
        _write_alone(waiting[0], desk, tally, refusal)


def _write_alone(ready: _Ready, desk: Desk, tally: Tally, refusal: SaveRefused) -> None:
    """Without what would follow from it: that stays a proposal."""
    try:
        desk.store.save([_save(ready, desk)], desk.officer)
        tally.made += 1
    except SaveRefused:
        tally.refused.append(Told(ready.source.id, ready.source.title, refusal.label))


def _saves(ready: _Ready, desk: Desk) -> list[Save]:
    return with_followers(_save(ready, desk), ready.entry, desk.store, desk.officer, desk.may_begin)


def _save(ready: _Ready, desk: Desk) -> Save:
    """Two PCs that make the same list before they sync make the same records: their ids come from what is made only once."""
    entry, enrolment = ready.entry, desk.store.enrolment
    ward = enrolment.ward if enrolment else ""
    record_id = derived_id("batch", ward, entry.record_type.id, *(f"{name}={value}" for name, value in ready.key))
    save = Save(type=entry.record_type.id, fields=entry.fields, id=record_id)
    if desk.store.records.load(record_id) is not None:  # that one was changed into another's meanwhile
        save = structs.replace(save, id=None)
    return save


def _put_visit(entry: RecordEntry, desk: Desk) -> None:
    visit = entry.record_type.visit
    if visit and entry.get(visit) in (None, ""):
        entry.put(visit, IdSource(desk.store.clock).new())


def _missing(flow: Flow, entry: RecordEntry) -> Label:
    names = [entry.record_type.field(name).label for name in flow.once if entry.get(name) in (None, "", [])]
    vi, en = ", ".join(name.vi for name in names), ", ".join(name.en for name in names)
    return Label(f"Thiếu: {vi}.", f"Missing: {en}.")


def joined(messages: list[Label]) -> Label:
    """The first few of them in one line, each once."""
    told = list(dict.fromkeys(messages))[:MAY_STAY]
    return Label(" ".join(label.vi for label in told), " ".join(label.en for label in told))
