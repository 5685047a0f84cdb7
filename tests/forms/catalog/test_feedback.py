"""Feedback that turns out to be somebody else's, passes to another officer, or concerns a building site."""

from __future__ import annotations

from typing import Any

import pytest

from forms.entry import RecordEntry
from forms.flow_book import flow_book
from forms.flows import FlowJudge, Source
from forms.printing import PrintContext, render
from tests.forms.catalog.conftest import OFFICE, WARD, Counter

ITEM = "feedback.feedback_item"
MORNING = "2026-11-18T02:00:00Z"
HANDED = {
    "ihanoi_id": "HN-1", "source": "ihanoi", "created_at": MORNING, "received_at": MORNING, "category": "construction",
    "kind": "scene", "level": "normal", "content": "Công trình không che chắn", "in_jurisdiction": True, "assignee_ref": "o-a",
}  # fmt: skip


def handed(counter: Counter, state: str, **more: Any) -> RecordEntry:
    entry = counter.entry(ITEM, OFFICE, fields=HANDED | more, state=state)
    entry.recalculate()
    return entry


@pytest.mark.parametrize("state", ["received", "assigned", "verifying", "processing"])
def test_what_proves_to_be_anothers_goes_back_with_the_reason(counter: Counter, state: str) -> None:
    entry = handed(counter, state)
    entry.perform("return", OFFICE, {"return_reason": "Cột điện của ngành điện", "returned_to": "Công ty Điện lực"})
    assert (entry.state, entry.get("in_jurisdiction")) == ("returned", False)


@pytest.mark.parametrize("state", ["verifying", "processing"])
def test_work_begun_passes_to_another_officer(counter: Counter, state: str) -> None:
    entry = handed(counter, state)
    due = entry.get("due_at")
    entry.perform("assign", OFFICE, {"assignee_ref": "o-b"})
    assert (entry.state, entry.get("assignee_ref"), entry.get("due_at")) == ("assigned", "o-b", due)


@pytest.mark.parametrize(("category", "offered"), [("construction", True), ("sanitation", False)])
def test_a_building_site_is_offered_an_inspection(counter: Counter, category: str, offered: bool) -> None:
    entry = handed(counter, "assigned", category=category)
    source = Source(counter.catalog.record_type(ITEM), "f", "assigned", None, entry.fields)
    flows = {flow.id for flow, _ in FlowJudge(flow_book(counter.catalog), counter.records.get).applying(source)}
    assert ("site_inspection" in flows) is offered


@pytest.mark.parametrize(("kind", "pictures"), [("scene", True), ("conduct", False), ("regulation", False)])
def test_only_what_was_seen_is_photographed(counter: Counter, kind: str, pictures: bool) -> None:
    entry = handed(counter, "assigned", kind=kind)
    context = PrintContext(
        ward=WARD, officer=OFFICE, now=counter.now(), resolve=counter.records.get, related=lambda *_: []
    )
    record = {"id": "f", "fields": entry.fields, "state": "assigned", "number": None}
    page = render(counter.catalog.record_type(ITEM), "assignment", counter.catalog, [record], context=context)
    assert ("chụp ảnh trước và sau" in page) is pictures
