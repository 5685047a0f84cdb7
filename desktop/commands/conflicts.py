"""``conflicts`` and ``resolve``: what two officers wrote differently, and a person's choice between them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.entries import assignments, canonical, open_entry
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.commands.reading import shown
from sync.clock import zoned_text

if TYPE_CHECKING:
    from sync.store.model import Record


_PAGE = 1000


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    if verb == "resolve":
        parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
        parser.add_argument(
            "values",
            nargs="+",
            metavar=parser.say("MỤC=GIÁ_TRỊ", "FIELD=VALUE"),
            help=parser.say("giá trị được chọn", "the value chosen"),
        )


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "resolve":
        _resolve(desk, given.id, given.values)
    else:
        _list(desk)
    return 0


def open_conflicts(desk: Desk) -> list[Record]:
    """Records that wait for a person, of all types."""
    from sync.store.open_conflicts import page_by_page

    seen = desk.seen
    return list(page_by_page(lambda after: desk.store.records.conflicts(_PAGE, after, seen)))


def _list(desk: Desk) -> None:
    records = open_conflicts(desk)
    if desk.as_json:
        desk.put_json({"conflicts": [_row(record) for record in records]})
        return
    for record in records:
        desk.line(f"{record.id}  {record.type}  {record.title}")
        for row in _row(record)["fields"]:
            theirs = ", ".join(f"{c['value']} ({c['officer']}, {zoned_text(c['at'])})" for c in row["candidates"])
            desk.line(f"    {row['field']}: {row['city']}  ≠  {theirs}")
    if not records:
        desk.say("Không có chỗ nào ghi khác nhau.", "No conflicts.")


def _row(record: Record) -> dict[str, Any]:
    from sync.difference import get_path

    fields = [
        {
            "field": key,
            "city": get_path(record.fields, key),
            "candidates": [
                {"value": c.value, "before": c.before, "officer": c.officer, "device": c.device, "at": c.at}
                for c in candidates
            ],
        }
        for key, candidates in record.conflicts.items()
    ]
    return {"id": record.id, "type": record.type, "title": record.title, "fields": fields}


def _resolve(desk: Desk, record_id: str, words: list[str]) -> None:
    from sync.store.model import Save

    record = desk.record(record_id)
    record_type = desk.catalog.record_type(record.type)
    desk.check_may_write(record_type)
    given = assignments(words, record_type)
    known = set(record.conflicts) | {key.partition("/")[0] for key in record.conflicts}
    if not record.conflicts:
        raise CommandError("Bản ghi này không có chỗ nào ghi khác nhau.", "This record has no open conflict.")
    if strangers := [name for name in given if name not in known]:
        names = ", ".join(sorted(record.conflicts))
        raise usage_error(
            f"“{strangers[0]}” không phải mục đang khác nhau; đang khác nhau: {names}.",
            f"“{strangers[0]}” is not in conflict; in conflict are: {names}.",
        )
    fields = _chosen(desk, record, given)
    save = Save(type=record.type, fields=fields, opened=record, kind="resolve")
    saved = desk.store.save([save], desk.officer)[0]
    if desk.as_json:
        desk.put_json(shown(desk, saved))
    desk.say(f"Đã chọn xong cho {saved.title}.", f"Resolved: {saved.title}.")


def _chosen(desk: Desk, record: Record, given: dict[str, Any]) -> dict[str, Any]:
    """The record's fields with the values chosen; columns of rows go through the form's own paths."""
    record_type = desk.catalog.record_type(record.type)
    plain = {k: v for k, v in given.items() if "/" not in k}
    fields = {**record.fields, **canonical(desk, record_type, plain)}
    if len(plain) == len(given):
        return fields
    entry = open_entry(desk, record)
    for path, value in given.items():
        if "/" in path:
            entry.set(path, value)
            if problem := entry.problem(path):
                raise CommandError(f"{path}: {problem.message.vi}", f"{path}: {problem.message.en}")
    rows = {path.partition("/")[0] for path in given if "/" in path}
    return {**fields, **{group: entry.fields.get(group) for group in rows}}
