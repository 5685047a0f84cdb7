"""``search``, ``show``, ``history``: looking at records without changing them."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE, one_line
from desktop.commands.exporting import as_row
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.field_definition import Field
from forms.label import Label
from sync.clock import zoned_text
from sync.protocol import DeliveryState
from sync.store.model import HistoryRow, Record


def arguments(parser: Parser, verb: str) -> None:
    if verb == "search":
        parser.add_argument("text", nargs="+", metavar=parser.say("CHỮ", "TEXT"))
        parser.add_argument(
            "--type",
            action="append",
            default=[],
            metavar="TOOL.RECORD",
            help=parser.say("chỉ trong loại này", "only in this type"),
        )
        parser.add_argument("--limit", type=int, default=50, help=parser.say("nhiều nhất (50)", "at most (50)"))
    else:
        parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
    if verb == "history":
        parser.set_defaults(show_history=True)
        parser.add_argument(
            "--city",
            action="store_true",
            help=parser.say(
                "đồng bộ trước và lấy cả phần lịch sử ở thành phố", "sync first, and fetch the part that is at the city"
            ),
        )
    parser.set_defaults(verb=verb)


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "history":
        return _history(desk, given)
    {"search": _search, "show": _show}[given.verb](desk, given)
    return 0


def _search(desk: Desk, given: argparse.Namespace) -> None:
    for type_id in given.type:
        desk.record_type(type_id)
    hits = desk.store.search.find(" ".join(given.text), tuple(given.type), given.limit, desk.seen)
    if desk.as_json:
        desk.put_json({"hits": hits})
        return
    for hit in hits:
        number = f"  {hit.number}" if hit.number else ""
        desk.line(f"{hit.id}  {hit.type}{number}  {hit.title}  {hit.subtitle}".rstrip())
    if not hits:
        desk.say("Không thấy bản ghi nào.", "Nothing found.")


def _show(desk: Desk, given: argparse.Namespace) -> None:
    record = desk.record(given.id)
    if desk.as_json:
        desk.put_json(shown(desk, record))
        return
    record_type = desk.catalog.record_type(record.type)
    state = desk.label(record_type.state(record.state).label)
    desk.line(f"{record.title}  [{state}]  {record.number or ''}".rstrip())
    for field in record_type.fields:
        if (value := record.fields.get(field.name)) is not None:
            desk.line(f"  {desk.label(field.label)}: {_text(desk, record_type, field, value)}")


def _text(desk: Desk, record_type: RecordType, field: Field, value: Any) -> str:
    from forms.field_types import show

    choices = desk.catalog.choices_of(field) if field.type in ("one_of", "many_of") else ()
    return show(field, value, desk.language, choices=choices, resolve=desk.resolve)


def shown(desk: Desk, record: Record) -> dict[str, Any]:
    """A record for a machine: as exported, and where it stands."""
    return {
        **as_row(record),
        "ward": record.ward,
        "title": record.title,
        "subtitle": record.subtitle,
        "due_at": record.due_at,
        "standing": record.standing,
        "conflicts": record.conflicts,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "updated_by": record.updated_by,
        "origin": record.origin,
        "deliveries": desk.store.records.deliveries(record.id),
    }


def _history(desk: Desk, given: argparse.Namespace) -> int:
    """With ``--city`` and no line: what is here, and exit code 1 like a sync's."""
    record = desk.record(given.id)
    code = _from_the_city(desk, record.id) if given.city else 0
    standing = desk.store.histories.standing(record.id)
    rows = desk.store.changes.history(record.id)
    deliveries = desk.store.records.deliveries(record.id)
    if desk.as_json:
        changes = [history_row(r) for r in rows]
        all_here = standing == "whole"
        desk.put_json({"id": record.id, "complete": all_here, "changes": changes, "deliveries": deliveries})
    else:
        _print_history(desk, rows, deliveries)
    if given.city and not code and standing != "whole":
        sys.stderr.write(desk.label(_NOT_ALL[standing]) + "\n")
        return BAD_STATE if _NOT_ALL[standing] is _AGAIN else 0
    return code


_AGAIN = Label(
    "Chưa lấy được phần lịch sử ở thành phố; hãy thử lại.", "The part at the city could not be fetched; try again."
)
_NOT_ALL = {
    "cut": Label("Đây là phần gần nhất; những việc cũ hơn lưu ở thành phố.", "The latest; older ones are at the city."),
    "only_here": Label(
        "Thành phố không có thêm lịch sử hồ sơ này cho máy này.", "The city has no more of it for this PC."
    ),
    "part": _AGAIN,
    "failed": _AGAIN,
}


def _from_the_city(desk: Desk, record_id: str) -> int:
    """A sync, with the record looked at; the exit code, after a line on stderr where the city was not reached."""
    from desktop.commands.syncing import sync_now

    look = desk.store.histories.look(record_id)
    _, error = sync_now(desk.store, desk.enrolment, desk.language, desk.folder)
    del look
    if error is None:
        return 0
    sys.stderr.write(one_line(error, desk.language)[0] + "\n")
    return BAD_STATE


def _print_history(desk: Desk, rows: Sequence[HistoryRow], deliveries: Sequence[DeliveryState]) -> None:
    for row in rows:
        change = row.change
        what = change.action or change.kind
        desk.line(f"{zoned_text(change.at)}  {change.officer.name}  {what}  [{row.status}]")
        for key, value in change.after.items():
            desk.line(f"    {key}: {_short(change.before.get(key))} → {_short(value)}")
        for problem in row.problems:
            desk.line(f"    ! {problem.field}: {desk.label(problem.label)}")
    for delivery in deliveries:
        number = f"  {delivery.number}" if delivery.number else ""
        desk.line(
            f"{zoned_text(delivery.at)}  → {delivery.service}  [{delivery.status}]{number}  {delivery.message}".rstrip()
        )
        for problem in delivery.problems:
            value = "" if problem.value is None else f" = {_short(problem.value)}"
            desk.line(f"    ! {problem.field}{value}: {desk.label(problem.label)}")


def history_row(row: HistoryRow) -> dict[str, Any]:
    """One change and what became of it, flat."""
    change: dict[str, Any] = msgspec.to_builtins(row.change)
    return {
        **change,
        "status": row.status,
        "problems": row.problems,
        "conflict_fields": row.fields,
        "revision": row.revision,
    }


_MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def _short(value: Any) -> str:
    if isinstance(value, str):
        text = zoned_text(value) if _MOMENT.fullmatch(value) else value
    else:
        text = "—" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
