from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.vietnamese import (
    amount_in_words,
    beyond_unfolded,
    clean,
    clean_lines,
    date_in_words,
    fold,
    long_date,
    name_case,
    name_sort_key,
    number_in_words,
    ordinal,
    show_date,
    show_moment,
    show_money,
    sort_key,
    split_name,
    unfolded,
    weekday,
)

VIETNAMESE = st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệÁÀĐƯỢ -.,0123456789", max_size=60)


def test_names_sort_by_given_name(vectors: dict[str, Any]) -> None:
    assert sorted(vectors["name_sort"]["input"], key=name_sort_key) == vectors["name_sort"]["expected"]


def test_folding(vectors: dict[str, Any]) -> None:
    for vector in vectors["fold"]:
        assert fold(vector["i"]) == vector["o"]


def test_amounts_in_words(vectors: dict[str, Any]) -> None:
    for vector in vectors["money_words"]:
        assert amount_in_words(vector["n"]) == vector["words"]


@given(st.text(max_size=60) | VIETNAMESE)
def test_folding_ignores_case_and_the_way_marks_are_stored(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(VIETNAMESE)
def test_folding_ignores_capitals(text: str) -> None:
    assert fold(text.upper()) == fold(text)
    assert "đ" not in fold(text)


@given(st.text(max_size=60))
def test_clean_text_stays_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert clean_lines(clean_lines(text)) == clean_lines(text)
    assert "\n" not in clean(text)


def test_sort_keys_compare_bytewise_and_take_odd_names() -> None:
    assert name_sort_key("") == ""
    assert name_sort_key("Ân") < name_sort_key("Ba")
    assert sort_key("Đào 2") < sort_key("Đào 3") < sort_key("Em")
    assert name_sort_key("lê văn an") == name_sort_key("LÊ VĂN AN")
    keys = [name_sort_key(name) for name in ("Ba", "Bà", "Bả", "Bã", "Bá", "Bạ", "Bai")]
    assert keys == sorted(keys, key=lambda key: key.encode())


@given(st.integers(min_value=0, max_value=10**15))
def test_every_amount_reads_as_one_sentence(amount: int) -> None:
    words = amount_in_words(amount)
    assert words[0].isupper()
    assert "  " not in words
    assert words.endswith("đồng chẵn" if amount and amount % 1000 == 0 else "đồng")


def _value(words: str) -> int:
    """Reads number words back: an independent check of what was written."""
    digits = {"không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5}
    digits |= {"sáu": 6, "bảy": 7, "tám": 8, "chín": 9}
    total = group = digit = 0
    for word in words.split():
        if word in digits:
            digit = digits[word]
        elif word in ("trăm", "mươi"):
            group, digit = group + digit * (100 if word == "trăm" else 10), 0
        elif word == "mười":
            group += 10
        elif word in ("nghìn", "triệu"):
            total, group, digit = total + (group + digit) * (1000 if word == "nghìn" else 10**6), 0, 0
    return total + group + digit


@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_number_words_read_back(number: int) -> None:
    assert _value(number_in_words(number)) == number


@pytest.mark.parametrize(
    ("value", "shown", "words"),
    [
        ("2021-03-05", "05/03/2021", "Ngày năm tháng ba năm hai nghìn không trăm hai mươi mốt"),
        ("1950-04", "04/1950", "Tháng tư năm một nghìn chín trăm năm mươi"),
        ("1950", "1950", "Năm một nghìn chín trăm năm mươi"),
        (date(2026, 11, 15), "15/11/2026", "Ngày mười lăm tháng mười một năm hai nghìn không trăm hai mươi sáu"),
        (
            "2026-11-21T18:00:00Z",
            "22/11/2026",
            "Ngày hai mươi hai tháng mười một năm hai nghìn không trăm hai mươi sáu",
        ),
    ],
)
def test_dates(value: Any, shown: str, words: str) -> None:
    assert show_date(value) == shown
    assert date_in_words(value) == words


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        show_date("2026-02-30")


def test_dates_in_letters() -> None:
    assert long_date("2026-01-05") == "ngày 05 tháng 01 năm 2026"
    assert long_date("2026-03-10") == "ngày 10 tháng 3 năm 2026"
    assert show_moment(datetime(2026, 11, 22, 7, 30, tzinfo=UTC)) == "22/11/2026 14:30"
    assert weekday("2026-11-22") == "Chủ nhật"
    assert weekday("2026-11-22", "en") == "Sunday"


def test_small_words() -> None:
    assert name_case("NGUYỄN  THỊ ÁNH-TUYẾT") == "Nguyễn Thị Ánh-Tuyết"
    assert split_name("Nguyễn Thị Hồng Ngọc") == ("Nguyễn", "Thị Hồng", "Ngọc")
    assert split_name("Ngọc") == ("", "", "Ngọc")
    assert [ordinal(n) for n in (1, 2, 4, 21)] == ["thứ nhất", "thứ hai", "thứ tư", "thứ hai mươi mốt"]
    assert show_money(8000) == "8.000 đồng"
    assert show_money(1250500, "en") == "1,250,500 VND"
    assert number_in_words(-5) == "âm năm"


@given(st.text("aAnNđĐặẶộuư ²ßĳ½9-_/\u0301中Ａ–“", max_size=12), st.text(max_size=6))
def test_a_text_with_a_folded_word_in_it_matches_how_that_may_be_written(text: str, more: str) -> None:
    words = re.findall(r"\w+", fold(text + more))
    for word in words:
        for part in {word, word[:2], word[-2:]}:
            if not re.search(beyond_unfolded(), text + more):
                assert re.search(unfolded([part]), text + more)
                assert re.search(unfolded(["zz", part]), text + more)


def test_a_vietnamese_text_tells_how_its_words_are_written(vectors: dict[str, Any]) -> None:
    for vector in vectors["fold"]:
        assert not re.search(beyond_unfolded(), clean(vector["i"])), vector
    assert not re.search(beyond_unfolded(), "Số 12/HC – “Đường Láng”, 3 m2")
    assert not re.search(unfolded(["duong"]), "Nguyễn Thị Ánh – 12/HC")
    assert re.search(unfolded(["duong"]), "ĐƯỜNG LÁNG")
