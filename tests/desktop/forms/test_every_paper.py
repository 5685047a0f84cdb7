"""Every printout of the catalogue with its examples, laid out as it is printed: nothing fails, nothing leaves the page."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from desktop.demo.papers import overflow, papers
from desktop.forms.printing_qt import Document
from forms.loader import load_catalog
from tests.forms.catalog.conftest import tool_folders


@pytest.mark.parametrize("tool", [folder.name for folder in tool_folders()])
def test_every_paper_fits_its_page(qtbot: QtBot, tool: str) -> None:
    catalog = load_catalog()
    kinds = next(one.records for one in catalog.tools if one.id == tool)
    wrong = []
    for paper in papers(catalog, kinds):
        problem = paper.problem or overflow(Document(paper.html, paper.printout))
        if problem:
            wrong.append(f"{paper.type} {paper.name}: {problem}")
    assert wrong == []


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ('<table width="2000"><tr><td>rộng</td></tr></table>', "too wide"),
        (f"<p>{'nghiêng' * 60}</p>", "broken word"),
        ("<p>Một dòng vừa trang.</p>", ""),
    ],
)
def test_what_does_not_fit_is_seen(qtbot: QtBot, html: str, says: str) -> None:
    found = overflow(Document(html, next(papers(load_catalog())).printout))
    assert says in found if says else not found
