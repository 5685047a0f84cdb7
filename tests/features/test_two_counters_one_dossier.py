"""Two counters write in one record: different fields meet, the same field waits for a person, nothing is overwritten."""

from __future__ import annotations

from tests.features.cases import CITIZEN
from tests.features.story import Counter, Town

PHONES = ("+84912000222", "+84983000111")


def _two_counters_with_a_citizen(town: Town) -> tuple[Counter, Counter, str]:
    one, two = town.counter("Trần Thu Hà"), town.counter("Vũ Thị Lan")
    one.must("sample", CITIZEN, "1", str(one.folder / "one.ndjson"))
    one.must("import", CITIZEN, str(one.folder / "one.ndjson"))
    (citizen,) = one.all(CITIZEN)
    one.syncs()
    two.syncs()
    return one, two, citizen["id"]


def test_different_fields_meet(town: Town) -> None:
    one, two, citizen = _two_counters_with_a_citizen(town)
    town.cut_line()
    one.writes(citizen, phone=PHONES[0])
    two.writes(citizen, other_name="Bé Na")
    town.restore_line()
    one.syncs()
    two.syncs()
    one.syncs()
    for counter in (one, two):
        fields = counter.sees(citizen)["fields"]
        assert (fields["phone"], fields["other_name"]) == (PHONES[0], "Bé Na")
        assert counter.must("conflicts") == {"conflicts": []}


def test_the_same_field_waits_for_a_person_and_both_values_stay(town: Town) -> None:
    one, two, citizen = _two_counters_with_a_citizen(town)
    one.writes(citizen, phone=PHONES[0])
    two.writes(citizen, phone=PHONES[1])
    one.syncs()
    assert two.syncs()["conflicts"] == 1
    one.syncs()

    for counter in (one, two):
        (row,) = counter.must("conflicts")["conflicts"]
        (field,) = row["fields"]
        assert row["id"] == citizen
        assert field["field"] == "phone"
        assert field["city"] == PHONES[0]
        assert [c["value"] for c in field["candidates"]] == [PHONES[1]]
        assert counter.status()["conflicts"] == 1

    one.must("resolve", citizen, f"phone={PHONES[1]}")
    one.syncs()
    two.syncs()
    for counter in (one, two):
        assert counter.sees(citizen)["fields"]["phone"] == PHONES[1]
        assert counter.must("conflicts") == {"conflicts": []}
        assert counter.status()["conflicts"] == 0
    values = {change["after"].get("phone") for change in one.must("history", citizen)["changes"]}
    assert PHONES[0] in values


def test_resolving_asks_for_a_field_in_conflict(town: Town) -> None:
    one, _, citizen = _two_counters_with_a_citizen(town)
    assert one.run("resolve", citizen, "phone=+84912000999").code == 1


def test_the_whole_past_of_a_record_from_another_counter_is_shown_on_asking(town: Town) -> None:
    one, two, citizen = _two_counters_with_a_citizen(town)
    one.writes(citizen, phone=PHONES[0])
    one.syncs()
    two.syncs()
    two.writes(citizen, phone=PHONES[1])

    here = two.must("history", citizen)
    assert ([change["kind"] for change in here["changes"]], here["complete"]) == (["edit"], False)
    whole = two.must("history", citizen, "--city")
    assert [change["kind"] for change in whole["changes"]] == ["edit", "edit", "create"]
    assert [change["officer"]["name"] for change in whole["changes"]] == ["Vũ Thị Lan", "Trần Thu Hà", "Trần Thu Hà"]
    assert {change["status"] for change in whole["changes"]} == {"accepted"}
    assert whole["complete"]
    assert two.must("history", citizen)["changes"] == whole["changes"], "it stays here"

    town.cut_line()
    answer = two.run("history", citizen, "--city", "--json")
    assert (answer.code, len(answer.json["changes"])) == (1, 3)
    assert answer.err.strip()
