"""``book TOOL.RECORD PRINTOUT FILE.pdf``: pages of a register, or a list, as PDF. Logged like every paper."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from desktop.book_selection import Wanted, about, has_book, list_printouts, select
from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.commands.printing import check_writable, print_context, write_paper
from forms.definition import Printout, RecordType


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.add_argument("type", metavar="TOOL.RECORD", help=say("loại bản ghi", "the record type"))
    parser.add_argument("printout", metavar=say("MẪU", "PRINTOUT"))
    parser.add_argument("file", metavar=say("TỆP.pdf", "FILE.pdf"))
    period, volume = say("KỲ", "PERIOD"), say("QUYỂN", "VOLUME")
    parser.add_argument("--period", default="", metavar=period, help=say("kỳ của sổ, ví dụ 2026", "the book's period"))
    parser.add_argument("--volume", type=int, default=0, metavar=volume, help=say("quyển thứ mấy", "which volume"))
    parser.add_argument("--from", dest="first", type=int, default=0, metavar="N", help=say("từ số", "from number"))
    parser.add_argument("--to", dest="last", type=int, default=0, metavar="N", help=say("đến số", "to number"))
    day = say("NGÀY", "DATE")
    parser.add_argument("--since", default="", metavar=day, help=say("từ ngày (2026-11-22)", "from this day on"))
    parser.add_argument("--until", default="", metavar=day, help=say("đến hết ngày", "to the end of this day"))
    state = say("TRẠNG THÁI", "STATE")
    parser.add_argument(
        "--state", action="append", default=[], metavar=state, help=say("chỉ trạng thái này", "only these")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from forms.printing import render

    record_type = desk.record_type(given.type)
    desk.check_seen(record_type)
    printout = _printout(record_type, given.printout)
    wanted = _wanted(record_type, given)
    path = Path(given.file)
    check_writable(path)
    selection = select(record_type, printout, desk.store, wanted)
    if not selection.records:
        raise CommandError("Không có bản ghi nào trong khoảng này.", "There is no record in this range.")
    html = render(
        record_type, printout.id, desk.catalog, selection.records, context=print_context(desk, book=selection.book)
    )
    desk.store.prints.log(record_type.id, printout.id, desk.officer, about=about(wanted))
    write_paper(html, printout, path)
    if desk.as_json:
        lines = {"lines": selection.lines, "void": selection.void}
        desk.put_json({"type": record_type.id, "printout": printout.id, **lines, "file": given.file})
    vi, en = f"{printout.label.vi}: {selection.lines} dòng", f"{printout.label.en}: {selection.lines} lines"
    desk.say(f"{vi}, {given.file}", f"{en}, {given.file}")
    return 0


def _printout(record_type: RecordType, printout_id: str) -> Printout:
    papers = list_printouts(record_type)
    for printout in papers:
        if printout.id == printout_id:
            return printout
    names = ", ".join(p.id for p in papers) or "—"
    raise usage_error(
        f"“{record_type.label.vi}” không có sổ, danh sách “{printout_id}”. Có: {names}.",
        f"“{record_type.label.en}” has no list printout “{printout_id}”. Known: {names}.",
    )


def _wanted(record_type: RecordType, given: argparse.Namespace) -> Wanted:
    for name in ("since", "until"):
        try:
            date.fromisoformat(getattr(given, name) or "2026-01-01")
        except ValueError:
            raise usage_error("Ngày viết như 2026-11-22.", "Write a day as 2026-11-22.") from None
    known = [state.id for state in record_type.states]
    if unknown := [state for state in given.state if state not in known]:
        raise usage_error(
            f"Không có trạng thái “{unknown[0]}”. Có: {', '.join(known)}.",
            f"No state “{unknown[0]}”. Known: {', '.join(known)}.",
        )
    if not has_book(record_type) and (given.period or given.volume or given.first or given.last):
        raise usage_error(
            f"“{record_type.label.vi}” không phải sổ có số: chọn theo ngày hoặc trạng thái.",
            f"“{record_type.label.en}” is no numbered book: choose by days or states.",
        )
    return Wanted(
        period=given.period,
        volume=given.volume,
        first=given.first,
        last=given.last,
        since=given.since,
        until=given.until,
        states=tuple(given.state),
    )
