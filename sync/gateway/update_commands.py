"""``gateway update …``: which version of the program which PCs are offered, and how far that has come."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sync.gateway.device_commands import list_devices
from sync.gateway.operator_verbs import add_verb, city_of, say_told
from sync.gateway.saying import warn
from sync.gateway.updates import EVERYBODY, Standing, Version
from sync.gateway.wards import is_ward_code
from sync.updates.errors import UpdateError
from sync.updates.model import PLATFORMS, version_key

PASSPHRASE = "SOPHUONG_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable, not a secret


def update_verbs(verbs: Any) -> None:
    """Adds ``update`` and what it does to the gateway's verbs."""
    text = "bản mới của chương trình / updates of the program"
    inner = verbs.add_parser("update", help=text, description=text).add_subparsers(metavar="VERB", required=True)

    verb = partial(add_verb, inner)
    add = verb("add", _add, "phát một bản / offer a version")
    add.add_argument("folder", metavar="DIR", help="kho bản mới (dist/updates) / the repository of updates")
    add.add_argument("--version", metavar="V", help="mặc định: bản mới nhất / default: the newest")
    _add_share(add)
    percent = verb("percent", _percent, "đổi phần trăm máy được nhận / offer it to another share")
    percent.add_argument("version", metavar="V")
    percent.add_argument("percent", type=_share, metavar="N")
    percent.add_argument("--ring", default=EVERYBODY, help="nhóm / ring (all)")
    ring = verb("ring", _ring, "xếp phường hoặc máy vào nhóm / put wards or devices into a ring")
    ring.add_argument("ring", metavar="RING", help='"" : bỏ khỏi nhóm / out of any')
    ring.add_argument("--ward", action="append", default=[], metavar="CODE")
    ring.add_argument("--device", action="append", default=[], metavar="ID")
    withdraw = verb("withdraw", _withdraw, "thu hồi một bản / offer a version no more")
    withdraw.add_argument("version", metavar="V")
    verb("list", _list, "các bản, nhóm và số máy / versions, rings and how many PCs")
    refresh = verb("refresh", _refresh, "ký lại dấu thời gian / sign the timestamp anew", of_city=False)
    refresh.add_argument("folder", metavar="DIR")
    refresh.add_argument("--key", required=True, type=Path, metavar="PEM", help="timestamp.pem")


def _add_share(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ring", default=EVERYBODY, help="nhóm / ring (all)")
    parser.add_argument("--percent", type=_share, default=100, metavar="N", help="phần trăm máy / share of its PCs")


def _share(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("0–100")
    return number


def _add(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.folder).resolve()
    platforms, version = checked(folder, arguments.version or "")
    with closing(city_of(arguments)) as city:
        city.updates.use(folder)
        given = city.updates.give(version, arguments.ring, arguments.percent)
    told = {**_told(given), "platforms": platforms}
    say_told(arguments, told, f"{version} ({', '.join(platforms)}): {_shares(given)}")
    return 0


def checked(folder: Path, version: str) -> tuple[list[str], str]:
    """The platforms that have ``version`` ("": the newest), and which it is: its lists hold, and no file of it is missing
    or changed. Raises UpdateError, OSError."""
    from sync.updates.repository import Repository
    from sync.updates.repository_list import listed_versions, manifest_of
    from sync.updates.sources import FolderSource
    from sync.updates.trust import Trust

    source, root = FolderSource(folder), folder / "metadata" / "1.root.json"
    if not root.is_file():
        raise UpdateError("nothing", f"{folder} không phải kho bản mới.", f"{folder} is no repository of updates.")
    with tempfile.TemporaryDirectory(prefix="sophuong-updates-") as place:
        trust = Trust(Path(place), root.read_bytes(), source)
        trust.refresh()
        listed = {platform: listed_versions(trust, source, platform) for platform in PLATFORMS}
        version = version or max((v for versions in listed.values() for v in versions), key=version_key, default="")
        platforms = [platform for platform, versions in listed.items() if version in versions]
        for platform in platforms:
            manifest_of(trust, source, platform, version)
    if not platforms:
        raise UpdateError("nothing", f"Kho không có bản {version}.", f"The repository has no {version}.")
    repository = Repository(folder)
    for name, target in repository.targets().items():
        if f"/{version}/" in name:
            with repository.path_of(target).open("rb") as file:
                _check(target, file, name)
    return platforms, version


def _check(target: Any, file: Any, name: str) -> None:
    from tuf.api.exceptions import LengthOrHashMismatchError

    try:
        target.verify_length_and_hashes(file)
    except LengthOrHashMismatchError as error:
        vi, en = f"Tệp của {name} bị hỏng; chép lại kho.", f"The file of {name} is damaged; copy the repository again."
        raise UpdateError("damaged", vi, en) from error


def _percent(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        _known(city, arguments.version)
        given = city.updates.give(arguments.version, arguments.ring, arguments.percent)
    say_told(arguments, _told(given), f"{given.version}: {_shares(given)}")
    return 0


def _ring(arguments: argparse.Namespace) -> int:
    wrong = next((code for code in arguments.ward if not is_ward_code(code)), None)
    if wrong is not None:
        raise UpdateError("input", f"Mã phường phải có 5 chữ số: {wrong}", f"A ward code has 5 digits: {wrong}")
    if not arguments.ward and not arguments.device:
        vi, en = "Cần --ward hoặc --device.", "Name the wards (--ward) or devices (--device)."
        raise UpdateError("input", vi, en)
    with closing(city_of(arguments)) as city:
        city.updates.put_in_ring(arguments.ring, arguments.ward, arguments.device)
        rings = city.updates.rings()
        without = _without_pcs(arguments, city) if arguments.ring else []
    say_told(arguments, {"rings": rings, **({"without_pcs": without} if without else {})}, _rings(rings))
    return 0


def _without_pcs(arguments: argparse.Namespace, city: Any) -> list[str]:
    """Wards and devices of the ring in which there is nobody (yet): said, since a mistyped code looks like any other."""
    rows = list_devices(city.storage)
    wards, devices = {row.ward for row in rows}, {row.device for row in rows}
    for code in (code for code in arguments.ward if code not in wards):
        if code in city.wards:
            name = city.wards.name(code)
            warn(arguments, f"{code} {name} chưa có máy nào đăng ký", f"no PC of {code} {name} is enrolled yet")
        else:
            warn(arguments, f"Danh mục đơn vị hành chính không có {code}", f"the list of communes has no {code}")
    for device in (device for device in arguments.device if device not in devices):
        warn(arguments, f"Chưa có máy {device}", f"there is no device {device}")
    return [code for code in arguments.ward if code not in wards] + [d for d in arguments.device if d not in devices]


def _withdraw(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        city.updates.withdraw(arguments.version)
    say_told(arguments, {"withdrawn": arguments.version}, f"{arguments.version}: đã thu hồi / withdrawn")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        versions, rings, standings = city.updates.versions(), city.updates.rings(), city.updates.standings()
    answer = {
        "versions": [_told(version) for version in versions],
        "rings": rings,
        "devices": msgspec.to_builtins(standings),
    }
    lines = [f"{v.version}  {v.added_at}  {_shares(v)}" for v in versions] or ["Chưa phát bản nào / no versions"]
    say_told(arguments, answer, "\n".join([*lines, *filter(None, [_rings(rings)]), *_counted(standings)]))
    return 0


def _counted(standings: list[Standing]) -> list[str]:
    at_work = Counter(standing.version or "?" for standing in standings)
    lines = [f"{version}: {number} máy / PCs" for version, number in sorted(at_work.items())]
    lines += [
        f"{s.device}: {s.failed} không khởi động được, đang dùng {s.version} / did not come up, {s.version} runs"
        for s in standings
        if s.failed
    ]
    return lines


def _refresh(arguments: argparse.Namespace) -> int:
    from sync.updates.keys import signer_of
    from sync.updates.refreshing import refresh_timestamp

    signer = signer_of(arguments.key, os.environ.get(PASSPHRASE, ""))
    until = refresh_timestamp(Path(arguments.folder), [signer]).isoformat().replace("+00:00", "Z")
    say_told(arguments, {"until": until}, f"Có hiệu lực đến / holds until {until}")
    return 0


def _known(city: Any, version: str) -> None:
    if version not in {known.version for known in city.updates.versions()}:
        vi, en = f"Chưa phát bản {version}: gateway update add trước.", f"{version} was not added: gateway update add."
        raise UpdateError("input", vi, en)


def _shares(version: Version) -> str:
    if version.withdrawn:
        return "đã thu hồi / withdrawn"
    return ", ".join(f"{ring} {percent} %" for ring, percent in sorted(version.shares.items()))


def _rings(rings: dict[str, dict[str, list[str]]]) -> str:
    return "\n".join(f"{ring}: {', '.join([*held['ward'], *held['device']])}" for ring, held in rings.items())


def _told(version: Version) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(version)
    return told
