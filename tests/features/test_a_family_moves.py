"""A family moves away, another arrives: asked for once, counted a person each, and the household's list follows."""

from __future__ import annotations

from typing import Any

from tests.features.cases import CITIZEN
from tests.features.story import Counter, Town

CHANGE, HOUSEHOLD = "residence.population_change", "residence.household"
FAMILY = ("head", "spouse", "child", "child", "grandchild")


def _citizen(name: str, dob: str, gender: str) -> dict[str, Any]:
    """Without a number of their own."""
    address = {"unit": "00070", "detail": "9 Hàng Bài"}
    return {"full_name": name, "dob": dob, "gender": gender, "permanent_addr": address}


def _family(counter: Counter, code: str, names: str) -> tuple[str, list[str]]:
    people = [counter.takes_in(CITIZEN, _citizen(f"{names} {word}", "1990", "2")) for word in "ABCD"]
    people.append(counter.takes_in(CITIZEN, _citizen(f"{names} Bé", "15/11/2026", "1")))
    rows = [{"citizen_ref": p, "relation": r, "from": "01/01/2020"} for p, r in zip(people, FAMILY, strict=True)]
    rows[-1]["from"] = "15/11/2026"
    address = {"unit": "00070", "detail": "9 Hàng Bài"}
    fields = {"household_code": code, "head_ref": people[0], "address": address, "members": rows}
    return counter.takes_in(HOUSEHOLD, fields), people


def _changes(counter: Counter, kind: str) -> list[dict[str, Any]]:
    return [each for each in counter.all(CHANGE) if each["fields"]["kind"] == kind]


def test_a_family_of_five_leaves_with_its_newborn(town: Town) -> None:
    office = town.counter("Lý Châu", "social_officer", "office_head")
    home, people = _family(office, "00070-005-0012", "Lê Thị")
    _other, others = _family(office, "00070-005-0013", "Vũ Văn")
    asked = (f"household_from={home}", "event_date=20/11/2026", "source=police", "other_place=Hải Phòng")
    assert office.must("batch", "residence.family_leaves", *asked, "--count")["made"] == 5
    office.must("batch", "residence.family_leaves", *asked)
    assert office.must("batch", "residence.family_leaves", *asked)["made"] == 0, "asked for twice"
    left = _changes(office, "departure")
    assert sorted(each["fields"]["citizen_ref"] for each in left) == sorted(people)
    for each in left:
        office.acts(each["id"], "confirm")
        office.acts(each["id"], "apply")
    house = office.sees(home)
    assert [row["to"] for row in house["fields"]["members"]] == ["2026-11-20"] * 5
    assert house["fields"]["member_count"] == 0 and len(house["fields"]["changes_done"]) == 5
    states = {each["id"]: each["state"] for each in office.all(CITIZEN)}
    assert {states[each] for each in people} == {"moved_out"} and {states[each] for each in others} == {"active"}
    (proposal,) = [row for row in office.must("proposals", home)["proposals"] if row["flow"] == "nobody_left"]
    assert proposal.get("standing", "open") == "open"
    assert office.must("follow", home, "nobody_left")["state"] == "closed"


def test_who_comes_home_is_written_into_the_household(town: Town) -> None:
    office = town.counter("Lý Châu", "social_officer", "office_head")
    home, people = _family(office, "00070-005-0012", "Lê Thị")
    son = office.takes_in(CITIZEN, _citizen("Lê Văn Con", "2001", "1"), "moved_out")
    fields = {"kind": "arrival", "citizen_ref": son, "household_to": home, "other_place": {"detail": "Huế"}}
    fields |= {"event_date": "20/11/2026", "recorded_date": "21/11/2026", "source": "citizen"}
    change = office.takes_in(CHANGE, fields)
    office.acts(change, "confirm")
    office.acts(change, "apply")  # his place in the household is not known: he is back, the list waits for a person
    assert office.sees(son)["state"] == "active" and len(office.sees(home)["fields"]["members"]) == 5

    again = office.takes_in(CHANGE, fields | {"citizen_ref": people[0], "event_date": "19/11/2026"})
    daughter = office.takes_in(CITIZEN, _citizen("Lê Thị Gái", "2003", "2"))
    third = office.takes_in(CHANGE, fields | {"citizen_ref": daughter, "kind": "joined", "relation": "child"})
    for each in (again, third):
        office.acts(each, "confirm")
        office.acts(each, "apply")
    members = office.sees(home)["fields"]["members"]
    assert [row["citizen_ref"] for row in members] == [*people, daughter], "who stands there is not written twice"
    assert (members[-1]["relation"], members[-1]["from"]) == ("child", "2026-11-20")
