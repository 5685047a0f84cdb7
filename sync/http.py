"""The line to the city over HTTP. Every foreign error becomes a SyncError in plain words."""

from __future__ import annotations

import ipaddress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
import zstandard

from sync.protocol import (
    EnrolAnswer,
    EnrolRequest,
    Hello,
    HistoryAnswer,
    Lease,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    Refusal,
    SyncError,
)

T = TypeVar("T")
MSGPACK = "application/msgpack"
OCTETS = "application/octet-stream"
_COMPRESS_FROM = 1024  # bytes; below this the frame costs more than it saves
_LARGEST_ANSWER = 64 * 1024 * 1024
_TIMEOUT = (5.0, 60.0)


class HttpTransport:
    """``sync.protocol.Transport`` over one kept-alive connection. One per thread."""

    def __init__(self, url: str, token: str, *, language: str = "vi") -> None:
        self._line = _Line(url, token, language)

    @property
    def bytes_sent(self) -> int:
        return self._line.bytes_sent

    @property
    def bytes_received(self) -> int:
        return self._line.bytes_received

    def hello(self) -> Hello:
        return self._line.ask("GET", "/v1/hello", None, Hello)

    def push(self, request: PushRequest) -> PushAnswer:
        return self._line.ask("POST", "/v1/push", request, PushAnswer)

    def pull(self, request: PullRequest) -> PullAnswer:
        return self._line.ask("POST", "/v1/pull", request, PullAnswer, wait=request.wait)

    def lease(self, request: LeaseRequest) -> Lease:
        return self._line.ask("POST", "/v1/lease", request, Lease)

    def history(self, record_id: str) -> HistoryAnswer:
        return self._line.ask("GET", f"/v1/records/{record_id}/history", None, HistoryAnswer)

    def pack_part(self, sha256: str, start: int, length: int) -> bytes:
        return self._line.part(f"/v1/packs/{sha256}", start, length)

    def close(self) -> None:
        self._line.close()


def enrol(
    url: str, code: str, device_name: str, *, token: str = "", wards: tuple[str, ...] = (), language: str = "vi"
) -> EnrolAnswer:
    """Trade an enrolment code for a device token. ``token``: of this device, when one more officer joins it; ``wards``:
    those it already serves, so that a code of another ward is refused (SyncError "other_ward") and stays unused."""
    line = _Line(url, token, language)
    request = EnrolRequest(code=code, device_name=device_name, token=token, wards=wards)
    try:
        return line.ask("POST", "/v1/enrol", request, EnrolAnswer)
    finally:
        line.close()


class _Line:
    def __init__(self, url: str, token: str, language: str) -> None:
        self._url = _checked(url)
        self._session = requests.Session()
        if self._url.startswith("https:"):
            import truststore  # the system's certificates, so that the city's own CA works

            truststore.inject_into_ssl()
        else:
            self._session.trust_env = False  # loopback goes through no proxy
        headers = {"Accept": MSGPACK, "Accept-Language": language, "Accept-Encoding": "zstd"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._session.headers.update(headers)
        self._encoder = msgspec.msgpack.Encoder()
        self._zip = zstandard.ZstdCompressor(level=1)
        self.bytes_sent = 0
        self.bytes_received = 0

    def close(self) -> None:
        self._session.close()

    def ask(self, method: str, path: str, body: Any, answer: type[T], *, wait: int = 0) -> T:
        data, headers = self._body(body)
        response, content = self._sent(method, path, data, headers, wait)
        return self._decoded(response, content, answer)

    def part(self, path: str, start: int, length: int) -> bytes:
        """Bytes of a file; fewer at its end."""
        headers = {"Range": f"bytes={start}-{start + length - 1}", "Accept": f"{OCTETS}, {MSGPACK}"}
        response, content = self._sent("GET", path, None, headers, 0)
        if response.status_code == 206 and response.headers.get("Content-Type", "").startswith(OCTETS):
            return content[:length]
        if response.status_code == 200:  # a proxy that knows no ranges would give the whole file again and again
            raise SyncError("damaged", "Mạng không cho tải tiếp từng phần; chưa nhận được mẫu biểu mới.")
        self._decoded(response, content, bytes)
        return b""

    def _sent(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], wait: int
    ) -> tuple[requests.Response, bytes]:
        """The answer with its body, whatever its status. Raises SyncError."""
        try:
            response = self._session.request(
                method,
                self._url + path,
                data=data,
                headers=headers,
                timeout=(_TIMEOUT[0], _TIMEOUT[1] + wait),
                allow_redirects=False,
                stream=True,
            )
            return response, self._content(response)
        except requests.exceptions.SSLError as error:
            raise SyncError("tls", "Không tin được chứng thư của máy chủ thành phố. Báo bộ phận CNTT.") from error
        except requests.exceptions.Timeout as error:
            raise SyncError("timeout", "Thành phố trả lời quá lâu; sẽ tự thử lại.") from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.") from error

    def _body(self, body: Any) -> tuple[bytes | None, dict[str, str]]:
        if body is None:
            return None, {}
        data = self._encoder.encode(body)
        headers = {"Content-Type": MSGPACK}
        if len(data) >= _COMPRESS_FROM:
            data = self._zip.compress(data)
            headers["Content-Encoding"] = "zstd"
        self.bytes_sent += len(data)
        return data, headers

    def _content(self, response: requests.Response) -> bytes:
        try:
            with response:
                raw: bytes = response.raw.read(_LARGEST_ANSWER + 1, decode_content=False)
        except urllib3.exceptions.TimeoutError as error:
            raise requests.exceptions.ReadTimeout(error) from error
        except urllib3.exceptions.HTTPError as error:  # the line, or the city's program, ended amid the answer
            raise requests.exceptions.ConnectionError(error) from error
        if len(raw) > _LARGEST_ANSWER:
            raise SyncError("too_large", "Câu trả lời của thành phố quá lớn.")
        self.bytes_received += len(raw)
        if response.headers.get("Content-Encoding", "").lower() == "zstd":
            try:
                return zstandard.ZstdDecompressor().decompress(raw, max_output_size=_LARGEST_ANSWER)
            except zstandard.ZstdError as error:
                raise SyncError("damaged", "Dữ liệu nhận về bị hỏng trên đường truyền; sẽ tự thử lại.") from error
        return raw

    def _decoded(self, response: requests.Response, content: bytes, answer: type[T]) -> T:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind not in (MSGPACK, "application/json"):
            # a captive portal or a proxy answers with a web page: that is not the city
            raise SyncError("not_the_city", "Mạng trả về một trang lạ (có thể cần đăng nhập Wi-Fi), chưa đồng bộ được.")
        decode: Any = msgspec.msgpack.decode if kind == MSGPACK else msgspec.json.decode
        try:
            if response.status_code >= 300:
                raise _refused(response.status_code, decode(content, type=Refusal))
            result: T = decode(content, type=answer)
        except msgspec.MsgspecError as error:
            raise SyncError("damaged", "Không đọc được câu trả lời của thành phố.") from error
        return result


def _refused(status: int, refusal: Refusal) -> SyncError:
    return SyncError(refusal.code, refusal.message, retry=status >= 500 or status in (408, 413, 429))


def _checked(url: str) -> str:
    """The address without a trailing slash. Plain HTTP is taken for loopback alone. Raises SyncError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half a bracket, a port that is no number
        usable = False
    if not usable or parts.hostname is None:
        raise SyncError("bad_url", f"Địa chỉ thành phố không đúng: {url}", retry=False)
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SyncError("not_safe", "Chỉ nối với thành phố qua https:// (http:// chỉ dùng trong máy này).", retry=False)
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
