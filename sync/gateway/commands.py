"""The gateway's verbs: arguments in, one ``City`` or ``GatewayServer`` used, lines out."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

from forms.exchange import ExchangeError, read_lines
from forms.label import Label
from forms.legacy_text import ENCODINGS
from forms.loader import DefinitionError
from forms.pack_format import PackError
from sync.bundle.errors import BundleError
from sync.gateway.adapters import parse_address
from sync.gateway.bundle_commands import bundle_verb
from sync.gateway.delivery_commands import add_service, delivery_verbs
from sync.gateway.device_commands import device_verbs
from sync.gateway.enrol_commands import enrol_verbs
from sync.gateway.hub_commands import hub_verbs
from sync.gateway.lease_commands import lease_verbs
from sync.gateway.listing import deliveries, records
from sync.gateway.moved_books import move_listed
from sync.gateway.operator_verbs import add_verb, city_of
from sync.gateway.pack_commands import pack_verbs
from sync.gateway.refusals import RefusedError
from sync.gateway.saying import file_error, said, tell, warn
from sync.gateway.serving import add_serving
from sync.gateway.serving import serve as serving
from sync.gateway.storage import StorageError
from sync.gateway.update_commands import update_verbs
from sync.gateway.wards import is_ward_code
from sync.gateway.withdrawn_list import add_list_option, restored_lines, withdraw_listed
from sync.updates.errors import UpdateError

DEFAULT_PORT = 8620
Verb = Callable[[argparse.Namespace], int]


class CommandError(Exception):
    """Bad input or state; ``label`` is the line for stderr."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi)
        self.label = Label(vi, en)


def run(argv: list[str]) -> int:
    """Parse and run; the exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as usage:  # argparse has written its line
        return usage.code if isinstance(usage.code, int) else 2
    verb: Verb = arguments.verb
    gateway = logging.getLogger("sync.gateway")
    before, level = list(gateway.handlers), gateway.level
    try:
        return verb(arguments)
    except (CommandError, RefusedError, ExchangeError, PackError, BundleError, UpdateError) as error:
        return _fail(said(error.label, arguments.language))
    except BrokenPipeError:  # whoever read our lines has seen enough; Python's last flush must not fail on it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (StorageError, DefinitionError, OSError, ValueError) as error:
        return _fail(said(file_error(error), arguments.language) if isinstance(error, OSError) else str(error))
    except KeyboardInterrupt:
        return 130
    finally:  # a log that was opened for the verb ends with it
        gateway.setLevel(level)
        for handler in [handler for handler in gateway.handlers if handler not in before]:
            gateway.removeHandler(handler)
            handler.close()


def _fail(text: str) -> int:
    tell(text)
    return 1


def _print(text: str) -> None:
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.flush()


def _serve(arguments: argparse.Namespace) -> int:
    _log_to(arguments.log)
    return serving(arguments, _services(arguments.service), _print)


def _log_to(path: str | None) -> None:
    handler: logging.Handler = logging.FileHandler(path, encoding="utf-8") if path else logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("sync.gateway").addHandler(handler)
    logging.getLogger("sync.gateway").setLevel(logging.INFO if path else logging.WARNING)


def _services(pairs: list[str]) -> dict[str, str]:
    services = {}
    for pair in pairs:
        name, _, url = pair.partition("=")
        if not name or not url:
            raise CommandError(f"--service cần dạng ID=ĐỊA-CHỈ: {pair}", f"--service wants ID=ADDRESS: {pair}")
        parse_address(url)
        services[name] = url
    return services


def _inbound(arguments: argparse.Namespace) -> int:
    ward, path = _ward(arguments.ward), Path(arguments.file)
    with closing(city_of(arguments)) as city:
        try:
            record_type = city.catalog.record_type(arguments.type)
        except KeyError as error:
            raise CommandError(f"Không có sổ {arguments.type}.", f"No record type {arguments.type}.") from error
        report = city.inbound.take(
            record_type.id, ward, read_lines(path, record_type, arguments.text), arguments.service
        )
    if arguments.json:
        refused = [
            {"line": line, "field": field, "message": text.vi, "english": text.en}
            for line, field, text in report.refused
        ]
        answer = {"accepted": report.accepted, "unchanged": report.unchanged, "refused": refused, "ids": report.ids}
        _print(msgspec.json.encode(answer).decode())
        if refused:
            _fail(f"Không nhận {len(refused)} dòng / {len(refused)} lines were refused.")
    else:
        _print(f"{report.accepted} nhận / accepted, {report.unchanged} như cũ / unchanged")
        for line, field, text in report.refused:
            _fail(f"{path.name}:{line}: {field}: {text.vi} / {text.en}")
    return 1 if report.refused else 0


def _records(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        for record in records(city.storage, arguments.ward):
            sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
    sys.stdout.flush()
    return 0


def _deliveries(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        for delivery in deliveries(city.storage, stopped=arguments.stopped):
            sys.stdout.buffer.write(msgspec.json.encode(delivery) + b"\n")
    sys.stdout.flush()
    return 0


def _restored(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        lines = restored_lines(arguments)
        moved = move_listed(arguments, city, lines)  # first: to a PC that was withdrawn later, too
        again = withdraw_listed(city.storage, lines)
        _print(f"Kỷ nguyên mới / new epoch: {city.restored()}")
    for line in moved:
        _print(line)
    if again:
        warn(arguments, f"Đã thu hồi lại: {', '.join(again)}.", f"Withdrawn again: {', '.join(again)}.")
    rest = Label(
        "Sổ đã chuyển máy sau bản sao lưu mà danh sách không có nay lại ở máy cũ, và máy ấy cấp lại những số đã cấp: xem "
        "gateway lease list, chuyển lại bằng lease-takeover với --above trước khi chạy serve.",
        "A book that was moved since the backup and is not on the list is back with the PC before, which would give the same "
        "numbers again: look at gateway lease list, and move it again (lease-takeover with --above) before serve.",
    )
    _print(said(rest, arguments.language))
    return 0


def _ward(code: str) -> str:
    if not is_ward_code(code):
        raise CommandError(f"Mã phường phải có 5 chữ số: {code}", f"A ward code has 5 digits: {code}")
    return code


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return port


class _Parser(argparse.ArgumentParser):
    """Bad usage is one line, as every other mistake."""

    def error(self, message: str) -> NoReturn:
        hint = f"Xem / see: {self.prog} --help"
        self.exit(2, " ".join(f"{self.prog}: {message}. {hint}".split()) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sophuong gateway", description="Cổng kết nối của thành phố / the city's gateway")
    chosen = os.environ.get("SOPHUONG_LANGUAGE", "")
    language = chosen if chosen in ("vi", "en") else ""
    text = "ngôn ngữ; không nêu: cả hai / language; default: both"
    parser.add_argument("--language", choices=("vi", "en"), default=language, help=text)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verb = partial(add_verb, verbs)

    serve = verb("serve", _serve, "phục vụ các phường / serve the wards")
    serve.add_argument("--port", type=_port, default=DEFAULT_PORT, help=f"0: cổng trống bất kỳ / any ({DEFAULT_PORT})")
    serve.add_argument("--host", default="127.0.0.1")
    add_service(serve)
    serve.add_argument("--log", metavar="FILE", help="tệp nhật ký / log file")
    add_serving(serve)

    enrol_verbs(verb, _print)

    inbound = verb("inbound", _inbound, "bản ghi dịch vụ gửi về phường / records a service sends")
    inbound.add_argument("type", metavar="TOOL.RECORD")
    inbound.add_argument("file", metavar="FILE")
    inbound.add_argument("--ward", required=True, metavar="CODE")
    inbound.add_argument("--service", metavar="ID", help="dịch vụ gửi / who sends it")
    inbound.add_argument(
        "--text", choices=ENCODINGS, help="chữ của bảng gõ bằng phông cũ / letters of an old font's table"
    )

    held = verb("records", _records, "bản ghi thành phố đang giữ / what the city holds (NDJSON)")
    held.add_argument("--ward", metavar="CODE")
    told = verb("deliveries", _deliveries, "bản ghi đã gửi các dịch vụ / what went to services (NDJSON)")
    told.add_argument("--stopped", action="store_true", help="chỉ bản đã thôi gửi / those given up alone")
    delivery_verbs(verb, _services, _log_to)
    text = "cơ sở dữ liệu vừa khôi phục: mở kỷ nguyên mới / a new epoch after a restore"
    add_list_option(verb("restored", _restored, text))

    pack_verbs(verbs)
    hub_verbs(verbs)
    device_verbs(verbs)
    update_verbs(verbs)
    bundle_verb(verb, _print)

    lease_verbs(verb, verbs)
    return parser
