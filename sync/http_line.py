"""One kept-alive connection to the city: bytes there and back. Every foreign error becomes a SyncError in plain words."""

from __future__ import annotations

import ipaddress
import time
import zlib
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
import zstandard
from msgspec import Struct
from urllib3.util import SKIP_HEADER

from sync.pace import PIECE, Pace
from sync.protocol import Refusal, SyncError
from sync.squeeze import LINE_FORM
from sync.strangers import asked_to_wait, other_program, strange_encoding, stranger, unreadable
from sync.tls import Trusting, only, system_trust

T = TypeVar("T")
MSGPACK = "application/msgpack"
OCTETS = "application/octet-stream"
COMPRESS_FROM = 1024  # bytes; below this a frame without a dictionary costs more than it saves
LARGEST_ANSWER = 64 * 1024 * 1024
TIMEOUT = (5.0, 60.0)
STRANGERS_WAIT = 300.0  # seconds; whoever stands between this PC and the city may not keep it quiet for a day
_SENDS_LITTLE = {"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER}
"""The city asks for no program's name; and what it is not told is accepted, it does not send."""


class HubCheck(Struct, frozen=True):
    """How the ward's hub is known: a certificate of one of ``ca`` (PEM text) for ``name``, whatever its address."""

    ca: str
    name: str


class LineSettings(Struct, frozen=True, kw_only=True):
    """``ca``: a PEM file with the city's own certificate authority; None: the system's. ``proxy``: an address; "": the
    system's. ``kb_per_second``: the cap, 0: none. ``hub``: the line leads to the ward's hub and not to the city."""

    ca: Path | None = None
    proxy: str = ""
    kb_per_second: float = 0
    hub: HubCheck | None = None


class Reply(Struct):
    """An answer with its body, decompressed, whatever its status."""

    status: int
    headers: Any
    content: bytes

    @property
    def kind(self) -> str:
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


class Line:
    def __init__(
        self,
        url: str,
        token: str,
        language: str,
        session: requests.Session | None = None,
        settings: LineSettings | None = None,
    ) -> None:
        settings = settings or LineSettings()
        self._url = checked_url(url)
        self._session = session or requests.Session()
        self._verify: str | None = str(settings.ca) if settings.ca else None
        if not self._url.startswith("https:"):
            self._session.trust_env = False  # loopback goes through no proxy
        else:
            if settings.hub is not None:
                self._session.mount("https://", Trusting(only(settings.hub.ca), settings.hub.name))
                self._session.trust_env = False  # in the house: through no proxy, and by no other authority
            elif self._verify is None and session is None:
                self._session.mount("https://", Trusting(system_trust()))
            if settings.proxy:
                self._session.proxies = {"https": settings.proxy}
        self._pace = Pace(settings.kb_per_second)
        headers: dict[str, str] = {} if language == "vi" else {"Accept-Language": language}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._session.headers.clear()
        self._session.headers.update(headers)
        self._session.auth = _no_auth
        self._zip = zstandard.ZstdCompressor(level=3)
        self.bytes_sent = 0
        self.bytes_received = 0

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, body: Any, answer: type[T], *, wait: int = 0) -> T:
        """A message for a message. Raises SyncError."""
        headers = {"Accept-Encoding": "zstd"}
        data = None
        if body is None:
            headers["Accept"] = MSGPACK
        else:
            data = msgspec.msgpack.encode(body)
            headers["Content-Type"] = MSGPACK
            if len(data) >= COMPRESS_FROM:
                data = self._zip.compress(data)
                headers["Content-Encoding"] = "zstd"
        return decoded(self.send(method, path, data, headers, wait=wait), answer)

    def send(self, method: str, path: str, data: bytes | None, headers: dict[str, str], *, wait: int = 0) -> Reply:
        """Raises SyncError when no answer came, or too large a one."""
        if data is not None:
            self.bytes_sent += len(data)
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=self._pace.body(data) if data else data,
                headers={**_SENDS_LITTLE, **headers},
                timeout=(TIMEOUT[0], TIMEOUT[1] + wait),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            )
            return Reply(response.status_code, response.headers, self._content(response))
        except requests.exceptions.ProxyError as error:
            raise SyncError(
                "unreachable",
                "Máy chủ trung gian (proxy) không nối được; kiểm tra cài đặt mạng.",
                english="The proxy cannot be reached; check the network's settings.",
            ) from error
        except requests.exceptions.SSLError as error:
            raise SyncError(
                "tls",
                "Không tin được chứng thư của máy chủ thành phố. Xem ngày giờ của máy này; đúng rồi thì báo bộ phận CNTT.",
                english="The certificate of the city's server is not trusted. Look at this PC's date; if it is right, tell IT support.",
            ) from error
        except requests.exceptions.Timeout as error:
            raise SyncError(
                "timeout",
                "Thành phố trả lời quá lâu; sẽ tự thử lại.",
                english="The city takes too long to answer; it will be tried again.",
            ) from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise SyncError(
                "unreachable",
                "Chưa nối được với thành phố; sẽ tự thử lại.",
                english="The city cannot be reached; it will be tried again.",
            ) from error

    def relay(
        self, method: str, target: str, headers: dict[str, str], body: bytes, timeout: tuple[float, float]
    ) -> requests.Response:
        """Another's request as it is, with its own headers alone; the answer is still to be read. Raises what ``requests``
        raises."""
        self._session.headers.clear()
        return self._session.request(
            method, self._url + target, data=body or None, headers={**_SENDS_LITTLE, **headers}, timeout=timeout,
            allow_redirects=False, stream=True, verify=self._verify,
        )  # fmt: skip

    def _content(self, response: requests.Response) -> bytes:
        raw = bytearray()
        try:
            with response:
                while piece := response.raw.read(PIECE, decode_content=False):
                    raw += piece
                    self._pace.moved(len(piece))
                    if len(raw) > LARGEST_ANSWER:
                        raise SyncError(
                            "too_large", "Câu trả lời của thành phố quá lớn.", english="The city's answer is too large."
                        )
        except urllib3.exceptions.TimeoutError as error:
            raise requests.exceptions.ReadTimeout(error) from error
        except urllib3.exceptions.HTTPError as error:  # the line, or the city's program, ended amid the answer
            raise requests.exceptions.ConnectionError(error) from error
        self.bytes_received += len(raw)
        return _decompressed(bytes(raw), response.headers.get("Content-Encoding", "").strip().lower())


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps ``requests`` from putting a .netrc's password in the place of the token."""
    return request


def _decompressed(raw: bytes, encoding: str) -> bytes:
    """Raises SyncError. Only zstd is asked for; a proxy may bring gzip all the same."""
    if not raw or encoding in ("", "identity"):
        return raw
    try:
        if encoding == "zstd":
            return zstandard.ZstdDecompressor().decompress(raw, max_output_size=LARGEST_ANSWER)
        if encoding in ("gzip", "x-gzip"):
            inflate = zlib.decompressobj(wbits=31)
            content = inflate.decompress(raw, LARGEST_ANSWER)
            if inflate.unconsumed_tail or not inflate.eof:
                raise zlib.error("too large, or cut")
            return content
    except (zstandard.ZstdError, zlib.error) as error:
        raise SyncError(
            "damaged",
            "Dữ liệu nhận về bị hỏng trên đường truyền; sẽ tự thử lại.",
            english="What came from the city was damaged on the way; it will be tried again.",
        ) from error
    raise strange_encoding(encoding)


def refusal_of(reply: Reply) -> SyncError:
    """What a reply that is no success says."""
    if reply.kind not in (MSGPACK, "application/json"):
        error = stranger(reply.status, reply.kind)
        error.wait = min(asked_to_wait(reply.headers, time.time()), STRANGERS_WAIT)
        return error
    decode: Any = msgspec.msgpack.decode if reply.kind == MSGPACK else msgspec.json.decode
    try:
        refusal = decode(reply.content, type=Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = other_program() if reply.kind != MSGPACK else unreadable()
    else:
        again = reply.status >= 500 or reply.status in (408, 413, 429)
        error = SyncError(refusal.code, refusal.message, retry=again)
    error.wait = asked_to_wait(reply.headers, time.time())
    return error


def decoded(reply: Reply, answer: type[T]) -> T:
    """The message in a reply. Raises SyncError."""
    if reply.kind not in (MSGPACK, "application/json") or reply.status >= 300:
        # a captive portal or a proxy answers with a web page: that is not the city
        raise refusal_of(reply)
    decode: Any = msgspec.msgpack.decode if reply.kind == MSGPACK else msgspec.json.decode
    try:
        result: T = decode(reply.content, type=answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise (unreadable() if reply.kind == MSGPACK else other_program()) from error
    return result


def checked_url(url: str) -> str:
    """The address without a trailing slash. Plain HTTP is taken for loopback alone. Raises SyncError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket, a port that is no number
        usable = False
    if not usable or parts.hostname is None:
        raise SyncError(
            "bad_url",
            f"Địa chỉ thành phố không đúng: {url}",
            retry=False,
            english=f"Not an http(s) address of the city: {url}",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SyncError(
            "not_safe",
            "Chỉ nối với thành phố qua https:// (http:// chỉ dùng trong máy này).",
            english="The city is reached over https:// only (http:// within this PC alone).",
            retry=False,
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


__all__ = ["LINE_FORM", "MSGPACK", "OCTETS", "Line", "LineSettings", "Reply", "decoded", "refusal_of"]
