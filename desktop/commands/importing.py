"""``import``: records of one register from a file. Good lines go in, bad ones are named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE, CommandError
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.label import Label
from forms.legacy_text import ENCODINGS

_SHOWN = 20  # refused lines told to a person; JSON has them all


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("type", metavar="TOOL.RECORD", help=parser.say("loại bản ghi", "the record type"))
    parser.add_argument("file", metavar=parser.say("TỆP", "FILE"), help=".ndjson, .csv, .xlsx, .xls, .ods")
    parser.add_argument(
        "--text",
        choices=ENCODINGS,
        help=parser.say(
            "chữ của bảng gõ bằng phông cũ (.VnTime, VNI-Times)", "letters of a table typed with an old font"
        ),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    """Exit code 1 when a line was refused, also though the others went in."""
    from desktop.commands.intake import Intake
    from forms.exchange import ExchangeError, read_lines

    record_type = desk.record_type(given.type)
    try:
        intake = Intake(desk, record_type)
        result = intake.take(read_lines(Path(given.file), record_type, given.text))
    except ExchangeError as error:
        raise CommandError(error.label.vi, error.label.en) from error
    if desk.as_json:
        desk.put_json(result)
    refused = len(result.refused)
    if refused and desk.as_json:
        sys.stderr.write(desk.label(Label(f"Không nhận {refused} dòng.", f"{refused} lines were refused.")) + "\n")
    desk.say(
        f"Đã nhập {result.accepted}, không đổi {result.unchanged}, không nhận {refused}.",
        f"{result.accepted} taken in, {result.unchanged} unchanged, {refused} refused.",
    )
    for line in result.refused[:_SHOWN]:
        desk.say(
            f"  dòng {line.line}: {line.field}: {line.message}", f"  line {line.line}: {line.field}: {line.message}"
        )
    if refused > _SHOWN:
        desk.say(f"  … và {refused - _SHOWN} dòng nữa (--json cho đủ).", f"  … and {refused - _SHOWN} more (--json).")
    for series, last in intake.numbered.items():
        _say_where_the_book_goes_on(desk, record_type, series, last)
    return BAD_STATE if refused else 0


def _say_where_the_book_goes_on(desk: Desk, record_type: RecordType, series: str, last: int) -> None:
    """Numbers of a file are history: the book does not go on above them by itself, and would give them once more."""
    from sync.store.numbering import period_of

    if record_type.register is None:
        return
    period = period_of(record_type.register, desk.clock.now())
    held = [x for x in desk.store.numbers.leases() if (x.register, x.period) == (series, period)]
    if held and held[0].next > last:
        return
    device = held[0].device if held else "…"
    verb = (
        f'gateway lease-takeover --ward {desk.enrolment.ward} --register {series} --period "{period}" --device {device}'
    )
    begins = held[0].next if held else "?"
    desk.say(
        f"! Tệp có số đến {last}, nhưng sổ không tự đi tiếp sau số của tệp (số tiếp theo: {begins}). Nếu đó là sổ của kỳ này, "
        f"nhờ thành phố trước khi cấp số: {verb} --above {last} --reason …",
        f"! The file has numbers up to {last}, but the book does not go on after them by itself (next: {begins}). If they are of "
        f"this period's book, ask the city before you number: {verb} --above {last} --reason …",
    )
