"""Who may sign instead of the chair: the register of delegations, and what reads it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from tests.forms.catalog.conftest import OFFICE, Counter, Person

COPY, DELEGATION = "certification.cert_copy", "governance.delegation"
OFFICER = Person("o-civil", "Vũ Đức Nam", ("civil_status_officer",), "ward")
CHAIR = Person("o-chair", "Đỗ Quang Huy", ("chair",), "ward")
GIVEN = {"to_ref": "o-civil", "powers": ["certification"], "valid_from": "2026-01-05", "valid_to": "2026-12-31"}


def certifying(counter: Counter, officer: Person, *delegations: dict[str, Any], **fields: Any) -> RecordEntry:
    """A copy that was compared and waits for the signature, where these delegations are known."""
    known = [{"_id": f"d{n}", "_state": "in_force", "_number": None} | each for n, each in enumerate(delegations)]

    def find(type_id: str, field: str, value: Any) -> list[dict[str, Any]]:
        assert type_id == DELEGATION
        return [each for each in known if each.get(field) == value]

    context = msgspec.structs.replace(counter.entry(COPY, officer).context, find=find)
    record_type = counter.catalog.record_type(COPY)
    return RecordEntry(record_type, counter.catalog, context, fields=fields, state="checking")


def warned(entry: RecordEntry, officer: Person) -> bool:
    (offer,) = [o for o in entry.actions(officer) if o.action.id == "certify"]
    return any("ủy quyền" in problem.message.vi for problem in offer.problems)


@pytest.mark.parametrize(
    ("delegation", "warns"),
    [
        ({}, False),
        ({"to_ref": "o-other"}, True),
        ({"powers": ["civil_status"]}, True),
        ({"_state": "draft"}, True),
        ({"_state": "revoked"}, True),
        ({"valid_to": "2026-11-17"}, True),
        ({"valid_to": "2026-11-18"}, False),  # the last day counts
        ({"valid_from": "2026-11-19"}, True),
    ],
)
def test_a_civil_servant_certifies_under_a_delegation_in_force(
    counter: Counter, delegation: dict[str, Any], *, warns: bool
) -> None:
    assert warned(certifying(counter, OFFICER, GIVEN | delegation), OFFICER) == warns


def test_the_chair_needs_none_and_a_number_on_paper_does_too(counter: Counter) -> None:
    assert not warned(certifying(counter, CHAIR), CHAIR)
    assert warned(certifying(counter, OFFICER), OFFICER)
    assert not warned(certifying(counter, OFFICER, delegation_no="12/QĐ-UBND"), OFFICER)


def test_only_the_chair_puts_one_in_force(counter: Counter, catalog: Catalog) -> None:
    entry = counter.begin(
        DELEGATION, OFFICE, from_ref="o-chair", to_ref="o-civil", powers=["certification"],
        valid_from="05/01/2026", valid_to="31/12/2026",
    )  # fmt: skip
    inputs = {"decision_no": "12/QĐ-UBND", "decision_date": "05/01/2026"}
    with pytest.raises(RuleError):
        entry.perform("sign", OFFICER, inputs)
    entry.perform("sign", CHAIR, inputs)
    assert entry.state == "in_force"


def test_nobody_delegates_to_himself_or_without_an_end(counter: Counter) -> None:
    entry = counter.begin(DELEGATION, OFFICE, from_ref="o-chair", to_ref="o-chair", valid_from="05/01/2026")
    wrong = {problem.path for problem in entry.problems("in_force") if problem.blocks}
    assert {"to_ref", "valid_to"} <= wrong
