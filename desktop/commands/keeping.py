"""``handover TOOL.RECORD``: the book goes to another PC. ``clock``: whether numbering stands still, and why."""

from __future__ import annotations

import argparse
from typing import Any

from desktop.book_keeping import books_here, standstill_words, why_not_handed_over, with_later
from desktop.book_places import ward_of
from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError
from desktop.commands.parser import Parser
from forms.definition import RecordType
from forms.label import Label
from sync.clock import zoned_text


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    say = parser.say
    reason = say("LÝ_DO", "REASON")
    if verb == "clock":
        confirm = say("xác nhận đồng hồ máy đúng, và đã so với gì", "say that the clock is right, compared with what")
        parser.add_argument("--confirm", default=None, metavar=reason, help=confirm)
        return
    parser.add_argument("type", metavar="TOOL.RECORD", help=say("loại bản ghi", "the record type"))
    parser.add_argument("--reason", default="", metavar=reason, help=say("vì sao giao", "why"))
    device = say("MÁY", "DEVICE")
    parser.add_argument(
        "--to", default="", metavar=device, help=say("mã máy nhận, ví dụ Q3", "which device, such as Q3")
    )
    parser.add_argument("--period", default=None, metavar=say("KỲ", "PERIOD"), help=say("chỉ kỳ này", "this period"))
    parser.add_argument(
        "--series", default=None, metavar=say("LOẠT", "SERIES"), help=say("chỉ loạt này", "this series")
    )
    ward = say("phường nào, trên máy của nhiều phường", "which ward, on a PC of several")
    parser.add_argument("--ward", default="", metavar=say("MÃ", "CODE"), help=ward)
    parser.add_argument("--back", action="store_true", help=say("lấy lại sổ đã giao", "take it back"))


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "clock":
        return _clock(desk, given.confirm)
    record_type = desk.record_type(given.type)
    desk.check_seen(record_type)
    if why_not := why_not_handed_over(record_type, desk.officer, desk.store.enrolment, given.ward):
        raise CommandError(why_not.vi, why_not.en)
    return _back(desk, record_type, given) if given.back else _hand_over(desk, record_type, given)


def _hand_over(desk: Desk, record_type: RecordType, given: argparse.Namespace) -> int:
    now = desk.clock.now()
    leases = books_here(desk.store, desk.catalog, record_type, given.period, given.series, now=now, ward=given.ward)
    if given.period is None:
        leases = with_later(desk.store, leases)
    if not leases:
        raise CommandError("Máy này không giữ sổ ấy.", "This PC does not hold that book.")
    made = [desk.store.numbers.hand_overs.begin(x, desk.officer, given.reason, given.to) for x in leases]
    if desk.as_json:
        desk.put_json({"handed": [_told(each) for each in made]})
    for each in made:
        desk.say(
            f"Đã đóng sổ {each.register} {each.period} ở số {each.last}; đồng bộ để thành phố chuyển sổ.",
            f"Closed {each.register} {each.period} at {each.last}; sync, so that the city moves it.",
        )
    return 0


def _back(desk: Desk, record_type: RecordType, given: argparse.Namespace) -> int:
    ward = ward_of(desk.store, given.ward)
    mine = [
        each
        for each in desk.store.numbers.hand_overs.all()
        if (each.register.partition("/")[0], each.ward) == (record_type.id, ward)
        and given.period in (None, each.period)
    ]
    if not mine:
        raise CommandError("Máy này không giao sổ nào của loại ấy.", "This PC handed over no such book.")
    for each in mine:
        desk.store.numbers.hand_overs.take_back(each)
    if desk.as_json:
        desk.put_json({"taken_back": [_told(each) for each in mine]})
    desk.say(
        "Đã lấy lại; sổ đã chuyển đi thì máy xin lại khi đồng bộ.", "Taken back; what has gone is asked for again."
    )
    return 0


def _told(each: Any) -> dict[str, Any]:
    names = ("id", "ward", "register", "period", "to", "last", "reason", "at", "stage")
    return {name: getattr(each, name) for name in names}


def _clock(desk: Desk, reason: str | None) -> int:
    numbers = desk.store.numbers
    if reason is not None:
        if not reason.strip():
            raise CommandError("Cần ghi đã so với đồng hồ nào.", "Say what the clock was compared with.")
        numbers.confirm_clock(desk.officer, reason.strip())
    types = [t for t in desk.catalog.record_types if t.register is not None]
    stopped = {t.id: why for t in types if (why := numbers.standstill(t.id))}
    log = numbers.clock_log()
    if desk.as_json:
        desk.put_json({"stopped": stopped, "confirmed": log, "suspended": numbers.suspension.standing()})
        return 0
    for why in dict.fromkeys(stopped.values()):  # the same holds up forty books: said once
        held_up = [type_id for type_id, each in stopped.items() if each == why]
        books = held_up[0] if len(held_up) == 1 else desk.label(Label(f"{len(held_up)} sổ", f"{len(held_up)} books"))
        desk.line(f"{books}: {desk.label(standstill_words(why))}")
    if not stopped:
        desk.say("Đồng hồ không cản việc cấp số.", "The clock holds up no number.")
    for line in log:
        desk.line(f"{zoned_text(line['at'])}  {line['officer']}  {line['skew']:+} s")
    return 0
