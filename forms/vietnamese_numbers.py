"""Numbers and đồng in words and figures.

No public library reads amounts the way northern offices write them ("linh", "không trăm" inside a number), so the rule
stands here: groups of three digits, every group below a higher one read in full.
"""

from __future__ import annotations

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_GROUPS = ("", "nghìn", "triệu")
_BILLION = 1_000_000_000


def _unit(unit: int, tens: int) -> str:
    """The last digit of a group as it is said after ``tens``: mốt, tư, lăm."""
    if unit == 1 and tens >= 2:
        return "mốt"
    if unit == 4 and tens >= 2:
        return "tư"
    if unit == 5 and tens >= 1:
        return "lăm"
    return _DIGITS[unit]


def _group_words(value: int, *, full: bool) -> list[str]:
    """Words of 1..999; ``full`` says the hundreds even when they are zero."""
    hundreds, tens, unit = value // 100, value // 10 % 10, value % 10
    words: list[str] = []
    if hundreds or full:
        words += [_DIGITS[hundreds], "trăm"]
    if tens >= 2:
        words += [_DIGITS[tens], "mươi"]
    elif tens == 1:
        words.append("mười")
    elif unit and words:
        words.append("linh")
    if unit:
        words.append(_unit(unit, tens))
    return words


def _words(value: int, *, full: bool = False) -> list[str]:
    words: list[str] = []
    if value >= _BILLION:
        words = [*_words(value // _BILLION, full=full), "tỷ"]
        value %= _BILLION
    for power in (2, 1, 0):
        group = value // 1000**power % 1000
        if group:
            words += _group_words(group, full=full or bool(words))
            words += [_GROUPS[power]] if power else []
    return words


def number_in_words(value: int) -> str:
    """21 → "hai mươi mốt"; 1005 → "một nghìn không trăm linh năm"."""
    if value == 0:
        return _DIGITS[0]
    return " ".join((["âm"] if value < 0 else []) + _words(abs(value)))


def amount_in_words(dong: int) -> str:
    """Whole đồng as written on receipts: first letter capital; full thousands end in "đồng chẵn" (custom, not law)."""
    words = number_in_words(dong)
    ending = "đồng chẵn" if dong and dong % 1000 == 0 else "đồng"
    return f"{words[0].upper()}{words[1:]} {ending}"


def ordinal(value: int) -> str:
    """1 → "thứ nhất", 2 → "thứ hai", 4 → "thứ tư"."""
    special = {1: "nhất", 4: "tư"}
    return f"thứ {special.get(value) or number_in_words(value)}"


def show_number(value: int) -> str:
    """1250500 → "1.250.500"; the point separates thousands in Vietnamese print."""
    return f"{value:,}".replace(",", ".")


def show_money(dong: int, language: str = "vi") -> str:
    """8000 → "8.000 đồng" ("8,000 VND" in English)."""
    return f"{dong:,} VND" if language == "en" else f"{show_number(dong)} đồng"
