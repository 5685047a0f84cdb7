"""Records that services send to a ward."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from forms.exchange import read_lines
from forms.exchange.inside import DEEPEST
from forms.exchange.same_record import identity_keys
from sync.gateway.city import City
from sync.gateway.inbound import InboundReport
from sync.protocol import RecordVersion
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG


def send(city: City, folder: Path, type_id: str, *lines: object) -> InboundReport:
    path = folder / "in.ndjson"
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text(text + "\n", encoding="utf-8")
    return city.inbound.take(type_id, WARD, read_lines(path, city.catalog.record_type(type_id)))


def test_an_online_application_arrives_with_its_number(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    application = {"state": "accepted", "number": "H26-7", "fields": {"applicant": "Vũ Thị Mơ", "fee": 8000}}
    report = send(city, tmp_path, "onestop.dossier", application)
    (record,) = pc.pull("onestop").records
    assert (report.accepted, report.refused) == (1, [])
    assert (record.state, record.number, record.origin) == ("accepted", "H26-7", "tthc_hanoi")
    assert record.fields == {"applicant": "Vũ Thị Mơ", "fee": 8000}
    assert pc.pull("onestop").deliveries == ()  # the service knows: it sent it
    history = city.feed.history(pc.device, record.id)
    assert history.results[0].status == "accepted"


def test_the_same_file_twice_changes_nothing_even_after_an_edit(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    line = {"fields": {"applicant": "A"}}
    first = send(city, tmp_path, "onestop.dossier", line, line)
    made = pc.create("onestop.dossier", record_id=first.ids[0])
    pc.push(pc.edit(made, {"applicant": "A"}, {"applicant": "Anh"}))
    again = send(city, tmp_path, "onestop.dossier", line, line)
    assert (first.accepted, again.accepted, again.unchanged) == (2, 0, 2)
    assert again.ids == first.ids
    assert {r.fields["applicant"] for r in pc.pull("onestop").records} == {"A", "Anh"}


def test_a_known_id_changes_the_fields_it_names(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    made = pc.create("onestop.dossier", after={"applicant": "A", "subject": "x"})
    pc.push(made)
    report = send(
        city,
        tmp_path,
        "onestop.dossier",
        {"id": made.record_id, "state": "done", "fields": {"subject": None, "fee": 5}},
    )
    (record,) = pc.pull("onestop").records
    assert report.accepted == 1
    assert (record.state, record.fields, record.revision) == ("draft", {"applicant": "A", "fee": 5}, 2)


def test_a_person_written_inside_becomes_one_record(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    person = {"full_name": "Lý Thị Bé"}
    send(
        city,
        tmp_path,
        "onestop.dossier",
        {"fields": {"applicant": "1", "person_ref": person}},
        {"fields": {"applicant": "2", "person_ref": person}},
    )
    (citizen,) = pc.pull("people").records
    assert citizen.fields == person
    assert {r.fields["person_ref"] for r in pc.pull("onestop").records} == {citizen.id}


def test_a_bad_line_is_named_and_the_rest_goes_in(city: City, tmp_path: Path) -> None:
    report = send(
        city,
        tmp_path,
        "onestop.dossier",
        {"fields": {"applicant": "A"}},
        "{not json",
        {"fields": {"fee": "nhiều"}},
        {"fields": {"nothing_like_it": 1}},
        {"state": "gone", "fields": {}},
        {"id": "../..", "fields": {}},
        {"type": "residence.citizen", "fields": {}},
        {"fields": {"applicant": "B"}},
    )
    assert report.accepted == len(report.ids) == 2
    assert sorted(line for line, _, _ in report.refused) == [2, 3, 4, 5, 6, 7]
    assert all(message.vi and message.en and message.vi != message.en for _, _, message in report.refused)
    assert {field for line, field, _ in report.refused if line in (3, 4, 5)} == {"fee", "nothing_like_it", "state"}


def test_an_object_is_of_the_type_whose_fields_it_uses(tmp_path: Path, storage_url: str) -> None:
    """Where a reference may point to several types, as an applicant: a person or an organisation."""
    known = CATALOG.record_type("onestop.dossier")
    person = structs.replace(known.field("person_ref"), type="ref", targets=("petitions.letter", "residence.citizen"))
    others = tuple(f for f in known.sections[0].fields if f.name != person.name)
    section = structs.replace(known.sections[0], fields=(*others, person))
    tools = tuple(
        structs.replace(tool, records=(structs.replace(known, sections=(section,)),)) if tool.id == "onestop" else tool
        for tool in CATALOG.tools
    )
    with closing(City(storage_url, structs.replace(CATALOG, tools=tools))) as city:
        pc = Pc(city)
        report = send(city, tmp_path, "onestop.dossier", {"fields": {"person_ref": {"full_name": "Vũ Thị Mơ"}}})
        assert (report.accepted, report.refused) == (1, [])
        (person_made,) = pc.pull("people").records
        assert (person_made.type, person_made.fields) == ("residence.citizen", {"full_name": "Vũ Thị Mơ"})
        stray = send(city, tmp_path, "onestop.dossier", {"fields": {"person_ref": {"colour": "xanh"}}})
        assert [field for _, field, _ in stray.refused] == ["person_ref"]


def with_parents() -> Catalog:
    """The catalogue where a person names a parent, who may be written inside in turn."""
    citizen = CATALOG.record_type("residence.citizen")
    parent = structs.replace(citizen.field("full_name"), name="parent_ref", type="person")
    section = structs.replace(citizen.sections[0], fields=(*citizen.sections[0].fields, parent))
    tools = tuple(
        structs.replace(tool, records=(structs.replace(citizen, sections=(section,)),))
        if tool.id == "residence"
        else tool
        for tool in CATALOG.tools
    )
    return structs.replace(CATALOG, tools=tools)


def ancestors(generations: int) -> dict[str, object]:
    person: dict[str, object] = {"full_name": f"Đời {generations}"}
    for n in range(generations - 1, 0, -1):
        person = {"full_name": f"Đời {n}", "parent_ref": person}
    return person


def test_people_are_written_inside_each_other_as_deep_as_an_import_takes_them(tmp_path: Path, storage_url: str) -> None:
    with closing(City(storage_url, with_parents())) as city:
        pc = Pc(city)
        report = send(
            city,
            tmp_path,
            "onestop.dossier",
            {"fields": {"applicant": "1", "person_ref": ancestors(DEEPEST)}},
            {"fields": {"applicant": "2", "person_ref": {"full_name": "Con", "parent_ref": ancestors(2)}}},
            {"fields": {"applicant": "3", "person_ref": ancestors(DEEPEST + 1)}},
        )
        assert report.accepted == 2
        ((line, field, message),) = report.refused
        assert (line, field) == (3, "/".join(["person_ref", *["parent_ref"] * DEEPEST]))
        assert message.vi != message.en
        people = {r.id: r.fields for r in pc.pull("people").records}
        (first,) = (r.fields["person_ref"] for r in pc.pull("onestop").records if r.fields["applicant"] == "1")
        chain = []
        while first:
            chain.append(people[first]["full_name"])
            first = people[first].get("parent_ref")
        assert chain == [f"Đời {n}" for n in range(1, DEEPEST + 1)]
        again = send(
            city, tmp_path, "onestop.dossier", {"fields": {"applicant": "1", "person_ref": ancestors(DEEPEST)}}
        )
        assert (again.accepted, len(pc.pull("people").records)) == (0, len(people))


def test_the_papers_a_citizen_sent_stay_when_an_officer_changes_what_they_are_calculated_from(
    city: City, tmp_path: Path
) -> None:
    pc = Pc(city)
    line = {
        "id": "d1",
        "fields": {"subject": "Khai sinh", "papers": [{"name": "Tờ khai"}, {"name": "Giấy chứng sinh"}]},
    }
    report = send(city, tmp_path, "onestop.dossier", line)
    again = send(city, tmp_path, "onestop.dossier", line)
    assert (report.accepted, again.accepted, again.unchanged) == (1, 0, 1)
    (record,) = pc.pull("onestop").records
    entry = opened(city, record)
    entry.set("subject", "Khai tử")
    assert [row["name"] for row in entry.get("papers")] == ["Tờ khai", "Giấy chứng sinh"]


def test_papers_sent_later_keep_what_an_officer_had_typed_over(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    made = pc.create("onestop.dossier", after={"subject": "x", "_overridden": ["fee"]})
    pc.push(made)
    send(city, tmp_path, "onestop.dossier", {"id": made.record_id, "fields": {"papers": [{"name": "Đơn"}]}})
    (record,) = pc.pull("onestop").records
    assert record.fields["_overridden"] == ["fee", "papers"]


def opened(city: City, record: RecordVersion) -> RecordEntry:
    """The record in an officer's form."""
    context = EntryContext(
        now=lambda: datetime(2026, 11, 23, 2, tzinfo=UTC),
        ward={"code": WARD, "name": "", "org_code": "", "place": ""},
        officer=None,
        resolve=lambda _: None,
        calendar=WorkCalendar(),
    )
    record_type = city.catalog.record_type(record.type)
    return RecordEntry(record_type, city.catalog, context, fields=record.fields, state=record.state)


def test_a_person_the_ward_knows_by_number_is_meant_and_not_made_again(city: City, tmp_path: Path) -> None:
    pc = Pc(city)
    number, other_ward = "001090054321", Pc(city, OTHER_WARD)
    known = pc.create("residence.citizen", after={"full_name": "Lê Văn Khánh", "citizen_number": number})
    pc.push(known)
    stranger = {"full_name": "Lê Văn Khánh", "citizen_number": number}
    other_ward.push(other_ward.create("residence.citizen", ward=OTHER_WARD, after=stranger))
    report = send(
        city,
        tmp_path,
        "onestop.dossier",
        {"fields": {"applicant": "1", "person_ref": {"full_name": "LE VAN KHANH", "citizen_number": number}}},
        {"fields": {"applicant": "2", "person_ref": {"citizen_number": "001190012345"}}},
        {"fields": {"applicant": "3", "person_ref": {"full_name": "Bé", "citizen_number": "001190012345"}}},
    )
    assert (report.accepted, report.refused) == (3, [])
    people = {r.id: r for r in pc.pull("people").records}
    refs = {r.fields["applicant"]: r.fields["person_ref"] for r in pc.pull("onestop").records}
    assert refs["1"] == known.record_id
    assert refs["2"] == refs["3"] != known.record_id
    assert len(people) == 2
    assert people[known.record_id].fields["full_name"] == "Lê Văn Khánh"  # the file does not rename him
    assert people[known.record_id].revision == 1


@given(
    a=st.fixed_dictionaries({}, optional={"full_name": st.sampled_from("AB"), "citizen_number": st.sampled_from("12")}),
    b=st.fixed_dictionaries({}, optional={"full_name": st.sampled_from("AB"), "citizen_number": st.sampled_from("12")}),
)
def test_two_descriptions_share_a_key_only_when_they_say_the_same_of_it(a: dict[str, str], b: dict[str, str]) -> None:
    record_type = CATALOG.record_type("residence.citizen")
    ours, theirs = (dict(identity_keys(record_type, fields)) for fields in (a, b))
    for key in ours.keys() & theirs.keys():
        assert ours[key] == theirs[key]
        assert ours[key] or a == b
    if a.get("citizen_number") and a.get("citizen_number") == b.get("citizen_number"):
        assert ours.keys() & theirs.keys()
