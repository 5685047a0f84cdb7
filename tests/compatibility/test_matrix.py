"""Each pair of versions that must still work together, through the whole program on both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compatibility.program import ROOT, NoHistory, versions
from tests.compatibility.story import STEPS, Cell, cells, play
from tests.compatibility.table import table

CELLS = cells(versions())


@pytest.mark.timeout(180)
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_they_work_together(cell: Cell, tmp_path: Path) -> None:
    try:
        shown = play(cell, tmp_path)
    except NoHistory as reason:
        pytest.skip(str(reason))
    assert tuple(shown) == STEPS
    assert {step: word for step, word in shown.items() if word != "yes"} in ({}, {"pack": "keeps its own forms"})
    assert (ROOT / "docs/compatibility.md").read_text("utf-8").count(table({cell: shown}).splitlines()[-1]) == 1


def test_versions_are_told_apart() -> None:
    listed = versions()
    assert listed
    assert len({version.name for version in listed}) == len({version.commit for version in listed}) == len(listed)
