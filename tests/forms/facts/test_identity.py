from __future__ import annotations

from typing import Any

import pytest

from forms.identity import (
    IdentityError,
    check_citizen_number,
    check_phone,
    check_tax_code,
    gender_of,
    looks_like_card,
    mask,
    parse_card_qr,
    provinces,
)


def test_citizen_numbers(vectors: dict[str, Any]) -> None:
    for vector in vectors["personal_id"]:
        number = str(vector["i"]).zfill(11)
        if not vector["valid"]:
            with pytest.raises(IdentityError):
                check_citizen_number(number)
            continue
        parts = check_citizen_number(number)
        assert parts.province == vector["province"]
        assert parts.gender == gender_of(vector["gender"])
        assert parts.birth_year == vector["birth_year"]


def test_tax_codes(vectors: dict[str, Any]) -> None:
    for vector in vectors["mst"]:
        if vector["valid"]:
            assert check_tax_code(str(vector["i"]).zfill(10))
        else:
            with pytest.raises(IdentityError):
                check_tax_code(str(vector["i"]))
    assert check_tax_code("001090123456") == "001090123456"


def test_phones(vectors: dict[str, Any]) -> None:
    kinds = {"mobile": "mobile", "fixed Hanoi": "fixed", "hotline": "hotline"}
    for vector in vectors["phone"]:
        text = vector["i"] if isinstance(vector["i"], str) else "0" + str(vector["i"])
        if vector["valid"]:
            assert check_phone(text)[1] == kinds[vector["kind"]]
        else:
            with pytest.raises(IdentityError):
                check_phone(text)
    assert check_phone("0912 345 678") == check_phone("+84912345678") == check_phone("84912345678")
    assert check_phone("1900 1009") == ("19001009", "hotline")


def test_cards(vectors: dict[str, Any]) -> None:
    for vector in vectors["qr"]:
        assert looks_like_card(vector["i"])
        card = parse_card_qr(vector["i"] + "\r\n")
        assert {key: getattr(card, key) for key in vector["o"]} == vector["o"]
        assert card.raw == vector["i"]
        assert gender_of(card.gender) in ("male", "female")
        assert not card.warnings


@pytest.mark.parametrize(
    "text",
    [
        "001090123456||Nguyeenx Vawn An|01011990|Nam|Haf Nooij|15042021",
        "001190123456||Nguyễn Thị Ánh|01011990|Nuwx|Hà Nội|15042021",
        "001090123456||Nguye6n4 Va8n An|01011990|Nam|Hà Nội|15042021",
    ],
)
def test_a_card_garbled_by_the_input_method_is_recognised(text: str) -> None:
    assert "E" in parse_card_qr(text).warnings[0].vi


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "123|x|Nguyễn Văn An|01011990|Nam|Hà Nội|15042021",
        "001090123456||Nguyễn Văn An|31021990|Nam|Hà Nội|15042021",
        "001090123456||Nguyễn Văn An|1990|Nam|Hà Nội",
    ],
)
def test_what_is_no_card_is_refused_in_both_languages(text: str) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_card_qr(text)
    assert caught.value.label.vi
    assert caught.value.label.en


def test_a_card_may_lack_the_day_of_issue_and_know_the_year_of_birth_only() -> None:
    card = parse_card_qr("001040123456||NGUYỄN VĂN AN|00001940|Nam|Hà Nội")
    assert (card.dob, card.issue_date, card.full_name) == ("1940", "", "Nguyễn Văn An")


def test_the_sixty_three_province_codes() -> None:
    assert len(provinces()) == 63
    assert provinces()["001"] == "Hà Nội"


def test_masking() -> None:
    assert mask("001090123456") == "001090******"
    assert mask("123") == "123"


def test_an_old_number_says_where_it_belongs() -> None:
    with pytest.raises(IdentityError, match="CMND"):
        check_citizen_number("012345678")
