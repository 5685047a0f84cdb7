"""``gateway device …``: which PCs there are, and taking one away that is lost, stolen or given away."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from typing import Any

from msgspec import Struct

from sync.clock import HANOI, Clock, moment_text, parse_moment
from sync.gateway.access import trust_no_more
from sync.gateway.bulk_tokens import BulkTokens
from sync.gateway.operator_verbs import add_verb, city_of, say_told
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Storage
from sync.gateway.withdrawn_list import add_list_option, keep, line_of


class DeviceRow(Struct, frozen=True):
    """``enrolled``, ``seen``: days by the clocks of Hà Nội ("": not heard of since it enrolled); ``version``: of the program, as
    an installed one tells when it asks for updates; ``tokens``: ids of the bulk tokens it enrolled with, the latest last;
    ``suspended``: it numbers nothing, since its store came back from a backup or two PCs speak as this device."""

    device: str
    name: str
    ward: str
    officers: tuple[str, ...]
    enrolled: str = ""
    seen: str = ""
    version: str = ""
    tokens: tuple[str, ...] = ()
    suspended: bool = False


class TokenRow(Struct, frozen=True, kw_only=True):
    """A bulk token by which a device was enrolled. ``good``: it still enrols; ``left``: so many more (0 with ``good``: any
    number); ``others``: devices that are enrolled by it too, with their names."""

    id: str
    good: bool
    left: int
    others: dict[str, str]


def list_devices(storage: Storage, ward: str = "") -> list[DeviceRow]:
    """Every device with a grant, a line a ward."""
    with storage.read() as session:
        rows = session.all(
            "SELECT d.id, d.name, g.ward, d.enrolled_at, coalesce(s.at, ''), coalesce(v.at, ''), coalesce(v.version, ''), d.suspended, o.name "
            "FROM devices d JOIN grants g ON g.device = d.id JOIN officers o ON o.id = g.officer "
            "LEFT JOIN device_seen s ON s.device = d.id LEFT JOIN device_versions v ON v.device = d.id "
            "WHERE (? = '' OR g.ward = ?) ORDER BY g.ward, d.ordinal, o.name",
            ward,
            ward,
        )
        uses = session.all("SELECT device, token FROM bulk_uses ORDER BY at, token")
    tokens: dict[str, list[str]] = {}
    for device, token in uses:
        tokens.setdefault(device, []).append(token)
    found: dict[tuple[str, str], DeviceRow] = {}
    for device, name, of_ward, enrolled, heard, asked, version, suspended, officer in rows:
        before = found.get((device, of_ward))
        officers = (*before.officers, officer) if before else (officer,)
        days = day_of(enrolled), day_of(max(heard, asked))
        found[device, of_ward] = DeviceRow(
            device, name, of_ward, officers, *days, version, tuple(tokens.get(device, ())), bool(suspended)
        )
    return list(found.values())


def tokens_of(storage: Storage, clock: Clock, device: str) -> list[TokenRow]:
    """The bulk tokens that enrolled the device, and whom else; of a withdrawn device, too."""
    now = moment_text(clock.now())
    there = {row.device: row.name for row in list_devices(storage)}
    return [
        TokenRow(
            id=token.id,
            good=not token.withdrawn_at
            and not (token.until and token.until <= now)
            and not 0 < token.most <= token.used,
            left=token.most - token.used if token.most else 0,
            others={
                use.device: there[use.device] for use in token.uses if use.device != device and use.device in there
            },
        )
        for token in BulkTokens(storage, clock).all()
        if any(use.device == device for use in token.uses)
    ]


def day_of(moment: str) -> str:
    """The day by the clocks of Hà Nội; "" of none."""
    return parse_moment(moment).astimezone(HANOI).date().isoformat() if moment else ""


def withdraw_device(storage: Storage, device: str) -> list[tuple[str, str, str]]:
    """From now on its token is worth nothing, and its bundles neither; the books (ward, register, period) it still holds,
    which somebody has to move. What it sent stays. Raises RefusedError (404)."""
    with storage.write() as session:
        wards = [ward for (ward,) in session.all("SELECT DISTINCT ward FROM grants WHERE device = ?", device)]
        if not wards:
            raise RefusedError(404, "no_device", f"Không có máy {device}.", f"There is no device {device}.")
        trust_no_more(session, device)
        sql = "SELECT ward, register, period FROM leases WHERE ward = ANY(?) AND device = ? ORDER BY ward, register, period"
        return [(ward, register, period) for ward, register, period in session.all(sql, wards, device)]


_SUSPENDED = (
    "TẠM NGỪNG CẤP SỐ: khôi phục từ bản sao cũ hoặc hai máy chung một đăng ký; đăng ký lại bằng mã mới / NUMBERS NOTHING: came "
    "back from an old backup, or two PCs share its enrolment; enrol it again with a new code"
)


def device_verbs(verbs: Any) -> None:
    """Adds ``device`` and what it does to the gateway's verbs."""
    text = "các máy đã đăng ký / the devices that are enrolled"
    inner = verbs.add_parser("device", help=text, description=text).add_subparsers(metavar="VERB", required=True)

    verb = partial(add_verb, inner)
    verb("list", _list, "máy nào của phường nào / which there are").add_argument("--ward", default="", metavar="CODE")
    gone = verb("withdraw", _withdraw, "thu hồi một máy bị mất / take away one that is lost")
    gone.add_argument("device", metavar="ID")
    add_list_option(gone)


def _list(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        devices = list_devices(city.storage, arguments.ward)
    say_told(arguments, devices, "\n".join(map(_line, devices)))
    return 0


def _line(row: DeviceRow) -> str:
    parts = [row.ward, row.device, row.name, ", ".join(row.officers), f"đăng ký / enrolled {row.enrolled}"]
    parts += [f"thấy / seen {row.seen or '–'}"]
    parts += [f"bản / version {row.version}"] if row.version else []
    parts += [f"mã / token {', '.join(row.tokens)}"] if row.tokens else []
    parts += [_SUSPENDED] if row.suspended else []
    return "  ".join(parts)


def _withdraw(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        line = line_of(city.storage, city.clock, arguments.device)
        keep(arguments, line)  # first: once it is withdrawn nothing tells any more what to write there
        books = withdraw_device(city.storage, arguments.device)
        tokens = tokens_of(city.storage, city.clock, arguments.device)
    lines = [f"{arguments.device}: đã thu hồi / withdrawn"]
    lines += [f"còn giữ sổ, chuyển bằng lease-takeover / still holds: {' '.join(book)}" for book in books]
    if books:
        lines.append(f"chuyển cả {len(books)} sổ / all at once: lease-takeover --all-of {arguments.device} --device …")
    lines += [line for token in tokens for line in _token_lines(token)]
    told = {"withdrawn": arguments.device, "books": books, "tokens": tokens}
    say_told(arguments, told, "\n".join(lines))
    return 0


def _token_lines(token: TokenRow) -> list[str]:
    if not token.good:
        return [
            f"đã đăng ký bằng mã {token.id}, nay không dùng được nữa / was enrolled by token {token.id}, which has ended"
        ]
    left = f"{token.left} máy / PCs" if token.left else "không giới hạn / any number"
    lines = [
        f"đã đăng ký bằng mã {token.id}, CÒN DÙNG ĐƯỢC ({left}) và có thể nằm trên máy ấy; thu hồi / was enrolled by token "
        f"{token.id}, which is STILL GOOD and may lie on that PC; end it: enrol --withdraw {token.id}"
    ]
    if token.others:
        others = ", ".join(f"{device} ({name})" for device, name in token.others.items())
        lines.append(f"máy khác cùng mã, vẫn dùng được / others of that token, which stay: {others}")
    return lines
