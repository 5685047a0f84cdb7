"""Records that come from a city service: an application filed online, a task the city assigns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.exchange import Line, LineProblem, holding_rows, read_values
from forms.exchange.values import Inline, LineValues, reference_targets
from forms.renames import FirstNames, catalog_in_first_names
from sync.clock import Clock
from sync.gateway.known import Known
from sync.gateway.ledger import Ledger
from sync.gateway.services import CITY, ServiceHand
from sync.gateway.storage import Storage, Stream
from sync.ids import derived_id
from sync.protocol import RecordVersion

_ID = re.compile("[0-9A-Za-z_.:-]{1,64}")


class InboundReport(Struct):
    """What became of the lines. ``refused``: (line, field, message in Vietnamese)."""

    accepted: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str, str]] = []
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
        hand = ServiceHand(self._catalog, self._clock, service or self._service_of(record_type))
        run = _Run(self._catalog, hand, record_type, ward, FirstNames(self._present))
        read = [run.read(line) for line in lines]
        types = {record_type.id: record_type, **{t.id: t for t in run.inline_types}}
        with self._storage.write({(ward, t.scope) for t in types.values()}) as session:
            run.meet(Known(session, ward), read)
            run.ledger = Ledger(session, self._catalog, self._clock.now())
            run.ledger.load((ward, record_id) for record_id in run.ids)
            for item in read:
                if item is not None:
                    run.write(item)
            touched = run.ledger.write()
        self._news(touched)
        return run.report

    def _service_of(self, record_type: RecordType) -> str:
        """Who sends records of this type: the tool's service when the city carries it, else the city itself."""
        service = self._catalog.tool_of(record_type.id).service
        return service if service and any(s.id == service for s in self._catalog.services) else CITY


class _Inner(Struct):
    """A record written inside a line, where it stands, and its item once it is known which record it is."""

    inline: Inline
    item: _Item


class _Item(Struct):
    """One line, understood."""

    line: Line
    record_type: RecordType
    record_id: str
    values: LineValues
    inner: list[_Inner]
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
        self.report = InboundReport(refused=[], ids=[])
        self.inline_types: list[RecordType] = []
        self.ids: list[str] = []

    def read(self, line: Line) -> _Item | None:
        """Parse a line; None when it is refused."""
        if line.problem is not None:
            self._refuse(line, line.problem)
            return None
        given = line.head.get("type")
        if given is not None and given != self._type.id:
            self._refuse_text(line, "type", f"Dòng này là của sổ {given}.")
            return None
        values = read_values(self._names.of(self._type.id, line.values), self._type, self._catalog)
        if values.problems:
            self._refuse(line, values.problems[0])
            return None
        item = self._item(line, self._type, values)
        return item if item is not None and self._inner(item) else None

    def _item(self, line: Line, record_type: RecordType, values: LineValues) -> _Item | None:
        record_id = line.head.get("id")
        if record_id is not None and not (isinstance(record_id, str) and _ID.fullmatch(record_id)):
            self._refuse_text(line, "id", "Mã bản ghi không đúng.")
            return None
        derived = record_id is None
        if record_id is None:
            content = values.content()
            ordinal = self._seen.get(content, 0)
            self._seen[content] = ordinal + 1
            record_id = derived_id(self._ward, record_type.id, content, str(ordinal))
        self.ids.append(record_id)
        return _Item(line, record_type, record_id, values, [], derived)

    def _inner(self, item: _Item) -> bool:
        """Records written inside this one, as references; ``meet`` tells which records they are."""
        for inline in item.values.inline:
            target = self._target(inline)
            if target is None:
                self._refuse_text(item.line, inline.name, "Không hiểu bản ghi ghi ở đây: cần mã, hoặc các mục của nó.")
                return False
            given = {k: v for k, v in inline.value.items() if k != "type"}
            values = read_values(self._names.of(target.id, given), target, self._catalog)
            if values.problems or values.inline:
                problem = values.problems[0] if values.problems else None
                message = problem.message.vi if problem else "Chỉ nhận một tầng bản ghi lồng nhau."
                self._refuse_text(item.line, f"{inline.name}/{problem.field if problem else ''}", message)
                return False
            self.inline_types.append(target)
            item.inner.append(_Inner(inline, _Item(Line(number=item.line.number), target, "", values, [], True)))
        return True

    def meet(self, known: Known, items: Iterable[_Item | None]) -> None:
        """Put ids in the places of the records written inside: of the one the city has, else of one to be begun. The
        streams are held."""
        inner = [(item, one) for item in items if item is not None for one in item.inner]
        known.look_for((one.item.record_type, one.item.values.fields) for _, one in inner)
        for item, one in inner:
            one.item.record_id = known.meet(one.item.record_type, one.item.values.fields)
            self.ids.append(one.item.record_id)
            item.values.put(one.inline.place, one.item.record_id)

    def _target(self, inline: Inline) -> RecordType | None:
        """The record type the object is of: as it says, or the first whose fields it uses."""
        asked, names = inline.value.get("type"), inline.value.keys() - {"type"}
        targets = reference_targets(inline.field) or ((asked,) if isinstance(asked, str) else ())
        for target in targets:
            if asked not in (None, target) or not self._catalog.knows(target):
                continue
            record_type = self._catalog.record_type(target)
            if names and self._names.of(target, dict.fromkeys(names)).keys() <= record_type.field_map.keys():
                return record_type
        return None

    def write(self, item: _Item) -> None:
        """Begin the record, or change the fields a known one names; its state is the officers'."""
        for inner in item.inner:
            self._put(inner.item)
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
                self._refuse_text(item.line, "state", f"Sổ này không có trạng thái “{state}”.")
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
            self._refuse_text(item.line, "id", "Mã này đã thuộc về một bản ghi của sổ khác.")
            return False
        if item.derived:
            self.report.unchanged += item.record_type is self._type
            return False
        changed = self._hand.amend(self.ledger, current, fields, number)
        self.report.unchanged += not changed
        return changed

    def _refuse(self, line: Line, problem: LineProblem) -> None:
        self._refuse_text(line, problem.field, problem.message.vi)

    def _refuse_text(self, line: Line, field: str, message: str) -> None:
        self.report.refused.append((line.number, field, message))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None
