"""Land: mediation waits, posting ends before anything is confirmed."""

from __future__ import annotations

from datetime import datetime

import pytest

from forms.entry import RecordEntry, RuleError
from forms.vietnamese import VIETNAM
from tests.forms.catalog.conftest import VICE_CHAIR, Counter, Person

CADASTRAL = Person("o-site", "Bùi Thế Anh", ("cadastral_officer",))
SCAN = {"sha256": "a" * 64, "name": "quet.pdf", "size": 3, "media_type": "application/pdf"}


def invited(counter: Counter) -> RecordEntry:
    entry = counter.entry("land.land_mediation", CADASTRAL)
    said = {"applicant_ref": "mother", "respondent_refs": ["father"], "parcel_ref": "plot", "content": "Ranh giới"}
    for name, value in said.items():
        entry.set(name, value)
    entry.perform("accept", CADASTRAL)
    row = entry.add_row("council", {"role": "chair"})
    entry.set(f"council/{row}/name", "Đỗ Quang Huy")
    entry.perform("invite", CADASTRAL, {"session_at": "2026-11-25 14:00"})
    return entry


def test_a_council_without_a_chair_invites_nobody(counter: Counter) -> None:
    entry = counter.entry("land.land_mediation", CADASTRAL)
    for name, value in {"applicant_ref": "mother", "respondent_refs": ["father"], "parcel_ref": "plot"}.items():
        entry.set(name, value)
    entry.set("content", "Ranh giới")
    entry.perform("accept", CADASTRAL)
    row = entry.add_row("council", {"role": "front"})
    entry.set(f"council/{row}/name", "Lê Thị Thanh Xuân")
    with pytest.raises(RuleError, match="chưa có Chủ tịch"):
        entry.perform("invite", CADASTRAL, {"session_at": "2026-11-25 14:00"})


def test_an_agreement_waits_ten_days(counter: Counter) -> None:
    entry = invited(counter)
    entry.add_row("sessions", {"date": "2026-11-18", "result": "agreed"})
    entry.set("agreement", "Tháo cổng sắt")
    entry.perform("mediate", CADASTRAL, {"result": "agreed"})
    assert entry.fields["changed_mind_until"] == "2026-11-28"
    with pytest.raises(RuleError, match="chờ 10 ngày"):
        entry.perform("close_failed", VICE_CHAIR, {"followup": "court"})
    entry.set("minutes", SCAN)
    entry.perform("wait", CADASTRAL)
    counter.at = datetime(2026, 11, 28, 9, 0, tzinfo=VIETNAM)
    with pytest.raises(RuleError, match="Chưa hết 10 ngày"):
        entry.perform("close", VICE_CHAIR, {"followup": "boundary"})
    counter.at = datetime(2026, 11, 29, 9, 0, tzinfo=VIETNAM)
    entry.perform("close", VICE_CHAIR, {"followup": "boundary"})
    assert entry.state == "closed"


def test_absent_twice_means_two_sessions(counter: Counter) -> None:
    entry = invited(counter)
    entry.add_row("sessions", {"date": "2026-11-10", "result": "absent"})
    with pytest.raises(RuleError, match="hai phiên"):
        entry.perform("mediate", CADASTRAL, {"result": "absent_twice"})
    entry.add_row("sessions", {"date": "2026-11-18", "result": "absent"})
    entry.perform("mediate", CADASTRAL, {"result": "absent_twice"})
    assert entry.state == "mediated"


def test_nothing_is_confirmed_while_it_is_posted(counter: Counter) -> None:
    entry = counter.entry("land.land_dossier", CADASTRAL)
    entry.put("applicant_ref", "mother")
    for name, value in {"dossier_ref": "d", "parcel_ref": "plot", "use_since": "1987"}.items():
        entry.set(name, value)
    entry.set("applicant_ref", "mother")
    entry.perform("survey", CADASTRAL)
    for name, value in {"origin_confirm": "Ông cha để lại", "dispute_state": "none", "planning_fit": "fits"}.items():
        entry.set(name, value)
    entry.set("opinion_council", SCAN)
    entry.perform("post", CADASTRAL, {"posted_from": "2026-11-18"})
    assert entry.fields["posted_to"] == "2026-12-03"
    with pytest.raises(RuleError, match="thời gian niêm yết"):
        entry.perform("confirm", VICE_CHAIR)
    counter.at = datetime(2026, 12, 4, 9, 0, tzinfo=VIETNAM)
    entry.perform("confirm", VICE_CHAIR)
    assert entry.state == "confirmed"
    entry.perform("check_again", VICE_CHAIR, {"return_reason": "Hộ giáp ranh chưa ký"})
    assert entry.state == "surveying"
    assert not entry.is_locked("posted_from")  # posted again
