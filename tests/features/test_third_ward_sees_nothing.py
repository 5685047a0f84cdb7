"""What one ward writes, another ward's PC never gets: not a record, not a hit, not a count."""

from __future__ import annotations

from tests.features.cases import CITIZEN, COPY, copy_of
from tests.features.story import CUA_NAM, Town


def test_another_ward_gets_no_record_no_hit_and_no_count(town: Town) -> None:
    hoan_kiem = town.counter("Nguyễn Đức Thịnh")
    hoan_kiem.takes_in(COPY, copy_of("Bằng Khoa học Đặc biệt"))
    hoan_kiem.syncs()
    cua_nam = town.counter("Đỗ Thị Mai", ward=CUA_NAM)
    assert cua_nam.syncs()["pulled"] == 0
    assert cua_nam.finds("Khoa hoc Dac biet") == []
    assert cua_nam.status()["records"] == {}
    assert town.records(CUA_NAM) == {}
    assert len(town.records()) == 1


def test_the_city_s_reception_sees_dossiers_and_people_only(town: Town) -> None:
    ward = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    ward.takes_in(COPY, copy_of("Bằng đại học"))
    ward.must("sample", CITIZEN, "3", str(ward.folder / "people.ndjson"))
    ward.must("import", CITIZEN, str(ward.folder / "people.ndjson"))
    ward.syncs()
    reception = town.counter("Trần Thu Hà", "reception")
    reception.syncs()
    assert reception.status()["records"] == {CITIZEN: 3}
    assert reception.finds("Bang dai hoc") == []


def test_a_pc_with_unsent_work_does_not_go_over_to_another_ward(town: Town) -> None:
    pc = town.counter("Nguyễn Đức Thịnh")
    record = pc.takes_in(COPY, copy_of("Bằng đại học"))
    code = town.gateway.enrolment_code(CUA_NAM, "Đỗ Thị Mai")
    refused = pc.run("enrol", "--url", town.gateway.url, "--code", code)
    assert refused.code == 1
    assert pc.sees(record)["ward"] == "00070"

    pc.syncs()
    pc.must("enrol", "--url", town.gateway.url, "--code", code)  # the code was not spent
    assert pc.status()["records"] == {}
    assert pc.status()["wards"] == {CUA_NAM: "Phường Cửa Nam"}


def test_a_pc_with_refused_work_does_not_go_over_either(town: Town) -> None:
    """It would lie in a store that nobody opens any more."""
    pc = town.counter("Nguyễn Đức Thịnh")
    record = pc.takes_in(COPY, copy_of("Bằng đại học"))
    with town.gateway.city.storage.write() as session:
        session.run("UPDATE grants SET roles = '[\"clerk_elsewhere\"]'")
    assert pc.syncs()["refused"] == 1
    code = town.gateway.enrolment_code(CUA_NAM, "Đỗ Thị Mai")
    assert pc.run("enrol", "--url", town.gateway.url, "--code", code).code == 1
    assert pc.sees(record)["ward"] == "00070"


def test_one_more_officer_joins_the_pc_and_the_work_stays(town: Town) -> None:
    pc = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    record = pc.takes_in(COPY, copy_of("Bằng đại học"))
    town.joins(pc, "Phạm Thị Ngọc Ánh", "clerk")
    status = pc.status()
    assert [officer["name"] for officer in status["officers"]] == ["Nguyễn Đức Thịnh", "Phạm Thị Ngọc Ánh"]
    assert status["pending"] == 1
    assert pc.syncs()["refused"] == 0
    assert record in town.records()
