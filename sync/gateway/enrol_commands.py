"""``gateway enrol``: a code for one officer's PC, or a bulk token for many; which there are, and taking one back.
``gateway recovery-key``: the code that opens a backup whose PC is gone."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from sync.clock import HANOI, parse_moment
from sync.gateway.bulk_tokens import BulkToken
from sync.gateway.city import City
from sync.gateway.city_keys import city_keys
from sync.gateway.operator_verbs import add_new_ward, checked_wards
from sync.gateway.refusals import RefusedError
from sync.gateway.saying import tell, warn
from sync.gateway.withdrawn_list import add_list_option, keep, line_of

MOST = 100_000
Say = Callable[[str], None]


def enrol_verbs(verb: Callable[..., argparse.ArgumentParser], say: Say) -> None:
    """Add ``enrol`` and ``recovery-key`` to the verbs; ``say`` writes a line."""
    enrol = verb("enrol", lambda given: _enrol(given, say), "mã đăng ký cho một hay nhiều máy / codes for PCs")
    enrol.add_argument("--ward", action="append", default=[], metavar="CODE")
    add_new_ward(enrol)
    enrol.add_argument("--officer", default="Cán bộ phường", metavar="NAME")
    enrol.add_argument("--organisation", default="", metavar="ID")
    enrol.add_argument("--role", action="append", default=[], metavar="ROLE")
    enrol.add_argument("--count", type=_count, metavar="N", help="mã hàng loạt cho N máy / a bulk token good for N PCs")
    enrol.add_argument(
        "--until",
        type=_day,
        metavar="DATE",
        help="mã hàng loạt dùng đến hết ngày / a bulk token good until (2026-12-31)",
    )
    which = enrol.add_mutually_exclusive_group()
    which.add_argument(
        "--list", action="store_true", help="các mã hàng loạt và máy đã dùng / bulk tokens and their PCs"
    )
    which.add_argument("--withdraw", metavar="ID", help="thu hồi một mã hàng loạt / end a bulk token")
    add_list_option(enrol)
    key = verb(
        "recovery-key",
        lambda given: _recovery_key(given, say),
        "mã mở bản sao lưu của máy đã mất / opens a lost PC's backup",
    )
    key.add_argument("file", metavar="recovery-key.json", help="tệp trong thư mục sao lưu / the file in the backup")


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"1–{MOST}")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: YYYY-MM-DD") from None


def _enrol(given: argparse.Namespace, say: Say) -> int:
    if given.list or given.withdraw:
        return _tokens(given, say)
    if not given.ward:
        tell("sophuong gateway enrol: cần --ward CODE / --ward is wanted. Xem / see: --help")
        return 2
    with closing(City(given.database, create=False)) as city:
        wards = checked_wards(city, given.ward, new=given.new_ward)
        if given.count is None and given.until is None:
            code = city.enrolment.new_code(wards, given.officer, given.organisation, given.role)
            say(msgspec.json.encode({"code": code}).decode() if given.json else code)
            return 0
        if not given.role:
            warn(
                given,
                "Không nêu --role: ai dùng mã này có mọi quyền, kể cả của lãnh đạo",
                "without --role whoever uses this token has every role, the leaders' too",
            )
        until = _end_of(given.until, city.clock.now())
        token_id, token = city.enrolment.new_token(
            wards, given.officer, given.organisation, given.role, given.count or 0, until
        )
    told = {"id": token_id, "token": token, "wards": wards, "count": given.count or 0, "until": str(given.until or "")}
    say(msgspec.json.encode(told).decode() if given.json else token)
    return 0


def _end_of(day: date | None, now: datetime) -> datetime | None:
    """The day counts whole, by the clocks of Hà Nội."""
    if day is None:
        return None
    end = datetime(day.year, day.month, day.day, tzinfo=HANOI) + timedelta(days=1)
    if end <= now:
        raise RefusedError(400, "past", f"Ngày {day} đã qua.", f"{day} is past.")
    return end


def _tokens(given: argparse.Namespace, say: Say) -> int:
    with closing(City(given.database, create=False)) as city:
        if given.withdraw:
            token = city.enrolment.bulk.withdraw(given.withdraw)
            keep(given, line_of(city.storage, city.clock, token.id))
            vi_en = (
                f"{token.id}: đã thu hồi; {token.used} máy đã đăng ký vẫn dùng được / withdrawn; its PCs stay enrolled"
            )
            say(msgspec.json.encode(token).decode() if given.json else vi_en)
            return 0
        tokens = [each for each in city.enrolment.bulk.all() if not given.ward or set(given.ward) & set(each.wards)]
    if given.json:
        say(msgspec.json.encode({"tokens": tokens}).decode())
        return 0
    for token in tokens:
        say(_line(token))
        for use in token.uses:
            at = f"{parse_moment(use.at).astimezone(HANOI):%Y-%m-%d %H:%M}"
            say(f"    {at}  {use.device:<8} {', '.join(use.wards)}  {use.name}")
    if not tokens:
        say("Chưa có mã hàng loạt nào / no bulk tokens yet")
    return 0


def _line(token: BulkToken) -> str:
    most = str(token.most) if token.most else "∞"
    state = f"thu hồi / withdrawn {token.withdrawn_at[:10]}" if token.withdrawn_at else ""
    until = f"đến hết / until {_last_day(token.until)}" if token.until else ""
    return "  ".join(x for x in (token.id, ",".join(token.wards), f"{token.used}/{most}", until, state) if x)


def _last_day(until: str) -> date:
    """The day as it was given: the moment is its end in Hà Nội."""
    return (parse_moment(until) - timedelta(seconds=1)).astimezone(HANOI).date()


def _recovery_key(given: argparse.Namespace, say: Say) -> int:
    from sync.bundle.recovery import code_of_key, unseal_key

    content = Path(given.file).read_bytes()
    with closing(City(given.database, create=False)) as city:
        sealed, key = unseal_key(content, city_keys(city.storage))
    code = code_of_key(key)
    told = {"device": sealed.device, "at": sealed.at, "code": code}
    say(msgspec.json.encode(told).decode() if given.json else code)
    return 0
