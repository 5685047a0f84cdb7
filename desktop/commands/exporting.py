"""``export``: all records of one register to a file, in the form ``import`` reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from sync.store import Store
from sync.store.model import ListQuery, Record

_PAGE = 500


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("type", metavar="TOOL.RECORD", help=parser.say("loại bản ghi", "the record type"))
    parser.add_argument("file", metavar=parser.say("TỆP", "FILE"), help=".ndjson, .csv, .xlsx")
    parser.add_argument(
        "--state",
        action="append",
        default=[],
        metavar=parser.say("TRẠNG_THÁI", "STATE"),
        help=parser.say("chỉ những trạng thái này", "only these states"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from forms.exchange import ExchangeError, write_records

    record_type = desk.record_type(given.type)
    desk.check_seen(record_type)
    states = [s.id for s in record_type.states]
    if strangers := [name for name in given.state if name not in states]:
        names = ", ".join(states)
        raise usage_error(
            f"Không có trạng thái “{strangers[0]}”. Có: {names}.", f"No state “{strangers[0]}”. Known: {names}."
        )
    rows = (as_row(record) for record in all_records(desk.store, given.type, tuple(given.state)))
    try:
        count = write_records(Path(given.file), record_type, rows)
    except ExchangeError as error:
        raise CommandError(error.label.vi, error.label.en) from error
    if desk.as_json:
        desk.put_json({"exported": count, "file": given.file})
    desk.say(f"Đã xuất {count} bản ghi ra {given.file}.", f"{count} records written to {given.file}.")
    return 0


def all_records(store: Store, type_id: str, states: tuple[str, ...] = ()) -> Iterator[Record]:
    """Every record of a type, page by page, so that a register of any size passes through little memory."""
    after = None
    while True:
        page = store.records.page(ListQuery(type=type_id, states=states, after=after, limit=_PAGE))
        yield from page.records
        if not page.has_after:
            return
        after = page.end


def as_row(record: Record) -> dict[str, Any]:
    """A record in the shape of the exchange formats."""
    return {
        "id": record.id,
        "type": record.type,
        "state": record.state,
        "revision": record.revision,
        "number": record.number,
        "fields": record.fields,
    }
