"""``tools`` and ``check``: the catalogue as the contract has it, and every mistake with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from forms.loader import DEFAULT_FOLDER, load_catalog
from tests.features.story import run


def test_tools_have_the_shape_of_the_contract() -> None:
    found = run("tools", "--json").json
    for tool in found["tools"]:
        assert {"id", "label", "service", "records", "reports"} <= tool.keys()
        assert tool["label"]["vi"]
        assert tool["label"]["en"]
        for record in tool["records"]:
            wanted = {"id", "label", "fields", "states", "actions", "register", "deadline", "printouts", "rules"}
            assert wanted <= record.keys()
            for field in record["fields"]:
                assert {"name", "type", "required", "label", "owner"} <= field.keys()


def test_tools_leave_nothing_out() -> None:
    found = {f"{t['id']}.{r['id']}": r for t in run("tools", "--json").json["tools"] for r in t["records"]}
    for record in load_catalog().record_types:
        shown = found[record.id]
        assert [f["name"] for f in shown["fields"]] == [f.name for f in record.fields]
        assert [s["id"] for s in shown["states"]] == [s.id for s in record.states]
        assert [a["id"] for a in shown["actions"]] == [a.id for a in record.actions]
        assert {f["name"] for f in shown["fields"] if f["owner"] == "engine"} == {
            f.name for f in record.fields if f.owner == "engine"
        }


def test_the_shipped_catalogue_has_no_mistakes() -> None:
    """Rules, links, templates, and every example in its state."""
    assert run("check", str(DEFAULT_FOLDER), "--json").json == []


def test_mistakes_are_told_with_file_line_key_and_what_was_expected(tmp_path: Path) -> None:
    folder = tmp_path / "catalog"
    shutil.copytree(DEFAULT_FOLDER, folder)
    path = folder / "certification" / "cert_copy.yaml"
    text = path.read_text("utf-8").replace("type: money", "type: monney", 1)
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("monney")].count("\n") + 1
    answer = run("check", str(folder / "certification"), "--json")
    assert answer.code == 1
    (problem,) = [p for p in answer.json if p["line"] == line]
    assert problem["file"] == str(path)
    assert problem["expected"]
    assert f"{path}:{line}: " in run("check", str(folder)).out


def test_a_path_that_is_no_catalogue_is_a_mistake_too(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path(__file__)):
        assert run("check", str(path)).code == 1


def test_tools_tell_what_comes_next_how_numbers_run_and_what_reports_count() -> None:
    catalog, found = load_catalog(), {t["id"]: t for t in run("tools", "--json").json["tools"]}
    for tool in catalog.tools:
        shown = found[tool.id]
        assert [flow["id"] for flow in shown["flows"]] == [flow.id for flow in tool.flows]
        for flow, told in zip(tool.flows, shown["flows"], strict=True):
            assert (told["from"], tuple(told["states"]), told["mode"]) == (flow.from_, flow.states, flow.mode)
        for report, counted in zip(tool.reports, shown["reports"], strict=True):
            columns = [[column["id"] for column in table["columns"]] for table in counted["tables"]]
            assert columns == [[column.id for column in table.columns] for table in report.tables]
        for record, listed in zip(tool.records, shown["records"], strict=True):
            if record.register and record.register.series_by:
                field = record.field(record.register.series_by)
                assert len(listed["register"]["series"]) == len(catalog.choices_of(field))
            elif record.register:
                assert listed["register"]["series"] == [f"{record.id}/{record.register.id}"]


def test_the_calendar_tells_each_day_and_where_it_comes_from() -> None:
    found = run("calendar", "2026", "--json").json
    days = {day["date"]: day for day in found["days"]}
    assert days["2026-01-02"]["origin"] == "program" and days["2026-01-02"]["source"]
    assert days["2026-01-10"]["worked"], "a Saturday worked in exchange"
    assert days["2026-09-02"]["origin"] == "law"
    assert found["office_hours"][0]["due_at"] == "17:00:00"
    assert "02/01/2026" in run("calendar", "2026").out
    assert run("calendar", "99").code == 2
