"""Reading, acting, printing and attaching from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town, run


@pytest.fixture
def record(counter: Counter) -> str:
    return counter.takes_in(COPY, copy_of("Bằng tốt nghiệp đại học"))


def test_search_finds_without_accents(counter: Counter, record: str) -> None:
    assert counter.finds("bang tot nghiep") == [record]
    assert counter.finds("hoang thi bich dao") == [record]
    assert counter.finds("không có chữ này") == []
    assert counter.run("search", "bang").code == 0


def test_show_and_history_speak_both_ways(counter: Counter, record: str) -> None:
    shown = counter.sees(record)
    assert {"id", "type", "state", "revision", "number", "fields", "standing", "deliveries"} <= shown.keys()
    assert shown["type"] == COPY
    assert "Bằng tốt nghiệp" in counter.run("show", record).out
    (change,) = counter.must("history", record)["changes"]
    assert (change["kind"], change["status"]) == ("create", "pending")
    assert "create" in counter.run("history", record).out


def test_status_outbox_and_sync_have_the_fields_of_the_contract(counter: Counter, record: str) -> None:
    status = counter.status()
    assert {"pending", "conflicts", "refused", "last_sync", "records"} <= status.keys()
    assert (status["pending"], status["last_sync"], status["records"]) == (1, None, {COPY: 1})
    assert [row["record_id"] for row in counter.must("outbox")["changes"]] == [record]
    report = counter.syncs()
    fields = {"pushed", "pulled", "conflicts", "refused", "seconds", "bytes_sent", "bytes_received"}
    assert fields <= report.keys()
    assert report["pushed"] == 1
    assert counter.must("outbox") == {"changes": []}
    assert counter.status()["last_sync"]


def test_sync_with_the_city_out_of_reach_prints_its_json_and_exits_1(town: Town, counter: Counter) -> None:
    town.cut_line()
    for language in ("vi", "en"):
        answer = counter.run("sync", "--json", "--language", language)
        assert answer.code == 1
        assert answer.json["pushed"] == 0
        assert answer.json["error"]["code"] == "unreachable"
        assert answer.err.strip()
    assert "cannot be reached" in counter.run("--language", "en", "sync").err
    town.restore_line()


def test_act_needs_a_known_action_a_fitting_state_and_what_it_asks_for(counter: Counter, record: str) -> None:
    assert counter.run("act", record, "fly").code == 2
    assert counter.run("act", record, "certify").code == 1
    assert counter.run("act", record, "refuse").code == 1
    assert counter.run("act", record, "check", "colour=red").code == 2
    assert counter.run("act", record, "check", "original_seen=maybe").code == 1
    assert counter.sees(record)["state"] == "received"
    assert counter.acts(record, "check", "original_seen=true")["state"] == "checking"


def test_values_of_act_may_stand_after_an_option(counter: Counter, record: str) -> None:
    answer = counter.run("act", record, "check", "--json", "original_seen=true")
    assert answer.json["state"] == "checking"


def test_a_line_of_a_file_gets_the_code_of_the_office_that_a_form_gives(town: Town) -> None:
    """The window and the city call the office by the city's code and its own (Decision 20/2020/QĐ-TTg)."""
    clerk = town.counter("Trần Thị Thu Hà", "clerk")
    fields = {
        "title": "Hồ sơ tiếp công dân tháng 11 năm 2026",
        "opened_year": 2026,
        "file_notation": "05",
        "start_date": "2026-11-02",
    }
    record = clerk.takes_in("documents.archive_file", fields)
    ward = clerk.sees(record)["ward"]
    assert clerk.sees(record)["fields"]["file_code"] == f"H26.{ward}.2026.05"


def test_an_unknown_record_is_one_line(counter: Counter) -> None:
    for words in (["show", "x"], ["history", "x"], ["act", "x", "check"], ["print", "x", "p", "f.pdf"]):
        answer = counter.run(*words)
        assert (answer.code, answer.out) == (1, "")


def test_print_writes_a_pdf_and_counts_copies(
    counter: Counter, record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("PySide6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    path = tmp_path / "slip.pdf"
    assert counter.run("print", record, "no_such", str(path)).code == 2
    assert counter.run("print", record, "loi_chung", str(path)).code == 1  # not certified yet
    assert not path.exists()
    assert [counter.must("print", record, "visit_receipt", str(path))["copy"] for _ in range(2)] == [1, 2]
    assert path.read_bytes().startswith(b"%PDF")
    assert counter.run("print", record, "visit_receipt", str(tmp_path / "none" / "x.pdf")).code == 1


def test_attach_keeps_a_file_once_and_refuses_what_nobody_can_open(counter: Counter, tmp_path: Path) -> None:
    record = counter.takes_in(COPY, copy_of("Bằng đại học", form="electronic"))
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7 scan")
    first = counter.must("attach", record, str(scan))["attached"]
    assert counter.must("attach", record, str(scan))["attached"] == first
    assert counter.sees(record)["fields"]["file"]["sha256"] == first["sha256"]
    program = tmp_path / "virus.exe"
    program.write_bytes(b"MZ")
    assert counter.run("attach", record, str(program)).code == 1
    assert counter.run("attach", record, str(scan), "--field", "doc_title").code == 2


def test_numbers_of_a_type_without_a_book(counter: Counter) -> None:
    assert counter.run("numbers", "residence.citizen").code == 1
    assert counter.must("numbers", COPY)["numbers"] == []


def test_the_officer_at_work_can_be_named(town: Town, counter: Counter, record: str) -> None:
    town.joins(counter, "Lê Hoàng Minh", "vice_chair")
    assert counter.run("act", record, "check", "original_seen=true").code == 1  # the vice chair enrolled last
    counter.must("act", record, "check", "original_seen=true", "--officer", "Nguyễn Văn Thử")
    changes = counter.must("history", record)["changes"]
    assert changes[0]["officer"]["name"] == "Nguyễn Văn Thử"
    assert counter.run("status", "--officer", "x").code == 0  # who looks does not matter
    assert counter.run("act", record, "certify", "--officer", "x").code == 1


def test_a_wrong_passphrase_opens_nothing(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_PASSPHRASE", "sai")
    assert counter.run("status").code == 1
    monkeypatch.delenv("SOPHUONG_PASSPHRASE")
    answer = counter.run("--language", "en", "status")
    assert answer.code == 1
    assert "SOPHUONG_PASSPHRASE" in answer.err


def test_a_bad_code_or_address_enrols_nobody(town: Town, tmp_path: Path) -> None:
    profile = str(tmp_path / "new")
    assert run("--profile", profile, "enrol", "--url", town.gateway.url, "--code", "AAAA-AAAA").code == 1
    assert run("--profile", profile, "enrol", "--url", "ftp://x", "--code", "AAAA-AAAA").code == 1
    assert run("--profile", profile, "enrol", "--url", "http://example.com", "--code", "AAAA-AAAA").code == 1
    assert not (tmp_path / "new" / "store.db").exists()
