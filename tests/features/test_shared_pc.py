"""Several officers on one PC: each is shown what his own roles open, and nobody's unsent work is touched."""

from __future__ import annotations

from tests.features.cases import CITIZEN, COPY, copy_of
from tests.features.story import Town

THINH, HA = "Nguyễn Đức Thịnh", "Trần Thu Hà"


def test_reception_on_a_ward_pc_sees_dossiers_and_people_only(town: Town) -> None:
    pc = town.counter(THINH, "civil_status_officer")
    record = pc.takes_in(COPY, copy_of("Bằng đại học"))
    pc.must("sample", CITIZEN, "3", str(pc.folder / "people.ndjson"))
    pc.must("import", CITIZEN, str(pc.folder / "people.ndjson"))
    town.joins(pc, HA, "reception")

    mine = pc.must("status", "--officer", HA)
    assert mine["records"] == {CITIZEN: 3}
    assert mine["pending"] == 4, "what the PC holds must not be carried away, whoever looks"
    assert pc.must("search", "Bang dai hoc", "--officer", HA)["hits"] == []
    outbox = pc.must("outbox", "--officer", HA)
    assert {change["type"] for change in outbox["changes"]} == {CITIZEN} and outbox["unseen"]
    for verb in (
        ["show", record],
        ["history", record],
        ["act", record, "check"],
        ["print", record, "loi_chung", "x.pdf"],
    ):
        assert pc.run(*verb, "--officer", HA).code == 1
    assert pc.run("export", COPY, str(pc.folder / "x.ndjson"), "--officer", HA).code == 1

    assert pc.must("search", "Bang dai hoc", "--officer", THINH)["hits"][0]["id"] == record
    assert pc.finds("Bang dai hoc") == [record], "unattended, the command line works for the device"
    pc.syncs()
    assert record in town.records(), "and the work of the one before goes out"
