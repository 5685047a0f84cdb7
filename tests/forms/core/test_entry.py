from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.definition import Catalog, Column, ListView, RecordType, State
from forms.entry import EntryContext, RecordEntry, RuleError
from forms.field_definition import Choice, Field, Section
from forms.label import Label

from .conftest import PEOPLE, Clock

Begin = Callable[..., RecordEntry]


def test_a_new_record_has_its_defaults_and_its_deadline(loan: Begin) -> None:
    entry = loan()
    assert entry.state == "draft"
    assert entry.get("begun_at") == "2026-11-23T02:00:00Z"
    assert entry.get("due_at") == "2026-11-27T10:00:00Z"  # three working days, 24 November being a holiday since 2026


def test_what_depends_on_a_value_follows_it_and_only_that_is_told(loan: Begin) -> None:
    entry = loan()
    row = entry.add_row("items", {"title": "Truyện Kiều", "price": "20.000"})
    path = f"items/{row}/"
    assert entry.get(f"{path}copies") == 1  # the column's default
    assert entry.get("total") == 20_000
    changed = entry.set(f"{path}copies", "3")
    assert changed == {f"{path}copies", f"{path}amount", "total", "fee", "fee_words"}
    assert entry.get("fee") == 62_000
    assert entry.get("fee_words") == "Sáu mươi hai nghìn đồng chẵn"
    assert entry.set("phone", "0912345678") == {"phone"}
    assert entry.set("phone", "0912 345 678") == frozenset()


def test_removing_a_row_removes_what_it_counted(loan: Begin) -> None:
    entry = loan()
    first = entry.add_row("items", {"title": "Một", "price": 1000})
    second = entry.add_row("items", {"title": "Hai", "price": 2000})
    assert entry.get("total") == 3000
    entry.set(f"items/{first}/price", "nhiều")
    assert entry.get("total") == 2000
    assert "_typed" in entry.draft_fields
    assert "items" in entry.remove_row("items", first)
    assert entry.rows("items") == (second,)
    assert "total" in entry.remove_row("items", second)
    assert entry.get("total") is None
    assert "_typed" not in entry.draft_fields
    with pytest.raises(RuleError):
        entry.remove_row("items", first)


def test_a_reference_brings_what_is_looked_up_and_a_section_appears(loan: Begin) -> None:
    entry = loan()
    assert not entry.is_relevant("guardian")
    changed = entry.set("borrower", "child")
    assert {"borrower", "borrower_dob", "guardian"} <= changed
    assert entry.is_relevant("guardian")
    assert entry.is_required("guardian")
    entry.set("guardian", "Trần Văn Cha")
    entry.set("borrower", "old")
    assert entry.get("borrower_dob") == "1950"
    assert not entry.is_relevant("guardian")
    assert entry.fields["guardian"] == "Trần Văn Cha"  # kept, though it does not apply
    assert "guardian" not in {p.path for p in entry.problems("lent")}


def test_a_referenced_record_that_changed_is_seen_on_recalculation(
    loan: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = loan()
    entry.set("borrower", "old")
    monkeypatch.setitem(PEOPLE, "old", {"full_name": "Nguyễn Thị Ánh", "dob": "1951"})
    assert "borrower_dob" in entry.recalculate()
    assert entry.get("borrower_dob") == "1951"


def test_columns_have_rules_of_their_own_row(loan: Begin) -> None:
    entry = loan()
    one, two = entry.add_row("items", {"copies": 9}), entry.add_row("items", {"copies": 2})
    assert entry.is_relevant(f"items/{one}/note")
    assert not entry.is_relevant(f"items/{two}/note")
    entry.set(f"items/{two}/copies", "0")
    problem = entry.problem(f"items/{two}/copies")
    assert problem is not None
    assert problem.message.en == "Copies must be above 0"
    assert entry.problem(f"items/{one}/copies") is None


def test_text_that_cannot_be_read_is_kept_and_told(loan: Begin) -> None:
    entry = loan()
    entry.set("phone", "0912345678")
    entry.set("phone", "09123")
    assert entry.get("phone") == entry.raw("phone") == "09123"
    assert "phone" not in entry.fields
    problem = entry.problem("phone")
    assert problem is not None
    assert problem.blocks
    assert problem.message.vi.startswith("điện thoại ")
    again = loan(fields=entry.draft_fields)
    assert again.raw("phone") == "09123"
    assert again.problem("phone") == problem
    assert again.set("phone", "0912345678") == {"phone"}
    assert again.problem("phone") is None


def test_a_calculation_may_be_typed_over_and_comes_back_when_cleared(ready: RecordEntry, loan: Begin) -> None:
    assert ready.is_calculated("fee")
    ready.set("fee", "5.000")
    assert ready.is_overridden("fee")
    row = ready.rows("items")[0]
    ready.set(f"items/{row}/copies", "7")
    assert ready.get("fee") == 5000
    opened = loan(fields=ready.fields)
    assert opened.is_overridden("fee")
    assert "fee" in opened.set("fee", "")
    assert opened.get("fee") == 142_000
    with pytest.raises(RuleError):
        opened.set("total", "1")


def test_a_choice_that_no_longer_fits_is_a_problem_and_not_cleared(loan: Begin) -> None:
    entry = loan()
    entry.set("kind", "Sách")
    assert [choice.code for choice in entry.choices("shelf")] == ["a"]
    entry.set("shelf", "a")
    assert "shelf" in entry.set("kind", "01")
    assert entry.get("shelf") == "a"
    problem = entry.problem("shelf")
    assert problem is not None
    assert problem.blocks
    assert {choice.code for choice in entry.choices("shelf")} == {"a", "b"}  # what is picked can still be seen


def test_choices_that_ran_out_are_no_longer_offered_but_stay_right(loan: Begin) -> None:
    assert "old" not in {choice.code for choice in loan().choices("kind")}
    entry = loan(fields={"kind": "old"}, state="lent")
    assert entry.problem("kind") is None
    assert "old" in {choice.code for choice in entry.choices("kind")}


def test_required_binds_by_state(ready: RecordEntry) -> None:
    ready.set("kind", "")
    assert ready.problem("kind") is None  # a draft may be unfinished
    assert ready.is_required("kind")  # and its form says what will be needed
    assert {p.path for p in ready.problems("lent")} == {"kind"}
    assert {p.path for p in ready.problems("returned")} == {"kind", "returned_on"}
    assert ready.problems("void") == []
    assert not ready.is_required("returned_on")
    assert ready.is_required("returned_on", "returned")
    row = ready.rows("items")[0]
    ready.remove_row("items", row)
    assert "items" in {p.path for p in ready.problems("lent")}


def test_patterns_warnings_and_rules_over_several_fields(ready: RecordEntry) -> None:
    ready.set("code", "ab-1")
    problem = ready.problem("code")
    assert problem is not None
    assert problem.blocks
    ready.set("code", "AB-123")
    assert ready.problem("code") is None
    ready.set(f"items/{ready.rows('items')[0]}/price", "2.000.000")
    warning = ready.problem("total")
    assert warning is not None
    assert not warning.blocks
    assert "" in ready.set("returned_on", "22/11/2026")
    over_all = ready.problem("")
    assert over_all is not None
    assert over_all.message.vi == "Trả trước khi mượn"
    assert "" in ready.set("returned_on", "23/11/2026")
    assert ready.problem("") is None


def test_locks_follow_state_and_owner(ready: RecordEntry, loan: Begin) -> None:
    assert ready.is_locked("loan_no")
    assert not ready.is_locked("kind")
    lent = loan(fields=ready.fields, state="lent")
    assert lent.is_locked("kind")
    assert not lent.is_locked("reason")
    row = lent.rows("items")[0]
    assert lent.is_locked(f"items/{row}/title")
    for locked in ("kind", "loan_no", f"items/{row}/title"):
        with pytest.raises(RuleError) as refused:
            lent.set(locked, "x")
        assert refused.value.problems[0].path == locked
    with pytest.raises(RuleError):
        lent.add_row("items")
    with pytest.raises(RuleError):
        lent.set("nowhere", "x")


def test_a_record_may_be_begun_with_what_nobody_types(loan: Begin) -> None:
    entry = loan()
    assert entry.put("loan_no", "0007/2026") == {"loan_no"}
    assert entry.put("total", 5) == frozenset()
    assert entry.fields["loan_no"] == "0007/2026"
    assert entry.get("total") is None


def test_an_opened_record_stays_as_it_was_saved(ready: RecordEntry, loan: Begin, clock: Clock) -> None:
    saved = ready.fields
    clock.at += timedelta(days=400)
    opened = loan(fields=saved, state="lent", number="0001/2026")
    assert opened.fields == saved
    assert opened.title == "0001/2026 · Nguyễn Thị Ánh"
    assert opened.subtitle == "Sách"


def test_values_of_a_foreign_program_are_set_aside_and_shown(loan: Begin) -> None:
    entry = loan(fields={"total": "nhiều", "items": {"a": 1}, "kind": 5, "unknown": [1], "phone": ["x"]})
    assert entry.fields["unknown"] == [1]
    assert entry.raw("items") is not None
    assert entry.raw("phone") == "['x']"
    assert {"items", "phone"} <= {p.path for p in entry.problems("lent")}


def test_the_copy_handed_out_is_a_copy(ready: RecordEntry) -> None:
    fields = ready.fields
    fields["items"][0]["title"] = "khác"
    assert ready.fields["items"][0]["title"] == "Truyện Kiều"


KEYSTROKES = [
    ("borrower", "old"), ("borrower", "child"), ("kind", "book"), ("kind", "Bản đồ"), ("shelf", "a"),
    ("phone", "0912"), ("phone", "0912345678"), ("begun_at", "20/11/2026 08:00"), ("begun_at", "hôm qua"),
    ("reason", "vì sao"), ("returned_on", "31/02/2026"), ("items", [{"_id": "a", "price": "1.000"}, {"_id": "b", "price": "?"}]),
    ("items", [{"_id": "a", "title": "X", "price": 5000, "copies": 2}]), ("guardian", "Mẹ"), ("code", "AB"),
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(order=st.lists(st.sampled_from(KEYSTROKES), unique_by=lambda k: k[0]), seed=st.randoms())
def test_the_order_of_typing_does_not_matter(
    order: list[Any], seed: Any, catalog: Catalog, context: EntryContext
) -> None:
    def typed(strokes: list[Any]) -> RecordEntry:
        entry = RecordEntry(catalog.record_type("lending.loan"), catalog, context)
        for path, value in strokes:
            entry.set(path, value)
        return entry

    shuffled = list(order)
    seed.shuffle(shuffled)
    one, other = typed(order), typed(shuffled)
    assert one.draft_fields == other.draft_fields
    assert one.problems("lent") == other.problems("lent")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(strokes=st.lists(st.sampled_from(KEYSTROKES), max_size=12))
def test_what_is_told_to_have_changed_is_all_that_changed(
    strokes: list[Any], catalog: Catalog, context: EntryContext
) -> None:
    """What a form would show, if it refreshed only the paths told, is what the entry says when asked for everything."""
    entry = RecordEntry(catalog.record_type("lending.loan"), catalog, context)
    shown = _everything(entry)
    for path, value in strokes:
        changed = entry.set(path, value)
        now = _everything(entry)
        assert {p for p in {*now, *shown} if now.get(p) != shown.get(p)} - changed <= _gone(entry, shown)
        shown = now
    fresh = RecordEntry(catalog.record_type("lending.loan"), catalog, context, fields=entry.draft_fields)
    assert _everything(fresh) == shown


def _everything(entry: RecordEntry) -> dict[str, Any]:
    paths = [path for key in entry.plan.fields for path in entry.values.paths(key)]
    shown: dict[str, Any] = {
        path: (
            entry.get(path),
            entry.is_relevant(path),
            entry.is_required(path),
            entry.choices(path),
            entry.problem(path),
        )
        for path in paths
    }
    return shown | {"": entry.problem("")}


def _gone(entry: RecordEntry, shown: dict[str, Any]) -> set[str]:
    return {path for path in shown if path and not entry.values.has(path)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(
    text=st.text(min_size=1), name=st.sampled_from(["phone", "kind", "begun_at", "returned_on", "reason", "borrower"])
)
def test_nothing_typed_is_lost(text: str, name: str, catalog: Catalog, context: EntryContext) -> None:
    """What was typed is either the field's value or still there as typed, in the draft too."""
    entry = RecordEntry(catalog.record_type("lending.loan"), catalog, context)
    entry.set(name, text)
    raw = entry.raw(name)
    if raw is not None:
        assert raw == text
        assert entry.draft_fields["_typed"][name] == text
    elif text.isprintable() and text.strip():
        assert entry.fields[name]


def test_what_reads_the_clock_is_told_anew_when_the_state_leaves_it_open(
    catalog: Catalog, clock: Clock, context: EntryContext
) -> None:
    state = Choice("soon", Label("Sắp đến hạn", "Soon")), Choice("late", Label("Trễ", "Late"))
    label = Label("x", "x")
    kind = RecordType(
        id="library.reminder",
        label=label,
        title="note",
        sections=(
            Section(
                "s",
                label,
                (
                    Field(name="due", type="date", label=label),
                    Field(
                        name="mark",
                        type="one_of",
                        label=label,
                        choices=state,
                        calculate='due < today() ? "late" : "soon"',
                    ),
                    Field(name="note", type="text", label=label, calculate='mark == "late" ? "gấp" : "chưa vội"'),
                    Field(name="other", type="text", label=label, calculate='"như cũ"'),
                ),
            ),
        ),
        states=(State("open", label), State("done", label, kind="final", locked=True)),
        actions=(),
        list_view=ListView((Column("note"),)),
    )
    saved = {"due": "2026-11-25", "mark": "soon", "note": "chưa vội", "other": "của chương trình cũ"}
    clock.at += timedelta(days=7)
    entry = RecordEntry(kind, catalog, context, fields=saved, state="open")
    assert entry.get("mark") == "soon", "a record that exists begins as it was saved"
    assert entry.tell_time() == {"mark", "note"}
    assert (entry.get("mark"), entry.get("note"), entry.get("other")) == ("late", "gấp", "của chương trình cũ")
    assert entry.by_clock == {"mark": "late", "note": "gấp"}
    assert entry.tell_time() == frozenset()
    done = RecordEntry(kind, catalog, context, fields=saved, state="done")
    assert done.tell_time() == frozenset() and done.fields == saved


def test_a_record_that_nobody_works_on_any_more_is_given_back(catalog: Catalog, context: EntryContext) -> None:
    """The rule engine is compiled code that Python's collector cannot look into: whatever it held would stay for ever."""
    entries = [RecordEntry(catalog.record_type("lending.loan"), catalog, context) for _ in range(3)]
    kept = [weakref.ref(entry) for entry in entries]
    assert all(entry() is not None for entry in kept)
    entries.clear()
    gc.collect()
    assert [entry() for entry in kept] == [None, None, None]
