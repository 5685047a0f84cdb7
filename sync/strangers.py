"""Answers that are not the city's: login pages of a Wi-Fi, proxies, programs that sit on the city's address. A web page is
not a sync; each gets its own plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from forms.label import Label
from sync.protocol import SyncError

NOT_THE_CITY = "not_the_city"
_LOGIN = Label(
    "Mạng này đòi đăng nhập trước (Wi-Fi hoặc cổng mạng). Mở trình duyệt, đăng nhập mạng, rồi đồng bộ lại.",
    "This network wants a sign-in first (Wi-Fi or gateway). Open a browser, sign in, then sync again.",
)
_ELSEWHERE = Label(
    "Mạng chuyển máy sang một địa chỉ khác (có thể cần đăng nhập Wi-Fi), nên chưa đồng bộ được.",
    "The network sends this PC to another address (perhaps a Wi-Fi sign-in); nothing was synced.",
)
_PAGE = Label(
    "Mạng trả về một trang web lạ (có thể cần đăng nhập Wi-Fi), chưa đồng bộ được.",
    "The network answered with a strange page (perhaps a Wi-Fi sign-in); nothing was synced.",
)
_PROXY_LOGIN = Label(
    "Máy chủ trung gian (proxy) đòi tên và mật khẩu. Báo bộ phận CNTT.",
    "The proxy wants a name and a password. Tell IT support.",
)
_PROXY_REFUSED = Label(
    "Máy chủ trung gian (proxy) không cho nối tới thành phố. Báo bộ phận CNTT.",
    "The proxy does not let this PC reach the city. Tell IT support.",
)
_BEHIND = Label(
    "Máy chủ trung gian báo chưa tới được thành phố (mã {status}); sẽ tự thử lại.",
    "The proxy cannot reach the city (status {status}); it will be tried again.",
)
_TOO_LARGE = Label(
    "Gói gửi lên quá lớn đối với máy chủ trung gian; máy sẽ tự chia nhỏ và gửi lại.",
    "The proxy finds what was sent too large; it will be sent in smaller parts.",
)
_OTHER_PROGRAM = Label(
    "Ở địa chỉ thành phố có một chương trình khác trả lời; kiểm tra lại địa chỉ hoặc báo bộ phận CNTT.",
    "Another program answers at the city's address; check the address, or tell IT support.",
)
_ENCODING = Label(
    "Máy chủ trung gian đã nén lại câu trả lời theo cách máy này không đọc được ({encoding}).",
    "The proxy packed the answer in a way that this PC cannot read ({encoding}).",
)
_UNREADABLE = Label("Không đọc được câu trả lời của thành phố.", "The city's answer cannot be read.")
_REPEATING = Label(
    "Thành phố trả lời lặp lại; sẽ tự thử lại.", "The city's answer repeats itself; it will be tried again."
)
_ABOUT_FILE = Label(
    "Câu trả lời về tệp không giống của thành phố; sẽ tự thử lại.",
    "The answer about a file is not like the city's; it will be tried again.",
)


def _error(code: str, text: Label, **values: object) -> SyncError:
    return SyncError(code, text.vi.format(**values), english=text.en.format(**values))


_BY_STATUS = {
    403: (NOT_THE_CITY, _PROXY_REFUSED),
    407: (NOT_THE_CITY, _PROXY_LOGIN),
    413: ("too_large", _TOO_LARGE),  # of a proxy whose bound is lower than the city's
    511: (NOT_THE_CITY, _LOGIN),
}


def stranger(status: int, kind: str) -> SyncError:
    """What to say of an answer whose type is not one the city uses. ``kind``: its media type."""
    if known := _BY_STATUS.get(status):
        return _error(*known)
    if 300 <= status < 400:
        return _error(NOT_THE_CITY, _ELSEWHERE)
    if status in (502, 503, 504):
        return _error("unreachable", _BEHIND, status=status)
    return _error(NOT_THE_CITY, _PAGE if kind in ("text/html", "application/xhtml+xml", "") else _OTHER_PROGRAM)


def other_program() -> SyncError:
    """JSON or MessagePack that says nothing the city would say."""
    return _error(NOT_THE_CITY, _OTHER_PROGRAM)


def strange_encoding(encoding: str) -> SyncError:
    return _error("damaged", _ENCODING, encoding=encoding[:40])


def unreadable() -> SyncError:
    return _error("damaged", _UNREADABLE)


def repeating() -> SyncError:
    """It answers what was asked before: something on the way kept it."""
    return _error("damaged", _REPEATING)


def strange_about_file() -> SyncError:
    return _error("damaged", _ABOUT_FILE)


def asked_to_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds of a Retry-After header, as a number or a date; 0: none. ``now``: seconds since 1970."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), 86400.0)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), 86400.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0
