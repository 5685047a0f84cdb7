"""Books and doubles from the command line: two counters of one ward, and what each then knows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.features.cases import COPY, INCOMING, copy_of
from tests.features.story import Counter, Town, run

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
    assert "ĐỦ" in answer.out
    for name in ("so.xlsx", "so.pdf"):
        assert first.run("book", COPY, "--audit", str(tmp_path / name)).code == 0
        assert (tmp_path / name).stat().st_size > 1000
    assert first.run("book", COPY, "--audit", str(tmp_path / "so.doc")).code == 2
    assert first.run("book", COPY).code == 2
    assert first.run("book", CITIZEN, "--audit").code == 1


def test_the_clock_is_confirmed_by_somebody_for_a_reason(counter: Counter) -> None:
    counter.syncs()
    assert counter.must("clock")["stopped"] == {}
    assert counter.run("clock", "--confirm", " ").code == 1
    (line,) = counter.must("clock", "--confirm", "đồng hồ cơ quan")["confirmed"]
    assert line["officer"] == "Nguyễn Văn Thử"


def test_a_book_that_runs_already_goes_on_where_the_city_was_told(town: Town, counter: Counter, tmp_path: Path) -> None:
    """Numbers of a file do not move the book on; import says so and with which verb it is done."""
    counter.syncs()
    old = {"issuer_org": {"name": "Sở Nội vụ", "kind": "state"}, "doc_number": "12/SNV", "doc_date": "2026-11-20"}
    old |= {
        "received_by": "axis",
        "arrival_date": "2026-11-20",
        "doc_type": "cv",
        "summary": "Mời họp",
        "page_count": 1,
    }
    old |= {"urgency": "normal", "security_mark": "none", "arrival_no": 57}
    file = tmp_path / "so cu.ndjson"
    line = {"type": INCOMING, "state": "registered", "number": "57", "fields": old}
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
