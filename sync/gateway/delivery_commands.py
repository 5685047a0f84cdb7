"""``gateway deliver``, ``retry``, ``services``, ``service-remove``: couriers as a process of their own, and what an operator does about them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import msgspec

from sync.ending import Ending
from sync.gateway.adapters import parse_address
from sync.gateway.operator_verbs import city_of, say_told
from sync.gateway.parcels import HOLD_SECONDS
from sync.gateway.service_lines import LONGEST_HOLD, troubles
from sync.gateway.storage import Storage

_LOOK_FOR_PACKS = 5.0  # seconds
Verb = Callable[[argparse.Namespace], int]
AddVerb = Callable[[str, Verb, str], argparse.ArgumentParser]


def delivery_verbs(
    verb: AddVerb, services: Callable[[list[str]], dict[str, str]], log_to: Callable[[str | None], None]
) -> None:
    """Adds the verbs. ``services``: reads ID=ADDRESS pairs."""

    def deliver(arguments: argparse.Namespace) -> int:
        log_to(arguments.log)
        return _deliver(arguments, services(arguments.service))

    carry = verb("deliver", deliver, "chỉ giao bản ghi cho các dịch vụ / couriers without the web server")
    add_service(carry)
    carry.add_argument(
        "--lanes", type=_lanes, default=1, metavar="N", help="số luồng mỗi dịch vụ / couriers a service (1)"
    )
    carry.add_argument(
        "--hold",
        type=_seconds,
        default=HOLD_SECONDS,
        metavar="SECONDS",
        help=f"sau đó tiến trình khác làm thay / until another takes over from a dead one ({HOLD_SECONDS:.0f})",
    )
    carry.add_argument("--log", metavar="FILE", help="tệp nhật ký / log file")
    again = verb("retry", _retry, "gửi lại cho một dịch vụ / have deliveries tried again")
    again.add_argument("--service", required=True, metavar="ID")
    again.add_argument("--record", metavar="ID", help="chỉ bản ghi này / this record alone")
    again.add_argument("--refused", action="store_true", help="cả bản đã bị từ chối / the refused ones too")
    gone = verb("service-remove", _remove, "bỏ địa chỉ của một dịch vụ / take a service's address away")
    gone.add_argument("--service", required=True, metavar="ID")
    verb("services", _services, "các dịch vụ và việc còn chờ / services and what waits (NDJSON)")


def add_service(parser: argparse.ArgumentParser) -> None:
    text = "http(s)://…[#key=FILE][&inbox], edxml+http(s)://…, file:///FOLDER"
    parser.add_argument("--service", action="append", default=[], metavar="ID=ADDRESS", help=text)


def _lanes(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("1–64")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 1 <= number <= LONGEST_HOLD:
        raise argparse.ArgumentTypeError("1–3600")
    return number


def _deliver(arguments: argparse.Namespace, services: dict[str, str]) -> int:
    ending = Ending()
    with closing(city_of(arguments)) as city:
        city.set_services(services)
        city.deliveries.lanes = arguments.lanes
        city.deliveries.parcels.hold = arguments.hold
        city.deliveries.start()
        sys.stdout.buffer.write("Đang giao / delivering\n".encode())
        sys.stdout.flush()
        while not ending.wait(_LOOK_FOR_PACKS):
            city.refresh()
    return 0


def _retry(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        if arguments.service not in {service.id for service in city.catalog.services}:
            raise ValueError(f"Không có dịch vụ {arguments.service} / no such service.")
        count = city.deliveries.retry(arguments.service, arguments.record, refused=arguments.refused)
    say_told(arguments, {"retried": count}, f"{count} sẽ gửi lại / to be tried again")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        if not city.forget_service(arguments.service):
            raise ValueError(f"Dịch vụ {arguments.service[:80]} không có địa chỉ / has no address.")
        counts = {each["service"]: each["counts"] for each in standing(city.storage)}
    waits = sum(counts.get(arguments.service, {}).get(status, 0) for status in ("waiting", "sent"))
    text = (
        f"Đã bỏ địa chỉ; {waits} bản ghi chờ đến khi có địa chỉ khác. Bỏ cả --service của dịch vụ này ở serve và deliver. / "
        f"Its address is gone; {waits} deliveries wait for another one. Take its --service out of serve and deliver, too."
    )
    say_told(arguments, {"removed": arguments.service, "waiting": waits}, text)
    return 0


def _services(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        for service in standing(city.storage):
            sys.stdout.buffer.write(msgspec.json.encode(service) + b"\n")
    sys.stdout.flush()
    return 0


def standing(storage: Storage) -> Iterator[dict[str, Any]]:
    """Each service with its address (no key), how many deliveries are in which state, and whether it is down."""
    counts: dict[str, Counter[str]] = {}
    with storage.read() as session:
        addresses = {str(service): str(url) for service, url in session.all("SELECT id, url FROM services")}
        rows = session.all("SELECT service, status, count(*) FROM deliveries GROUP BY service, status")
    for service, status, count in rows:
        counts.setdefault(service, Counter())[status] = count
    down = {one["service"]: one for one in troubles(storage)}
    for service in sorted({*addresses, *counts}):
        address = parse_address(addresses[service]) if service in addresses else None
        told = {
            "service": service,
            "way": address.kind if address else None,
            "address": address.url if address else None,
        }
        trouble = down.get(service, {"failures": 0, "trouble": ""})
        yield {**told, "counts": dict(counts.get(service, {})), **trouble}
