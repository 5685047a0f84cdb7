"""An action takes along what follows from it, also past a lock, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forms.carried import carried
from forms.definition import Action, Catalog, Column, ListView, RecordType, State, Tool
from forms.field_definition import Field, Section
from sync.clock import FixedClock
from sync.merge import judge
from sync.protocol import Change, RecordVersion
from sync.store import Store
from sync.store.model import Save
from tests.sync.store.ward import CLERK, ENROLMENT, KEY, NOW, WARD, a_field, label

CASE = RecordType(
    id="t.case",
    label=label("case"),
    title="name",
    sections=(
        Section(
            "main",
            label("main"),
            (
                a_field("name", "text"),
                a_field("began_on", "date"),
                a_field("due_on", "date", calculate="add_days(began_on, 10)"),
                a_field("late_on", "date", calculate="add_days(due_on, 1)"),
                a_field("sealed", "text", calculate="began_on", locked_from="open"),
                a_field("standing", "text", calculate='state == "open" ? "mở" : "đóng"'),
                Field(
                    name="rows",
                    type="group",
                    label=label("rows"),
                    fields=(
                        a_field("what", "text"),
                        a_field("until", "date", calculate="add_days(began_on, row.days)"),
                    ),
                ),
            ),
        ),
    ),
    states=(
        State("new", label("new")),
        State("open", label("open")),
        State("closed", label("c"), kind="final", locked=True),
    ),
    actions=(
        Action(id="begin", label=label("b"), from_=("new",), to="open", sets={"began_on": "today()"}),
        Action(id="close", label=label("c"), from_=("open",), to="closed"),
        Action(id="reopen", label=label("r"), from_=("closed",), to="open", sets={"began_on": "today()"}),
    ),
    list_view=ListView((Column("name"),)),
)
CATALOG = Catalog(
    version="1", tools=(Tool(id="t", label=label("t"), short=label("t"), group="g", records=(CASE,)),), choices={}
)
CLOSED = {
    "name": "Vụ",
    "began_on": "2026-01-01",
    "due_on": "2026-01-11",
    "late_on": "2026-01-12",
    "sealed": "2026-01-01",
}


def test_what_is_carried_follows_step_by_step_and_ends_with_a_lock_of_its_own() -> None:
    reopen = CASE.action("reopen")
    assert carried(CASE, reopen, "closed") == {"due_on", "late_on", "standing", "rows/until"}
    assert "sealed" in carried(CASE, CASE.action("begin"), "new")
    assert carried(CASE, CASE.action("close"), "open") == {"standing"}


def reopening(**after: Any) -> Change:
    return Change(
        change_id="c1", save_id="s1", record_id="r1", type=CASE.id, ward=WARD, kind="action", action="reopen",
        before={k: CLOSED.get(k) for k in after}, after=after, state="closed", to_state="open", officer=CLERK, at="2026-11-20T02:30:00Z",
    )  # fmt: skip


def at_city() -> RecordVersion:
    return RecordVersion(id="r1", type=CASE.id, ward=WARD, revision=3, state="closed", fields=dict(CLOSED))


def test_the_city_takes_what_follows_from_an_action_and_nothing_else_past_a_lock() -> None:
    whole = judge(CASE, at_city(), reopening(began_on="2026-11-20", due_on="2026-11-30", late_on="2026-12-01"))
    assert whole.result.status == "accepted"
    assert whole.version is not None
    assert whole.version.fields["late_on"] == "2026-12-01"
    for name, value in (("name", "Vụ khác"), ("sealed", "2026-11-20"), ("rows/1/what", "x")):
        refused = judge(CASE, at_city(), reopening(began_on="2026-11-20", **{name: value})).result
        assert refused.status == "refused", name
        assert refused.problems[0].field == name


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.create(tmp_path / "profile", KEY, CATALOG, FixedClock(NOW)) as opened:
        opened.set_enrolment(ENROLMENT)
        yield opened


def test_a_save_keeps_what_an_action_moved_in_a_locked_state(store: Store) -> None:
    (closed,) = store.save([Save(type=CASE.id, fields=dict(CLOSED), state="closed")], CLERK)
    fields = {**closed.fields, "began_on": "2026-11-20", "due_on": "2026-11-30", "late_on": "2026-12-01"}
    (again,) = store.save([Save(type=CASE.id, opened=closed, fields=fields, action="reopen")], CLERK)
    assert (again.state, again.fields["due_on"], again.fields["late_on"]) == ("open", "2026-11-30", "2026-12-01")
    change = store.changes.pending(10)[-1]
    assert (change.action, set(change.after)) == ("reopen", {"began_on", "due_on", "late_on"})
