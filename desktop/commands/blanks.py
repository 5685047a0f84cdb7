"""``blanks``: the pre-printed blanks used here, and the spoiled ones with their reasons."""

from __future__ import annotations

import argparse

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from forms.label import Label
from sync.clock import zoned_text
from sync.store.model import BlankRow


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    serial, why = say("SỐ PHÔI", "SERIAL"), say("LÝ DO", "REASON")
    parser.add_argument("--spoiled", default="", metavar=serial, help=say("ghi phôi này là hỏng", "note it as spoiled"))
    parser.add_argument("--reason", default="", metavar=why, help=say("vì sao hỏng", "why it is spoiled"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.spoiled:
        _spoil(desk, given.spoiled, given.reason)
    rows = desk.store.prints.blanks(desk.seen)
    if desk.as_json:
        desk.put_json({"blanks": [_plain(row) for row in rows]})
        return 0
    for row in rows:
        blank = row.print
        how = (
            Label(f"hỏng: {blank.spoiled}", f"spoiled: {blank.spoiled}") if blank.spoiled else Label("đã dùng", "used")
        )
        if blank.failed and not blank.spoiled:
            how = Label("in không ra", "did not print")
        desk.line(
            f"{blank.serial:>14}  {zoned_text(blank.at)}  {blank.officer}  {desk.label(how)}  {row.title}".rstrip()
        )
    if not rows:
        desk.say("Chưa in trên phôi nào.", "No blank was printed on yet.")
    return 0


def _plain(row: BlankRow) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(row.print)
    return plain | {"record_id": row.record_id, "type": row.type, "title": row.title}


def _spoil(desk: Desk, serial: str, reason: str) -> None:
    if not reason.strip():
        raise usage_error("Cần ghi lý do phôi hỏng: --reason.", "Say why the blank is spoiled: --reason.")
    found = [row.print.seq for row in desk.store.prints.blanks(desk.seen) if row.print.serial == serial.strip()]
    if not found:
        raise CommandError(f"Chưa in trên phôi số {serial} ở máy này.", f"Blank {serial} was not printed on here.")
    desk.store.prints.spoil(found[0], reason, desk.officer)
