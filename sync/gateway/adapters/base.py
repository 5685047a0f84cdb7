"""What every way of delivering promises, and what it is given to do it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct

from forms.definition import Catalog
from forms.exchange import Line
from sync.clock import Clock
from sync.gateway.adapters.address import Address
from sync.gateway.parcel import Parcel, ServiceAnswer


class ArrivalReport(Struct, frozen=True):
    """What became of something that a service sent: the records' ids, and what was refused as (line, field, message)."""

    ids: tuple[str, ...] = ()
    refused: tuple[tuple[int, str, str], ...] = ()


class Arrival(Struct, frozen=True):
    """Records a service sends. ``files``: what is attached, by SHA-256. ``answer`` tells the service, after the commit."""

    name: str
    ward: str
    type: str
    lines: tuple[Line, ...]
    answer: Callable[[ArrivalReport], None]
    files: dict[str, bytes] = {}


class Adapter(Protocol):
    """For one service and one thread."""

    has_inbox: bool

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        """Raises UnreachableError, or Pending: taken, the answer comes later, ask again."""
        ...

    def settled(self, parcel: Parcel) -> None:
        """The answer is written down."""
        ...

    def arrivals(self) -> Iterator[Arrival]:
        """What the service has for the city's wards. Raises UnreachableError."""
        ...

    def close(self) -> None: ...


class Tools(Struct, frozen=True):
    """``catalog()``: the definitions in use now; ``content(ward, scope, sha256)``: a file at the city, None: not there;
    ``patience``: seconds for one exchange, all in all."""

    clock: Clock
    catalog: Callable[[], Catalog]
    content: Callable[[str, str, str], bytes | None]
    patience: float = 40.0


def make_adapter(service: str, address: Address, tools: Tools) -> Adapter:
    """The way to a service. Raises AddressError where the key cannot be read."""
    if address.kind == "drop":
        from sync.gateway.adapters.drop import DropFolder

        return DropFolder(service, address, tools)
    if address.kind == "package":
        from sync.gateway.adapters.package import PackageExchange  # lxml is read where packages travel alone

        return PackageExchange(service, address, tools)
    from sync.gateway.adapters.rest import Webhook

    return Webhook(service, address, tools)
