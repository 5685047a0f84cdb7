"""Whom a line over TLS believes, for each connection by itself: nothing of it is set for the whole program."""

from __future__ import annotations

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class Trusting(HTTPAdapter):
    """Connections judged by ``context`` alone. ``name``: the name that the certificate must bear, whatever the address."""

    def __init__(self, context: ssl.SSLContext, name: str = "") -> None:
        self._told: dict[str, Any] = {"ssl_context": context}
        self._named: dict[str, Any] = {"server_hostname": name} if name else {}
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **settings: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **{**settings, **self._told, **self._named})

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        return super().proxy_manager_for(proxy, **settings, **self._told)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context says it all; certificates that came with a library are not added to it."""


def system_trust() -> ssl.SSLContext:
    """What the system trusts, so that a CA that the city had installed works."""
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def only(ca: str) -> ssl.SSLContext:
    """Certificates of these authorities (PEM) and of no other. Raises ValueError, ssl.SSLError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=ca)
    return context
