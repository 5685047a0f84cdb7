from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.legacy_text import ENCODINGS, convert, from_tcvn3, from_vni, guess_encoding, is_unicode


def test_both_encodings(vectors: dict[str, Any]) -> None:
    for vector in vectors["tcvn3"]:
        assert from_tcvn3(vector["i"]) == vector["o"]
    for vector in vectors["vni"]:
        assert from_vni(vector["i"]) == vector["o"]


def test_a_column_is_recognised_by_its_characters(vectors: dict[str, Any]) -> None:
    for encoding in ("tcvn3", "vni"):
        for vector in vectors[encoding]:
            assert guess_encoding([vector["i"]]) == encoding
            assert guess_encoding([vector["o"]]) == "unicode"
    assert guess_encoding(["abc", "12"]) == "unicode"
    assert guess_encoding([]) == "unicode"
    assert guess_encoding(["hòa", "Hà", "bé"]) == "unicode"
    assert guess_encoding(["50 m × 20 m", "1½", "§ 12", "25 °C", "m²"]) == "unicode"


@pytest.mark.parametrize("text", ["Đường Lê Văn Lương", "Phường Ô Chợ Dừa", "ấp"])
def test_unicode_is_never_converted(text: str) -> None:
    assert is_unicode(text)
    assert from_tcvn3(text) == from_vni(text) == text


@given(st.text())
def test_any_text_converts_without_error(text: str) -> None:
    for encoding in ENCODINGS:
        convert(text, encoding)
    guess_encoding([text])
