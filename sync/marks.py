"""Short marks by which a PC and the city tell that both hold the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
from msgspec.structs import replace

from sync.protocol import Hello, Lease
from sync.versions import Versions

_as_it_is = msgspec.msgpack.Encoder().encode
_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_MARKED = attrgetter("id", "type", "ward", "scope", "revision", "state", "number", "fields", "created_at", "updated_at",
                     "updated_by", "origin", "pack")  # fmt: skip


CITY_HEARD = "city_heard"
"""Where a PC keeps the city's time at which it last said all it says of itself and of the device: what a bundle says that
was made before is old."""
HELLO, BOOKS = 5, 3
"""Bytes of the two marks that a round of a sync names together."""


def hello_mark(hello: Hello) -> bytes:
    """Changes with whatever in it matters but the time, the books and what is told once: of the device's changes, of former
    epochs."""
    told = replace(hello, time="", leases=(), lent=(), device_seq=0, suspended=False, ended={})
    return blake2b(_encode(told), digest_size=HELLO).digest()


def books_mark(leases: Iterable[Lease]) -> bytes:
    """Changes with the books a device numbers and how far it may number them. Not with the next number, which the PC knows
    better, unless it has just started, and then it knows no mark yet."""
    known = sorted((x.ward, x.register, x.period, x.device, x.upper) for x in leases)
    return blake2b(_encode(known), digest_size=BOOKS).digest()


def streams_mark(streams: Iterable[tuple[tuple[str, str], Mapping[str, str]]]) -> bytes:
    """6 bytes over the digests (type → hex sum) of all streams, in the order given."""
    known = [
        (stream, sorted((type_id, total) for type_id, total in sums.items() if int(total, 16)))
        for stream, sums in streams
    ]
    return blake2b(_encode(known), digest_size=6).digest()


def versions_mark(versions: Iterable[Any]) -> bytes:
    """6 bytes over everything but conflicts in these versions (``RecordVersion``, or the city's with fields as stored),
    whatever their order. Their fields are taken in the order they have, which both sides make alike."""
    marked = versions.marked() if isinstance(versions, Versions) else map(_MARKED, versions)
    known = sorted(marked, key=itemgetter(0))
    return blake2b(_as_it_is(known), digest_size=6).digest()
