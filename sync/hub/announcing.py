"""The hub tells the networks of the ward where it is: ``_sophuong-hub._tcp.local`` by multicast DNS.

Told are the port, the names in its certificate and the certificate's fingerprint; nobody believes any of it before TLS shows
the certificate. A network that comes later (a cable put in) is heard of within half a minute.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from sync.hub import networks
from sync.hub.dns_records import ANY, PTR, SRV, TXT, A, Message, Record, decoded, encoded
from sync.hub.networks import GROUP, PORT, SERVICE

_LIFE, _LIFE_OF_HOST = 4500, 120  # seconds, as RFC 6762 has them
_LOOKED = 30.0  # seconds between two looks at which networks there are
_ALL_SERVICES = ("_services", "_dns-sd", "_udp", "local")


class Announcement:
    """``with`` it: it is told when this begins, answered while it lasts, and taken back at the end. ``about``: what is told
    now: the port, the names, the fingerprint. Raises OSError on entering: there is no multicast here."""

    def __init__(
        self,
        device: str,
        about: Callable[[], tuple[int, Sequence[str], str]],
        addresses: Callable[[], Sequence[str]] = networks.addresses,
    ) -> None:
        self._instance = (f"Sổ Phường {device}", *SERVICE)
        self._host = (f"sophuong-hub-{device.lower()}", "local")
        self._about = about
        self._addresses = addresses
        self._joined: tuple[str, ...] = ()
        self._ending = threading.Event()

    def __enter__(self) -> Announcement:
        self._listening = networks.listening_socket()
        self._listening.settimeout(1.0)
        self._look()
        self._thread = threading.Thread(target=self._listen, name="hub announcement", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        for address in self._joined:
            self._send(address, self._records(address, gone=True))
        self._listening.close()

    def _listen(self) -> None:
        waited = 0.0
        while not self._ending.is_set():
            try:
                packet, sender = self._listening.recvfrom(networks.LARGEST_PACKET)
            except TimeoutError:
                waited += 1.0
                if waited >= _LOOKED:
                    waited = 0.0
                    self._look()
                continue
            except OSError:  # Windows says so of an answer that could not be delivered
                self._ending.wait(0.2)
                continue
            with contextlib.suppress(OSError, ValueError):
                self._answer(packet, sender)

    def _look(self) -> None:
        """Networks that came are told of the hub; those that went are let go."""
        now = tuple(self._addresses())
        for address in self._joined:
            if address not in now:
                networks.leave(self._listening, address)
        joined = [a for a in now if a in self._joined or networks.join(self._listening, a)]
        for address in joined:
            if address not in self._joined:
                self._send(address, self._records(address))
        self._joined = tuple(joined)

    def _answer(self, packet: bytes, sender: tuple[str, int]) -> None:
        asked = decoded(packet)
        if asked is None or asked.is_answer or not networks.is_near(sender[0]) or not self._is_meant(asked):
            return
        address = self._address_to(sender[0])
        if address is None:
            return
        if sender[1] != PORT:  # somebody who asks once: to him alone, with his question
            short = tuple(Record(r.name, r.kind, 10, r.data, own=False) for r in self._records(address))
            said = Message(asked.number, asked.questions, short, is_answer=True)
            self._listening.sendto(encoded(said), sender)
        else:
            self._send(address, self._records(address))

    def _is_meant(self, asked: Message) -> bool:
        names = {_folded(n) for n in (SERVICE, self._instance, self._host, _ALL_SERVICES)}
        return any(_folded(q.name) in names and q.kind in (PTR, SRV, TXT, A, ANY) for q in asked.questions)

    def _address_to(self, other: str) -> str | None:
        """This PC's address as the other one sees it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect((other, PORT))
            mine: str = way.getsockname()[0]
        return mine if mine in self._joined else next(iter(self._joined), None)

    def _records(self, address: str, *, gone: bool = False) -> tuple[Record, ...]:
        port, names, fingerprint = self._about()
        told = {"v": "1", "sha256": fingerprint} | {f"name{n or ''}": name for n, name in enumerate(names[:8])}
        life, host = (0, 0) if gone else (_LIFE, _LIFE_OF_HOST)
        return (
            Record(SERVICE, PTR, life, self._instance, own=False),
            Record(self._instance, SRV, host, (port, self._host)),
            Record(self._instance, TXT, life, told),
            Record(self._host, A, host, socket.inet_aton(address)),
        )

    def _send(self, address: str, records: tuple[Record, ...]) -> None:
        with contextlib.suppress(OSError):
            self._listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            self._listening.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
            self._listening.sendto(encoded(Message(answers=records, is_answer=True)), (GROUP, PORT))


def _folded(name: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label.lower() for label in name)
