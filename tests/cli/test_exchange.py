"""``sample``, ``import`` and ``export``: what goes in comes out, twice the same file changes nothing, bad lines are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from desktop.commands import intake
from forms.definition import Register
from forms.loader import load_catalog
from forms.register_numbers import could_be_of, example_number
from tests.features.cases import CITIZEN, COPY, DOSSIER, copy_of, person
from tests.features.story import Counter, Town, run

OFFICER = "hr.officer"
TYPES = [record.id for record in load_catalog().record_types]
ROLES = [role.id for role in load_catalog().roles]


@pytest.mark.parametrize("type_id", TYPES)
def test_samples_of_every_type_are_the_same_for_the_same_seed_and_go_in(
    type_id: str, tmp_path: Path, town: Town
) -> None:
    counter = town.counter("Nguyễn Văn Thử", *ROLES)  # some registers are begun by a team alone
    one, two = tmp_path / "one.ndjson", tmp_path / "two.ndjson"
    for path in (one, two):
        assert run("sample", type_id, "12", str(path), "--seed", "7").code == 0
    assert one.read_bytes() == two.read_bytes()

    first = counter.run("import", type_id, str(one), "--json")
    assert first.json["refused"] == []
    assert (first.code, first.json["accepted"], first.json["unchanged"]) == (0, 12, 0)
    again = counter.run("import", type_id, str(one), "--json")
    assert (again.code, again.json["accepted"], again.json["unchanged"]) == (0, 0, 12)


@pytest.mark.parametrize("type_id", [CITIZEN, COPY, DOSSIER, "residence.household"])
def test_another_seed_makes_other_samples(type_id: str, tmp_path: Path) -> None:
    made = []
    for seed in ("7", "8"):
        path = tmp_path / f"{seed}.ndjson"
        assert run("sample", type_id, "12", str(path), "--seed", seed).code == 0
        made.append(path.read_bytes())
    assert made[0] != made[1]


@pytest.mark.parametrize("kind", ["ndjson", "csv", "xlsx"])
@pytest.mark.parametrize("type_id", [CITIZEN, COPY, "onestop.dossier", "residence.household"])
def test_what_is_exported_and_imported_again_changes_nothing(
    type_id: str, kind: str, tmp_path: Path, counter: Counter
) -> None:
    counter.must("sample", type_id, "20", str(tmp_path / "in.ndjson"))
    counter.must("import", type_id, str(tmp_path / "in.ndjson"))
    before = counter.must("outbox")
    path = tmp_path / f"out.{kind}"
    assert counter.must("export", type_id, str(path))["exported"] == 20
    answer = counter.run("import", type_id, str(path), "--json")
    assert answer.json["refused"] == []
    assert (answer.json["accepted"], answer.json["unchanged"]) == (0, 20)
    assert counter.must("outbox") == before


def test_identical_lines_are_different_records(counter: Counter) -> None:
    line = {"fields": copy_of("Bằng đại học")}
    assert counter.writes_lines(COPY, [line, line, line])["accepted"] == 3
    assert counter.writes_lines(COPY, [line, line, line, line]) == {
        "accepted": 1,
        "unchanged": 3,
        "created": 0,
        "refused": [],
    }


def test_a_known_id_changes_the_fields_it_names_and_null_clears(counter: Counter) -> None:
    record = counter.takes_in(COPY, copy_of("Bằng đại học", doc_issuer="Trường Đại học Luật"))
    counter.writes(record, pages=10, doc_issuer=None)
    fields = counter.sees(record)["fields"]
    assert "doc_issuer" not in fields
    assert fields["fee"] == 3 * (2 * 2000 + 8 * 1000)  # the form's calculation ran
    assert fields["doc_title"] == "Bằng đại học"


def test_a_known_id_obeys_the_form_s_rules(counter: Counter) -> None:
    record = counter.takes_in(COPY, copy_of("Bằng đại học"))
    refused = [
        ({"id": record, "fields": {"pages": 0}}, "pages"),
        ({"id": record, "fields": {"fee": 1}}, "fee"),
        ({"id": record, "fields": {"cert_no": 5}}, "cert_no"),
        ({"id": record, "fields": {"doc_title": None}}, "doc_title"),
        ({"id": record, "state": "certified", "fields": {}}, "state"),
        ({"id": record, "number": "9", "fields": {}}, "number"),
    ]
    for line, field in refused:
        answer = counter.writes_lines(COPY, [line])
        assert [r["field"] for r in answer["refused"]] == [field]
        assert answer["refused"][0]["message"]
    assert counter.sees(record)["fields"]["pages"] == 4


def test_a_bad_line_is_refused_with_its_place_and_the_rest_goes_in(counter: Counter) -> None:
    path = counter.folder / "mixed.ndjson"
    good = json.dumps({"fields": copy_of("Bằng đại học")})
    bad = [
        "not json",
        json.dumps({"fields": copy_of("Bằng", pages="nhiều")}),
        json.dumps({"fields": copy_of("Bằng", colour="red")}),
        json.dumps({"fields": {"doc_title": "thiếu người yêu cầu"}}),
        json.dumps({"state": "flying", "fields": copy_of("Bằng")}),
        json.dumps({"type": CITIZEN, "fields": copy_of("Bằng")}),
        json.dumps({"id": "../../etc", "fields": copy_of("Bằng")}),
        '{"fields": {"pages": 1, "pages": 2}}',
        '{"fields": {"pages": NaN}}',
    ]
    path.write_text("\n".join([good, *bad, good]), encoding="utf-8")
    answer = counter.run("import", COPY, str(path), "--json")
    assert answer.code == 1
    assert answer.json["accepted"] == 2
    assert [(r["line"], r["field"]) for r in answer.json["refused"]] == [
        (2, ""),
        (3, "pages"),
        (4, "colour"),
        (5, "requester_name"),
        (6, "state"),
        (7, "type"),
        (8, "id"),
        (9, "pages"),
        (10, ""),
    ]


def test_persons_named_inside_a_record_are_matched_or_made(counter: Counter) -> None:
    number = "001090012345"
    lines = [
        {"fields": _household(person("Lê Văn Khánh", personal_id=number))},
        {"fields": _household(person("Lê Văn Khánh", dob="1988-05-04"))},  # name and birth date
        {"fields": _household(person("LE VAN KHANH", personal_id=number))},  # the number goes before the name
        {"fields": _household(person("Lê Văn Khánh", personal_id="001090054321"))},  # another person of that name
    ]
    answer = counter.writes_lines("onestop.dossier", lines)
    assert answer["refused"] == []
    assert (answer["accepted"], len(counter.all(CITIZEN))) == (4, 2)
    applicants = [r["fields"]["applicant_ref"] for r in counter.all("onestop.dossier")]
    assert sorted(applicants.count(a) for a in set(applicants)) == [1, 3]


def test_objects_inside_objects_are_matched_or_made_innermost_first(counter: Counter) -> None:
    lines = [_child(name, _home(person("Đỗ Văn Chủ", personal_id="001090012345"))) for name in ("Đỗ An", "Đỗ Bình")]
    assert counter.writes_lines("children.child", lines)["refused"] == []
    (home,) = counter.all("residence.household")
    (head,) = [r for r in counter.all(CITIZEN) if r["fields"]["full_name"] == "Đỗ Văn Chủ"]
    assert home["fields"]["head_ref"] == head["id"]
    assert [r["fields"]["household_ref"] for r in counter.all("children.child")] == [home["id"]] * 2


def test_what_is_wrong_inside_an_object_inside_is_told_and_leaves_nothing(counter: Counter) -> None:
    wrong = person("Đỗ Văn Chủ", dob="hôm qua")
    (refused,) = counter.writes_lines("children.child", [_child("Đỗ An", _home(wrong))])["refused"]
    assert refused["field"] == "household_ref/head_ref/dob"
    assert (counter.all(CITIZEN), counter.all("residence.household")) == ([], [])


def test_objects_without_end_are_refused(counter: Counter) -> None:
    permit: dict[str, Any] = {"kind": "new"}
    for _ in range(300):
        permit = {"kind": "change", "previous_ref": permit}
    (refused,) = counter.writes_lines("construction.building_permit", [{"fields": permit}])["refused"]
    assert refused["field"].split("/")[0] == "previous_ref"
    assert counter.all("construction.building_permit") == []


def _child(name: str, home: dict[str, Any]) -> dict[str, Any]:
    child, carer = person(name, dob="2019-03-12"), person("Đỗ Thị Chăm")
    return {"fields": {"citizen_ref": child, "household_ref": home, "caregiver_ref": carer, "updated_at": "2026-11-20"}}


def _home(head: dict[str, Any]) -> dict[str, Any]:
    return {
        "household_code": "00070-005-0012",
        "head_ref": head,
        "address": {"unit": "00070", "detail": "Số 5 Hàng Bè"},
    }


def _household(applicant: dict[str, Any]) -> dict[str, Any]:
    return {
        "procedure_ref": "0190a000-0000-7000-8000-000000000001",
        "received_at": "2026-11-20T08:00:00+07:00",
        "due_at": "2026-11-25T17:00:00+07:00",
        "applicant_ref": {"type": CITIZEN, **applicant},
    }


def test_a_role_that_may_not_begin_a_record_is_told_before_the_city_has_to(town: Any) -> None:
    clerk = town.counter("Phạm Thị Ngọc Ánh", "clerk")
    answer = clerk.writes_lines(COPY, [{"fields": copy_of("Bằng đại học")}])
    assert answer["accepted"] == 0
    assert "civil_status_officer" in answer["refused"][0]["message"]


def test_batches_do_not_show(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 3)
    lines = [{"fields": copy_of(f"Bằng số {n % 4}")} for n in range(10)]
    assert counter.writes_lines(COPY, lines)["accepted"] == 10
    assert counter.writes_lines(COPY, lines)["unchanged"] == 10


@pytest.mark.parametrize("name", ["missing.ndjson", "table.pdf", "book.xlsx", "head.csv"])
def test_a_file_that_cannot_be_read_is_one_line(name: str, tmp_path: Path, counter: Counter) -> None:
    (tmp_path / "table.pdf").write_bytes(b"%PDF")
    (tmp_path / "book.xlsx").write_bytes(b"no zip")
    (tmp_path / "head.csv").write_text("doc_title,colour\na,b\n")
    answer = counter.run("import", COPY, str(tmp_path / name))
    assert answer.code == 1
    assert name in answer.err


def test_rows_that_came_with_a_file_are_not_calculated_away(counter: Counter, tmp_path: Path) -> None:
    """A group that a procedure would fill keeps the citizen's own papers when another procedure is chosen."""
    counter.must("sample", "onestop.procedure", "2", str(tmp_path / "p.ndjson"))
    samples = [json.loads(line) for line in (tmp_path / "p.ndjson").read_text("utf-8").splitlines()]
    procedures = [{"id": f"p{n}", "fields": sample["fields"]} for n, sample in enumerate(samples)]
    assert counter.writes_lines("onestop.procedure", procedures)["refused"] == []
    given = {
        "procedure_ref": "p0",
        "applicant_ref": person("Lý Thị Bé"),
        "received_at": "2026-11-20T02:00:00Z",
        "components_received": [{"component": "Đơn viết tay"}],
    }
    assert counter.writes_lines(DOSSIER, [{"id": "d1", "fields": given}])["refused"] == []
    assert counter.writes_lines(DOSSIER, [{"id": "d1", "fields": {"procedure_ref": "p1"}}])["refused"] == []
    shown = counter.must("show", "d1")["fields"]
    assert shown["procedure_ref"] == "p1"
    assert [row["component"] for row in shown["components_received"]] == ["Đơn viết tay"]


def test_who_may_not_begin_an_officer_s_file_brings_none_along(town: Town) -> None:
    """The city would refuse the officer, and with him the dossier; it is said before anything is saved."""
    head, reception = town.counter("Nguyễn Văn Thử", "office_head"), town.counter("Trần Thu Hà", "reception")
    samples = {}
    for type_id in ("onestop.procedure", OFFICER):
        head.must("sample", type_id, "1", str(head.folder / "s.ndjson"))
        samples[type_id] = json.loads((head.folder / "s.ndjson").read_text("utf-8"))["fields"]
    procedure = head.takes_in("onestop.procedure", samples["onestop.procedure"])
    head.syncs()
    reception.syncs()
    known = {"procedure_ref": procedure, "received_at": "2026-11-20T02:00:00Z"}
    officer = {name: samples[OFFICER][name] for name in ("full_name", "personal_id", "dob")}
    lines = [
        {"fields": {**known, "applicant_ref": person("Lý Thị Bé"), "assignee_ref": officer}},
        {"fields": {**known, "applicant_ref": person("Lý Thị Bé")}},
    ]
    answer = reception.writes_lines(DOSSIER, lines)
    assert [(r["line"], r["field"]) for r in answer["refused"]] == [(1, "assignee_ref")]
    assert "Cán bộ, công chức" in answer["refused"][0]["message"]
    assert (answer["accepted"], answer["created"]) == (1, 1)
    assert reception.all(OFFICER) == []
    assert reception.syncs()["refused"] == 0

    # whoever may begin it does; then the line finds it
    made = head.takes_in(OFFICER, samples[OFFICER])
    head.syncs()
    reception.syncs()
    assert reception.writes_lines(DOSSIER, lines)["refused"] == []
    assert [r["fields"]["assignee_ref"] for r in reception.all(DOSSIER) if "assignee_ref" in r["fields"]] == [made]
    assert reception.syncs()["refused"] == 0


@pytest.mark.parametrize("number", ["-1", "abc", "0", "12/2026", "1.5", "١٢", " 7 x"])
def test_a_number_that_the_register_could_not_have_given_is_refused(counter: Counter, number: str) -> None:
    line = {"state": "certified", "number": number, "fields": copy_of("Bằng đại học")}
    (refused,) = counter.writes_lines(COPY, [line])["refused"]
    assert refused["field"] == "number"
    assert "như 12" in refused["message"]
    assert counter.all(COPY) == []


def test_numbers_of_other_systems_come_in_where_the_register_writes_codes(counter: Counter) -> None:
    """A dossier code is letters and digits of a system we do not know."""
    line = {"state": "processing", "number": "000.24.H26-26", "fields": {"applicant_ref": person("Lý Thị Bé")}}
    assert [r["field"] for r in counter.writes_lines(DOSSIER, [line])["refused"] if r["field"] == "number"] == []


@given(number=st.text(max_size=12) | st.from_regex(r"[0-9]{1,5}/[0-9]{4}", fullmatch=True), n=st.integers(1, 10**9))
def test_a_register_knows_its_own_numbers_and_takes_no_others_for_them(number: str, n: int) -> None:
    for pattern in ("{n}", "{n:04d}/{yyyy}", "{n}/{mm}.{yy}", "{dd}-{n}"):
        register = Register(id="r", kind="leased", field="no", format=pattern)
        assert could_be_of(register, pattern.format(n=n, yyyy="2026", yy="26", mm="11", dd="05"))
        assert could_be_of(register, example_number(register))
        if could_be_of(register, number):
            assert set(number) <= set("0123456789/.-")


def test_what_was_written_over_a_calculation_stays_and_is_known_as_written(counter: Counter, tmp_path: Path) -> None:
    """Old papers say what they say: a fee that differs from today's tariff is the fee that was paid."""
    kind = "certification.cert_signature"
    counter.must("sample", kind, "1", str(tmp_path / "in.ndjson"))
    sample = json.loads((tmp_path / "in.ndjson").read_text("utf-8"))
    told = {**sample["fields"], "fee": 123, "fee_reason": "Miễn một phần"}
    assert counter.writes_lines(kind, [{"id": "s1", "fields": told}])["refused"] == []
    shown = counter.must("show", "s1")["fields"]
    assert (shown["fee"], shown["_overridden"]) == (123, ["fee"])


def test_rows_of_a_line_get_the_columns_that_are_calculated(counter: Counter) -> None:
    record_type = load_catalog().record_type("certification.cert_contract")
    rows = [{"_id": "r1", "party_ref": "p1"}, {"_id": "r2", "name": "Tên trên giấy"}]
    calculated = {"parties": [{"_id": "r1", "party_ref": "p1", "name": "Mơ"}, {"_id": "r2", "name": "khác"}], "fee": 1}
    whole = intake.as_written(calculated, {"parties": rows})
    assert whole == {"parties": [{"_id": "r1", "party_ref": "p1", "name": "Mơ"}, rows[1]], "fee": 1}
    assert list(intake.overridables(record_type, {"parties": rows})) == [("parties/r2/name", "Tên trên giấy")]


OLD_FONTS = {"tcvn3": ("Hä vµ tªn", "NguyÔn V¨n Hïng"), "vni": ("Hoï vaø teân", "Nguyeãn Vaên Huøng")}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("written", OLD_FONTS)
def test_a_table_in_an_old_font_goes_in_readable_and_only_when_a_person_said_so(
    written: str, kind: str, counter: Counter, tmp_path: Path
) -> None:
    heading, name = OLD_FONTS[written]
    beside = "2" if kind == "csv" else "Đức × 2"  # a column from elsewhere; bytes have none
    heads = [heading, "dob", "gender", "other_name", "permanent_addr.unit", "permanent_addr.detail"]
    rows = [heads, [name, "1960", "1", beside, "00070", "12"]]
    path = tmp_path / f"old.{kind}"
    if kind == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for at, cells in enumerate(rows):
                sheet.write_row(at, 0, cells)
    else:
        text = "".join(";".join(cells) + "\n" for cells in rows)
        path.write_bytes(text.encode("cp1252" if kind == "csv" else "utf-8"))

    asked = counter.run("import", CITIZEN, str(path))
    assert asked.code == 1
    assert f"--text {written}" in asked.err
    assert counter.all(CITIZEN) == []

    assert counter.must("import", CITIZEN, str(path), "--text", written)["accepted"] == 1
    (found,) = counter.all(CITIZEN)
    assert (found["fields"]["full_name"], found["fields"]["other_name"]) == ("Nguyễn Văn Hùng", beside)


def test_a_cell_typed_anew_and_our_own_headings_hide_no_old_font(counter: Counter, tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    names = ("NguyÔn V¨n Hïng", "TrÇn ThÞ Hång", "Lê Thị Hằng")
    lines = [f"{name};19{60 + i};1;00070;12\n" for i, name in enumerate(names)]
    path.write_text(
        "Họ và tên;dob;gender;permanent_addr.unit;permanent_addr.detail\n" + "".join(lines), encoding="utf-8"
    )
    asked = counter.run("import", CITIZEN, str(path))
    assert (asked.code, "--text tcvn3" in asked.err, counter.all(CITIZEN)) == (1, True, [])
    assert counter.must("import", CITIZEN, str(path), "--text", "tcvn3")["accepted"] == 3
    found = {each["fields"]["full_name"] for each in counter.all(CITIZEN)}
    assert found == {"Nguyễn Văn Hùng", "Trần Thị Hồng", "Lê Thị Hằng"}


def test_a_table_whose_letters_only_look_old_goes_in_as_it_is(counter: Counter, tmp_path: Path) -> None:
    path = tmp_path / "right.csv"
    path.write_text("full_name;dob;gender;permanent_addr.detail\nNguyÔn;1960;1;12\n", encoding="utf-8")
    assert counter.run("import", CITIZEN, str(path)).code == 1
    counter.run("import", CITIZEN, str(path), "--text", "unicode")
    assert [each["fields"]["full_name"] for each in counter.all(CITIZEN)] == ["NguyÔn"]
