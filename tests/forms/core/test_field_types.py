from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.field_definition import Choice, Field, FieldType
from forms.field_types import FIELD_TYPES, FieldError, index_text, parse, show, sort_value
from forms.label import Label

CHOICES = (
    Choice("m", Label("Nam", "Male")),
    Choice("f", Label("Nữ", "Female")),
    Choice("01", Label("Khác, chưa rõ", "Other, unknown")),
)


def field(kind: FieldType, **more: Any) -> Field:
    return Field(name=more.pop("name", "x"), type=kind, label=Label("X", "X"), **more)


READ: list[tuple[FieldType, Any, Any]] = [
    ("text", "  Nguyễn \t Văn\u00a0 An ", "Nguyễn Văn An"),
    ("text", "Nguye\u0302\u0303n\u200b", "Nguyễn"),
    ("text", 12, "12"),
    ("text", "   ", None),
    ("longtext", "một  \r\nhai\r\n\r\n", "một\nhai"),
    ("code", " H26.70-1 ", "H26.70-1"),
    ("email", "An.Nguyen@hanoi.gov.vn", "An.Nguyen@hanoi.gov.vn"),
    ("int", "1.250", 1250),
    ("int", 3.0, 3),
    ("int", "-4", -4),
    ("decimal", "1,50", "1.5"),
    ("decimal", "1.234,5", "1234.5"),
    ("decimal", 0.1, "0.1"),
    ("decimal", "1.234", "1.234"),
    ("percent", "12,5 %", "12.5"),
    ("money", "8.000", 8000),
    ("money", "8000đ", 8000),
    ("money", "1.250.500 đồng", 1250500),
    ("money", "8,000 VND", 8000),
    ("date", "22/11/2026", "2026-11-22"),
    ("date", "1/2/26", "2026-02-01"),
    ("date", "22112026", "2026-11-22"),
    ("date", "2026-11-22", "2026-11-22"),
    ("date", "7 . 3 . 1950", "1950-03-07"),
    ("date_partial", "1950", "1950"),
    ("date_partial", "03/1950", "1950-03"),
    ("date_partial", "00/00/1950", "1950"),
    ("date_partial", "7/3/1950", "1950-03-07"),
    ("date_partial", "1950-03", "1950-03"),
    ("time", "14h30", "14:30"),
    ("time", "7:05", "07:05"),
    ("time", "1430", "14:30"),
    ("datetime", "22/11/2026 14:30", "2026-11-22T07:30:00Z"),
    ("datetime", "14h30, 22/11/2026", "2026-11-22T07:30:00Z"),
    ("datetime", "2026-11-22T07:30:00Z", "2026-11-22T07:30:00Z"),
    ("datetime", "2026-11-22T14:30:00+07:00", "2026-11-22T07:30:00Z"),
    ("bool", "Có", True),
    ("bool", "khong", False),
    ("bool", "x", True),
    ("one_of", "nữ", "f"),
    ("one_of", "MALE", "m"),
    ("one_of", "m", "m"),
    ("many_of", "Nữ; nam", ["m", "f"]),
    ("many_of", "nam, nữ", ["m", "f"]),
    ("many_of", "Khác, chưa rõ", ["01"]),
    ("many_of", ["f", "f"], ["f"]),
    ("person", "01934fe0-7d2a-7c31-b1f4-2f1d7f2f3a4b", "01934fe0-7d2a-7c31-b1f4-2f1d7f2f3a4b"),
    ("refs", "a-1, b-2 a-1", ["a-1", "b-2"]),
    ("citizen_number", "001090 123456", "001090123456"),
    ("tax_code", "0100233488-001", "0100233488-001"),
    ("tax_code", "001090123456", "001090123456"),
    ("phone", "0912.345.678", "+84912345678"),
    ("phone", "024 3825 3536", "+842438253536"),
    ("phone", "19001009", "19001009"),
    ("phone", "+84912345678", "+84912345678"),
    ("admin_unit", "70", "00070"),
    ("admin_unit", "phuong hoan kiem", "00070"),
    ("address", "12 Hàng Bài", {"original": "12 Hàng Bài"}),
    ("address", {"unit": "00070", "detail": " 12  Hàng Bài ", "original": ""}, {"unit": "00070", "detail": "12 Hàng Bài"}),
    ("signature", {"officer": "o", "name": "An", "at": "2026-11-22T07:30:00Z"}, {"officer": "o", "name": "An", "at": "2026-11-22T07:30:00Z"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "typed", "canonical"), READ)
def test_what_people_type_is_read(kind: FieldType, typed: Any, canonical: Any) -> None:
    choices = CHOICES if kind in ("one_of", "many_of") else ()
    assert parse(field(kind), typed, choices) == canonical


REFUSED: list[tuple[FieldType, Any]] = [
    ("text", {"a": 1}), ("text", True), ("text", "x" * 2001),
    ("email", "an.hanoi.gov.vn"),
    ("int", "12,5"), ("int", True), ("int", 10**20), ("int", float("nan")), ("int", "٣"),
    ("decimal", "abc"), ("decimal", float("inf")), ("decimal", "1,2,3"),
    ("percent", "101"), ("percent", "-1"),
    ("money", "8.00"), ("money", "tám nghìn"),
    ("date", "31/02/2026"), ("date", "1950"), ("date", "22/11/0026"), ("date", 20261122), ("date", "hôm qua"),
    ("date_partial", "13/1950"), ("time", "25:00"), ("datetime", "22/11"),
    ("bool", "có lẽ"), ("one_of", "Nữa"), ("many_of", ["m", "z"]), ("many_of", 3),
    ("person", "Nguyễn Văn An"), ("refs", {"a": 1}),
    ("citizen_number", "003090123456"), ("citizen_number", "00109012345"),
    ("tax_code", "0101243151"), ("tax_code", "12345"),
    ("phone", "0243825353"), ("phone", "0123456789"),
    ("admin_unit", "99999"), ("admin_unit", "Phường Không Có"),
    ("address", {"unit": "00070", "street": "x"}), ("address", [1]),
    ("file", {"sha256": "abc", "name": "a.pdf", "size": 1}), ("files", "a.pdf"),
    ("signature", "An"), ("signature", {"officer": "o", "name": "An", "at": "hôm qua"}),
    ("group", "dòng"), ("group", [{"_id": "a"}, {"_id": "a"}]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "typed"), REFUSED)
def test_what_cannot_be_meant_is_refused_with_words_in_both_languages(kind: FieldType, typed: Any) -> None:
    choices = CHOICES if kind in ("one_of", "many_of") else ()
    with pytest.raises(FieldError) as refused:
        parse(field(kind), typed, choices)
    assert refused.value.label.vi
    assert refused.value.label.en


def test_an_old_name_of_a_ward_is_refused_with_what_became_of_it() -> None:
    for old, now in (("Phường Hàng Bạc", "Phường Hoàn Kiếm"), ("tràng tiền, hoàn kiếm", "Phường Cửa Nam")):
        with pytest.raises(FieldError) as refused:
            parse(field("address"), {"unit": old})
        assert f"{now}, Thành phố Hà Nội" in refused.value.label.vi


@given(st.sampled_from(sorted(FIELD_TYPES)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=5))  # fmt: skip
def test_any_json_is_read_or_refused_and_reading_is_stable(kind: FieldType, value: Any) -> None:
    """Whatever arrives, parse gives a canonical value that it reads again as itself, or a FieldError."""
    columns = (Field(name="n", type="int", label=Label("N", "N")),) if kind == "group" else ()
    described = field(kind, fields=columns)
    try:
        canonical = parse(described, value, CHOICES if kind in ("one_of", "many_of") else ())
    except FieldError:
        return
    assert parse(described, canonical, CHOICES if kind in ("one_of", "many_of") else ()) == canonical
    show(described, canonical, "vi")
    index_text(described, canonical)
    sort_value(described, canonical)


DAYS = st.dates(date(1800, 1, 1), date(2200, 12, 31))
CANONICAL: dict[FieldType, st.SearchStrategy[Any]] = {
    "text": st.text(min_size=1),
    "longtext": st.text(min_size=1),
    "code": st.text(min_size=1),
    "int": st.integers(-(2**53) + 1, 2**53 - 1),
    "money": st.integers(-(2**53) + 1, 2**53 - 1),
    "decimal": st.decimals(-(10**9), 10**9, places=6, allow_nan=False).map(str),
    "percent": st.decimals(0, 100, places=3, allow_nan=False).map(str),
    "date": DAYS.map(date.isoformat),
    "date_partial": DAYS.flatmap(lambda d: st.sampled_from([d.isoformat(), d.isoformat()[:7], d.isoformat()[:4]])),
    "time": st.times().map(lambda t: t.strftime("%H:%M")),
    "datetime": st.datetimes().filter(lambda d: 1801 < d.year < 2199).map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ")),
    "bool": st.booleans(),
    "one_of": st.sampled_from(["m", "f", "01"]),
    "many_of": st.sets(st.sampled_from(["m", "f", "01"]), min_size=1).map(sorted),
    "phone": st.sampled_from(["+84912345678", "+842438253536", "19001009", "+84333333333"]),
    "citizen_number": st.integers(0, 999999).map(lambda n: f"001090{n:06d}"),
    "tax_code": st.sampled_from(["0100233488", "0314409058-002", "001090123456"]),
    "admin_unit": st.sampled_from(["00070", "00004", "00091"]),
}


@pytest.mark.parametrize("kind", sorted(CANONICAL))
@given(data=st.data(), language=st.sampled_from(["vi", "en"]))
def test_what_is_shown_reads_back_as_itself(kind: FieldType, data: st.DataObject, language: str) -> None:
    described = field(kind)
    choices = CHOICES if kind in ("one_of", "many_of") else ()
    value = parse(described, data.draw(CANONICAL[kind]), choices)
    shown = show(described, value, language, choices=choices)
    assert parse(described, shown, choices) == value


def test_shown_as_the_office_writes_it() -> None:
    assert show(field("money"), 8000, "vi") == "8.000 đồng"
    assert show(field("date"), "2026-11-22", "vi") == "22/11/2026"
    assert show(field("datetime"), "2026-11-22T20:30:00Z", "vi") == "23/11/2026 03:30"
    assert show(field("phone"), "+84912345678", "vi") == "0912 345 678"
    assert show(field("address"), {"unit": "00070", "detail": "12 Hàng Bài"}, "vi").startswith("12 Hàng Bài, Phường")
    assert show(field("person"), "p", "vi", resolve={"p": {"full_name": "Nguyễn Văn An"}}.get) == "Nguyễn Văn An"
    assert show(field("text"), None, "vi") == ""


def test_only_fields_marked_so_are_masked() -> None:
    assert show(field("citizen_number", masked=True), "001090123456", "vi", masked=True) == "001090******"
    assert show(field("citizen_number"), "001090123456", "vi", masked=True) == "001090123456"
    assert show(field("citizen_number", masked=True), "001090123456", "vi") == "001090123456"
    assert "12345" not in show(field("phone", masked=True), "+84912345678", "vi", masked=True)


def test_foreign_values_are_shown_and_never_raise() -> None:
    for kind in FIELD_TYPES:
        for value in ("?", 5, ["?"], {"a": 1}, True):
            assert isinstance(show(field(kind), value, "vi"), str)
            assert isinstance(index_text(field(kind), value), str)


def test_people_sort_by_given_name_and_text_in_vietnamese_order() -> None:
    names = ["Trần Văn Ân", "Nguyễn Thị Ánh", "Nguyễn Văn An", "Phạm Đức Đạt", "Phạm Văn Dũng"]
    by_name = sorted(names, key=lambda name: str(sort_value(field("text", name="full_name"), name)))
    assert by_name == ["Nguyễn Văn An", "Nguyễn Thị Ánh", "Trần Văn Ân", "Phạm Văn Dũng", "Phạm Đức Đạt"]
    assert sort_value(field("decimal"), "10.5") == Decimal("10.5")
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(40)]
    assert sorted(days) == sorted(days, key=lambda d: str(sort_value(field("date"), d.isoformat())))


def test_rows_without_ids_get_the_same_ones_each_time() -> None:
    group = field("group", fields=(Field(name="n", type="int", label=Label("N", "N")),))
    rows = parse(group, [{"n": "1"}, {"_id": "00000001", "n": 2}, {"n": None}])
    assert rows == parse(group, [{"n": "1"}, {"_id": "00000001", "n": 2}, {"n": None}])
    assert len({row["_id"] for row in rows}) == 3
    with pytest.raises(FieldError) as refused:
        parse(group, [{"_id": "a", "n": "một"}])
    assert refused.value.path == "a/n"
