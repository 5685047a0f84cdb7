"""A morning without a line: dossiers come in, get slips and temporary codes; with the line back nothing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.features.cases import BIRTH, DOSSIER, birth_of, person
from tests.features.story import Counter, Town

PROCEDURE = "onestop.procedure"


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-11-23T08:30:00+07:00")


def _counter_with_procedures(town: Town) -> tuple[Counter, dict[str, Any]]:
    counter = town.counter("Trần Thu Hà")
    counter.must("sample", PROCEDURE, "6", str(counter.folder / "procedures.ndjson"))
    counter.must("import", PROCEDURE, str(counter.folder / "procedures.ndjson"))
    counter.syncs()
    procedure = next(p for p in counter.all(PROCEDURE) if p["state"] == "active")
    return counter, procedure


def _dossier(procedure: dict[str, Any], name: str) -> dict[str, Any]:
    return {
        "procedure_ref": procedure["id"],
        "received_at": "2026-11-23T08:35:00+07:00",
        "applicant_ref": {"type": "residence.citizen", **person(name)},
        "phone": "0912 345 678",
        "components_received": [{"component": "Tờ khai", "originals": 1}],
    }


def test_dossiers_taken_in_without_a_line_reach_the_city_and_get_their_codes(town: Town) -> None:
    ha, procedure = _counter_with_procedures(town)
    town.cut_line()
    names = ("Lê Văn Khánh", "Phạm Minh Dũng", "Hoàng Thị Bích Đào")
    dossiers = [ha.takes_in(DOSSIER, _dossier(procedure, name)) for name in names]
    for dossier in dossiers:
        shown = ha.acts(dossier, "accept")
        assert shown["state"] == "accepted"
        assert shown["due_at"]
        assert shown["standing"] == "here"
        assert str(shown["fields"]["local_code"]).startswith("TMP-")
    failed = ha.run("sync", "--json")
    assert failed.code == 1
    assert failed.json["pushed"] == 0

    town.restore_line()
    assert ha.syncs()["refused"] == 0
    for dossier in dossiers:
        assert town.wait_for_services(dossier)["status"] == "accepted"
    ha.syncs()
    for dossier, name in zip(dossiers, names, strict=True):
        shown = ha.sees(dossier)
        assert shown["standing"] == "city"
        assert shown["fields"]["dossier_code"].startswith("H26.00070-")
        assert str(shown["fields"]["local_code"]).startswith("TMP-")  # both are kept
        assert shown["deliveries"][0]["status"] == "accepted"
        assert dossier in ha.finds(name)
    assert ha.status()["pending"] == 0


def test_the_same_person_is_typed_in_once(town: Town) -> None:
    ha, procedure = _counter_with_procedures(town)
    first, second = (ha.takes_in(DOSSIER, _dossier(procedure, "Lê Văn Khánh") | {"queue_no": n}) for n in ("1", "2"))
    assert ha.sees(first)["fields"]["applicant_ref"] == ha.sees(second)["fields"]["applicant_ref"]


def test_an_application_from_the_portal_shows_as_new(town: Town) -> None:
    ha, procedure = _counter_with_procedures(town)
    applicant = "0190a000-0000-7000-8000-00000000aaaa"  # known to the city, not yet here: references may dangle
    fields = _dossier(procedure, "") | {"channel": "online", "applicant_ref": applicant}
    town.sends(DOSSIER, [{"state": "new", "fields": fields}])
    ha.syncs()
    assert ha.status()["new"] == 1


def test_a_service_that_refuses_says_at_which_field_and_takes_what_was_mended(town: Town) -> None:
    """A birth with a witness's statement instead of the hospital's notice: our rules allow it, the service does not."""
    thinh = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    birth = thinh.takes_in(BIRTH, birth_of(birth_cert_no=None, witness=True))
    thinh.acts(birth, "prepare")
    assert thinh.run("act", birth, "sign", "requester_signed=true").code == 1  # who checks does not sign
    town.joins(thinh, "Lê Hoàng Minh", "vice_chair")
    thinh.acts(birth, "sign", "requester_signed=true")
    thinh.syncs()
    refused = town.wait_for_services(birth)
    assert (refused["status"], [p["field"] for p in refused["problems"]]) == ("refused", ["birth_cert_no"])
    thinh.syncs()
    assert [d["status"] for d in thinh.sees(birth)["deliveries"]] == ["refused"]

    thinh.writes(birth, birth_cert_no="4585/2026-PSTW")
    thinh.syncs()
    town.wait_for(lambda: town.wait_for_services(birth)["status"] == "accepted")
    thinh.syncs()
    shown = thinh.sees(birth)
    assert shown["fields"]["reg_no"]
    assert shown["fields"]["_frozen"]["mother_ref"]["full_name"] == "Nguyễn Thị Bích Oanh"
