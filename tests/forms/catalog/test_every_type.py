"""What every register of the catalogue must keep, whoever adds it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.label import Label
from forms.printing import PrintContext, render
from tests.forms.catalog.conftest import OFFICE, WARD, Counter, examples_of, type_ids

EVERY = pytest.mark.parametrize("type_id", type_ids())


@EVERY
def test_there_are_examples_in_several_states(catalog: Catalog, type_id: str) -> None:
    examples = examples_of(catalog, catalog.record_type(type_id))
    assert len(examples) >= 2
    if len(catalog.record_type(type_id).states) > 2:
        assert len({example["state"] for example in examples}) >= 2


@EVERY
def test_every_state_is_reached_and_every_action_can_be_taken(catalog: Catalog, type_id: str) -> None:
    record_type = catalog.record_type(type_id)
    reached = {record_type.initial_state}
    while more := {a.to for a in record_type.actions if reached & set(a.from_)} - reached - {"="}:
        reached |= more
    assert reached == {state.id for state in record_type.states}
    assert all(set(action.from_) <= reached for action in record_type.actions)


@EVERY
def test_no_action_leaves_a_void_state(catalog: Catalog, type_id: str) -> None:
    record_type = catalog.record_type(type_id)
    void = {state.id for state in record_type.states if state.kind == "void"}
    undo = record_type.merging.undo if record_type.merging else None  # nothing was voided: two ids were one thing
    assert not [action.id for action in record_type.actions if void & set(action.from_) and action.id != undo]


@EVERY
def test_what_ends_a_record_for_good_asks_for_a_reason(catalog: Catalog, type_id: str) -> None:
    record_type = catalog.record_type(type_id)
    void = {state.id for state in record_type.states if state.kind == "void"}
    assert all(action.asks for action in record_type.actions if action.to in void)


@EVERY
def test_what_was_ticked_for_a_step_is_asked_anew_after_a_way_back(catalog: Catalog, type_id: str) -> None:
    """The form does not ask again for what is ticked: on some action of every way back to the step the tick is cleared, or what
    was corrected would go on as if it had been read and signed."""
    record_type = catalog.record_type(type_id)
    for action in record_type.actions:
        for tick in action.asks:
            if record_type.field_map[tick].type != "bool" or action.to == "=":
                continue
            keeping = [a for a in record_type.actions if tick not in a.sets and a.to != "="]
            reached = {action.to}
            while more := {a.to for a in keeping if reached & set(a.from_)} - reached:
                reached |= more
            assert not reached & set(action.from_), f"{tick} is still ticked when “{action.id}” comes again"


@EVERY
def test_whoever_takes_an_action_can_write_in_its_stream(catalog: Catalog, type_id: str) -> None:
    """A role without the scope would press a button that the city refuses."""
    record_type = catalog.record_type(type_id)
    scopes = {role.id: role.scopes for role in catalog.roles}
    named = {role for action in record_type.actions for role in action.roles} | set(record_type.begun_by)
    assert not [role for role in sorted(named) if record_type.scope not in scopes[role]]


@EVERY
def test_every_text_is_there_in_both_languages(catalog: Catalog, type_id: str) -> None:
    assert not [text for text in _texts(catalog.record_type(type_id)) if not (text.vi.strip() and text.en.strip())]


@EVERY
def test_every_printout_renders_every_example_that_it_is_for(catalog: Catalog, type_id: str) -> None:
    record_type = catalog.record_type(type_id)
    context = PrintContext(
        ward=WARD, officer=OFFICE, now=datetime(2026, 11, 20, 3, tzinfo=UTC), resolve=lambda _: None, related=_nobody
    )
    examples = [{"id": f"e{n}", "number": None} | e for n, e in enumerate(examples_of(catalog, record_type))]
    for printout in record_type.printouts:
        fitting = [e for e in examples if not printout.states or e["state"] in printout.states]
        assert fitting, f"no example can be printed as {printout.id}"
        pages = [fitting] if printout.over != "record" else [[e] for e in fitting]
        for page in pages:
            html = render(record_type, printout.id, catalog, page, context=context)
            assert "None" not in html
            assert "{{" not in html


def _nobody(_type: str, _field: str, _id: str) -> list[object]:
    return []


def _texts(record_type: RecordType) -> Iterator[Label]:
    yield record_type.label
    yield from (state.label for state in record_type.states)
    yield from (action.label for action in record_type.actions)
    yield from (printout.label for printout in record_type.printouts)
    yield from (message.message for message in record_type.rules)
    yield from (message.message for action in record_type.actions for message in action.guard)
    yield from (section.label for section in record_type.sections)
    for field in record_type.fields:
        yield from _of_field(field)


def _of_field(field: Field) -> Iterator[Label]:
    yield field.label
    if field.hint is not None:
        yield field.hint
    yield from (message.message for message in field.constraints)
    yield from (choice.label for choice in field.choices)
    for column in field.fields:
        yield from _of_field(column)


LATER = {  # what a new record has no use for yet
    "onestop.dossier": {"received_by_ref", "assignee_ref", "current_step", "supplement_reason", "extension_count"}
    | {"result_refs", "result_note", "returned_at", "returned_to", "returned_to_id", "receiver_signed", "rating_ref"},
    "onestop.dossier_step": {"received_at", "finished_at", "outcome"},
    "onestop.fee_receipt": {"remitted_on"},
    "civil_status.birth": {
        "officer_signed",
        "requester_signed",
        "reg_date",
        "signer_ref",
        "certificate_handed_at",
        "notes",
    },
    "certification.cert_copy": {"checked_by", "cert_date", "signer_ref", "delegation_no", "returned_at"},
    "documents.incoming_doc": {"leader_note", "assignee_main", "assignee_co", "work_file_ref"},
    "governance.task": {"percent", "bottleneck", "evidence"},
}


@pytest.mark.parametrize("type_id", sorted(LATER))
def test_a_new_record_does_not_ask_for_what_comes_later(counter: Counter, type_id: str) -> None:
    entry = counter.entry(type_id)
    assert {name for name in LATER[type_id] if entry.is_relevant(name)} == set()


@EVERY
def test_what_an_action_needs_or_asks_applies_where_it_leads_or_before(catalog: Catalog, type_id: str) -> None:
    """A field that is required from a state on can be typed in a state from which an action leads there."""
    record_type = catalog.record_type(type_id)
    asked = {name for action in record_type.actions for name in (*action.asks, *action.sets)}
    for field in record_type.fields:
        if field.required_from is None or field.name in asked or "state" not in (field.relevant or ""):
            continue
        before = [s for a in record_type.actions if a.to == field.required_from for s in a.from_]
        entry = Counter(catalog).entry(type_id, state=before[0]) if before else None
        assert entry is None or entry.is_relevant(field.name), field.name
