"""What the gateway's verbs share, those of one word and those of two: ``records``, ``device list``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sync.gateway.refusals import RefusedError
from sync.gateway.saying import add_language
from sync.gateway.wards import is_ward_code

if TYPE_CHECKING:
    from sync.gateway.city import City


def add_verb(verbs: Any, name: str, work: Any, about: str, *, of_city: bool = True) -> argparse.ArgumentParser:
    """A verb among others, with the options that each has; ``of_city``: it needs the city's database."""
    added: argparse.ArgumentParser = verbs.add_parser(name, help=about, description=about)
    if of_city:
        added.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE | postgresql://…")
    added.add_argument("--json", action="store_true", help="kết quả cho máy đọc / machine-readable")
    add_language(added)
    added.set_defaults(verb=work)
    return added


def add_new_ward(parser: argparse.ArgumentParser) -> None:
    text = "đơn vị mới lập, danh mục chưa có / a commune too new for the list"
    parser.add_argument("--new-ward", action="store_true", help=text)


def checked_wards(city: City, codes: Sequence[str], *, new: bool) -> list[str]:
    """``codes``, each a commune of the list unless it is said to be ``new``. Raises RefusedError."""
    for code in codes:
        if not is_ward_code(code):
            vi, en = f"Mã phường phải có 5 chữ số: {code}", f"A ward code has 5 digits: {code}"
            raise RefusedError(400, "no_ward", vi, en)
        if not new and code not in city.wards:
            near = ", ".join(f"{each} {city.wards.name(each)}" for each in city.wards.near(code))
            raise RefusedError(
                400,
                "no_ward",
                f"Danh mục đơn vị hành chính không có {code}; chưa cấp mã nào."
                + (f" Gần giống: {near}." if near else "")
                + " Đơn vị mới lập, danh mục chưa kịp có: thêm --new-ward.",
                f"The list of communes has no {code}; no code was made."
                + (f" Like it: {near}." if near else "")
                + " For a commune too new for the list: --new-ward.",
            )
    return list(codes)


def city_of(arguments: argparse.Namespace) -> City:
    """The city there is; raises StorageError where there is none: only ``serve`` begins one."""
    from sync.gateway.city import City

    return City(arguments.database, create=False)


def say_told(arguments: argparse.Namespace, told: Any, text: str) -> None:
    """``told`` for machines, ``text`` for people."""
    line = msgspec.json.encode(told).decode() if arguments.json else text
    if line:
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.flush()
