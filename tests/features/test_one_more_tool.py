"""Adding a tool takes one folder and no Python: it then has its form, list, search, sync, numbers, report and paper."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from forms import loader
from tests.features.story import Town, run

CULTURE = Path(__file__).parent / "one_more_tool"
LENDING = "library.lending"


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-11-23T08:30:00+07:00")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped catalogue with one more folder."""
    folder = tmp_path / "catalog"
    shutil.copytree(loader.DEFAULT_FOLDER, folder)
    shutil.copytree(CULTURE, folder / "library")
    monkeypatch.setattr(loader, "DEFAULT_FOLDER", folder)
    return folder


def test_the_new_tool_passes_the_checker_and_stands_in_the_catalogue(catalogue: Path) -> None:
    answer = run("check", str(catalogue / "library"), "--json")
    assert (answer.code, answer.json) == (0, [])
    (tool,) = (t for t in run("tools", "--json").json["tools"] if t["id"] == "library")
    (record,) = tool["records"]
    assert {"reader", "book", "lent_on", "due_on", "fine"} <= {f["name"] for f in record["fields"]}


def test_a_mistake_in_it_is_told_with_file_line_and_key(catalogue: Path) -> None:
    path = catalogue / "library" / "lending.yaml"
    path.write_text(path.read_text("utf-8").replace("type: date", "type: dat", 1), encoding="utf-8")
    answer = run("check", str(catalogue / "library"))
    assert answer.code == 1
    first = answer.out.splitlines()[0]
    assert first.startswith(f"{path}:")
    assert "type" in first


@pytest.mark.usefixtures("catalogue")
def test_it_works_from_the_form_to_the_city_and_to_paper(town_with_it: Town, tmp_path: Path) -> None:
    librarian = town_with_it.counter("Vũ Thị Lan")
    other = town_with_it.counter("Trần Thu Hà")
    librarian.syncs()
    fields = {"reader": "Nguyễn Thị Đường", "book": "Đất rừng phương Nam", "lent_on": "2026-11-23"}
    lending = librarian.takes_in(LENDING, fields)
    assert librarian.sees(lending)["fields"]["due_on"] == "2026-12-07"
    lent = librarian.acts(lending, "lend")
    assert lent["number"] == "1/2026"
    assert librarian.finds("dat rung phuong nam") == [lending]

    librarian.syncs()
    other.syncs()
    assert other.sees(lending)["fields"]["book"] == "Đất rừng phương Nam"

    counted = other.must("report", "library.lent", "2026-11")
    assert counted["tables"][0]["total"] == [1]
    assert counted["tables"][0]["lines"][0]["keys"] == [lent["state"]]

    pytest.importorskip("PySide6")
    for kind, begins in ((".pdf", b"%PDF"), (".odt", b"PK"), (".xlsx", b"PK")):
        other.must("report", "library.lent", "2026-11", str(tmp_path / f"lent{kind}"))
        assert (tmp_path / f"lent{kind}").read_bytes().startswith(begins)
    paper = tmp_path / "slip.pdf"
    librarian.must("print", lending, "slip", str(paper))
    assert paper.read_bytes().startswith(b"%PDF")
    assert librarian.must("print", lending, "slip", str(paper))["copy"] == 2


@pytest.fixture
def town_with_it(catalogue: Path, town: Town) -> Town:
    """The city knows the tool too: ``catalogue`` comes first."""
    assert catalogue
    return town
