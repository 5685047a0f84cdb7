"""Books and doubles from the command line: two counters of one ward, and what each then knows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.features.cases import COPY, INCOMING, copy_of
from tests.features.story import CUA_NAM, HOAN_KIEM, Counter, Town, run

CITIZEN = "residence.citizen"


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-11-23T09:00:00+07:00")


def citizen(name: str, **more: str) -> dict[str, object]:
    address = {"unit": "00070", "detail": "12 Hàng Bông"}
    who = {"full_name": name, "dob": "1988-05-04", "gender": "2", "ethnicity": "01", "nationality": "VN"}
    return {**who, "permanent_addr": address, "verify_state": "not_checked", "life_state": "alive", **more}


def test_one_person_made_at_two_counters_is_told_merged_and_taken_apart(town: Town) -> None:
    first, second = town.counter("Nguyễn Văn Thử"), town.counter("Trần Thị Thử")
    one = first.takes_in(CITIZEN, citizen("Hoàng Kim Yến"))
    two = second.takes_in(CITIZEN, citizen("Hoang Kim Yen"))
    for counter in (first, second, first):
        counter.syncs()
    for counter in (first, second):
        (pair,) = counter.must("duplicates")["duplicates"]
        assert set(pair["ids"]) == {one, two}
        assert "ngày sinh" in pair["why"]
    assert first.must("merge", one, two)["kept"] == one
    assert first.run("merge", two, one).code == 1  # what was merged keeps nothing
    assert first.run("merge", one, one).code == 1
    first.syncs()
    second.syncs()
    assert second.finds("hoang kim yen") == [one]
    assert second.must("duplicates")["duplicates"] == []
    assert second.sees(two)["state"] == "merged"
    assert second.must("unmerge", two)["state"] == "active"
    second.syncs()
    first.syncs()
    assert set(first.finds("hoang kim yen")) == {one, two}
    assert first.run("unmerge", two).code == 1


def test_two_who_say_at_once_that_they_are_two_agree(town: Town) -> None:
    first, second = town.counter("Nguyễn Văn Thử"), town.counter("Trần Thị Thử")
    one = first.takes_in(CITIZEN, citizen("Hoàng Kim Yến"))
    two = first.takes_in(CITIZEN, citizen("Hoàng Kim Yến", phone="0912345678"))
    first.syncs()
    second.syncs()
    first.must("duplicates", "--not-same", one, two)
    second.must("duplicates", "--not-same", two, one)
    for counter in (first, second, first):
        counter.syncs()
    for counter in (first, second):
        assert counter.status()["conflicts"] == 0
        assert counter.must("duplicates")["duplicates"] == []


def certified(counter: Counter, title: str) -> str | None:
    record_id = counter.takes_in(COPY, copy_of(title))
    counter.acts(record_id, "check", "original_seen=true")
    number: str | None = counter.acts(record_id, "certify").get("number")
    return number


def test_a_book_goes_to_the_other_counter_and_is_whole_there(town: Town, tmp_path: Path) -> None:
    first, second = town.counter("Nguyễn Văn Thử"), town.counter("Trần Thị Thử")
    first.syncs()
    second.syncs()
    assert certified(first, "Bằng tốt nghiệp") == "1"
    device = second.must("numbers", COPY)["leases"]
    assert device == []
    assert first.run("handover", COPY, "--to", "Q2").code == 1  # a reason is needed
    (handed,) = first.must("handover", COPY, "--to", "Q2", "--reason", "nghỉ phép")["handed"]
    assert (handed["last"], handed["stage"]) == (1, "waiting")
    assert certified(first, "Căn cước") is None
    first.syncs()
    second.syncs()
    first.syncs()
    book = first.must("book", COPY, "--audit")
    assert book["whole"]
    assert [(row["n"], row["device"]) for row in book["rows"]] == [(1, "Q1"), (2, "Q2")]
    assert [note["kind"] for note in book["notes"]] == ["handover"]
    answer = first.run("book", COPY, "--audit")
    assert answer.code == 0
    assert "Đủ:" in answer.out
    for name in ("so.xlsx", "so.pdf"):
        assert first.run("book", COPY, "--audit", str(tmp_path / name)).code == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert first.run("book", COPY, "--audit", str(tmp_path / "so.doc")).code == 2
    assert first.run("book", COPY).code == 2
    assert first.run("book", CITIZEN, "--audit").code == 1


def test_a_ward_s_book_is_handed_over_by_who_works_there(town: Town) -> None:
    """On one PC of two wards: the city would take the book from it whoever says so, and refuse the note that explains it."""
    both = Counter(town.folder / "both")
    wards = ("--ward", HOAN_KIEM, "--ward", CUA_NAM, "--officer", "Nguyễn Văn Thử")
    code = run("gateway", "enrol", "--database", town.storage_url, *wards).out.strip()
    both.must("enrol", "--url", town.gateway.url, "--code", code, "--device", "both")
    town.joins(both, "Trần Thị Thử", ward=HOAN_KIEM)
    both.syncs()
    there = ("handover", COPY, "--ward", CUA_NAM, "--reason", "nghỉ phép")
    refused = both.run(*there, "--officer", "Trần Thị Thử")
    assert (refused.code, "không được phân công" in refused.err) == (1, True)
    both.must(*there, "--officer", "Nguyễn Văn Thử")
    both.must("handover", COPY, "--reason", "nghỉ phép", "--officer", "Trần Thị Thử")
    assert both.run("handover", COPY, "--back", "--ward", CUA_NAM, "--officer", "Trần Thị Thử").code == 1
    (back,) = both.must("handover", COPY, "--back", "--officer", "Trần Thị Thử")["taken_back"]
    assert back["ward"] == HOAN_KIEM
    both.syncs()
    assert both.status()["refused"] == 0
    assert len([r for r in town.records(CUA_NAM).values() if r["type"] == "governance.book_note"]) == 1


def test_the_clock_is_confirmed_by_somebody_for_a_reason(counter: Counter) -> None:
    counter.syncs()
    assert counter.must("clock")["stopped"] == {}
    assert counter.run("clock", "--confirm", " ").code == 1
    (line,) = counter.must("clock", "--confirm", "đồng hồ cơ quan")["confirmed"]
    assert line["officer"] == "Nguyễn Văn Thử"


def test_what_is_read_tells_the_time_of_hanoi_and_what_is_computed_with_the_stored_one(counter: Counter) -> None:
    counter.syncs()
    record_id = counter.takes_in(COPY, copy_of("Bằng tốt nghiệp"))
    counter.acts(record_id, "check", "original_seen=true")
    counter.acts(record_id, "certify")
    counter.must("clock", "--confirm", "đồng hồ cơ quan")
    for words in (("history", record_id), ("numbers", COPY), ("book", COPY, "--audit"), ("clock",)):
        told = counter.run(*words).out
        assert re.search(r"23/11/2026 09:\d\d:\d\d \+07:00", told), words
        assert not re.search(r'(?<!")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', told), (
            words
        )  # within a value of several it is stored text
    assert counter.must("history", record_id)["changes"][0]["at"].startswith("2026-11-23T02:")
    assert counter.must("numbers", COPY)["numbers"][0]["at"].startswith("2026-11-23T02:")


def an_old_letter() -> dict[str, Any]:
    old = {"issuer_org": {"name": "Sở Nội vụ", "kind": "state"}, "doc_number": "12/SNV", "doc_date": "2026-11-20"}
    old |= {
        "received_by": "axis",
        "arrival_date": "2026-11-20",
        "doc_type": "cv",
        "summary": "Mời họp",
        "page_count": 1,
    }
    return old | {"urgency": "normal", "security_mark": "none"}


def test_a_book_that_runs_already_goes_on_above_a_list_of_its_year(counter: Counter, tmp_path: Path) -> None:
    """Its numbers say no year, its lines do: of what came last year the book of this year is not moved."""
    counter.syncs()
    lines = [
        {
            "type": INCOMING,
            "state": "registered",
            "number": number,
            "fields": {**an_old_letter(), "doc_date": day, "arrival_date": day},
        }
        for number, day in (("57", "2026-11-20"), ("412", "2025-12-30"))
    ]
    file = tmp_path / "so cu.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    told = counter.run("import", INCOMING, str(file))
    assert told.code == 0, told.err
    assert "lease-takeover" not in told.out
    new = counter.takes_in(INCOMING, {**an_old_letter(), "doc_number": "13/SNV"})
    assert counter.acts(new, "register")["number"] == "58"
    counter.syncs()


def test_a_number_of_a_list_is_read_whatever_spaces_stand_around_it(counter: Counter, tmp_path: Path) -> None:
    """A spreadsheet does not show them, and nobody would see why the line is refused. Lists show the number in its field."""
    counter.syncs()
    file = tmp_path / "so cu.ndjson"
    line = {"type": INCOMING, "state": "registered", "number": "\u00a0 31 ", "fields": an_old_letter()}
    file.write_text(json.dumps(line), encoding="utf-8")
    told = counter.run("import", INCOMING, str(file))
    assert told.code == 0, told.out
    file.write_text(json.dumps({**line, "number": "31"}), encoding="utf-8")
    assert counter.run("import", INCOMING, str(file)).code == 0, "the same line, cleaned: it is there"
    (record,) = counter.all(INCOMING)
    assert (record["number"], record["fields"]["arrival_no"]) == ("31", 31)


def test_a_list_with_its_newest_line_first_leaves_no_doubts(
    town: Town, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its high numbers go last: the city, which has none of the book yet, would find each of them too far."""
    for module in ("desktop.commands.intake", "sync.gateway.books"):
        monkeypatch.setattr(f"{module}.FARTHEST", 4)
    lines = [
        {
            "type": INCOMING,
            "state": "registered",
            "number": str(n),
            "fields": {**an_old_letter(), "doc_number": f"{n}/X"},
        }
        for n in (*range(1010, 990, -1), 5000)  # lent as far as 1000; the last was mistyped
    ]
    file = tmp_path / "so cu.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert counter.run("import", INCOMING, str(file)).code == 0
    counter.syncs()
    storage = town.gateway.city.storage
    assert storage.once("SELECT n FROM far_numbers") == [(5000,)]
    assert len(storage.once("SELECT 1 FROM changes WHERE detail IS NOT NULL")) == 1


@pytest.mark.parametrize("numbers", [(30_000, 7), (7, 30_000), (30_000, 25_000), (25_000, 30_000)])
def test_of_two_lines_with_one_id_the_first_stands(counter: Counter, tmp_path: Path, numbers: tuple[int, int]) -> None:
    """Whichever has the high number, by which lines are put in order."""
    lines = [
        {"type": INCOMING, "id": "cv-1", "state": "registered", "number": str(n), "fields": an_old_letter()}
        for n in numbers
    ]
    file = tmp_path / "so cu.ndjson"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    told = counter.run("import", INCOMING, str(file), "--json")
    assert [(r["line"], r["field"]) for r in told.json["refused"]] == [(2, "id")]
    (record,) = counter.all(INCOMING)
    assert record["number"] == str(numbers[0])


def test_a_book_that_runs_already_goes_on_where_the_city_was_told(town: Town, counter: Counter, tmp_path: Path) -> None:
    """A number whose line does not tell its year does not move the book on; import says so and with which verb it is done."""
    counter.syncs()
    old = {**an_old_letter(), "arrival_no": 57}
    undated = {name: value for name, value in old.items() if name != "arrival_date"}
    file = tmp_path / "so cu.ndjson"
    line = {"type": INCOMING, "state": "draft", "number": "57", "fields": undated}
    file.write_text(json.dumps(line), encoding="utf-8")
    told = counter.run("import", INCOMING, str(file))
    assert told.code == 0, told.err
    verb = re.search(r"gateway (lease-takeover .*) --reason", told.out)
    assert verb is not None and verb[1].endswith("--above 57"), told.out
    moved = run("gateway", *shlex.split(verb[1]), "--reason", "sổ giấy", "--database", town.storage_url)
    assert moved.code == 0, moved.err
    counter.syncs()
    new = counter.takes_in(INCOMING, {**old, "doc_number": "13/SNV", "arrival_no": None})
    assert counter.acts(new, "register")["number"] == "58"
    assert "lease-takeover" not in counter.run("import", INCOMING, str(file)).out


def test_the_check_of_a_book_says_whose_it_is_and_knows_no_strange_ward(counter: Counter, tmp_path: Path) -> None:
    strange = counter.run("book", COPY, "--audit", "--ward", "99999")
    assert (strange.code, strange.out) == (2, "") and "99999" in strange.err
    certified(counter, "Học bạ")
    ward = counter.sees(counter.all(COPY)[0]["id"])["ward"]
    path = tmp_path / "so.xlsx"
    counter.must("book", COPY, "--audit", "--ward", ward, str(path))
    head = str(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[0])
    assert "Phường" in head
