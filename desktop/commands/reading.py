"""``search``, ``show``, ``history``: looking at records without changing them."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.exporting import as_row
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.field_definition import Field
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
    parser.set_defaults(verb=verb)


def run(desk: Desk, given: argparse.Namespace) -> int:
    {"search": _search, "show": _show, "history": _history}[given.verb](desk, given)
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


def _history(desk: Desk, given: argparse.Namespace) -> None:
    record = desk.record(given.id)
    rows = desk.store.changes.history(record.id)
    deliveries = desk.store.records.deliveries(record.id)
    if desk.as_json:
        desk.put_json({"id": record.id, "changes": [history_row(r) for r in rows], "deliveries": deliveries})
        return
    for row in rows:
        change = row.change
        what = change.action or change.kind
        desk.line(f"{change.at}  {change.officer.name}  {what}  [{row.status}]")
        for key, value in change.after.items():
            desk.line(f"    {key}: {_short(change.before.get(key))} → {_short(value)}")
        for problem in row.problems:
            desk.line(f"    ! {problem.field}: {desk.label(problem.label)}")
    for delivery in deliveries:
        number = f"  {delivery.number}" if delivery.number else ""
        desk.line(f"{delivery.at}  → {delivery.service}  [{delivery.status}]{number}  {delivery.message}".rstrip())
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


def _short(value: Any) -> str:
    text = "—" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
