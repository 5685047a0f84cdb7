"""``gateway pack …``: the keys the city trusts, the packs it gives out, and to which wards."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from forms.pack_format import LARGEST_PACK, PackError
from forms.pack_keys import read_public
from sync.gateway.operator_verbs import add_verb, city_of, say_told
from sync.gateway.saying import said, warn
from sync.gateway.wards import is_ward_code


def pack_verbs(verbs: Any) -> None:
    """Adds ``pack`` and what it does to the gateway's verbs."""
    text = "gói mẫu biểu của các phường / the wards' packs of definitions"
    inner = verbs.add_parser("pack", help=text, description=text).add_subparsers(metavar="VERB", required=True)

    verb = partial(add_verb, inner)
    trust = verb("trust", _trust, "khóa công khai mà các máy sẽ tin / the public key that devices will trust")
    trust.add_argument("key", metavar="KEY.pub")
    add = verb("add", _add, "đưa một gói cho các phường / give a pack to wards")
    add.add_argument("file", metavar="FILE")
    whom = add.add_mutually_exclusive_group()
    whom.add_argument("--ward", action="append", default=[], metavar="CODE", help="chỉ các phường này / these alone")
    whom.add_argument("--percent", type=_percent, default=100, metavar="N", help="phần trăm số phường / share of wards")
    add.add_argument("--force", action="store_true", help="dù có mục đổi kiểu / though a field changed its type")
    verb("list", _list, "các gói và phường được nhận / packs and who gets them")


def _percent(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError("1–100")
    return number


def _trust(arguments: argparse.Namespace) -> int:
    pem = read_public(Path(arguments.key))
    with closing(city_of(arguments)) as city:
        city.packs.trust(pem)
        keys = city.packs.keys()
    say_told(arguments, {"keys": len(keys)}, f"Thành phố tin {len(keys)} khóa / keys trusted: {len(keys)}")
    return 0


def _add(arguments: argparse.Namespace) -> int:
    wrong = next((code for code in arguments.ward if not is_ward_code(code)), None)
    if wrong is not None:
        raise PackError("input", f"Mã phường phải có 5 chữ số: {wrong}", f"A ward code has 5 digits: {wrong}")
    path = Path(arguments.file)
    if path.stat().st_size > LARGEST_PACK + 4096:
        raise PackError("too_large", f"{path} quá lớn.", f"{path} is too large.")
    with closing(city_of(arguments)) as city:
        for code in arguments.ward:
            if code not in city.wards:
                warn(arguments, f"Danh mục đơn vị hành chính không có {code}", f"the list of communes has no {code}")
        added = city.packs.add(path.read_bytes(), arguments.ward, arguments.percent, force=arguments.force)
    differences = [{"kind": c.kind, "of": c.of, "key": c.key, **msgspec.to_builtins(c.sentence)} for c in added.changes]
    kept = added.pack
    say_told(arguments, {**_told(kept), "changes": differences}, f"{kept.version}: {_whom(kept)}")
    if not arguments.json:
        for change in added.changes:
            say_told(arguments, {}, f"  {said(change.sentence, arguments.language)}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        packs = city.packs.all()
    if arguments.json:
        say_told(arguments, [_told(kept) for kept in packs], "")
        return 0
    for kept in packs:
        say_told(
            arguments, {}, f"{kept.serial}  {kept.version}  {kept.size // 1024} KB  {kept.added_at}  {_whom(kept)}"
        )
    if not packs:
        say_told(arguments, {}, "Chưa có gói nào / no packs")
    return 0


def _whom(kept: Any) -> str:
    if kept.wards:
        return ", ".join(kept.wards)
    return "mọi phường / every ward" if kept.percent == 100 else f"{kept.percent} % số phường / of the wards"


def _told(kept: Any) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(kept)
    return told
