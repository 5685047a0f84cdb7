"""A morning without a line: dossiers come in, get slips and temporary codes; with the line back nothing is missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.features.cases import BIRTH, DOSSIER, person
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
    applicant = next(iter({"full_name": "Đặng Thu Trang"}.values()))
    person_id = "0190a000-0000-7000-8000-00000000aaaa"
    fields = _dossier(procedure, applicant) | {"channel": "online", "applicant_ref": person_id}
    town.sends(DOSSIER, [{"state": "new", "fields": fields}])
    ha.syncs()
    assert ha.status()["new"] == 1


def test_a_service_that_refuses_says_at_which_field(town: Town) -> None:
    """Nobody types this today: a birth signed elsewhere comes in as history and lacks the hospital's certificate."""
    thinh = town.counter("Nguyễn Đức Thịnh")
    thinh.must("sample", BIRTH, "60", str(thinh.folder / "births.ndjson"))
    answer = thinh.run("import", BIRTH, str(thinh.folder / "births.ndjson"), "--json").json
    assert answer["accepted"] > 0
    signed = [r for r in thinh.all(BIRTH) if r["state"] == "signed"]
    thinh.syncs()
    if not signed:
        pytest.skip("no sample stands between signing and registration")
    delivery = town.wait_for_services(signed[0]["id"])
    if signed[0]["fields"].get("birth_cert_no"):
        assert delivery["status"] == "accepted"
    else:
        assert delivery["status"] == "refused"
        assert [p["field"] for p in delivery["problems"]] == ["birth_cert_no"]
