"""``gateway hub …``: codes for the wards' hubs, which there are, taking one away, and the authority that names them."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sync.gateway.device_commands import day_of
from sync.gateway.hub_authority import Authority, use_authority
from sync.gateway.hubs import list_hubs, withdraw
from sync.gateway.operator_verbs import add_new_ward, add_verb, checked_wards, city_of, say_told
from sync.gateway.withdrawn_list import add_list_option, keep, line_of
from sync.hub.messages import HUB_ROLE


def hub_verbs(verbs: Any) -> None:
    """Adds ``hub`` and what it does to the gateway's verbs."""
    text = "máy trung gian của các phường / the wards' hubs"
    inner = verbs.add_parser("hub", help=text, description=text).add_subparsers(metavar="VERB", required=True)

    verb = partial(add_verb, inner)
    code = verb("code", _code, "mã đăng ký cho máy trung gian / an enrolment code for a hub")
    code.add_argument("--ward", action="append", required=True, metavar="CODE")
    add_new_ward(code)
    verb("list", _list, "các máy trung gian / which there are")
    gone = verb("withdraw", _withdraw, "thu hồi một máy trung gian / take one away")
    gone.add_argument("device", metavar="ID")
    add_list_option(gone)
    own = verb("authority", _authority, "dùng CA này để cấp chứng thư / issue certificates by this CA")
    own.add_argument("--certificate", required=True, metavar="PEM")
    own.add_argument("--key", required=True, metavar="PEM")


def _code(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        wards = checked_wards(city, arguments.ward, new=arguments.new_ward)
        code = city.enrolment.new_code(wards, "Máy trung gian", "", (HUB_ROLE,))
    say_told(arguments, {"code": code}, code)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        hubs = list_hubs(city.storage)
    told = [{"device": device, "ward": ward, "name": name, "seen": day_of(at)} for device, ward, name, at in hubs]
    lines = [f"{t['ward']}  {t['device']}  {t['name']}  thấy / seen {t['seen'] or '–'}" for t in told]
    say_told(arguments, told, "\n".join(lines) or "Chưa có máy trung gian nào / no hubs yet")
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        line = line_of(city.storage, city.clock, arguments.device)
        keep(arguments, line)  # first: once it is withdrawn nothing tells any more what to write there
        withdraw(city.storage, arguments.device)
    say_told(arguments, {"withdrawn": arguments.device}, f"{arguments.device}: đã thu hồi / withdrawn")
    return 0


def _authority(arguments: argparse.Namespace) -> int:
    key, certificate = (Path(path).read_text("ascii") for path in (arguments.key, arguments.certificate))
    with closing(city_of(arguments)) as city:
        use_authority(city.storage, Authority(key.strip() + "\n" + certificate))
    say_told(arguments, {"authority": True}, "Đã dùng CA này / this authority is used from now on")
    return 0
