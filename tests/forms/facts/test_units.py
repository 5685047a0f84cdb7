from __future__ import annotations

from forms.units import AdministrativeUnits

UNITS = AdministrativeUnits()


def test_the_units_of_2025() -> None:
    assert len(UNITS.all()) == 3321
    assert len(UNITS.provinces) == 34
    hanoi = UNITS.communes("01")
    assert len(hanoi) == 126
    assert sum(unit.kind == "phường" for unit in hanoi) == 51
    assert UNITS.provinces[0].name == "Thành phố Hà Nội"


def test_by_code() -> None:
    unit = UNITS.get("00070")
    assert unit is not None
    assert unit.full_name == "Phường Hoàn Kiếm, Thành phố Hà Nội"
    assert UNITS.get("99999") is None


def test_search_by_the_beginnings_of_words_without_accents() -> None:
    assert UNITS.search("hoan kiem")[0].code == "00070"
    assert UNITS.search("p hoàn k")[0].code == "00070"
    assert UNITS.search("Phường Hoàn Kiếm, Hà Nội")[0].code == "00070"
    assert UNITS.search("iem") == []
    assert UNITS.search("  ") == []
    assert {unit.province_code for unit in UNITS.search("tan", province_code="79", limit=3)} == {"79"}
    assert len(UNITS.search("xa", limit=5)) == 5


def test_old_names_of_hanoi() -> None:
    (bac,) = UNITS.legacy("Phường Hàng Bạc, Quận Hoàn Kiếm")
    assert [unit.code for unit in bac.successors] == ["00070"]
    (cua_nam,) = UNITS.legacy("cửa nam")
    assert len({unit.code for unit in cua_nam.successors}) == 4
    assert UNITS.legacy("Số 5 ngõ 7, Phường Hàng Bạc, Quận Hoàn Kiếm, Hà Nội")[0].code == "00061"
    assert UNITS.legacy("không có") == []


def test_a_district_decides_between_old_units_of_one_name() -> None:
    both = UNITS.legacy("Ngọc Hồi")
    assert len({unit.district for unit in UNITS.legacy("Tân Dân")}) >= 2
    assert {unit.district for unit in UNITS.legacy("Tân Dân, Huyện Sóc Sơn")} == {"Huyện Sóc Sơn"}
    assert all(unit.name.endswith("Ngọc Hồi") for unit in both)
