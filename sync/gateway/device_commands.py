"""``gateway device …``: which PCs there are, and taking one away that is lost, stolen or given away."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

import msgspec
from msgspec import Struct

from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Storage


class DeviceRow(Struct, frozen=True):
    device: str
    name: str
    ward: str
    officers: tuple[str, ...]


def list_devices(storage: Storage, ward: str = "") -> list[DeviceRow]:
    """Every device with a grant, a line a ward."""
    rows = storage.once(
        "SELECT d.id, d.name, g.ward, o.name FROM devices d JOIN grants g ON g.device = d.id "
        "JOIN officers o ON o.id = g.officer WHERE (? = '' OR g.ward = ?) ORDER BY g.ward, d.ordinal, o.name",
        ward,
        ward,
    )
    found: dict[tuple[str, str, str], list[str]] = {}
    for device, name, of_ward, officer in rows:
        found.setdefault((device, name, of_ward), []).append(officer)
    return [DeviceRow(*key, tuple(officers)) for key, officers in found.items()]


def withdraw_device(storage: Storage, device: str) -> list[tuple[str, str, str]]:
    """From now on its token is worth nothing, and its bundles neither; the books (ward, register, period) it still holds,
    which somebody has to move. What it sent stays. Raises RefusedError (404)."""
    with storage.write() as session:
        wards = [ward for (ward,) in session.all("SELECT DISTINCT ward FROM grants WHERE device = ?", device)]
        session.run("DELETE FROM grants WHERE device = ?", device)
        if not wards:
            raise RefusedError(404, "no_device", f"Không có máy {device}.", f"There is no device {device}.")
        session.run("UPDATE devices SET token_hash = ? WHERE id = ?", f"withdrawn {device}", device)
        sql = "SELECT ward, register, period FROM leases WHERE ward = ANY(?) AND device = ? ORDER BY ward, register, period"
        return [(ward, register, period) for ward, register, period in session.all(sql, wards, device)]


def device_verbs(verbs: Any) -> None:
    """Adds ``device`` and what it does to the gateway's verbs."""
    text = "các máy đã đăng ký / the devices that are enrolled"
    inner = verbs.add_parser("device", help=text, description=text).add_subparsers(metavar="VERB", required=True)

    def verb(name: str, work: Any, about: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = inner.add_parser(name, help=about, description=about)
        added.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE | postgresql://…")
        added.add_argument("--json", action="store_true", help="kết quả cho máy đọc / machine-readable")
        added.set_defaults(verb=work)
        return added

    verb("list", _list, "máy nào của phường nào / which there are").add_argument("--ward", default="", metavar="CODE")
    gone = verb("withdraw", _withdraw, "thu hồi một máy bị mất / take away one that is lost")
    gone.add_argument("device", metavar="ID")


def _list(arguments: argparse.Namespace) -> int:
    with closing(_city(arguments)) as city:
        devices = list_devices(city.storage, arguments.ward)
    _say(arguments, devices, "\n".join(f"{d.ward}  {d.device}  {d.name}  {', '.join(d.officers)}" for d in devices))
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    with closing(_city(arguments)) as city:
        books = withdraw_device(city.storage, arguments.device)
    lines = [f"{arguments.device}: đã thu hồi / withdrawn"]
    lines += [f"còn giữ sổ, chuyển bằng lease-takeover / still holds: {' '.join(book)}" for book in books]
    _say(arguments, {"withdrawn": arguments.device, "books": books}, "\n".join(lines))
    return 0


def _city(arguments: argparse.Namespace) -> Any:
    from sync.gateway.city import City

    return City(arguments.database, create=False)


def _say(arguments: argparse.Namespace, told: Any, text: str) -> None:
    line = msgspec.json.encode(told).decode() if arguments.json else text
    if line:
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.flush()
