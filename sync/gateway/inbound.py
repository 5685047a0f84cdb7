"""Records that come from a city service: an application filed online, a task the city assigns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.exchange import (
    Inside,
    Line,
    LineProblem,
    LineValues,
    UnusableReferenceError,
    holding_rows,
    read_inside,
    read_values,
)
from forms.exchange.inside import by_depth, innermost_first
from forms.label import Label
from forms.renames import FirstNames, catalog_in_first_names
from sync.clock import Clock
from sync.difference import put_path
from sync.gateway.known import Known
from sync.gateway.ledger import Ledger
from sync.gateway.services import CITY, ServiceHand
from sync.gateway.storage import Session, Storage, Stream
from sync.ids import derived_id
from sync.protocol import Change, Fields, RecordVersion

_ID = re.compile("[0-9A-Za-z_.:-]{1,64}")
_decode_change = msgspec.msgpack.Decoder(Change).decode


class InboundReport(Struct):
    """What became of the lines. ``refused``: (line, field, message)."""

    accepted: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str, Label]] = []
    ids: list[str] = []


class Inbound:
    """Takes lines in, in one transaction; a bad line is refused and the rest goes in."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock, news: Callable[[set[Stream]], None]) -> None:
        """Lines may name fields as the catalogue does or by their first names, which records have at the city."""
        self._storage = storage
        self._present = catalog
        self._catalog = catalog_in_first_names(catalog)
        self._clock = clock
        self._news = news

    def take(self, type_id: str, ward: str, lines: Iterable[Line], service: str | None = None) -> InboundReport:
        """Write the lines' records in the ward. Raises KeyError for a type the catalogue does not have."""
        record_type = self._catalog.record_type(type_id)
        service = service or self._service_of(record_type)
        hand = ServiceHand(self._catalog, self._clock, service)
        run = _Run(self._catalog, hand, record_type, ward, FirstNames(self._present))
        read = [run.read(line) for line in lines]
        types = {record_type.id: record_type, **{t.id: t for t in run.inline_types}}
        with self._storage.write({(ward, t.scope) for t in types.values()}) as session:
            run.meet(Known(session, ward), read)
            run.ledger = Ledger(session, self._catalog, self._clock.now())
            run.ledger.load((ward, record_id) for record_id in run.ids)
            named = [i.record_id for i in read if i and not i.derived and run.ledger.current(ward, i.record_id)]
            run.said = _said(session, ward, named, service)
            for item in read:
                if item is not None:
                    run.write(item)
            touched = set(run.ledger.write())
        self._news(touched)
        return run.report

    def may_send(self, service: str, type_id: str) -> bool:
        """Whether the register is one of the service's: its tool's, one it numbers or gets, or one with fields it owns. What
        it writes inside (persons) comes along."""
        if not self._catalog.knows(type_id):
            return False
        record_type = self._catalog.record_type(type_id)
        register = record_type.register
        return (
            self._catalog.tool_of(type_id).service == service
            or any(delivery.service == service for delivery in record_type.deliveries)
            or (register is not None and register.service == service)
            or any(field.owner == service for field in record_type.fields)
        )

    def _service_of(self, record_type: RecordType) -> str:
        """Who sends records of this type: the tool's service when the city carries it, else the city itself."""
        service = self._catalog.tool_of(record_type.id).service
        return service if service and any(s.id == service for s in self._catalog.services) else CITY


class _Item(Struct):
    """One line, understood."""

    line: Line
    record_type: RecordType
    record_id: str
    values: LineValues
    inside: tuple[Inside, ...]
    derived: bool  # its id comes from its content: when there is a record, it has been taken in before


class _Run:
    """One file's lines."""

    def __init__(
        self, catalog: Catalog, hand: ServiceHand, record_type: RecordType, ward: str, names: FirstNames
    ) -> None:
        self._catalog = catalog
        self._names = names
        self._hand = hand
        self._type = record_type
        self._ward = ward
        self._seen: dict[str, int] = {}
        self.ledger: Ledger
        self.said: dict[str, Fields] = {}
        self.report = InboundReport(refused=[], ids=[])
        self.inline_types: list[RecordType] = []
        self.ids: list[str] = []
        self._inner_ids: dict[int, str] = {}  # by the identity of what is written inside

    def read(self, line: Line) -> _Item | None:
        """Parse a line; None when it is refused."""
        if line.problem is not None:
            self._refuse(line, line.problem)
            return None
        given = line.head.get("type")
        if given is not None and given != self._type.id:
            self._refuse_text(line, "type", f"Dòng này là của sổ {given}.", f"This line is of {given}.")
            return None
        values = read_values(self._names.of(self._type.id, line.values), self._type, self._catalog)
        if values.problems:
            self._refuse(line, values.problems[0])
            return None
        try:
            inside = read_inside(values, self._catalog, self._names.of)
        except UnusableReferenceError as error:
            self.report.refused.append((line.number, error.field, error.label))
            return None
        self.inline_types += [one.record_type for one in innermost_first(inside)]
        return self._item(line, self._type, values, inside)

    def _item(
        self, line: Line, record_type: RecordType, values: LineValues, inside: tuple[Inside, ...]
    ) -> _Item | None:
        record_id = line.head.get("id")
        if record_id is not None and not (isinstance(record_id, str) and _ID.fullmatch(record_id)):
            self._refuse_text(line, "id", "Mã bản ghi không đúng.", "This is not an id of a record.")
            return None
        derived = record_id is None
        if record_id is None:
            content = values.content()
            ordinal = self._seen.get(content, 0)
            self._seen[content] = ordinal + 1
            record_id = derived_id(self._ward, record_type.id, content, str(ordinal))
        self.ids.append(record_id)
        return _Item(line, record_type, record_id, values, inside, derived)

    def meet(self, known: Known, items: Iterable[_Item | None]) -> None:
        """Put ids in the places of the records written inside: of the one the city has, else of one to be begun. The
        streams are held."""
        lines = [item for item in items if item is not None]
        for layer in by_depth([item.inside for item in lines]):
            known.look_for((one.record_type, one.fields()) for one in layer)
            for one in layer:
                for within in one.inside:
                    one.values.put(within.inline.place, self._inner_ids[id(within)])
                self._inner_ids[id(one)] = known.meet(one.record_type, one.fields())
        self.ids += self._inner_ids.values()
        for item in lines:
            for one in item.inside:
                item.values.put(one.inline.place, self._inner_ids[id(one)])

    def write(self, item: _Item) -> None:
        """Begin the record, or change the fields a known one names; its state is the officers'."""
        for one in innermost_first(item.inside):
            inner = Line(number=item.line.number)
            self._put(_Item(inner, one.record_type, self._inner_ids[id(one)], one.values, (), True))
        if self._put(item):
            self.report.accepted += 1
        if self.ledger.current(self._ward, item.record_id) is not None:
            self.report.ids.append(item.record_id)

    def _put(self, item: _Item) -> bool:
        current = self.ledger.current(self._ward, item.record_id)
        fields = holding_rows(item.record_type, item.values.fields, current.fields if current else None)
        number = _text(item.line.head.get("number"))
        if current is None:
            state = _text(item.line.head.get("state")) or item.record_type.initial_state
            if all(s.id != state for s in item.record_type.states):
                self._refuse_text(
                    item.line,
                    "state",
                    f"Sổ này không có trạng thái “{state}”.",
                    f"This register has no state “{state}”.",
                )
                return False
            version = RecordVersion(
                id=item.record_id,
                type=item.record_type.id,
                ward=self._ward,
                revision=0,
                state=state,
                number=number,
                fields=fields,
            )
            self._hand.begin(self.ledger, version)
            return True
        if current.type != item.record_type.id:
            self._refuse_text(
                item.line,
                "id",
                "Mã này đã thuộc về một bản ghi của sổ khác.",
                "This id belongs to a record of another register.",
            )
            return False
        if item.derived:
            self.report.unchanged += item.record_type is self._type
            return False
        # what it said before and says again is no news: an officer may have corrected it since
        said = self.said.get(item.record_id, {})
        fields = {name: value for name, value in fields.items() if name not in said or said[name] != value}
        changed = self._hand.amend(self.ledger, current, fields, number)
        self.report.unchanged += not changed
        return changed

    def _refuse(self, line: Line, problem: LineProblem) -> None:
        self.report.refused.append((line.number, problem.field, problem.message))

    def _refuse_text(self, line: Line, field: str, vi: str, en: str) -> None:
        self.report.refused.append((line.number, field, Label(vi, en)))


def _said(session: Session, ward: str, ids: list[str], service: str) -> dict[str, Fields]:
    """The values that the service gave each of these records, the last of each field."""
    said: dict[str, Fields] = {}
    sql = "SELECT payload FROM changes WHERE ward = ? AND record_id = ANY(?) AND device = '' ORDER BY received_at, change_id"
    for (payload,) in session.all(sql, ward, ids) if ids else ():
        change = _decode_change(payload)
        if change.officer.id == service:
            fields = said.setdefault(change.record_id, {})
            for key, value in change.after.items():
                put_path(fields, key, value)
    return said


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None
