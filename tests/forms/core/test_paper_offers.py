"""For which records a printout is, and what is said for the others."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from forms.definition import Printout
from forms.entry import RecordEntry
from forms.field_definition import Message
from forms.label import Label
from forms.paper_offers import why_not

SLIP = Printout(id="slip", label=Label("Phiếu", "Slip"), template="slip.html", states=("lent",))
NOT_A_BOOK = Label("chỉ cho sách", "of books only")


@pytest.mark.parametrize(
    ("rule", "state", "kind", "told"),
    [
        (None, "lent", "book", None),
        ('kind == "book"', "lent", "book", None),
        ('kind == "book"', "lent", "01", NOT_A_BOOK),
        ('kind == "book"', "lent", None, NOT_A_BOOK),
        ('total + 1 > 0', "lent", "01", NOT_A_BOOK),  # cannot be told: there is no total
        ('kind == "book"', "draft", "book", Label("“Phiếu” chưa in được khi đang “Nháp”.", "")),
    ],
)  # fmt: skip
def test_state_and_rule_say_for_which_records_it_is(
    loan: Callable[..., RecordEntry], rule: str | None, state: str, kind: str | None, told: Label | None
) -> None:
    paper = SLIP if rule is None else msgspec.structs.replace(SLIP, when=Message(rule, NOT_A_BOOK))
    found = why_not(paper, loan(fields={"kind": kind} if kind else {}, state=state))
    assert (found and found.vi) == (told and told.vi)
