"""A PC looks for the ward's hubs in its networks: one question by multicast DNS in each, a second for the answers.

It asks from a port of its own and is answered there alone, so that nothing on this PC listens for others and its firewall
asks nobody anything. What is heard is a hint: TLS with the city's certificate decides.
"""

from __future__ import annotations

import contextlib
import secrets
import selectors
import socket
import time
from collections.abc import Collection, Sequence

from sync.hub import networks
from sync.hub.dns_records import PTR, SRV, TXT, A, Message, Question, Record, decoded, encoded
from sync.hub.networks import GROUP, PORT, SERVICE

SECONDS = 1.0
_ASKED_AGAIN = 0.3  # seconds: a packet may be lost
_MOST = 16  # hubs that are listened to


def find(
    names: Collection[str], seconds: float = SECONDS, addresses: Sequence[str] | None = None
) -> tuple[tuple[str, str], ...]:
    """(address, name) of what says that it has a certificate for one of ``names``."""
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for address in networks.addresses() if addresses is None else addresses:
            with contextlib.suppress(OSError):
                asking = stack.enter_context(networks.asking_socket(address))
                selector.register(asking, selectors.EVENT_READ)
        return _heard(selector, names, seconds) if selector.get_map() else ()


def _heard(selector: selectors.BaseSelector, names: Collection[str], seconds: float) -> tuple[tuple[str, str], ...]:
    number = secrets.randbits(16)
    question = encoded(Message(number, (Question(SERVICE, PTR, unicast=True),)))
    found: dict[tuple[str, str], None] = {}
    began, asked = time.monotonic(), 0
    while (gone := time.monotonic() - began) < seconds and len(found) < _MOST:
        if gone >= asked * _ASKED_AGAIN and asked < 2:
            asked += 1
            for key in selector.get_map().values():
                with contextlib.suppress(OSError):
                    _socket(key).sendto(question, (GROUP, PORT))
        for key, _ in selector.select(min(0.1, seconds - gone)):
            with contextlib.suppress(OSError):
                packet, sender = _socket(key).recvfrom(networks.LARGEST_PACKET)
                message = decoded(packet)
                if message is not None and message.is_answer and message.number in (number, 0):
                    found |= dict.fromkeys(_hubs(message.answers, sender[0], names))
    return tuple(found)


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)  # noqa: S101
    return key.fileobj


def _hubs(records: Sequence[Record], sender: str, names: Collection[str]) -> list[tuple[str, str]]:
    """Whoever answers is asked at the address he answers from: what he says of addresses is not needed."""
    ports = {r.name: r.data[0] for r in records if r.kind == SRV and isinstance(r.data, tuple) and r.life}
    hosts = [socket.inet_ntoa(r.data) for r in records if r.kind == A and isinstance(r.data, bytes)]
    host = sender if sender in hosts or not hosts else hosts[0]
    said = {r.name: r.data for r in records if r.kind == TXT and isinstance(r.data, dict)}
    return [
        (f"https://{host}:{port}", name)
        for instance, port in ports.items()
        for key, name in said.get(instance, {}).items()
        if key.startswith("name") and name in names and 0 < int(port) < 65536 and networks.is_near(host)
    ]


__all__ = ["find"]
