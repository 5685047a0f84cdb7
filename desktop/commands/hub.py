"""``hub``: runs the ward's hub on this PC, or tells this PC which hub to ask while the city is out of reach."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser

PORT = 8621
CA_FILE = "hub-ca.pem"


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.add_argument("what", choices=("serve", "use", "off", "show"), help="serve · use URL · off · show")
    parser.add_argument("url", nargs="?", help=say("use: địa chỉ máy trung gian", "use: the hub's address"))
    parser.add_argument("--port", type=int, default=PORT, help=say(f"cổng ({PORT})", f"port ({PORT})"))
    parser.add_argument("--host", default="127.0.0.1", help=say("địa chỉ trong mạng của phường", "address on the LAN"))
    parser.add_argument("--city", metavar="URL", help=say("thành phố (mặc định: của máy này)", "default: this PC's"))
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="PEM",
        help=say("chứng thư thành phố cấp cho máy này", "the certificate that the city issued to this PC"),
    )
    parser.add_argument("--key", type=Path, metavar="PEM", help=say("khóa của chứng thư", "the certificate's key"))
    parser.add_argument(
        "--ca",
        type=Path,
        metavar="PEM",
        help=say("use: chứng thư để tin máy trung gian", "use: what the hub is trusted by"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    work = {"serve": _serve, "use": _use, "off": _off, "show": _show}
    return work[given.what](desk, given)


def _serve(desk: Desk, given: argparse.Namespace) -> int:
    from desktop.line_settings import CA_FILE as CITY_CA
    from sync.hub.server import HubServer

    if bool(given.certificate) != bool(given.key):
        raise usage_error("--certificate và --key đi cùng nhau.", "--certificate and --key go together.")
    if not given.certificate and given.host not in ("127.0.0.1", "::1", "localhost"):
        raise CommandError(
            "Phục vụ máy khác cần chứng thư: --certificate và --key do thành phố cấp.",
            "Serving other PCs needs a certificate: --certificate and --key from the city.",
        )
    city = given.city or desk.enrolment.url
    ca = desk.folder / CITY_CA
    desk.folder.mkdir(parents=True, exist_ok=True)
    certificate = (given.certificate, given.key) if given.certificate else None
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    with HubServer(
        desk.folder,
        city,
        given.port,
        host=given.host,
        certificate=certificate,
        ca=ca if ca.exists() else None,
        clock=desk.clock,
    ) as hub:
        desk.say(f"Máy trung gian sẵn sàng: {hub.url}", f"Hub ready: {hub.url}")
        sys.stdout.flush()
        while not ended.wait(3600):
            pass
    return 0


def _use(desk: Desk, given: argparse.Namespace) -> int:
    from sync.http_line import checked_url
    from sync.hub.step import HUB

    if not given.url:
        raise usage_error("Cần địa chỉ máy trung gian.", "The hub's address is wanted.")
    url = checked_url(given.url)
    kept = ""
    if given.ca:
        target = desk.folder / CA_FILE
        target.write_bytes(given.ca.read_bytes())
        kept = str(target)
    desk.store.set_meta(HUB, {"url": url, "ca": kept})
    desk.say(f"Khi mất mạng, máy này hỏi {url}.", f"While the city is out of reach this PC asks {url}.")
    return _shown(desk)


def _off(desk: Desk, given: argparse.Namespace) -> int:
    from sync.hub.step import HUB

    desk.store.set_meta(HUB, None)
    desk.say("Máy này không dùng máy trung gian nữa.", "This PC asks no hub any more.")
    return _shown(desk)


def _show(desk: Desk, given: argparse.Namespace) -> int:
    from sync.hub.step import HUB

    known = desk.store.meta(HUB)
    if known:
        desk.say(f"Máy trung gian: {known['url']}", f"Hub: {known['url']}")
    else:
        desk.say("Chưa dùng máy trung gian.", "No hub.")
    return _shown(desk)


def _shown(desk: Desk) -> int:
    if desk.as_json:
        from sync.hub.step import HUB

        known = desk.store.meta(HUB)
        desk.put_json({"hub": known["url"] if known else None, "at_hub": desk.store.provisional.count()})
    return 0
