"""A visitor's three papers get three numbers in a row, offline too; nobody else may number the book meanwhile."""

from __future__ import annotations

import pytest

from tests.features.cases import COPY, copy_of
from tests.features.story import HOAN_KIEM, Counter, Town, run


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-11-23T09:00:00+07:00")


def _certify(counter: Counter, record_id: str) -> int:
    counter.acts(record_id, "check", "original_seen=true")
    return int(counter.acts(record_id, "certify")["number"])


def test_three_papers_of_a_visit_are_numbered_in_a_row_without_a_line(town: Town) -> None:
    thinh = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    thinh.syncs()  # the book comes with the first sync

    town.cut_line()
    papers = [thinh.takes_in(COPY, copy_of(title)) for title in ("Bằng đại học", "Giấy khai sinh", "Sổ đỏ")]
    assert [_certify(thinh, paper) for paper in papers] == [1, 2, 3]
    assert thinh.sees(papers[0])["fields"]["fee"] == 3 * (2 * 2000 + 2 * 1000)
    assert thinh.run("sync", "--json").code == 1
    assert thinh.status()["pending"] > 0

    town.restore_line()
    assert thinh.syncs()["refused"] == 0
    at_city = town.records()
    assert [at_city[paper]["number"] for paper in papers] == ["1", "2", "3"]
    assert all(at_city[paper]["state"] == "certified" for paper in papers)
    book = thinh.must("numbers", COPY)["numbers"]
    assert [row["n"] for row in book] == [1, 2, 3]
    assert all(row["officer"] == "Nguyễn Đức Thịnh" and row["status"] == "given" for row in book)


def test_a_second_counter_gets_its_number_from_the_one_that_holds_the_book(town: Town) -> None:
    thinh = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    lan = town.counter("Vũ Thị Lan", "civil_status_officer")
    thinh.syncs()
    lan.syncs()

    paper = lan.takes_in(COPY, copy_of("Bằng lái xe"))
    lan.acts(paper, "check", "original_seen=true")
    assert lan.acts(paper, "certify")["number"] is None
    assert lan.status()["awaiting_number"] == 1
    assert lan.must("numbers", COPY)["awaiting"] == [paper]

    lan.syncs()
    assert thinh.syncs()["numbered"] == 1
    assert thinh.must("numbers", COPY)["numbers"][0]["record_id"] == paper
    assert lan.syncs()["pulled"] == 1
    numbered = lan.sees(paper)
    assert (numbered["number"], numbered["fields"]["book_no"]) == ("1", "01/2026-SCT/BS")
    assert lan.status()["awaiting_number"] == 0
    assert town.records()[paper]["number"] == "1"
    assert thinh.syncs()["numbered"] == 0


def test_history_brought_from_a_file_uses_no_number(town: Town) -> None:
    thinh = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    thinh.syncs()
    old = copy_of("Bằng cũ", received_at="2025-03-03T09:00:00+07:00", cert_date="2025-03-03", original_seen=True)
    line = {
        "state": "certified",
        "number": "412",
        "fields": old | {"signer_ref": "0190a000-0000-7000-8000-000000000009"},
    }
    assert thinh.writes_lines(COPY, [line])["accepted"] == 1
    assert thinh.writes_lines(COPY, [line])["unchanged"] == 1

    new = thinh.takes_in(COPY, copy_of("Bằng mới"))
    assert _certify(thinh, new) == 1


def test_who_may_not_certify_is_told_why_and_nothing_changes(town: Town) -> None:
    ha = town.counter("Trần Thu Hà", "officer_field")
    paper = ha.takes_in(COPY, copy_of("Bằng tốt nghiệp"))
    ha.acts(paper, "check", "original_seen=true")
    refused = ha.run("act", paper, "certify")
    assert refused.code == 1
    assert refused.err.strip()
    assert ha.sees(paper)["state"] == "checking"


def test_a_number_given_at_two_counters_is_told_at_both(town: Town) -> None:
    """The book moved while its old PC was out of reach, and nobody had looked at the last number on paper."""
    old, new = (town.counter(name, "civil_status_officer") for name in ("Nguyễn Đức Thịnh", "Vũ Thị Lan"))
    old.syncs()
    new.syncs()
    papers = {old: old.takes_in(COPY, copy_of("Bằng lái xe"))}
    assert _certify(old, papers[old]) == 1  # not sent yet
    moved = run(
        *("gateway", "lease-takeover", "--database", town.storage_url, "--ward", HOAN_KIEM, "--period", "2026"),
        *("--register", f"{COPY}/sct_bs", "--device", "Q2", "--reason", "máy hỏng", "--above", "0"),
    )
    assert moved.code == 0, moved.err
    new.syncs()
    papers[new] = new.takes_in(COPY, copy_of("Bằng đại học"))
    assert _certify(new, papers[new]) == 1
    for counter in (new, old, new):
        assert counter.syncs()["refused"] == 0
    for mine, other in ((old, new), (new, old)):
        (row,) = mine.must("numbers", COPY)["numbers"]
        assert (row["record_id"], row["same"]) == (papers[mine], [papers[other]])
        assert papers[other] in mine.run("numbers", COPY).out
        assert mine.syncs()["repaired"] == 0
    # the old PC has heard of it: from now on the new one numbers
    assert [len(c.must("numbers", COPY)["leases"]) for c in (old, new)] == [0, 1]
    later = old.takes_in(COPY, copy_of("Sổ đỏ"))
    old.acts(later, "check", "original_seen=true")
    assert old.acts(later, "certify")["number"] is None
    old.syncs()
    assert new.syncs()["numbered"] == 1
    old.syncs()
    assert old.sees(later)["number"] == "2"
