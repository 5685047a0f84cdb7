"""Lines of a file become saves: ids, references, rules. One object takes one file in.

A new line is history: its state and number are kept as written and no lease is used. A line with a known id is an edit
under the form's rules. A bad line is refused with its field and a message; the others go in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from desktop.commands.desk import Desk
from desktop.commands.entries import entry_context
from desktop.commands.grants import why_not_begin, why_not_write
from desktop.commands.people import References
from forms.definition import RecordType
from forms.entry import RecordEntry, RuleError
from forms.entry_values import OVERRIDDEN
from forms.exchange import Line, LineProblem, LineValues, UnusableReferenceError, holding_rows, read_values
from forms.label import Label
from forms.register_numbers import could_be_of, example_number, series_name
from forms.shapes import as_shape, shape_problem
from sync.ids import derived_id
from sync.number_reader import FARTHEST, reader_of
from sync.store.model import Save, SaveRefused

if TYPE_CHECKING:
    from sync.store.model import Record

BATCH = 500  # lines a transaction: long enough to be fast, short enough to let an officer's save go between
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_ANY_DAY = "2000-01-01"  # where the number alone is asked for
_DATED = ("date", "date_partial", "datetime", "time")


class Refused(Struct, frozen=True):
    line: int
    field: str
    message: str


class IntakeResult(Struct):
    """What became of a file. ``created`` are records made for inline references."""

    accepted: int = 0
    unchanged: int = 0
    created: int = 0
    refused: list[Refused] = field(default_factory=list)


class _LineError(Exception):
    def __init__(self, name: str, message: Label) -> None:
        super().__init__(message.vi)
        self.problem = LineProblem(name, message)


class _Read(Struct):
    """A line on its way: its values, its id, and whether the file gave that id."""

    line: Line
    values: LineValues
    id: str
    derived: bool


class Intake:
    def __init__(self, desk: Desk, record_type: RecordType) -> None:
        self._desk = desk
        self._type = record_type
        self._enrolment = desk.enrolment
        self._officer = desk.officer
        self._references = References(desk)
        self._context = entry_context(desk, resolve=self._references.resolve)
        self._ordinals: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._defaults = self._timeless_defaults()
        self._reader = reader_of(record_type)
        self.result = IntakeResult()
        self.numbered: dict[str, int] = {}
        """The highest number that came for a series where neither the number nor its line tells a year: which book they are of, only
        a person knows."""

    def take(self, lines: Iterable[Line]) -> IntakeResult:
        """Take all lines in, batch by batch; what was saved stays saved whatever comes later."""
        batch: list[Line] = []
        for line in self._in_order(lines):
            batch.append(line)
            if len(batch) >= BATCH:
                self._take_batch(batch)
                batch = []
        self._take_batch(batch)
        self.result.refused.sort(key=lambda refused: refused.line)
        return self.result

    def _in_order(self, lines: Iterable[Line]) -> Iterator[Line]:
        """High numbers last and in their order: many lists have their newest line first, and a book that has not come near would
        doubt it. Of lines with one id the first stands, wherever its number puts it: the others follow it."""
        high: list[tuple[int, Line]] = []
        places: dict[str, int] = {}  # by the id that a high line gives
        for line in lines:
            number, given = line.head.get("number"), line.head.get("id")
            read = self._reader.read(number.strip(), {}, _ANY_DAY) if self._reader and isinstance(number, str) else None
            place = read.n if read is not None else 0
            if isinstance(given, str) and (given in places or place > FARTHEST):
                place = places.setdefault(given, place)
            if place > FARTHEST:
                high.append((place, line))
            else:
                yield line
        yield from (line for _, line in sorted(high, key=lambda one: one[0]))

    def _take_batch(self, batch: list[Line]) -> None:
        read = [item for line in batch if (item := self._read(line)) is not None]
        present = {r.id: r for r in self._desk.store.records.load_many([item.id for item in read])}
        pending: list[tuple[_Read, list[Save]]] = []
        for item in read:
            try:
                saves = self._saves(item, present.get(item.id))
            except _LineError as refusal:
                self._refuse(item.line, refusal.problem)
                continue
            if saves:
                pending.append((item, saves))
            else:
                self.result.unchanged += 1
        self._save(pending)

    def _read(self, line: Line) -> _Read | None:
        try:
            if line.problem is not None:
                raise _LineError(line.problem.field, line.problem.message)
            return self._identified(line)
        except _LineError as refusal:
            self._refuse(line, refusal.problem)
            return None

    def _identified(self, line: Line) -> _Read:
        head = line.head
        if head.get("type") not in (None, self._type.id):
            raise _LineError("type", Label(f"Không phải {self._type.id}.", f"This is not {self._type.id}."))
        for name in ("id", "state", "number"):
            if not isinstance(head.get(name), str | None):
                raise _LineError(name, Label("Phải là chữ.", "It must be text."))
        values = read_values(line.values, self._type, self._desk.catalog)
        if values.problems:
            raise _LineError(values.problems[0].field, values.problems[0].message)
        given = head.get("id")
        if given is None:
            return _Read(line, values, self._derived(head, values), True)
        if not _ID.fullmatch(given):
            raise _LineError(
                "id",
                Label("Mã bản ghi chỉ có chữ, số và . _ : -, dài tới 64.", "An id is up to 64 of A-Z a-z 0-9 . _ : -"),
            )
        if given in self._seen:
            raise _LineError("id", Label("Mã này đã có ở dòng trên.", "This id stands in a line above."))
        self._seen.add(given)
        return _Read(line, values, given, False)

    def _derived(self, head: dict[str, Any], values: LineValues) -> str:
        """The id of a line without one, from what it says and which of its twins it is."""
        content = "\x1f".join((head.get("state") or "", _number_in(head) or "", values.content()))
        self._ordinals[content] += 1
        return derived_id(self._enrolment.ward, self._type.id, content, str(self._ordinals[content]))

    def _saves(self, item: _Read, present: Record | None) -> list[Save]:
        """What must be saved for a line: the persons it brings along, then itself; nothing when all is there."""
        if present is not None and item.derived:
            return []
        if present is not None and present.type != self._type.id:
            raise _LineError("id", Label(f"Mã này là của {present.type}.", f"This id belongs to {present.type}."))
        try:
            made = self._references.settle(item.values)
        except UnusableReferenceError as error:
            raise _LineError(error.field, error.label) from error
        try:
            own = self._new(item) if present is None else self._edit(item, present)
        except (_LineError, RuleError) as error:
            self._references.forget(made)
            if isinstance(error, RuleError):
                raise _LineError(error.problems[0].path, error.problems[0].message) from error
            raise
        return [*made, own] if own is not None else []

    def _new(self, item: _Read) -> Save:
        if reason := why_not_begin(self._type, self._desk.catalog, self._officer, self._enrolment):
            raise _LineError("", reason)
        head = item.line.head
        state = head.get("state") or self._type.initial_state
        if all(s.id != state for s in self._type.states):
            known = ", ".join(s.id for s in self._type.states)
            raise _LineError("state", Label(f"Không có trạng thái “{state}”; có: {known}.", f"Unknown state; {known}."))
        given = {k: v for k, v in holding_rows(self._type, item.values.fields).items() if v is not None}
        number = self._given_number(head)
        given = {**self._shown_number(number), **given}
        fields = {**self._defaults, **given}
        entry = self._history(item, fields, state, number)
        if typed := [path for path, value in overridables(self._type, given) if value != entry.get(path)]:
            entry = self._history(item, {**fields, OVERRIDDEN: sorted(typed)}, state, number)
        for problem in entry.problems():
            if problem.blocks:
                raise _LineError(problem.path, problem.message)
        # what a calculation would give today does not rewrite what was written down then
        return Save(type=self._type.id, fields=as_written(entry.fields, given), id=item.id, state=state, number=number)

    def _history(self, item: _Read, fields: dict[str, Any], state: str, number: str | None) -> RecordEntry:
        """The line as an entry, with what is calculated from it."""
        entry = RecordEntry(
            self._type,
            self._desk.catalog,
            self._context,
            fields=fields,
            state=state,
            number=number,
            id=item.id,
            watched=False,
        )
        entry.recalculate()
        return entry

    def _given_number(self, head: dict[str, Any]) -> str | None:
        """The number an old book gave, if it can be one of this register."""
        number, register = _number_in(head), self._type.register
        if number is None or register is None or could_be_of(register, number):
            return number
        shown, example = number[:40], example_number(register)
        raise _LineError(
            "number",
            Label(
                f"“{shown}” không phải số của sổ này; số viết như {example}.",
                f"“{shown}” is not a number of this register; one looks like {example}.",
            ),
        )

    def _shown_number(self, number: str | None) -> dict[str, Any]:
        """The field that shows the number in lists and on papers, where a line names the number alone."""
        register = self._type.register
        of = self._type.field_map.get(register.field) if register and register.kind == "leased" else None
        if number is None or of is None or shape_problem(of, shown := as_shape(self._type, of.name, number)):
            return {}
        return {of.name: shown}

    def _edit(self, item: _Read, present: Record) -> Save | None:
        """The save for a line about a known record: only what differs from the record is an edit."""
        head = item.line.head
        if head.get("state") not in (None, present.state):
            raise _LineError(
                "state", Label("Trạng thái chỉ đổi bằng thao tác (act).", "A state changes only by an action (act).")
            )
        if _number_in(head) not in (None, present.number):
            raise _LineError("number", Label("Số đã cấp không sửa được.", "A number given cannot be changed."))
        if reason := why_not_write(self._type, self._desk.catalog, self._officer):
            raise _LineError("", reason)
        named = {k: v for k, v in item.values.fields.items() if not k.startswith("_")}
        changed = {k: v for k, v in named.items() if v != present.fields.get(k)}
        if not changed:
            return None
        entry = RecordEntry(
            self._type,
            self._desk.catalog,
            self._context,
            fields=present.fields,
            state=present.state,
            number=present.number,
            id=present.id,
        )
        before = {(p.path, p.message.vi) for p in entry.problems() if p.blocks}
        for name, value in changed.items():
            if entry.is_locked(name) or entry.is_calculated(name):
                raise _LineError(name, Label("Mục này không sửa được ở đây.", "This field cannot be changed here."))
            entry.set(name, value)
        for problem in entry.problems():
            if problem.blocks and (problem.path, problem.message.vi) not in before:
                raise _LineError(problem.path, problem.message)
        return Save(type=self._type.id, fields=entry.fields, opened=present)

    def _timeless_defaults(self) -> dict[str, Any]:
        """What a form would fill in by itself, days and moments excepted: today's date would be a lie in history."""
        blank = RecordEntry(self._type, self._desk.catalog, self._context)
        dated = {f.name for f in self._type.fields if f.type in _DATED}
        defaults = {f.name for f in self._type.fields if f.default is not None} - dated
        return {k: v for k, v in blank.fields.items() if k in defaults and v is not None}

    def _save(self, pending: list[tuple[_Read, list[Save]]]) -> None:
        """One transaction; when a line breaks it, halves, until that line alone is refused."""
        if not pending:
            return
        try:
            self._desk.store.save([save for _, saves in pending for save in saves], self._officer)
        except SaveRefused as error:
            if len(pending) > 1:
                middle = len(pending) // 2
                self._save(pending[:middle])
                self._save(pending[middle:])
                return
            problem = error.problems[0] if error.problems else None
            text = self._desk.label(problem.label) if problem else str(error)
            self._references.forget(pending[0][1])
            self.result.refused.append(Refused(pending[0][0].line.number, problem.field if problem else "", text))
            return
        self.result.accepted += len(pending)
        self.result.created += sum(len(saves) - 1 for _, saves in pending)
        for _, saves in pending:
            self._note_number(saves[-1])

    def _note_number(self, save: Save) -> None:
        register = self._type.register
        if register is None or register.kind != "leased" or save.number is None or self._reader is None:
            return
        read = self._reader.read(save.number, save.fields, _ANY_DAY)
        if read is not None and self._reader.read(save.number, save.fields, None) is None:
            series = series_name(self._type, save.fields)
            self.numbered[series] = max(self.numbered.get(series, 0), read.n)

    def _refuse(self, line: Line, problem: LineProblem) -> None:
        message = self._desk.label(problem.message)
        self.result.refused.append(Refused(line.number, problem.field, message))


def _number_in(head: Mapping[str, Any]) -> str | None:
    """Without the spaces that spreadsheets have around what was typed."""
    return (head.get("number") or "").strip() or None


def overridables(record_type: RecordType, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Paths and values of what a line says where an officer may type over a calculation."""
    for f in record_type.fields:
        value = given.get(f.name)
        if f.calculate is not None and f.overridable and value is not None:
            yield f.name, value
        for row in value or () if f.type == "group" else ():
            for column in f.fields:
                if column.calculate is not None and column.overridable and row.get(column.name) is not None:
                    yield f"{f.name}/{row['_id']}/{column.name}", row[column.name]


def as_written(calculated: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with what the line says in place of what was calculated, row by row."""
    whole = {**calculated, **given}
    for name, rows in given.items():
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "_id" in rows[0]:  # a group, not files
            known = {row["_id"]: row for row in calculated.get(name) or ()}
            whole[name] = [{**known.get(row["_id"], {}), **row} for row in rows]
    return whole
