"""Facts about who a person or organisation is: citizen number, ID-card QR, tax code, phone.

A citizen number has no check digit. What contradicts it (date of birth, gender) is a doubt and never a mistake: old
errors and legal changes of gender exist, so the catalogue's rules warn of it and do not stop the officer.

The card's QR is fast typing, not proof of identity: it is not signed. The order of its fields is not published; it is
the one that open readers agree on. A scanner acts as a keyboard, so a running input method can garble what arrives:
that is recognised and said, and never repaired by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Literal

from msgspec import Struct

from forms.label import Label
from forms.vietnamese import clean, fold, name_case
from resources import read_text

Gender = Literal["male", "female"]
PhoneKind = Literal["mobile", "fixed", "hotline"]
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_FIRST_COUNTRY_CODE = 100  # births registered abroad carry a country's code, from here up


class IdentityError(ValueError):
    """The text is not such a number; ``label`` says why, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi)
        self.label = Label(vi, en)


class CitizenNumber(Struct, frozen=True):
    """The parts of ``PPP G YY NNNNNN`` (Decree 137/2015, Circular 59/2021/TT-BCA)."""

    number: str
    province: str  # code
    province_name: str  # "" for a birth registered abroad
    gender: Gender
    birth_year: int


@cache
def provinces() -> Mapping[str, str]:
    """Province codes of the citizen number: code → name (63 of them; they outlive the mergers of 2025)."""
    lines = (line.partition(":") for line in read_text("data", "citizen_number_provinces.yaml").splitlines())
    return {code.strip('" '): name.strip() for code, _, name in lines if not code.startswith("#")}


def check_citizen_number(text: str) -> CitizenNumber:
    """The parts of a citizen number; spaces and dots between digits are allowed. Raises IdentityError."""
    number = re.sub(r"[\s.]", "", text)
    if not (number.isascii() and number.isdigit()):
        raise IdentityError(
            "Số định danh cá nhân chỉ gồm 12 chữ số.",
            "A personal identification number has 12 digits and nothing else.",
        )
    if len(number) == 9:
        raise IdentityError(
            "Đây là số CMND 9 số; hãy ghi vào ô số CMND cũ.",
            "This is an old 9-digit ID number; enter it in the field for old numbers.",
        )
    if len(number) != 12:
        raise IdentityError(
            f"Số định danh cá nhân phải có 12 chữ số, ở đây có {len(number)}.",
            f"A personal identification number has 12 digits; this has {len(number)}.",
        )
    province = number[:3]
    if province not in provinces() and int(province) < _FIRST_COUNTRY_CODE:
        raise IdentityError(
            f"Không có mã tỉnh, thành phố {province}: hãy xem lại ba số đầu.",
            f"There is no province with code {province}: check the first three digits.",
        )
    century, female = divmod(int(number[3]), 2)
    year = 1900 + 100 * century + int(number[4:6])
    return CitizenNumber(number, province, provinces().get(province, ""), "female" if female else "male", year)


def gender_of(text: str | None) -> Gender | None:
    """The gender that a card, a code list or an old file means; None when unknown."""
    words: dict[str, Gender] = {"nam": "male", "male": "male", "m": "male", "1": "male"}
    words |= {"nu": "female", "female": "female", "f": "female", "2": "female"}
    return words.get(fold(clean(text or "")))


def mask(number: str, shown: int = 6) -> str:
    """ "001090123456" → "001090******": how numbers stand in lists, pickers and search hits."""
    return number[:shown] + "*" * max(0, len(number) - shown)


def check_tax_code(text: str) -> str:
    """A tax code in stored form: 10 digits with check digit, 10-3 of a branch, or a citizen number, which serves as tax
    code of persons and household businesses since 1 July 2025 (Circular 86/2024/TT-BTC). Raises IdentityError.
    """
    code = re.sub(r"[\s.]", "", text)
    if re.fullmatch(r"\d{12}", code, re.ASCII):
        return check_citizen_number(code).number
    if not re.fullmatch(r"\d{10}(-\d{3})?", code, re.ASCII):
        raise IdentityError(
            "Mã số thuế có 10 số, 10 số và 3 số chi nhánh (0100233488-001), hoặc 12 số định danh.",
            "A tax code has 10 digits, 10 and 3 for a branch (0100233488-001), or the 12 of a citizen number.",
        )
    rest = sum(int(digit) * weight for digit, weight in zip(code, _TAX_WEIGHTS, strict=False)) % 11
    if 10 - rest != int(code[9]):
        raise IdentityError(
            "Mã số thuế sai số kiểm tra: hãy so lại từng chữ số.",
            "The tax code's check digit is wrong: compare digits.",
        )
    return code


def check_phone(text: str) -> tuple[str, PhoneKind]:
    """(stored form, kind). Mobiles and Hanoi lines are stored as +84…, hotlines keep their digits. IdentityError."""
    digits = re.sub(r"[\s.\-()]", "", text)
    national = re.sub(r"^(\+84|0084|84(?=\d{9,10}$))0?", "0", digits)
    if re.fullmatch(r"0[35789]\d{8}", national, re.ASCII):
        return "+84" + national[1:], "mobile"
    if re.fullmatch(r"02\d{9}", national, re.ASCII):
        return "+84" + national[1:], "fixed"
    if re.fullmatch(r"1[89]00\d{4,6}", digits, re.ASCII):
        return digits, "hotline"
    raise IdentityError(
        "Số điện thoại: di động 10 số (03, 05, 07, 08, 09), máy bàn Hà Nội 024 và 8 số, hoặc tổng đài 1900, 1800.",
        "Phone: a mobile of 10 digits (03, 05, 07, 08, 09), a Hanoi line 024 and 8 digits, or 1900, 1800.",
    )


_GARBLED = Label(
    "Bộ gõ tiếng Việt đã làm sai chữ khi quét. Hãy chuyển bộ gõ sang E (tiếng Anh) rồi quét lại.",
    "The Vietnamese input method changed letters during the scan. Switch it to E (English) and scan again.",
)


class Card(Struct, frozen=True, kw_only=True):
    """What the QR says. Dates are ISO; "" where the card leaves a part out. The address is that of the day of issue:
    propose it, never overwrite a newer one."""

    personal_id: str
    old_id: str
    full_name: str
    dob: str
    gender: str  # "Nam", "Nữ", as printed
    address: str
    issue_date: str
    raw: str
    extra_fields_ignored: int = 0
    warnings: tuple[Label, ...] = ()


def looks_like_card(text: str) -> bool:
    """Whether typed text is a scanned card: 12 digits first and five bars at least."""
    return text.count("|") >= 5 and re.match(r"\s*\d{12}\|", text, re.ASCII) is not None


def parse_card_qr(text: str) -> Card:
    """The card behind a scanned text. Raises IdentityError when it is none, or not readable as one."""
    raw = text.strip("\r\n\t ")
    parts = [clean(part) for part in raw.split("|")]
    if len(parts) < 6:
        raise IdentityError("Đây không phải mã QR của thẻ căn cước.", "This is not the QR code of a citizen's ID card.")
    number = check_citizen_number(parts[0])
    name, address = parts[2], parts[5]
    warnings = (_GARBLED,) if _is_garbled(name, parts[4], address) else ()
    return Card(
        personal_id=number.number,
        old_id=parts[1],
        full_name=name_case(name) if name.isupper() else name,
        dob=_date(parts[3], "ngày sinh", "date of birth"),
        gender=parts[4],
        address=address,
        issue_date=_date(parts[6], "ngày cấp", "date of issue") if len(parts) > 6 and parts[6] else "",
        raw=raw,
        extra_fields_ignored=max(0, len(parts) - 7),
        warnings=warnings,
    )


def _date(text: str, vi: str, en: str) -> str:
    """ddmmyyyy → ISO; "" stays "". Only a year is known of some elderly people: 00001940 → 1940."""
    if not text:
        return ""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d{4})", text, re.ASCII)
    try:
        if match is None:
            raise ValueError(text)
        day, month, year = (int(part) for part in match.groups())
        if day == month == 0:
            return f"{year:04d}"
        return date(year, month, day).isoformat()
    except ValueError:
        raise IdentityError(
            f"Không đọc được {vi} trên thẻ: “{text}”.", f"The card's {en} cannot be read: “{text}”."
        ) from None


def _is_garbled(name: str, gender: str, address: str) -> bool:
    """Telex and VNI leave keys behind where a mark stood. No Vietnamese syllable has f, w, z or doubled d, a, e, and none
    ends in s, r, x, j; a digit never stands right after a letter of a name."""
    if gender and gender_of(gender) is None:
        return True
    if re.search(r"(?i)dd|aa|ee|[fwz]|[srxj]\b|[^\W\d_]\d", name):
        return True
    return re.search(r"(?i)\bdd|uw|ow\b", address) is not None
