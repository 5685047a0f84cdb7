"""Which acts are the same one said twice, and which are not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from forms.definition import Action, State
from sync.merge import judge
from sync.protocol import Change
from tests.sync.test_merge import TYPE, change, label, version

ACTIONS = (
    Action(id="check", label=label("Đối chiếu"), from_=("open",), to="checked", asks=("phone",), sets={"note": "now()"}),
    Action(id="hand_on", label=label("Trình"), from_=("checked",), to="handed_on"),
    Action(id="send_back", label=label("Trả lại"), from_=("checked", "handed_on"), to="open"),
    Action(id="count", label=label("Tính"), from_=("open",), to="checked", sets={"amount": "pages * 2"}),
    Action(id="correct", label=label("Cải chính"), from_=("open",), to="checked", asks=("name",),
           sets={"name": "null", "note": "now()"}),
    Action(id="freeze", label=label("Ký"), from_=("checked", "handed_on"), to="signed", freezes={"name": ("x",)}),
    Action(id="number", label=label("Vào sổ"), from_=("open",), to="checked", takes_number=True),
)  # fmt: skip
BOOK = type(TYPE)(
    **{
        **{name: getattr(TYPE, name) for name in TYPE.__struct_fields__},
        "states": (State("open", label("Mở")), State("checked", label("Đã đối chiếu")),
                   State("handed_on", label("Đã trình")), State("signed", label("Đã ký"))),
        "actions": ACTIONS,
    }
)  # fmt: skip


def act(action: str, device: str = "Q2", **more: Any) -> Change:
    to_state = next(a.to for a in ACTIONS if a.id == action)
    state = more.pop("state", "open")
    return change("action", action=action, to_state=to_state, device=device, state=state, base_revision=1, **more)


def told(said: Change, state: str, *since: Change, **fields: Any) -> tuple[str, bool]:
    judgement = judge(BOOK, version(state, **fields), said, lambda: since)
    assert judgement.result.status == "refused" or judgement.version is None
    return judgement.result.status, judgement.result.already


THEIRS = act("check", "Q1", after={"phone": "1", "note": "9:00"})
OURS = act("check", after={"phone": "1", "note": "9:05"})


def test_the_same_step_is_taken_once_and_the_first_note_stands() -> None:
    assert told(OURS, "checked", THEIRS, phone="1", note="9:00") == ("accepted", True)


def test_the_record_may_have_gone_on_by_steps_that_sign_nothing() -> None:
    onward = act("hand_on", "Q1", state="checked")
    assert told(OURS, "handed_on", THEIRS, onward, phone="1", note="9:00") == ("accepted", True)
    ours = act("hand_on", state="checked")
    assert told(ours, "handed_on", THEIRS, onward, phone="1", note="9:00") == ("accepted", True)


BACK = act("send_back", "Q1", state="checked")
SIGNED = act("freeze", "Q1", state="checked")
VOIDED = change("void", to_state=None, reason="nhập nhầm", device="Q1")
OTHER = act("count", "Q1", after={"amount": 4})


@pytest.mark.parametrize(
    ("said", "state", "since"),
    [
        pytest.param(OURS, "checked", (), id="another way led there, before"),
        pytest.param(OURS, "checked", (OTHER,), id="another action led there"),
        pytest.param(OURS, "checked", (act("check", after={"phone": "1"}),), id="its own earlier step"),
        pytest.param(OURS, "signed", (THEIRS, SIGNED), id="it was signed meanwhile"),
        pytest.param(OURS, "checked", (THEIRS, VOIDED), id="it was voided meanwhile"),
        pytest.param(OURS, "checked", (THEIRS, BACK, THEIRS), id="it was sent back meanwhile"),
        pytest.param(act("check", after={"phone": "2"}), "checked", (THEIRS,), id="asked for, and said otherwise"),
        pytest.param(act("check", after={"phone": "1", "name": "B"}), "checked", (THEIRS,), id="it says more"),
        pytest.param(act("count", after={"amount": 6}), "checked", (OTHER,), id="counted from other figures"),
        pytest.param(act("freeze", state="checked"), "signed", (SIGNED,), id="it signs"),
        pytest.param(act("number", number="7"), "checked", (act("number", "Q1", number="6"),), id="it gives a number"),
        pytest.param(act("correct", after={"note": "9:05"}), "checked", (act("correct", "Q1"),), id="what was asked is emptied again"),
    ],
)  # fmt: skip
def test_what_is_another_act_is_refused(said: Change, state: str, since: tuple[Change, ...]) -> None:
    assert told(said, state, *since, phone="1", note="9:00", amount=4) == ("refused", False)


def test_the_very_number_that_stands_there_already_is_no_second_one() -> None:
    """A copy of the record came to a restored city before its maker did."""
    ours = act("number", number="7", after={"note": "7/2026"})
    numbered = structs.replace(version("checked", note="7/2026"), number="7")
    assert (told_of := judge(BOOK, numbered, ours)).result.already
    assert told_of.version is None
    others = (structs.replace(numbered, number="8"), structs.replace(numbered, fields={"note": "khác"}),
              structs.replace(numbered, state="handed_on"))  # fmt: skip
    assert all(judge(BOOK, other, ours).result.status == "refused" for other in others)
