"""``hub``: makes this PC the ward's hub and runs it, or tells this PC which hub to ask while the city is out of reach."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser

if TYPE_CHECKING:
    from sync.ending import End
    from sync.hub.choice import HubChoice

PORT = 8621
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the whole office asks it, by TLS


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    words = ("auto", "use", "off", "show", "join", "serve")
    parser.add_argument("what", choices=words, help="auto · use URL · off · show · join CODE · serve")
    parser.add_argument(
        "word",
        nargs="?",
        metavar="URL | CODE",
        help=say(
            "use: địa chỉ máy trung gian; join: mã thành phố cấp", "use: the hub's address; join: the city's code"
        ),
    )
    parser.add_argument("--port", type=int, default=PORT, help=say(f"cổng ({PORT})", f"port ({PORT})"))
    parser.add_argument(
        "--host",
        default=EVERYWHERE,
        help=say("chỉ phục vụ ở địa chỉ này", "serve at this address alone"),
    )
    parser.add_argument("--city", metavar="URL", help=say("join: địa chỉ thành phố", "join: the city's address"))
    parser.add_argument("--ca", type=Path, metavar="PEM", help=say("join: CA của thành phố", "join: the city's CA"))
    parser.add_argument("--proxy", default="", metavar="URL", help=say("join: proxy ra thành phố", "join: proxy"))
    parser.add_argument(
        "--quiet", action="store_true", help=say("serve: không tự giới thiệu trong mạng", "serve: do not announce")
    )
    parser.add_argument(
        "--every", type=float, default=20.0, metavar="S", help=say("giây giữa hai lần hỏi tin", "seconds between looks")
    )
    parser.add_argument("--service", action="store_true", help=argparse.SUPPRESS)


def run(desk: Desk, given: argparse.Namespace) -> int:
    work = {"serve": _serve, "join": _join, "use": _use, "auto": _use, "off": _use, "show": _show}
    return work[given.what](desk, given)


def _folder(desk: Desk) -> Path:
    """The machine's, where none was asked for: a hub works for nobody in particular."""
    from sync.hub.running import machine_folder

    return desk.folder if desk.named else machine_folder()


def _join(desk: Desk, given: argparse.Namespace) -> int:
    from sync.hub.identity import join

    if not given.word or not given.city:
        raise usage_error("Cần mã và --city: hub join MÃ --city ĐỊA-CHỈ.", "Give a code and --city.")
    made = join(_folder(desk), given.city, given.word, ca=given.ca, proxy=given.proxy)
    wards = ", ".join(made.wards.values())
    desk.say(f"Máy này là máy trung gian {made.device} của {wards}.", f"This PC is hub {made.device} of {wards}.")
    if desk.as_json:
        desk.put_json({"device": made.device, "wards": made.wards})
    return 0


def _serve(desk: Desk, given: argparse.Namespace) -> int:
    from sync.ending import Ending
    from sync.hub.identity import HubNotReadyError
    from sync.hub.running import serve
    from sync.hub.windows_service import run_service

    folder = _folder(desk)

    def work(ended: End) -> None:
        serve(
            folder, given.port, given.host, desk.clock, ended, every=given.every, say=_say_or_log,
            announce=not given.quiet, patient=given.service,
        )  # fmt: skip

    try:
        if given.service:
            _log_to(folder / "hub.log")
            run_service(work)
            return 0
        work(Ending())
    except HubNotReadyError as error:
        raise CommandError(error.vi, error.en) from error
    return 0


def _say_or_log(text: str) -> None:
    logging.getLogger("sync.hub").info(text)
    if sys.stdout is not None:
        with contextlib.suppress(OSError, ValueError):  # a service has nobody to read it
            sys.stdout.buffer.write(text.encode() + b"\n")
            sys.stdout.flush()


def _log_to(path: Path) -> None:
    """What a service did, for who looks after it: no name and no number of a record."""
    from logging.handlers import RotatingFileHandler

    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("sync.hub")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def _use(desk: Desk, given: argparse.Namespace) -> int:
    from sync.hub.choice import choose

    if given.what == "use" and not given.word:
        raise usage_error("Cần địa chỉ máy trung gian.", "The hub's address is wanted.")
    made = choose(desk.store, given.word if given.what == "use" else given.what)
    told = {
        "auto": ("Khi mất mạng, máy này tự tìm máy trung gian của phường.", "Without a line this PC looks for a hub."),
        "off": ("Máy này không dùng máy trung gian nữa.", "This PC asks no hub any more."),
        "address": (f"Khi mất mạng, máy này hỏi {made.url}.", f"Without a line this PC asks {made.url}."),
    }
    desk.say(*told[made.mode])
    return _shown(desk)


def _show(desk: Desk, given: argparse.Namespace) -> int:
    from sync.hub.choice import trusted

    told = _choice(desk)
    where = {"auto": ("tự tìm trong mạng", "found by itself"), "off": ("không dùng", "none")}
    vi, en = where.get(told.mode, (told.url, told.url))
    desk.say(f"Máy trung gian: {vi}", f"Hub: {en}")
    trust = trusted(desk.store)
    names = ", ".join(trust.names) if trust else ""
    desk.say(
        f"Thành phố tin: {names}" if names else "Thành phố chưa cấp máy trung gian nào cho phường này.",
        f"The city names: {names}" if names else "The city has named no hub for this ward.",
    )
    return _shown(desk)


def _choice(desk: Desk) -> HubChoice:
    from desktop.settings import load_settings
    from sync.hub.choice import choice

    return choice(desk.store, load_settings(desk.folder).hub)


def _shown(desk: Desk) -> int:
    if desk.as_json:
        told = _choice(desk)
        desk.put_json({"mode": told.mode, "hub": told.url or None, "at_hub": desk.store.provisional.count()})
    return 0
