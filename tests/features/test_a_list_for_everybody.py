"""The month's payments of everybody are made in one go: once, whoever is left out is named, and another PC knows them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.features.story import Counter, Town

PAYEE, LINE, OFFICER = "social_protection.beneficiary", "social_protection.payment_line", "hr.officer"
MONTH_LIST = "social_protection.month_list"
PAYEES = 300
FEW = 30


def _person(number: int, **more: Any) -> dict[str, Any]:
    return {"full_name": f"Nguyễn Văn Mẫu {number}", "dob": f"{1930 + number % 20}-01-{1 + number % 28:02}"} | more


def _pensioner(number: int, signer: str, **more: Any) -> dict[str, Any]:
    fields = {
        "citizen_ref": _person(number, gender="1", life_state="alive"), "received_at": "02/01/2026 08:00", "scheme": "pension",
        "category": "pension", "pension_income": 0, "circumstances": "Không có lương hưu.", "start_month": "01/2026",
        "overlap_state": "clear", "pay_method": "cash", "signer_ref": signer, "decision_date": "09/01/2026",
        "decision_no": f"{number + 1}/QĐ-UBND", "_overridden": ["decision_no"],
    } | more  # fmt: skip
    return {"state": "paying", "number": f"BT-00070-{number + 1:05}", "fields": fields}


def _ward_of_pensioners(counter: Counter, count: int = FEW) -> None:
    """Of them one is dead and one's benefit has ended."""
    path = str(counter.folder / "officer.ndjson")
    counter.must("sample", OFFICER, "1", path)
    counter.must("import", OFFICER, path)
    (signer,) = counter.all(OFFICER)
    lines = [_pensioner(number, signer["id"]) for number in range(count - 2)]
    lines.append(_pensioner(count - 2, signer["id"], citizen_ref=_person(count - 2, gender="1", life_state="dead")))
    ended = {"end_month": "10/2026"}
    lines.append(_pensioner(count - 1, signer["id"], **ended))
    answer = counter.writes_lines(PAYEE, lines)
    assert answer["accepted"] == count, answer["refused"][:3]


def _made(counter: Counter, *words: str) -> Any:
    return counter.must("batch", MONTH_LIST, *words)


@pytest.fixture
def social(town: Town) -> Counter:
    return town.counter("Lý Châu", "social_officer", "office_head")


def test_everybody_is_paid_once_and_who_is_not_is_named(social: Counter) -> None:
    _ward_of_pensioners(social, PAYEES)
    assert _made(social, "period=11/2026", "--count")["made"] == PAYEES - 2
    assert social.all(LINE) == []
    first = _made(social, "period=11/2026", "list_no=01")
    assert (first["made"], first["existing"]) == (PAYEES - 2, 0)
    told = {one["title"]: one["message"]["vi"] for one in first["refused"]}
    assert set(told) == {f"Nguyễn Văn Mẫu {PAYEES - 2}", f"Nguyễn Văn Mẫu {PAYEES - 1}"}
    assert "đã chết" in told[f"Nguyễn Văn Mẫu {PAYEES - 2}"]
    assert "sau tháng thôi hưởng" in told[f"Nguyễn Văn Mẫu {PAYEES - 1}"]
    lines = social.all(LINE)
    assert len({line["fields"]["beneficiary_ref"] for line in lines}) == len(lines) == PAYEES - 2
    assert {(line["state"], line["fields"]["period"], line["fields"]["list_no"]) for line in lines} == {
        ("planned", "2026-11", "01")
    }
    assert all(line["fields"]["net_amount"] == line["fields"]["amount"] > 0 for line in lines)

    again = _made(social, "period=11/2026")
    assert (again["made"], again["existing"]) == (0, PAYEES - 2)
    december = _made(social, "period=12/2026")
    assert (december["made"], december["existing"]) == (PAYEES - 2, 0)
    assert len(social.all(LINE)) == 2 * (PAYEES - 2)


def test_two_pcs_that_make_the_list_apart_make_one_list(town: Town, social: Counter) -> None:
    _ward_of_pensioners(social)
    other = town.counter("Lý Châu", "social_officer", "office_head")
    social.syncs()
    other.syncs()
    assert len(other.all(PAYEE)) == FEW
    assert _made(social, "period=11/2026")["made"] == _made(other, "period=11/2026")["made"] == FEW - 2
    for counter in (social, other, social):
        counter.syncs()
    ids = {line["id"] for line in social.all(LINE)}
    assert ids == {line["id"] for line in other.all(LINE)}
    assert len(ids) == FEW - 2
    assert social.must("status")["conflicts"] == other.must("status")["conflicts"] == 0
    assert _made(other, "period=11/2026")["made"] == 0


def test_who_was_taken_off_the_list_is_not_put_back(social: Counter) -> None:
    _ward_of_pensioners(social)
    _made(social, "period=11/2026")
    gone = social.all(LINE)[0]
    social.acts(gone["id"], "cancel", "note=Đã chuyển đi")
    again = _made(social, "period=11/2026")
    assert (again["made"], again["existing"]) == (0, FEW - 2)
    assert [one["id"] for one in again["dropped"]] == [gone["fields"]["beneficiary_ref"]]


def test_the_first_line_of_somebody_decided_of_late_has_the_months_before(social: Counter) -> None:
    _ward_of_pensioners(social)
    (signer,) = social.all(OFFICER)
    new = _pensioner(
        FEW, signer["id"], start_month="09/2026", decision_date="20/10/2026", received_at="02/09/2026 08:00"
    )
    assert social.writes_lines(PAYEE, [new])["accepted"] == 1
    _made(social, "period=11/2026")
    (line,) = [one["fields"] for one in social.all(LINE) if one["fields"].get("arrears")]
    assert (line["arrears"], line["net_amount"]) == (2 * line["amount"], 3 * line["amount"])
    assert line["money_note"].startswith("Truy lĩnh từ 09/2026 đến hết 10/2026: 2 × ")
    _made(social, "period=12/2026")
    assert [one["fields"]["period"] for one in social.all(LINE) if one["fields"].get("arrears")] == ["2026-11"]


def test_what_is_not_answered_well_makes_nothing(town: Town, social: Counter) -> None:
    _ward_of_pensioners(social)
    assert social.run("batch", MONTH_LIST, "period=2026").code == 1
    assert social.run("batch", MONTH_LIST, "amount=5").code == 2
    assert social.run("batch", "social_protection.no_list").code == 2
    assert MONTH_LIST in [row["flow"] for row in social.must("batch")["batches"]]
    clerk = town.counter("Vũ Đức Nam", "clerk")
    assert clerk.run("batch", MONTH_LIST, "period=11/2026").code == 1
    assert social.all(LINE) == []
