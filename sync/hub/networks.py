"""The networks this PC is in, and multicast sockets on them."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

GROUP, PORT = "224.0.0.251", 5353
SERVICE = ("_sophuong-hub", "_tcp", "local")
LARGEST_PACKET = 9000


def addresses() -> tuple[str, ...]:
    """This PC's IPv4 addresses, one a network, those of this machine alone left out."""
    found = dict.fromkeys(_of_interfaces())
    with contextlib.suppress(OSError):
        found |= dict.fromkeys(
            str(each[4][0]) for each in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        )
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect((GROUP, PORT))  # says which way it would go, and sends nothing
        found[asked.getsockname()[0]] = None
    return tuple(each for each in found if not ipaddress.ip_address(each).is_loopback and each != "0.0.0.0")  # noqa: S104


def _of_interfaces() -> Iterator[str]:
    """Where the system's name leads only to itself, as on most Linux machines."""
    if sys.platform == "linux":
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
            for _, name in socket.if_nameindex():
                with contextlib.suppress(OSError):
                    told = fcntl.ioctl(asked, 0x8915, struct.pack("256s", name.encode()[:15]))  # SIOCGIFADDR
                    yield socket.inet_ntoa(told[20:24])


def asking_socket(address: str) -> socket.socket:
    """For one question into the network of ``address``, from a port of its own: the answer comes back to it alone (RFC 6762,
    6.7), which no firewall of this PC has to be told of. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        made.bind((address, 0))
    except OSError:
        made.close()
        raise
    return made


def listening_socket() -> socket.socket:
    """Beside whatever else on this PC listens to multicast DNS. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            with contextlib.suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(("", PORT))
    except OSError:
        made.close()
        raise
    return made


def join(listening: socket.socket, address: str) -> bool:
    """Whether the group is heard in that network from now on."""
    wanted = socket.inet_aton(GROUP) + socket.inet_aton(address)
    try:
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
    except OSError:
        return False
    return True


def leave(listening: socket.socket, address: str) -> None:
    wanted = socket.inet_aton(GROUP) + socket.inet_aton(address)
    with contextlib.suppress(OSError):
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, wanted)


def is_near(address: str) -> bool:
    """Whether a question from there comes from a network as houses have them, and is worth an answer."""
    with contextlib.suppress(ValueError):
        found = ipaddress.ip_address(address)
        return found.is_private or found.is_link_local
    return False
