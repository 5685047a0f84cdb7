"""A record opened on a later day is shown as it is that day, and nobody is said to have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.forms.record_page import RecordPage
from forms.definition import Tool
from forms.field_definition import Section
from sync.clock import FixedClock
from sync.store.model import Record, Save
from tests.desktop.forms.catalogue import DOSSIER, choices, field, make_catalog
from tests.desktop.forms.conftest import HA, dressed_app, settle

Open = Callable[..., RecordPage]


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    """Dossiers have a term, and a mark that follows from it and the day."""
    catalog = make_catalog(tmp_path / "catalog")
    mark = field(
        "mark",
        "one_of",
        choices=choices(calm="Chưa vội", late="Trễ"),
        calculate="term == null ? null : (term < today() ? 'late' : 'calm')",
    )

    def marked(tool: Tool) -> Tool:
        more = Section("more", mark.label, (field("term", "date"), mark))
        return replace(
            tool,
            records=tuple(
                replace(one, sections=(*one.sections, more)) if one.id == DOSSIER else one for one in tool.records
            ),
        )

    with dressed_app(tmp_path, replace(catalog, tools=tuple(map(marked, catalog.tools)))) as made:
        yield made


def kept(app: App, applicant: Record, state: str) -> str:
    """A dossier of Monday the 23rd, opened a week later."""
    fields = {"procedure": "birth", "applicant": applicant.id, "pages": 2, "fee": 4000, "visit": "L1"}
    more = {"term": "2026-11-25", "mark": "calm"}
    saved = app.store.save([Save(type=DOSSIER, fields={**fields, **more}, state=state)], HA)[0]
    assert isinstance(app.clock, FixedClock)
    app.clock.advance(days=7)
    return saved.id


def test_it_is_shown_anew_and_travels_with_the_next_save(app: App, tuyet: Record, open_page: Open, qtbot: Any) -> None:
    record_id = kept(app, tuyet, "received")
    page = open_page(DOSSIER, record_id)
    assert page.entry.get("mark") == "late"
    assert not page.is_changed, "nobody typed anything"
    page.save()
    settle(app, qtbot)
    record = app.store.records.load(record_id)
    assert record is not None and record.fields["mark"] == "calm", "nothing to save"
    page.view.put("note", "đã gọi điện")
    assert page.is_changed
    with qtbot.waitSignal(page.saved):
        page.save()
    settle(app, qtbot)
    record = app.store.records.load(record_id)
    assert record is not None and (record.fields["mark"], record.fields["note"]) == ("late", "đã gọi điện")
    assert not page.is_changed


def test_leaving_it_keeps_no_draft(app: App, tuyet: Record, open_page: Open, qtbot: Any) -> None:
    page = open_page(DOSSIER, kept(app, tuyet, "received"))
    page.drafts.touch()
    assert page.can_leave()
    settle(app, qtbot)
    assert app.store.drafts.all() == ()


def test_what_is_locked_stays_as_it_was_signed(app: App, tuyet: Record, open_page: Open) -> None:
    page = open_page(DOSSIER, kept(app, tuyet, "done"))
    assert page.entry.get("mark") == "calm" and not page.is_changed
