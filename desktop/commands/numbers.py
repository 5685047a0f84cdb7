"""``numbers TOOL.RECORD``: the numbers of a book in order; who gave each, when, to what, or why it is unused."""

from __future__ import annotations

import argparse

import msgspec

from desktop.book_keeping import standstill_words
from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.label import Label
from forms.register_numbers import SERIES, register_name, series_names
from sync.clock import zoned_text
from sync.protocol import Lease


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("type", metavar="TOOL.RECORD", help=parser.say("loại bản ghi", "the record type"))
    parser.add_argument(
        "--period",
        default=None,
        metavar=parser.say("KỲ", "PERIOD"),
        help=parser.say("chỉ kỳ này, ví dụ 2026", "only this period, such as 2026"),
    )

    parser.add_argument(
        "--series",
        default=None,
        metavar=parser.say("LOẠT", "SERIES"),
        help=parser.say("chỉ loạt số này, ví dụ qd", "only the numbers of this value, such as qd"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    record_type = desk.record_type(given.type)
    if record_type.register is None:
        raise CommandError(
            f"“{record_type.label.vi}” không phải sổ có số.", f"“{record_type.label.en}” is not a numbered book."
        )
    desk.check_seen(record_type)
    wanted = _series_wanted(desk, record_type, given.series)
    enrolment = desk.store.enrolment
    elsewhere = sorted(set(enrolment.wards) - {enrolment.ward}) if enrolment else []
    books = (desk.store.numbers.book(given.type, given.period, given.series, ward) for ward in ("", *elsewhere))
    rows = [row for book in books for row in book]
    leases = [lease for lease in desk.store.numbers.leases() if lease.register in wanted]
    stopped = desk.store.numbers.standstill(given.type) if record_type.register.kind in ("leased", "local") else None
    if desk.as_json:
        awaiting = [r.id for r in desk.store.numbers.awaiting() if r.type == given.type]
        numbers = [msgspec.to_builtins(row) for row in rows]
        answer = {"type": given.type, "numbers": numbers, "leases": leases, "awaiting": awaiting, "stopped": stopped}
        desk.put_json(answer)
        return 0
    for row in rows:
        what = row.title if row.status == "given" else desk.label(Label(f"bỏ: {row.reason}", f"void: {row.reason}"))
        series = f"{row.ward}  " * bool(row.ward) + (f"{row.series:<10}  " if row.series else "")
        desk.line(f"{series}{row.number:>10}  {zoned_text(row.at)}  {row.officer}  {what}".rstrip())
        if row.same:
            others = ", ".join(row.same)
            desk.say(f"{'':>10}  ! trùng số với {others}", f"{'':>10}  ! the same number as {others}")
    for lease in leases:
        desk.say(
            f"Máy {lease.device} giữ sổ {_of(lease)}kỳ {lease.period}; số tiếp theo {lease.next}.",
            f"Device {lease.device} holds the book {_of(lease)}of {lease.period}; next number {lease.next}.",
        )
    if stopped:
        desk.line(f"! {desk.label(standstill_words(stopped))}")
    return 0


def _of(lease: Lease) -> str:
    series = lease.register.partition(SERIES)[2]
    return f"{series} " if series else ""


def _series_wanted(desk: Desk, record_type: RecordType, series: str | None) -> set[str]:
    """The names of the register and its series, or of the one asked for. Raises CommandError, bad usage."""
    names = series_names(record_type, desk.catalog)
    register = register_name(record_type)
    if series is None:
        return {register, *names}
    if (name := f"{register}{SERIES}{series}") in names:
        return {name}
    known = ", ".join(each.partition(SERIES)[2] for each in names if SERIES in each)
    if not known:
        raise usage_error("Sổ này chỉ có một loạt số.", "This register has one series only.")
    raise usage_error(f"Không có loạt “{series}”. Có: {known}.", f"There is no series “{series}”. There are: {known}.")
