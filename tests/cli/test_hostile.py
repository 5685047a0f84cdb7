"""The hostile and the unlucky at the command line: one line, the right exit code, nothing lost, nothing half done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from desktop.__main__ import main
from forms.expressions import LONGEST_RULE, Expression, ExpressionError, Variables
from forms.loader import check
from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town, run

ROOT = Path(__file__).parents[2]


def test_bytes_that_are_no_text_are_bad_usage(counter: Counter) -> None:
    for verb in ("show", "history", "search"):
        answer = counter.run(verb, os.fsdecode(b"\xff"))
        assert answer.code == 2
        assert "UTF-8" in answer.err


def test_a_clock_at_the_end_of_time_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        monkeypatch.setenv("SOPHUONG_NOW", moment)
        answer = run("tools")
        assert answer.code == 2
        assert "SOPHUONG_NOW" in answer.err


def test_tools_and_states_that_do_not_exist_are_bad_usage(counter: Counter, tmp_path: Path) -> None:
    assert run("tools", "dance").code == 2
    target = tmp_path / "out.csv"
    assert counter.run("export", "residence.citizen", str(target), "--state", "dancing").code == 2
    assert not target.exists()


def test_an_address_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    for url in ("http://[::1", "http://127.0.0.1:notaport", "ftp://127.0.0.1"):
        answer = run("--profile", str(tmp_path / "pc"), "enrol", "--url", url, "--code", "AAAA-AAAA")
        assert answer.code == 1
        assert "Địa chỉ" in answer.err


def test_a_code_is_not_spent_where_no_store_can_be_made(town: Town, tmp_path: Path) -> None:
    code = town.gateway.enrolment_code("00070", "Trần Thu Hà")
    words = ("enrol", "--url", town.gateway.url, "--code", code)
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where the profile should be")
    assert run("--profile", str(blocked), *words).code == 1
    assert run("--profile", str(tmp_path / "pc"), *words).code == 0


def test_a_workspace_without_a_display_says_so(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-m", "desktop", "--profile", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=kept,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "màn hình" in done.stderr


@pytest.mark.parametrize(
    "words", [[], ["dance"], ["records"], ["serve", "--database", "sqlite:///x", "--port", "99999"]]
)
def test_bad_usage_of_the_gateway_is_one_line(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["gateway", *words]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_a_register_the_city_would_refuse_is_refused_at_once(town: Town, tmp_path: Path) -> None:
    """The city's reception writes dossiers and people; the ward's other registers would wait in the outbox for ever."""
    lan = town.counter("Lan", "reception")
    path = tmp_path / "copies.ndjson"
    assert run("sample", "certification.cert_copy", "2", str(path)).code == 0
    answer = lan.run("import", "certification.cert_copy", str(path), "--json")
    assert (answer.code, answer.json["accepted"], len(answer.json["refused"])) == (1, 0, 2)
    assert lan.status()["pending"] == 0


def test_a_stray_cell_far_out_does_not_end_the_program(counter: Counter, tmp_path: Path) -> None:
    near, far = tmp_path / "near.xlsx", tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(near)) as book:
        book.add_worksheet().write_row(0, 0, ["full_name", "dob"])
    with zipfile.ZipFile(near) as packed, zipfile.ZipFile(far, "w") as strayed:
        for name in packed.namelist():
            content = packed.read(name)
            strayed.writestr(name, content.replace(b'r="B1"', b'r="XFD1048576"') if "sheet1" in name else content)
    assert counter.run("import", "residence.citizen", str(near)).code == 0
    answer = counter.run("import", "residence.citizen", str(far))
    assert answer.code == 1
    assert "far.xlsx" in answer.err


def test_a_damaged_ods_is_named(counter: Counter, tmp_path: Path) -> None:
    path = tmp_path / "hỏng.ods"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "x")
        packed.writestr("content.xml", "<a/>")
    answer = counter.run("import", "residence.citizen", str(path))
    assert answer.code == 1
    assert "hỏng.ods" in answer.err


@pytest.mark.skipif(sys.platform == "win32", reason="devices are files of Unix")
def test_check_reads_no_device_and_no_nothing(tmp_path: Path) -> None:
    tool = tmp_path / "endless"
    tool.mkdir()
    (tool / "tool.yaml").symlink_to("/dev/zero")
    assert check(tool)
    (tool / "tool.yaml").unlink()
    (tool / "tool.yaml").write_text("id: endless\nrecords: [one]\n", encoding="utf-8")
    (tool / "one.yaml").write_text("null\n", encoding="utf-8")
    assert any("one.yaml" in problem.file for problem in check(tool))


@pytest.mark.skipif(sys.platform == "win32", reason="devices are files of Unix")
def test_a_printout_takes_no_place_of_what_is_no_file(counter: Counter, tmp_path: Path) -> None:
    paper = counter.takes_in(COPY, copy_of("Bằng tốt nghiệp"), "checking")
    pipe = tmp_path / "pipe.pdf"
    os.mkfifo(pipe)
    assert counter.run("print", paper, "visit_receipt", str(pipe)).code == 1
    assert pipe.is_fifo()


@pytest.mark.parametrize("period", ["0001", "9999-Q4", "0001-01-01..9999-12-31", "2026-02-30", "2026-W54", "٢٠٢٦"])
def test_a_period_no_calendar_holds_is_bad_usage(counter: Counter, period: str) -> None:
    for report in ("finance.disclosure", "assets.asset_use"):
        answer = counter.run("report", report, period)
        assert answer.code == 2
        assert "kỳ báo cáo" in answer.err


def test_the_first_period_there_can_be_has_none_before_it(counter: Counter) -> None:
    assert counter.must("report", "finance.disclosure", "1801")["window"]["key"] == "1801"


def test_what_follows_in_a_register_one_may_not_see_is_not_told_nor_waved_away(town: Town) -> None:
    """A reception visit is open to the office; whether the petition of it was entered is the petition team's."""
    pc = town.counter("Vũ Thị Đơn", "petition_team")
    town.joins(pc, "Lê Chánh", "office_head")
    town.joins(pc, "Cô Văn", "clerk")
    lines = pc.folder / "lines.ndjson"

    def brings(type_id: str, officer: str, state: str = "draft", **fields: object) -> str:
        lines.write_text(json.dumps({"fields": fields, "state": state}), encoding="utf-8")
        before = {row["id"] for row in pc.all(type_id)}
        assert pc.run("import", type_id, str(lines), "--officer", officer).code == 0
        (new,) = {row["id"] for row in pc.all(type_id)} - before
        return str(new)

    assert run("sample", "hr.officer", "1", str(lines)).code == 0
    assert pc.run("import", "hr.officer", str(lines), "--officer", "Lê Chánh").code == 0
    (receiver,) = (row["id"] for row in pc.all("hr.officer"))
    visit = brings(
        "petitions.reception", "Vũ Thị Đơn", "received", receiver_ref=receiver, petition_class="denunciation",
        visit_date="2026-11-18T08:45:00+07:00", content="Tố cáo về đất đai", handling="accept",
        people_count=1, mode="direct", kind="regular",
    )  # fmt: skip
    petition = brings(
        "petitions.petition", "Vũ Thị Đơn", reception_ref=visit, received_date="2026-11-18", source="direct",
        content="Nội dung kín", **{"class": "denunciation"}, sender_refs=[{"name": "Người Giữ Kín"}],
    )  # fmt: skip
    (team,) = pc.must("proposals", visit, "--officer", "Vũ Thị Đơn")["proposals"]
    assert (team["standing"], team["next"]) == ("done", petition)
    assert pc.must("proposals", visit, "--officer", "Cô Văn")["proposals"] == []
    answer = pc.run("follow", visit, "petition_of_visit", "--not-needed", "x", "--officer", "Cô Văn")
    assert answer.code == 2
    assert not any(name.startswith("_flow_") for name in pc.sees(visit)["fields"])
    for word in ("Giữ Kín", "Nội dung kín", petition):
        for verb in (["search", word], ["show", petition], ["history", visit], ["outbox"], ["status"]):
            said = pc.run(*verb, "--json", "--officer", "Cô Văn")
            assert word not in said.out or word in verb
            assert said.code == 1 or "Giữ Kín" not in said.out


def test_a_rule_too_long_for_the_engine_is_a_mistake_and_no_end_of_the_program() -> None:
    """Twenty thousand terms fill the stack of whatever thread tries them: the process would be gone without a word."""
    with pytest.raises(ExpressionError, match="2000"):
        Expression("1" + "+1" * 20_000)
    longest = Expression("1" + "+1" * ((LONGEST_RULE - 1) // 2))
    assert longest.evaluate(Variables({}, functions={})) == (LONGEST_RULE + 1) // 2


@pytest.mark.parametrize(
    ("pattern", "sound"), [("(a+)+b", False), ("(x|[0-9]*)*", False), ("(ab)+", True), (r"a\+\)+", True)]
)
def test_a_pattern_that_may_never_end_is_a_mistake(tmp_path: Path, pattern: str, sound: bool) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(ROOT / "tests" / "features" / "a_small_catalogue", folder)
    visit = folder / "health" / "visit.yaml"
    text = visit.read_text("utf-8").replace("{name: phone,", f"{{name: phone, pattern: '{pattern}',", 1)
    visit.write_text(text, encoding="utf-8")
    assert any("pattern" in p.key for p in check(folder)) is not sound
