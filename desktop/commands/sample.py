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
from forms.definition import Field, RecordType
from sync.clock import parse_moment
from sync.ids import derived_id

_DAY = "2026-11-20T08:00:00+07:00"
"""The moment samples are made around unless SOPHUONG_NOW says another: today's would change the bytes of a seed."""
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

    def records(self, record_type: RecordType, count: int) -> list[dict[str, Any]]:
        """``count`` records; references as objects."""
        pools = {target: self._pool(target, min(_POOL, count)) for target in self._targets(record_type)}
        made = self._made(record_type, count, pools)
        return [{**record, "fields": self._written_out(record_type.fields, record["fields"])} for record in made]

    def _targets(self, record_type: RecordType) -> list[str]:
        """What samples refer to: people and offices, which every tool shares, and whatever must be named."""
        from forms.exchange.values import reference_targets

        targets: dict[str, None] = {}
        for field in (column for f in record_type.fields for column in (f, *f.fields)):
            if field.type in (*_ONE, "refs"):
                for target in reference_targets(field):
                    if field.required or self._desk.catalog.record_type(target).scope == "people":
                        targets[target] = None
        return list(targets)

    def _pool(self, type_id: str, count: int) -> list[str]:
        """Ids of ``count`` records of a type, remembered for ``resolve``; they refer to nothing themselves."""
        from forms.sample import SampleError

        record_type = self._desk.catalog.record_type(type_id)
        ids: list[str] = []
        try:
            made = self._made(record_type, count, {})
        except SampleError:  # it needs records of its own to refer to; then it is not referred to
            return ids
        for at, record in enumerate(made):
            plain = {k: v for k, v in record["fields"].items() if _is_plain(record_type, k)}
            record_id = derived_id("sample", self._seed, type_id, str(at))
            self._pooled[record_id] = plain
            ids.append(record_id)
        return ids

    def _made(self, record_type: RecordType, count: int, pools: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        from forms.sample import sample_records

        # text, not hash(): that differs from run to run
        seed = random.Random(f"{self._seed}/{record_type.id}").getrandbits(32)  # noqa: S311 - samples, not secrets
        ward = {"code": SAMPLE_WARD, "name": "Phường Hoàn Kiếm", "org_code": SAMPLE_WARD, "place": "Hoàn Kiếm"}
        return list(
            sample_records(
                record_type,
                self._desk.catalog,
                count,
                seed,
                ward=ward,
                now=self._now,
                resolve=self._pooled.get,
                pools=pools,
            )
        )

    def _written_out(self, fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with every reference to a pooled record as an object."""
        by_name = {f.name: f for f in fields}
        return {name: self._value(by_name.get(name), value) for name, value in values.items()}

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
        from forms.exchange.values import reference_targets

        pooled = self._pooled.get(record_id)
        if pooled is None:
            return record_id
        targets = reference_targets(field)
        kind = next((t for t in targets if set(pooled) <= self._desk.catalog.record_type(t).field_map.keys()), "")
        return dict(pooled) if kind == targets[0] or not kind else {"type": kind, **pooled}


def _is_plain(record_type: RecordType, name: str) -> bool:
    """Whether a pooled record's field goes into the object that stands for it."""
    field = record_type.field_map.get(name)
    return field is not None and field.type not in (*_ONE, "refs", "group") and field.calculate is None
