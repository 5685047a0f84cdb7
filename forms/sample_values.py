"""A believable value for any field, from its type, its name, and the examples that every tool brings with it.

Examples carry what only the tool knows (wordings, codes, fees); people, dates, numbers and addresses are invented anew,
so that a thousand samples do not look like five.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import structs

from forms.field_definition import Choice, Field
from forms.identity import gender_of
from forms.sample_file import sample_file
from forms.sample_scene import Scene
from forms.vietnamese import fold, moment_text, split_name

_BIRTH = re.compile(r"dob|birth|born")
_PERSON_NAME = re.compile(r"họ|tên người|^người|chủ hộ|^cha|^mẹ")
_NAME_PARTS = ("family_name", "middle_name", "given_name")
_LATER = re.compile(r"due|deadline|valid_to|until|expir")
_YEAR = re.compile(r"(?:19|20)\d\d")


_OF_A_PERSON = ("person", "household", "organisation", "ref", "citizen_number", "phone")


def invent(scene: Scene, field: Field, choices: Sequence[Choice], attempt: int = 0) -> Any:
    """A canonical value, another one at each attempt; None when nothing believable is known."""
    make = _MAKERS.get(field.type)
    return make(scene, field, choices, attempt) if make else None


_TEXTS: tuple[tuple[re.Pattern[str], Callable[[Scene, Field], str]], ...] = (
    (_PERSON_NAME, lambda scene, field: scene.person(field.name).full_name),
    (re.compile("cơ quan|tác giả"), lambda scene, field: scene.inventor.issuer()),
    (re.compile("tên (tổ chức|doanh nghiệp)"), lambda scene, field: scene.inventor.organisation()),
    (re.compile("địa chỉ|nơi ở"), lambda scene, field: scene.inventor.house()),
    (re.compile("^quan hệ với trẻ"), lambda scene, field: scene.relation(field)),
    (re.compile("trích yếu"), lambda scene, field: scene.inventor.title(scene.day)),
)
"""What a text is, by its Vietnamese label."""


def _text(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> str:
    if field.name in _NAME_PARTS:
        return split_name(scene.person("full_name").full_name)[_NAME_PARTS.index(field.name)]
    if field.name == "name" and scene.is_about_organisations and attempt < 2:
        return scene.inventor.organisation()
    label = field.label.vi.casefold()
    for pattern, make in () if scene.listed or field.pattern or attempt > 1 else _TEXTS:
        if pattern.search(label):
            return make(scene, field)
    seen = scene.seen(field, attempt)
    if seen and attempt < 4:
        text = str(scene.random.choice(seen))
        if re.fullmatch(r"\d{12}", text):
            return scene.person(field.name).citizen_number
        return _fresh_digits(scene, field, text, attempt)
    return scene.inventor.reason() if "lý do" in label else scene.inventor.note()


def _fresh_digits(scene: Scene, field: Field, text: str, attempt: int) -> str:
    """The text with long runs of digits drawn anew, years kept: what tells one record from another must differ from the
    example's. Catalogue entries keep their codes."""
    numbered = field.name in scene.unique or field.label.vi.casefold().startswith("số")
    if scene.listed or not (numbered or attempt):
        return text

    def fresh(found: re.Match[str]) -> str:
        run = found.group()
        return run if _YEAR.fullmatch(run) else "".join(scene.random.choice("0123456789") for _ in run)

    return re.sub(r"\d{3,}", fresh, text)


def _code(scene: Scene, field: Field, choices: Sequence[Choice], attempt: int) -> str | None:
    seen = scene.seen(field, attempt)
    if not seen:
        return f"{scene.random.choice('ABCDEGHK')}{scene.random.randrange(10**6):06d}"
    text = str(scene.random.choice(seen))
    return text if attempt > 3 else _fresh_digits(scene, field, text, attempt)


def _day_near(scene: Scene, field: Field, attempt: int) -> date:
    back = (0, 1, 3, 8, 20, 45)[min(attempt, 5)]
    return scene.day - timedelta(days=scene.random.randint(0, back))


def _date(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> str:
    if _BIRTH.search(field.name):
        return scene.person(field.name).born.isoformat()
    if attempt >= 6 or (attempt < 3 and _LATER.search(field.name)):
        return (scene.day + timedelta(days=scene.random.randint(3, 20 + 30 * max(0, attempt - 5)))).isoformat()
    return _day_near(scene, field, attempt).isoformat()


def _date_partial(scene: Scene, field: Field, choices: Sequence[Choice], attempt: int) -> str:
    text = _date(scene, field, choices, attempt)
    if any(len(str(value)) == 7 for value in scene.seen(field, 2)) or attempt in (2, 5):
        return text[:7]
    return text[:4] if text < "1950" and scene.random.random() < 0.4 else text


def _datetime(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> str:
    if attempt == 0:
        return moment_text(scene.moment)
    back = timedelta(minutes=scene.random.randint(1, 60 * attempt))
    return moment_text(scene.moment - back if attempt < 6 else scene.moment + back)


def _number(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> int:
    seen = scene.seen(field, attempt)
    if seen and attempt < 4:
        return int(scene.random.choice(seen))
    if field.type == "money":
        return scene.random.randint(1, 40) * 1000
    return scene.random.randint(1, 5 if attempt < 3 else 60)


def _decimal(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> str:
    seen = scene.seen(field, attempt)
    if seen and attempt < 4:
        return str(scene.random.choice(seen))
    return str(scene.random.randint(1, 90))


def _bool(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> bool:
    seen = scene.seen(field, attempt)
    value = bool(scene.random.choice(seen)) if seen else scene.random.random() < 0.15
    return value if attempt < 2 else not value


_COMMON = {"ethnicity": (("kinh",), 0.95), "nationality": (("vn",), 0.98), "religion": (("none", "khong"), 0.85)}


def _one_of(scene: Scene, field: Field, choices: Sequence[Choice], attempt: int) -> str | None:
    codes = [choice.code for choice in choices]
    if not codes:
        return None
    gender = {gender_of(choice.label.vi): choice.code for choice in choices}
    if {"male", "female"} <= set(gender) and attempt == 0:
        return gender[scene.person(field.name).gender]
    common = next((rule for part, rule in _COMMON.items() if part in field.name), None)
    if common and scene.random.random() < common[1]:
        found = [choice.code for choice in choices if {choice.code.casefold(), fold(choice.label.vi)} & set(common[0])]
        if found:
            return found[0]
    seen = [code for code in scene.seen(field, attempt) if code in codes]
    if seen and attempt < 3 and (scene.listed or scene.random.random() < 0.75):
        return str(scene.random.choice(seen))
    return scene.inventor.pick(codes)


def _many_of(scene: Scene, field: Field, choices: Sequence[Choice], _attempt: int) -> list[str] | None:
    codes = [choice.code for choice in choices]
    picked = {scene.inventor.pick(codes) for _ in range(scene.random.randint(1, 2))} if codes else set()
    return [code for code in codes if code in picked] or None


def _address(scene: Scene, _field: Field, _choices: Sequence[Choice], _attempt: int) -> dict[str, str]:
    return {"unit": scene.ward, "detail": scene.inventor.house()}


def _file(scene: Scene, field: Field, _choices: Sequence[Choice], _attempt: int) -> dict[str, Any]:
    name = f"{fold(field.label.vi).replace(' ', '-').replace('/', '-')[:30]}-{scene.random.randrange(10**6):06d}.pdf"
    content = sample_file(name)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "name": name,
        "size": len(content),
        "media_type": "application/pdf",
    }


def _signature(scene: Scene, field: Field, _choices: Sequence[Choice], _attempt: int) -> dict[str, str]:
    officer = next(iter(scene.pools.get("hr.officer", ())), "sample")
    return {"officer": officer, "name": scene.person("signer").full_name, "at": moment_text(scene.moment)}


def _group(scene: Scene, field: Field, _choices: Sequence[Choice], attempt: int) -> list[dict[str, Any]] | None:
    """Rows of one example with new people and row ids; without examples as many rows as are required."""
    seen = scene.seen(field, attempt)
    rows = scene.random.choice(seen) if seen else [{} for _ in range(field.min_rows)]
    return [_row(scene, field, row, place) for place, row in enumerate(rows)] or None


def _row(scene: Scene, group: Field, row: Mapping[str, Any], place: int) -> dict[str, Any]:
    new: dict[str, Any] = {"_id": f"{scene.random.getrandbits(32):08x}"}
    for column in group.fields:
        value = row.get(column.name)
        if place == 0 and column.type == "person" and scene.head:
            value = scene.head  # the head of a household is its first member
        elif (value is not None and _is_of_a_person(column)) or (not row and column.required):
            own = structs.replace(column, name=f"{group.name}{place}_{column.name}")  # one person a row
            value = invent(scene, own, scene.choices_of(column))
        if value is not None:
            new[column.name] = value
    return new


def _is_of_a_person(column: Field) -> bool:
    if column.type == "text":
        return _PERSON_NAME.search(column.label.vi.casefold()) is not None
    return column.type in _OF_A_PERSON or (column.type in ("date", "date_partial") and bool(_BIRTH.search(column.name)))


_Maker = Callable[[Scene, Field, Sequence[Choice], int], Any]
_MAKERS: dict[str, _Maker] = {
    "text": _text,
    "longtext": _text,
    "code": _code,
    "email": lambda scene, field, choices, attempt: (
        fold(scene.person(field.name).full_name).replace(" ", ".") + "@example.vn"
    ),
    "int": _number,
    "money": _number,
    "decimal": _decimal,
    "percent": _decimal,
    "date": _date,
    "date_partial": _date_partial,
    "time": lambda scene, field, choices, attempt: f"{scene.random.randint(8, 16):02d}:{scene.random.randint(0, 5)}0",
    "datetime": _datetime,
    "bool": _bool,
    "one_of": _one_of,
    "many_of": _many_of,
    "person": lambda scene, field, choices, attempt: scene.refer(field, attempt),
    "household": lambda scene, field, choices, attempt: scene.refer(field),
    "organisation": lambda scene, field, choices, attempt: scene.refer(field),
    "ref": lambda scene, field, choices, attempt: scene.refer(field),
    "refs": lambda scene, field, choices, attempt: [scene.refer(field)],
    "citizen_number": lambda scene, field, choices, attempt: scene.person(field.name).citizen_number,
    "tax_code": lambda scene, field, choices, attempt: scene.inventor.tax_code(),
    "phone": lambda scene, field, choices, attempt: scene.inventor.phone(),
    "admin_unit": lambda scene, field, choices, attempt: scene.ward,
    "address": _address,
    "file": _file,
    "files": lambda scene, field, choices, attempt: [_file(scene, field, choices, attempt)],
    "signature": _signature,
    "group": _group,
}
