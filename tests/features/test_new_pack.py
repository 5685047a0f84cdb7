"""The city changes a form: it signs a pack, gives it to one ward, and no value of any record is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync import pack_use
from sync.pack_use import PackUse
from tests.features.new_packs import (
    DOSE,
    MOBILE,
    MOBILE_LISTED,
    NO_HEIGHT,
    ONE_KIND,
    VISIT,
    WEIGHT,
    build,
    changed_catalogue,
    field_names,
    fields,
    give,
    key,
    small_catalogue,
    town,
)
from tests.features.story import CUA_NAM, Town, run

__all__ = ["key", "small_catalogue", "town"]  # fixtures


def test_one_ward_gets_a_field_and_a_rule_and_the_other_keeps_its_form(town: Town, key: Path, tmp_path: Path) -> None:
    here, other = town.counter("Vũ Thị Lan"), town.counter("Trần Thu Hà", ward=CUA_NAM)
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2), "--ward", "00070")
    assert here.syncs()["pack"] == "2026.2"
    assert other.syncs()["pack"] == ""
    assert "weight" in field_names(here)
    assert "weight" not in field_names(other)
    answer = here.writes_lines(VISIT, [{"fields": {"name": "Lê Văn Khánh", "weight": 500}}])
    assert [r["field"] for r in answer["refused"]] == ["weight"]
    record = here.takes_in(VISIT, {"name": "Lê Văn Khánh", "weight": 70})
    here.syncs()
    assert town.records()[record]["fields"]["weight"] == 70
    told = [change["vi"] for change in here.must("pack", "changes")]
    assert told == ["Mục “Cân nặng” (Lượt khám): mới"]

    second = town.counter("Ngô Văn Tám")  # another PC of the same ward: the field, the record's value and the rule
    assert second.syncs()["pack"] == "2026.2"
    second.syncs()
    assert "weight" in field_names(second)
    assert fields(second, record)["weight"] == 70
    answer = second.writes_lines(VISIT, [{"id": record, "fields": {"weight": 500}}])
    assert [r["field"] for r in answer["refused"]] == ["weight"]
    second.writes(record, weight=71)
    second.syncs()
    here.syncs()
    assert fields(here, record)["weight"] == 71


def test_old_and_new_form_edit_one_record_and_nothing_is_lost(town: Town, key: Path, tmp_path: Path) -> None:
    new, old = town.counter("Vũ Thị Lan"), town.counter("Trần Thu Hà")
    record = old.takes_in(
        VISIT,
        {"name": "Lê Văn Khánh", "phone": "1", "height": 160, "kind": "a", "drugs": [{"drug": "A", "amount": 3}]},
    )
    old.syncs()
    new.syncs()
    unsent = new.takes_in(VISIT, {"name": "Chưa gửi", "phone": "77"})  # made under the old names, sent under the new
    give(
        town,
        build(
            changed_catalogue(tmp_path, "2", WEIGHT, MOBILE, MOBILE_LISTED, DOSE, NO_HEIGHT, ONE_KIND), key, "2026.2", 2
        ),
    )
    held = PackUse(old.folder)  # the other counter's window stays open on the old form
    try:
        new.syncs()
        assert fields(new, record)["mobile"] == "1"
        assert "phone" not in fields(new, record)
        assert fields(new, record)["drugs"][0]["dose"] == 3  # type: ignore[index]
        assert new.finds("Lê Văn Khánh") == [record]
        new.writes(record, weight=70, mobile="2")  # a choice that vanished does not stand in the way
        old.writes(record, name="Lê Văn Khanh", height=161)
        new.syncs()
        old.syncs()
        new.syncs()
        assert fields(old, record)["phone"] == "2"
        old.writes(record, phone="3")
        old.syncs()
        new.syncs()
        seen = fields(new, record)
        assert {k: seen[k] for k in ("name", "mobile", "weight", "height", "kind")} == {
            "name": "Lê Văn Khanh", "mobile": "3", "weight": 70, "height": 161, "kind": "a",
        }  # fmt: skip
        assert town.records()[unsent]["fields"] == {"name": "Chưa gửi", "phone": "77"}
        assert fields(old, record)["weight"] == 70  # kept by who does not know it
    finally:
        held.close()
    assert not new.must("conflicts")["conflicts"]
    assert "weight" in field_names(old)  # once its window is closed, the other counter has it too


def test_two_edits_of_a_renamed_field_are_a_conflict_under_both_names(town: Town, key: Path, tmp_path: Path) -> None:
    new, old = town.counter("Vũ Thị Lan"), town.counter("Trần Thu Hà")
    record = old.takes_in(VISIT, {"name": "Lê Văn Khánh", "phone": "1"})
    old.syncs()
    give(town, build(changed_catalogue(tmp_path, "2", MOBILE, MOBILE_LISTED), key, "2026.2", 2))
    held = PackUse(old.folder)
    try:
        new.syncs()
        new.writes(record, mobile="2")
        old.writes(record, phone="3")
        new.syncs()
        old.syncs()
        new.syncs()
        (open_one,) = new.must("conflicts")["conflicts"]
        assert open_one["id"] == record
        assert "mobile" in str(open_one)
        new.must("resolve", record, "mobile=4")
        new.syncs()
        old.syncs()
        assert fields(old, record)["phone"] == "4"
        assert not old.must("conflicts")["conflicts"]
    finally:
        held.close()


def test_a_form_comes_back_to_its_old_shape_by_a_newer_pack(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    record = counter.takes_in(VISIT, {"name": "Lê Văn Khánh", "phone": "1"})
    give(town, build(changed_catalogue(tmp_path, "2", MOBILE, MOBILE_LISTED), key, "2026.2", 2))
    counter.syncs()
    counter.writes(record, mobile="2")
    give(town, build(changed_catalogue(tmp_path, "3"), key, "2026.3", 3))
    counter.syncs()
    assert fields(counter, record)["phone"] == "2"
    counter.syncs()
    assert town.records()[record]["fields"]["phone"] == "2"


def test_a_survey_in_excel_reaches_a_ward_as_a_register(town: Town, key: Path, tmp_path: Path) -> None:
    from tests.forms.xlsform.campaign import CHOICES, SETTINGS, SURVEY, write

    here, other = town.counter("Vũ Thị Lan"), town.counter("Trần Thu Hà", ward=CUA_NAM)
    form = write(tmp_path / "form.xlsx", SURVEY, CHOICES, SETTINGS)
    (tmp_path / "made").mkdir()
    made = run("pack", "from-xlsform", str(form), "--into", str(tmp_path / "made"))
    assert made.code == 0, made.err
    assert "survey:32:calculation" in made.out
    pack = tmp_path / "health90.sopack"
    answer = run("pack", "build", str(tmp_path / "made" / "health90"), str(pack), "--key", str(key), "--json")
    assert answer.code == 0, answer.err + answer.out
    assert answer.json["tools"] == ["health90"]
    give(town, pack, "--ward", "00070")
    here.syncs()
    other.syncs()
    assert [tool["id"] for tool in other.must("tools")["tools"]] == ["health"]
    fields = {
        "full_name": "Nguyễn Thị Đường",
        "gender": "f",
        "agrees": True,
        "dob": "1990-01-01",
        "drugs": [{"drug": "A", "boxes": 2}],
    }
    record = here.takes_in("health90.response", fields)
    assert here.sees(record)["fields"]["all_boxes"] == 2
    here.acts(record, "finish")
    here.syncs()
    assert town.records()[record]["state"] == "done"


def test_a_share_of_the_wards_grows_and_never_shrinks(town: Town, key: Path, tmp_path: Path) -> None:
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    packs = town.gateway.city.packs
    wards = [f"{n:05}" for n in range(400)]
    before: set[str] = set()
    for percent in (10, 40, 100):
        give(town, pack, "--percent", str(percent))
        (kept,) = packs.all()
        now = {ward for ward in wards if kept.is_for(ward)}
        assert before <= now
        assert abs(len(now) / len(wards) * 100 - percent) < 12
        before = now
    give(town, pack, "--percent", "10")
    assert packs.all()[0].percent == 100


def test_a_pack_that_kept_the_program_s_version_is_judged_by_what_it_says(
    town: Town, key: Path, tmp_path: Path
) -> None:
    """Whoever builds a whole catalogue and forgets --version gives it the version of the program's own."""
    counter = town.counter("Vũ Thị Lan")
    held = ("kind: draft}", "kind: draft}\n  - {id: held, label: {vi: Giữ, en: Held}}")
    hold = ("main: true}", "main: true}\n  - {id: hold, label: {vi: Giữ, en: Hold}, from: [draft], to: held}")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT, held, hold), key, "2026.1", 2))
    counter.syncs()
    record = counter.takes_in(VISIT, {"name": "Lê Văn Khánh", "weight": 70})
    counter.acts(record, "hold")
    said = counter.syncs()
    assert (said["pushed"], said["refused"]) == (2, 0)
    assert town.records()[record]["state"] == "held"


def test_a_register_the_new_pack_no_longer_has_is_named_and_its_work_is_sent(
    town: Town, key: Path, tmp_path: Path
) -> None:
    counter = town.counter("Vũ Thị Lan")
    folder = changed_catalogue(tmp_path, "2")
    visit = folder / "health" / "visit.yaml"
    visit.write_text(visit.read_text("utf-8").replace("id: visit", "id: checkup", 1), "utf-8")
    visit.rename(visit.with_name("checkup.yaml"))
    for path in (folder / "health" / "tool.yaml", folder / "health" / "examples.yaml"):
        path.write_text(path.read_text("utf-8").replace("visit", "checkup"), "utf-8")
    give(town, build(folder, key, "2026.2", 2))
    held = PackUse(counter.folder)
    counter.syncs()
    record = counter.takes_in(VISIT, {"name": "Lê Văn Khánh"})
    held.close()
    for verb in (["show", record], ["act", record, "finish"], ["print", record, "x", str(tmp_path / "x.pdf")]):
        answer = counter.run(*verb)
        assert (answer.code, VISIT in answer.err, "ngoài dự tính" in answer.err) == (1, True, False), answer
    counter.syncs()
    assert town.records()[record]["fields"] == {"name": "Lê Văn Khánh"}


def test_a_program_that_opens_while_another_switches_works_with_the_same_pack(
    town: Town, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    first = PackUse(counter.folder)
    really = pack_use._share

    def after_the_other(file: object) -> None:
        monkeypatch.setattr(pack_use, "_share", really)
        counter.syncs()
        first.close()
        others.append(PackUse(counter.folder))  # alone: it switches
        really(file)  # type: ignore[arg-type]

    others: list[PackUse] = []
    monkeypatch.setattr(pack_use, "_share", after_the_other)
    late = PackUse(counter.folder)
    try:
        assert others[0].state.active is not None
        assert late.state.active == others[0].state.active
    finally:
        late.close()
        others[0].close()
