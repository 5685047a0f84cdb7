"""Answers that are not the city's: login pages of a Wi-Fi, proxies, programs that sit on the city's address. A web page is
not a sync; each gets its own plain sentence."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from sync.protocol import SyncError

NOT_THE_CITY = "not_the_city"
_LOGIN = "Mạng này đòi đăng nhập trước (Wi-Fi hoặc cổng mạng). Mở trình duyệt, đăng nhập mạng, rồi đồng bộ lại."
_ELSEWHERE = "Mạng chuyển máy sang một địa chỉ khác (có thể cần đăng nhập Wi-Fi), nên chưa đồng bộ được."
_PAGE = "Mạng trả về một trang web lạ (có thể cần đăng nhập Wi-Fi), chưa đồng bộ được."
_PROXY_LOGIN = "Máy chủ trung gian (proxy) đòi tên và mật khẩu. Báo bộ phận CNTT."
_PROXY_REFUSED = "Máy chủ trung gian (proxy) không cho nối tới thành phố. Báo bộ phận CNTT."
_BEHIND = "Máy chủ trung gian báo chưa tới được thành phố (mã {status}); sẽ tự thử lại."
_OTHER_PROGRAM = "Ở địa chỉ thành phố có một chương trình khác trả lời; kiểm tra lại địa chỉ hoặc báo bộ phận CNTT."
_ENCODING = "Máy chủ trung gian đã nén lại câu trả lời theo cách máy này không đọc được ({encoding})."


def stranger(status: int, kind: str) -> SyncError:
    """What to say of an answer whose type is not one the city uses. ``kind``: its media type."""
    if status == 511:
        return SyncError(NOT_THE_CITY, _LOGIN)
    if 300 <= status < 400:
        return SyncError(NOT_THE_CITY, _ELSEWHERE)
    if status == 407:
        return SyncError(NOT_THE_CITY, _PROXY_LOGIN)
    if status in (502, 503, 504):
        return SyncError("unreachable", _BEHIND.format(status=status))
    if status == 403:
        return SyncError(NOT_THE_CITY, _PROXY_REFUSED)
    return SyncError(NOT_THE_CITY, _PAGE if kind in ("text/html", "application/xhtml+xml", "") else _OTHER_PROGRAM)


def other_program() -> SyncError:
    """JSON or MessagePack that says nothing the city would say."""
    return SyncError(NOT_THE_CITY, _OTHER_PROGRAM)


def strange_encoding(encoding: str) -> SyncError:
    return SyncError("damaged", _ENCODING.format(encoding=encoding[:40]))


def asked_to_wait(headers: Mapping[str, str], now: float) -> float:
    """Seconds of a Retry-After header, as a number or a date; 0: none. ``now``: seconds since 1970."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), 86400.0)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), 86400.0)
    except (ValueError, TypeError, OverflowError):
        return 0.0
