"""The data files agree with each other and with what the code says of them."""

from __future__ import annotations

import unicodedata
from datetime import date
from random import Random

from forms.identity import check_citizen_number, check_phone, check_tax_code, parse_card_qr
from forms.sample_people import Inventor
from forms.units import AdministrativeUnits
from resources import data_file, read_text

TODAY = date(2026, 11, 22)


def test_every_old_unit_leads_to_a_present_one() -> None:
    rows = [line.split(",") for line in read_text("data", "hanoi_legacy_map.csv").splitlines()[1:]]
    units = AdministrativeUnits()
    assert len({row[0] for row in rows}) == 526
    for row in rows:
        unit = units.get(row[-2])
        assert unit is not None
        assert unit.name == row[-1]


def test_all_data_is_stored_as_text_is_stored_everywhere() -> None:
    for file in data_file("data").iterdir():
        if file.suffix == ".zdict":  # the line's dictionary is bytes
            continue
        text = file.read_text("utf-8")
        assert text == unicodedata.normalize("NFC", text), file.name


def test_invented_people_pass_every_check_and_no_card_of_theirs_looks_garbled() -> None:
    inventor = Inventor(Random(7))
    for _ in range(300):
        person = inventor.person(TODAY)
        number = check_citizen_number(person.citizen_number)
        assert (number.gender, number.birth_year, bool(number.province_name)) == (person.gender, person.born.year, True)
        assert person.born <= TODAY
        gender = "Nam" if person.gender == "male" else "Nữ"
        card = parse_card_qr(
            f"{person.citizen_number}||{person.full_name}|{person.born:%d%m%Y}|{gender}|{inventor.house()}, Hoàn Kiếm, Hà Nội|01072024"
        )
        assert card.warnings == ()
        assert card.dob == person.born.isoformat()
        assert check_phone(inventor.phone())[1] == "mobile"
        assert check_tax_code(inventor.tax_code())
