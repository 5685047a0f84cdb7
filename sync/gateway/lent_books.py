"""``gateway lease list``: which PC numbers which book."""

from __future__ import annotations

import argparse
from contextlib import closing

import msgspec
from msgspec import Struct

from sync.clock import HANOI
from sync.gateway.books import Book
from sync.gateway.city import City
from sync.gateway.leases import NOBODY
from sync.gateway.listing import leases
from sync.gateway.moved_books import UNKNOWN
from sync.gateway.operator_verbs import city_of, say_told

_STATES = {
    "free": "không máy nào giữ / nobody's",
    "withdrawn": "máy đã thu hồi / its PC was withdrawn",
    "unknown": "máy mà bản sao lưu không biết; chuyển bằng lease-takeover / a PC the backup does not know; move it",
    "paused": "máy đang tạm ngừng cấp số / its PC numbers nothing for now",
    "past": "kỳ đã qua / its period is over",
    "held": "",
}


class BookRow(Struct, frozen=True):
    """A book as it is lent: ``from_`` to ``to`` may be given before the next contact, ``next`` is the first number the city has
    not seen."""

    ward: str
    register: str
    period: str
    device: str
    name: str
    from_: int = msgspec.field(name="from")
    to: int = msgspec.field(name="to")
    next: int = msgspec.field(name="next")
    state: str = msgspec.field(name="state")

    @property
    def book(self) -> Book:
        return self.ward, self.register, self.period


def book_rows(city: City, ward: str = "", device: str = "") -> list[BookRow]:
    """The books that are lent, a period that is over among them."""
    today = city.clock.now().astimezone(HANOI).date().isoformat()
    rows = []
    for of_ward, register, period, holder, name, start, upper, known, suspended, _, granted in leases(
        city.storage, ward, device
    ):
        if period and period < today[: len(period)]:
            state = "past"
        elif holder == NOBODY:
            state = "free"
        elif holder.endswith(UNKNOWN):
            state = "unknown"
        elif not granted:
            state = "withdrawn"
        else:
            state = "paused" if suspended else "held"
        following = max(int(start), int(known) + 1)
        rows.append(BookRow(of_ward, register, period, holder, name, int(start), int(upper), following, state))
    return rows


def list_verb(arguments: argparse.Namespace) -> int:
    with closing(city_of(arguments)) as city:
        rows = book_rows(city, arguments.ward, arguments.device)
    shown = [row for row in rows if arguments.past or row.state != "past"]
    lines = [
        "  ".join(
            x
            for x in (
                row.ward,
                f"{row.register} {row.period}".strip(),
                f"{row.device} ({row.name})" if row.device else "–",
                f"{row.from_}–{row.to}",
                f"tiếp / next {row.next}",
                _STATES[row.state],
            )
            if x
        )
        for row in shown
    ]
    say_told(arguments, shown, "\n".join(lines) or "Chưa sổ nào được cấp / no books are lent")
    return 0
