"""A doubt that was known when a record was signed is not told for ever after; one about what happened since is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.forms.entries import entry_context
from desktop.forms.quiet_warnings import warned_fields
from forms.entry import RecordEntry
from forms.field_definition import Message
from forms.label import Label
from sync.store.model import Save
from tests.desktop.forms.catalogue import CITIZEN, DOSSIER
from tests.desktop.forms.conftest import HA, make_app

OWN = "note == null || pages < 10"
STATE = "state != 'done' || pages < 10"
OTHERS = 'records("desk.dossier", "visit", visit).size() > 5 && pages < 10'
LOOKED = "look(applicant, 'gender') == 'male'"
CLOCK = "year(today()) < 2000 && pages < 10"

Told = Callable[..., set[str]]


@pytest.fixture
def app(qapp: QApplication, tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    yield app
    app.close()


@pytest.fixture
def told(app: App) -> Told:
    """The rules that are told of a dossier in a state."""

    def in_state(state: str, *, kept: bool = True, allows: tuple[str, ...] = ()) -> set[str]:
        person = {"full_name": "Nguyễn Thị Mai", "dob": "1990", "gender": "female"}
        citizen = app.store.save([Save(type=CITIZEN, fields=person)], HA)[0]
        fields = {"procedure": "birth", "applicant": citizen.id, "pages": 20, "note": "dày", "visit": "L9"}
        if kept:
            fields["_frozen"] = {"applicant": {"gender": "female"}}
        plain = app.catalog.record_type(DOSSIER)
        states = tuple(structs.replace(s, allows=allows) for s in plain.states)
        found = set()
        for rule in (OWN, STATE, OTHERS, LOOKED, CLOCK):  # each alone: of two at a field only the first is told
            doubted = Message(rule, Label(rule, rule), warn=True)
            record_type = structs.replace(plain, rules=(doubted,), states=states)
            entry = RecordEntry(record_type, app.catalog, entry_context(app), fields=fields, state=state, id="d1")
            assert [p.message.vi for p in entry.rule_problems] == ([] if state != "done" and rule == STATE else [rule])
            if warned_fields(entry, record_type.field_map):
                found.add(rule)
        return found

    return in_state


def test_before_the_signature_every_doubt_is_told(told: Told) -> None:
    assert told("received") == {OWN, OTHERS, LOOKED, CLOCK}


def test_after_it_only_what_may_have_happened_since(told: Told) -> None:
    assert told("done") == {STATE, OTHERS, CLOCK}


def test_what_another_record_says_is_told_unless_it_was_kept_as_signed(told: Told) -> None:
    assert LOOKED in told("done", kept=False)


def test_what_can_still_be_typed_is_told(told: Told) -> None:
    assert OWN in told("done", allows=("note",))
