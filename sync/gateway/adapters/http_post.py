"""One kept-alive line to a service: signed where there is a key, bounded in time and size."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from msgspec import Struct

from sync.clock import Clock
from sync.gateway.adapters.address import Address
from sync.gateway.adapters.signature import Keys, signed_headers
from sync.gateway.parcel import UnreachableError

LARGEST_ANSWER = 64 * 1024 * 1024
_CONNECT = 5.0  # seconds
_CHUNK = 64 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_BUSY = (429, 502, 503, 504)
_AGAIN = (408, 425)
_NOT_US = (401, 403)


class Reply(Struct, frozen=True):
    status: int
    content: bytes
    headers: dict[str, str]  # lower-case names


class HttpPost:
    """For one thread. ``patience``: seconds for one exchange, all in all. ``session``: one with adapters of its own."""

    def __init__(
        self, service: str, address: Address, clock: Clock, patience: float, session: requests.Session | None = None
    ) -> None:
        """Raises AddressError where the key cannot be read."""
        self._service = service
        self._url = address.url.removesuffix("/") if urlsplit(address.url).path != "/" else address.url
        self._clock = clock
        self._patience = patience
        self._keys = Keys(address.key) if address.key else None
        self._session = session or requests.Session()
        if session is None:
            self._session.trust_env = (
                urlsplit(address.url).hostname not in _LOOPBACK
            )  # on this machine no proxy is needed

    def send(self, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None, below: str = "") -> Reply:
        """The service's reply. Raises UnreachableError where it says nothing about what was sent: no line, too busy, our
        signature not known. A second key is tried where the first is not known yet."""
        keys = self._keys.all()[:2] if self._keys else (None,)
        url = self._url + below
        path = urlsplit(url).path + (f"?{query}" if (query := urlsplit(url).query) else "")
        for key in keys:
            signed = signed_headers(key, method, path or "/", body, self._clock.now()) if key else {}
            reply = self._exchange(method, url, body, {**(headers or {}), **signed})
            if reply.status not in _NOT_US:
                break
        if reply.status in _NOT_US:
            what = "chữ ký" if self._keys else "yêu cầu"
            raise UnreachableError(f"{self._service} không nhận {what} của thành phố ({reply.status}).", down=True)
        if reply.status in _BUSY:
            wait = _seconds(reply.headers.get("retry-after", ""), self._clock.now())
            raise UnreachableError(f"{self._service} đang bận hoặc bảo trì; sẽ gửi lại.", down=True, wait=wait)
        if reply.status >= 500 or reply.status in _AGAIN:
            raise UnreachableError(f"{self._service} trả lời {reply.status}; sẽ gửi lại.", down=False, fault=True)
        return reply

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        end = time.monotonic() + self._patience
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                timeout=(min(_CONNECT, self._patience), self._patience * 0.75),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = bytearray()
                for chunk in response.iter_content(_CHUNK):
                    content += chunk
                    if len(content) > LARGEST_ANSWER or time.monotonic() > end:
                        raise UnreachableError(f"{self._service} trả lời quá lâu hoặc quá lớn.", down=False, fault=True)
                known = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, bytes(content), known)
        except requests.RequestException as error:
            slow = isinstance(error, requests.ReadTimeout)  # it may be this parcel that it chokes on
            raise UnreachableError(f"Chưa nối được với {self._service}; sẽ gửi lại.", down=True, fault=slow) from error

    def close(self) -> None:
        self._session.close()


def _seconds(text: str, now: datetime) -> float:
    """Of a Retry-After: seconds, or a date."""
    try:
        return float(text) if text.strip().isdigit() else max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
