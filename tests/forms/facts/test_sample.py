"""Samples are valid by their own rules, believable, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forms.calendar import WorkCalendar
from forms.definition import Catalog, RecordType
from forms.entry import EntryContext, RecordEntry
from forms.field_definition import Field, Message
from forms.identity import check_citizen_number, gender_of
from forms.label import Label
from forms.sample import SampleError, sample_records
from forms.vietnamese import VIETNAM, to_local
from tests.forms.facts.sample_catalog import CASE, CITIZEN, sample_catalog

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=VIETNAM)
WARD = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.1", "place": "Hoàn Kiếm"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return sample_catalog(tmp_path)


class Ward:
    """People and the cases about them."""

    def __init__(self, catalog: Catalog, seed: int = 1, people: int = 60) -> None:
        self._catalog = catalog
        self.seed = seed
        self.people = {f"p{i}": made["fields"] for i, made in enumerate(self.make(CITIZEN, people))}

    def make(self, kind: RecordType, n: int) -> list[dict[str, Any]]:
        people: dict[str, Any] = getattr(self, "people", {})
        pools = {"residence.citizen": list(people)}
        return sample_records(kind, self._catalog, n, self.seed, ward=WARD, now=NOW, resolve=people.get, pools=pools)

    def entry(self, kind: RecordType, made: dict[str, Any]) -> RecordEntry:
        context = EntryContext(lambda: NOW, WARD, None, self.people.get, WorkCalendar())
        return RecordEntry(
            kind, self._catalog, context, fields=made["fields"], state=made["state"], number=made["number"]
        )


def test_a_register_of_people_of_some_age_is_filled_with_such_people(catalog: Catalog) -> None:
    """Its rule only warns: an officer may enter another, a sample does not."""
    young = Message('age(look(applicant_ref, "dob"), today()) < 28', Label("quá tuổi", "over age"), warn=True)

    def narrowed(field: Field) -> Field:
        return msgspec.structs.replace(field, constraints=(young,)) if field.name == "applicant_ref" else field

    sections = tuple(msgspec.structs.replace(s, fields=tuple(map(narrowed, s.fields))) for s in CASE.sections)
    ward = Ward(catalog, people=200)
    made = ward.make(msgspec.structs.replace(CASE, sections=sections), 30)
    ages = [2026 - int(ward.people[each["fields"]["applicant_ref"]]["dob"][:4]) for each in made]
    assert max(ages) <= 28


def test_people_agree_with_their_numbers(catalog: Catalog) -> None:
    ward = Ward(catalog, people=200)
    for person in ward.people.values():
        number = check_citizen_number(person["personal_id"])
        assert (number.birth_year, number.gender) == (int(person["dob"][:4]), gender_of(person["gender"]))
        assert person["home"]["unit"] == "00070"
        assert person["_sample"] is True
    families = Counter(person["full_name"].split()[0] for person in ward.people.values())
    assert families.most_common(1)[0][0] == "Nguyễn"
    assert len({person["full_name"] for person in ward.people.values()}) > 150


def test_samples_are_valid_in_their_state(catalog: Catalog) -> None:
    ward = Ward(catalog)
    for made in ward.make(CASE, 80):
        problems = [p for p in ward.entry(CASE, made).problems(made["state"]) if p.blocks]
        assert problems == [], made
        assert made["fields"]["applicant_ref"] in ward.people


def test_the_year_is_one_of_an_office_that_keeps_up(catalog: Catalog) -> None:
    calendar = WorkCalendar()
    made = Ward(catalog).make(CASE, 400)
    states = Counter(each["state"] for each in made)
    assert states["done"] > 300
    assert 0 < states["working"] + states["draft"] <= 60
    received = [to_local(each["fields"]["received_at"]) for each in made]
    assert received == sorted(received)
    assert max(received) <= NOW
    assert (NOW - min(received)).days > 200
    assert all(calendar.is_working_day(moment.date()) for moment in received)
    late = [each for each in made if each["state"] == "working" and to_local(each["fields"]["due_at"]) < NOW]
    assert len(late) <= 8


def test_records_that_are_carried_on_stand_everywhere_and_those_that_last_stay(catalog: Catalog) -> None:
    """A type without deadline and register: a main action says that its records move on."""
    plain = msgspec.structs.replace(CASE, deadline=None, register=None)
    begin, finish, cancel = plain.actions
    onward = msgspec.structs.replace(plain, actions=(begin, msgspec.structs.replace(finish, main=True), cancel))
    ward = Ward(catalog)
    lasting, moving = (Counter(each["state"] for each in ward.make(kind, 100)) for kind in (plain, onward))
    assert lasting["working"] > 75
    assert moving["done"] > 50
    assert moving["working"] > 5


def test_numbers_run_in_order_without_gaps(catalog: Catalog) -> None:
    made = Ward(catalog).make(CASE, 120)
    numbers = {
        year: sorted(n[:4] for n in (each["number"] for each in made) if n and n.endswith(year))
        for year in ("2025", "2026")
    }
    for given in numbers.values():
        assert given == [f"{n:04d}" for n in range(1, len(given) + 1)]
    assert all(each["number"] is None for each in made if each["state"] == "draft")
    assert all(each["fields"]["code"] == each["number"] for each in made if each["number"])


def test_what_was_signed_is_frozen(catalog: Catalog) -> None:
    ward = Ward(catalog)
    done = next(each for each in ward.make(CASE, 20) if each["state"] == "done")
    name = ward.people[done["fields"]["applicant_ref"]]["full_name"]
    assert done["fields"]["_frozen"] == {"applicant_ref": {"full_name": name}}
    assert done["fields"]["papers"][0]["name"] == "Tờ khai"


def test_the_same_seed_makes_the_same(catalog: Catalog) -> None:
    first, again, other = (Ward(catalog, seed).make(CASE, 30) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_without_people_the_reference_stays_empty(catalog: Catalog) -> None:
    made = sample_records(CASE, catalog, 5, 1, ward=WARD, now=NOW, resolve=lambda _id: None, pools={})
    assert all("applicant_ref" not in each["fields"] for each in made)


def test_rules_that_nothing_fulfils_are_named(catalog: Catalog) -> None:
    from forms.field_definition import Message
    from forms.label import Label

    impossible = msgspec.structs.replace(CASE, rules=(Message("fee < 0", Label("phí âm", "negative fee")),))
    with pytest.raises(SampleError, match=r"desk.case.*negative fee"):
        sample_records(impossible, catalog, 1, 1, ward=WARD, now=NOW, resolve=lambda _id: None, pools={})
