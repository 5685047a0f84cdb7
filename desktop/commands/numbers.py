"""``numbers TOOL.RECORD``: the numbers of a book in order; who gave each, when, to what, or why it is unused."""

from __future__ import annotations

import argparse

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("type", metavar="TOOL.RECORD", help=parser.say("loại bản ghi", "the record type"))
    parser.add_argument(
        "--period",
        default=None,
        metavar=parser.say("KỲ", "PERIOD"),
        help=parser.say("chỉ kỳ này, ví dụ 2026", "only this period, such as 2026"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    record_type = desk.record_type(given.type)
    if record_type.register is None:
        raise CommandError(
            f"“{record_type.label.vi}” không phải sổ có số.", f"“{record_type.label.en}” is not a numbered book."
        )
    rows = desk.store.numbers.book(given.type, given.period)
    leases = [
        lease for lease in desk.store.numbers.leases() if lease.register == f"{given.type}/{record_type.register.id}"
    ]
    if desk.as_json:
        awaiting = [r.id for r in desk.store.numbers.awaiting() if r.type == given.type]
        numbers = [msgspec.to_builtins(row) for row in rows]
        desk.put_json({"type": given.type, "numbers": numbers, "leases": leases, "awaiting": awaiting})
        return 0
    for row in rows:
        what = row.reason if row.status == "void" else row.title
        desk.line(f"{row.number:>10}  {row.at}  {row.officer}  {what}".rstrip())
    for lease in leases:
        desk.say(
            f"Máy {lease.device} giữ sổ kỳ {lease.period}; số tiếp theo {lease.next}.",
            f"Device {lease.device} holds the book of {lease.period}; next number {lease.next}.",
        )
    return 0
