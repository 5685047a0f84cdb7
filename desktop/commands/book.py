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
from forms.definition import Catalog, Printout, RecordType


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.add_argument("type", metavar="TOOL.RECORD", help=say("loại bản ghi", "the record type"))
    parser.add_argument("printout", nargs="?", default=None, metavar=say("MẪU", "PRINTOUT"))
    parser.add_argument("file", nargs="?", default=None, metavar=say("TỆP.pdf", "FILE.pdf"))
    check = say(
        "kiểm sổ: mọi số, ai cấp, vì sao không dùng; tệp .pdf, .xlsx nếu cần", "every number, who, or why unused"
    )
    parser.add_argument("--audit", action="store_true", help=check)
    period, volume = say("KỲ", "PERIOD"), say("QUYỂN", "VOLUME")
    parser.add_argument("--period", default="", metavar=period, help=say("kỳ của sổ, ví dụ 2026", "the book's period"))
    series = say("DÃY", "SERIES")
    parser.add_argument("--series", default=None, metavar=series, help=say("dãy số (mã)", "which series, by its code"))
    ward, code = say("phường nào, trên máy của nhiều phường", "which ward, on a PC of several"), say("MÃ", "CODE")
    parser.add_argument("--ward", default="", metavar=code, help=ward)
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
    if given.ward and given.ward not in desk.enrolment.wards:
        known_wards = ", ".join(desk.enrolment.wards)
        raise usage_error(
            f"Máy không làm việc với phường {given.ward}. Có: {known_wards}.",
            f"This PC does not serve ward {given.ward}. Known: {known_wards}.",
        )
    if given.audit:
        from desktop.commands.auditing import audit_book

        return audit_book(desk, record_type, given)
    if given.printout is None or given.file is None:
        raise usage_error("Cần MẪU và TỆP.pdf, hoặc --audit.", "PRINTOUT and FILE.pdf are needed, or --audit.")
    printout = _printout(record_type, given.printout)
    wanted = _wanted(desk, record_type, given)
    path = Path(given.file)
    check_writable(path)
    selection = select(record_type, printout, desk.store, wanted)
    if not selection.records:
        raise CommandError("Không có bản ghi nào trong khoảng này.", "There is no record in this range.")
    html = render(
        record_type,
        printout.id,
        desk.catalog,
        selection.records,
        context=print_context(desk, selection.ward, book=selection.book),
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


def _wanted(desk: Desk, record_type: RecordType, given: argparse.Namespace) -> Wanted:
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
    _check_series(record_type, desk.catalog, given.series)
    if not has_book(record_type) and (given.period or given.volume or given.first or given.last):
        raise usage_error(
            f"“{record_type.label.vi}” không phải sổ có số: chọn theo ngày hoặc trạng thái.",
            f"“{record_type.label.en}” is no numbered book: choose by days or states.",
        )
    return Wanted(
        period=given.period,
        series=given.series,
        volume=given.volume,
        first=given.first,
        last=given.last,
        since=given.since,
        until=given.until,
        states=tuple(given.state),
        ward=given.ward,
    )


def _check_series(record_type: RecordType, catalog: Catalog, series: str | None) -> None:
    if not series:
        return
    register = record_type.register
    if register is None or register.series_by is None:
        raise usage_error(
            f"“{record_type.label.vi}” chỉ có một dãy số.", f"“{record_type.label.en}” has one series of numbers only."
        )
    known = [choice.code for choice in catalog.choices_of(record_type.field(register.series_by))]
    if series not in known:
        raise usage_error(
            f"Không có dãy số “{series}”. Có: {', '.join(known)}.", f"No series “{series}”. Known: {', '.join(known)}."
        )
