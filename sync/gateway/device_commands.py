"""``gateway device …``: which PCs there are, and taking one away that is lost, stolen or given away."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from typing import Any

from msgspec import Struct

from sync.gateway.operator_verbs import add_verb, city_of, say_told
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

    verb = partial(add_verb, inner)
    verb("list", _list, "máy nào của phường nào / which there are").add_argument("--ward", default="", metavar="CODE")
    gone = verb("withdraw", _withdraw, "thu hồi một máy bị mất / take away one that is lost")
    gone.add_argument("device", metavar="ID")


def _list(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        devices = list_devices(city.storage, arguments.ward)
    say_told(arguments, devices, "\n".join(f"{d.ward}  {d.device}  {d.name}  {', '.join(d.officers)}" for d in devices))
    return 0


def _withdraw(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        books = withdraw_device(city.storage, arguments.device)
    lines = [f"{arguments.device}: đã thu hồi / withdrawn"]
    lines += [f"còn giữ sổ, chuyển bằng lease-takeover / still holds: {' '.join(book)}" for book in books]
    say_told(arguments, {"withdrawn": arguments.device, "books": books}, "\n".join(lines))
    return 0
