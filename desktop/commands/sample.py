"""``sample TOOL.RECORD N FILE [--seed S]``: believable, invented records; the same file for the same seed.

References are written as objects, so that the file can be taken in anywhere.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from desktop.commands.desk import SAMPLE_WARD, Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.exchange.same_record import Key, telling_keys
from forms.field_definition import Field
from forms.wards import ward_facts
from sync.clock import parse_moment
from sync.ids import derived_id

_DAY = "2026-11-20T08:00:00+07:00"
"""The moment samples are made around unless SOPHUONG_NOW says another: today's would change the bytes of a seed."""
_WARD = ward_facts(SAMPLE_WARD, "Phường Hoàn Kiếm")
_POOL = 40  # records of each kind that samples refer to
_ONE = ("person", "household", "organisation", "ref")


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("type", metavar="TOOL.RECORD", help=parser.say("loại bản ghi", "the record type"))
    parser.add_argument("count", metavar="N", type=int, help=parser.say("bao nhiêu", "how many"))
    parser.add_argument("file", metavar=parser.say("TỆP", "FILE"), help=".ndjson, .csv, .xlsx")
    parser.add_argument(
        "--seed", metavar="S", default="1", help=parser.say("cùng số thì cùng tệp", "the same seed, the same file")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from forms.exchange import ExchangeError, write_records

    record_type = desk.record_type(given.type)
    if given.count < 0:
        raise usage_error("N phải từ 0 trở lên.", "N must be 0 or more.")
    now = desk.clock.now() if os.environ.get("SOPHUONG_NOW") else parse_moment(_DAY)
    records = Samples(desk, now, given.seed).records(record_type, given.count)
    try:
        count = write_records(Path(given.file), record_type, records)
    except ExchangeError as error:
        raise CommandError(error.label.vi, error.label.en) from error
    if desk.as_json:
        desk.put_json({"records": count, "file": given.file, "seed": given.seed})
    desk.say(f"Đã tạo {count} bản ghi mẫu trong {given.file}.", f"{count} sample records in {given.file}.")
    return 0


class Samples:
    """Records of one type with the people, households and officers they speak of."""

    def __init__(self, desk: Desk, now: datetime, seed: str) -> None:
        self._desk = desk
        self._now = now
        self._seed = seed
        self._pooled: dict[str, Mapping[str, Any]] = {}
        self._told: dict[str, tuple[str, Mapping[str, Any]]] = {}  # pooled id → its type and what its object says
        self._pools: dict[str, list[str]] = {}

    def records(self, record_type: RecordType, count: int) -> list[dict[str, Any]]:
        """``count`` records; references as objects."""
        from forms.sample import SampleError

        for size in (count, 4 * count, 16 * count):  # a rule may let through few of the people there are
            self._pooled, self._told, self._pools = {}, {}, {}
            pools = self._pools_of(record_type, size)
            try:
                made = self._made(record_type, count, pools)
                break
            except SampleError:
                if size > 4 * count or size > 4 * _POOL:
                    raise
        return [{**record, "fields": self._written_out(record_type.fields, record["fields"])} for record in made]

    def _pools_of(self, record_type: RecordType, size: int, depth: int = 0) -> dict[str, list[str]]:
        """What samples refer to: whatever must be named, and people and offices, which every tool shares (what is only
        referred to itself: those alone that need nobody else)."""
        from forms.exchange.values import reference_targets

        pools: dict[str, list[str]] = {}
        for field in (column for f in record_type.fields for column in (f, *f.fields)):
            if field.type in (*_ONE, "refs"):
                for target in reference_targets(field):
                    known = self._desk.catalog.record_type(target)
                    people = known.scope == "people" and (depth == 0 or not _must_refer(known))
                    if target not in pools and (field.required or people):
                        pools[target] = self._pool(target, size, depth + 1)
        return pools

    def _pool(self, type_id: str, size: int, depth: int) -> list[str]:
        """Ids of records of a type, remembered for ``resolve``; what they must refer to comes of pools in its turn."""
        from forms.sample import SampleError
        from forms.sample_scene import SHARED_TARGETS

        if type_id in self._pools:
            return self._pools[type_id]
        ids = self._pools[type_id] = []  # those it refers to may refer back: to nobody yet
        record_type = self._desk.catalog.record_type(type_id)
        count = min(_POOL, size)
        if type_id == SHARED_TARGETS["person"]:  # children, mothers, fathers, householders …
            count *= 4
        elif depth > 0 and _must_refer(record_type):  # long to make, and several records may well share one
            count = min(count, 3 + count // 4)
        try:
            made = self._made(record_type, count, self._pools_of(record_type, size, depth))
        except SampleError:  # it needs what cannot be invented here; then it is not referred to
            return ids
        known: set[Key] = set()
        for at, record in enumerate(made):
            record_id = derived_id("sample", self._seed, type_id, str(at))
            told = {k: v for k, v in record["fields"].items() if _goes_along(record_type, k)}
            fields = self._taken_in(record_type, told)
            keys = {key for key, _ in telling_keys(record_type, fields)}
            if keys & known:  # an import would take the two for one
                continue
            known |= keys
            self._told[record_id] = (type_id, told)
            self._pooled[record_id] = fields
            ids.append(record_id)
        return ids

    def _taken_in(self, record_type: RecordType, told: Mapping[str, Any]) -> dict[str, Any]:
        """What an import makes of an object (a record begun anew), so that the rules of those who refer to it see the same."""
        from forms.calendar import calendar_of
        from forms.entry import EntryContext, RecordEntry

        context = EntryContext(
            lambda: self._now, _WARD, None, self._pooled.get, calendar_of(self._desk.catalog), find=lambda *_: []
        )
        entry = RecordEntry(record_type, self._desk.catalog, context)
        for name, value in told.items():
            if not entry.is_calculated(name):
                entry.put(name, value)
        fields = entry.fields
        for field in record_type.fields:  # ids of rows that the entry gave are random; a seed must not be
            if field.type == "group" and field.name not in told:
                rows = fields.get(field.name) or []
                fields |= (
                    {field.name: [{**row, "_id": f"{place:08x}"} for place, row in enumerate(rows, 1)]} if rows else {}
                )
        return fields

    def _made(self, record_type: RecordType, count: int, pools: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        from forms.sample import sample_records

        # text, not hash(): that differs from run to run
        seed = random.Random(f"{self._seed}/{record_type.id}").getrandbits(32)  # noqa: S311 - samples, not secrets
        return list(
            sample_records(
                record_type,
                self._desk.catalog,
                count,
                seed,
                ward=_WARD,
                now=self._now,
                resolve=self._pooled.get,
                pools=pools,
            )
        )

    def _written_out(self, fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with every reference to a pooled record as an object."""
        by_name = {f.name: f for f in fields}
        place = {name: at for at, name in enumerate(by_name)}
        names = sorted(values, key=lambda name: (place.get(name, len(place)), name))  # one order for one seed
        return {name: self._value(by_name.get(name), values[name]) for name in names}

    def _value(self, field: Field | None, value: Any) -> Any:
        if field is None or value is None:
            return value
        if field.type in _ONE:
            return self._object(field, value)
        if field.type == "refs":
            return [self._object(field, item) for item in value]
        if field.type == "group":
            return [self._written_out(field.fields, row) for row in value]
        return value

    def _object(self, field: Field, record_id: str) -> Any:
        """The object that stands for a pooled record, with those it refers to inside."""
        from forms.exchange.values import reference_targets

        if record_id not in self._told:
            return record_id
        type_id, fields = self._told[record_id]
        told = self._written_out(self._desk.catalog.record_type(type_id).fields, fields)
        return told if reference_targets(field)[:1] == (type_id,) else {"type": type_id, **told}


def _must_refer(record_type: RecordType) -> bool:
    return any(f.required and f.type in (*_ONE, "refs") for f in record_type.fields)


def _goes_along(record_type: RecordType, name: str) -> bool:
    """Whether a pooled record's field goes into the object that stands for it."""
    field = record_type.field_map.get(name)
    return field is not None and (field.calculate is None or field.overridable)
