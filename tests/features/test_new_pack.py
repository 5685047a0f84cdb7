"""The city changes a form: it signs a pack, gives it to one ward, and no value of any record is lost on the way."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from forms import loader
from forms.pack_format import MAGIC
from sync import pack_use
from sync.pack_use import PackUse, packs_folder, read_state
from tests.features.story import CUA_NAM, Counter, Town, run

SMALL = Path(__file__).parent / "a_small_catalogue"
VISIT = "health.visit"


@pytest.fixture(autouse=True)
def small_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's own catalogue is a small one."""
    folder = tmp_path / "shipped"
    shutil.copytree(SMALL, folder)
    monkeypatch.setattr(loader, "DEFAULT_FOLDER", folder)
    return folder


@pytest.fixture
def key(tmp_path: Path) -> Path:
    assert run("pack", "keygen", str(tmp_path / "city.pem")).code == 0
    return tmp_path / "city.pem"


@pytest.fixture
def town(small_catalogue: Path, key: Path, town: Town) -> Town:
    """It trusts the key before anybody enrols."""
    assert small_catalogue
    answer = run("gateway", "pack", "trust", f"{key}.pub", "--database", town.storage_url)
    assert answer.code == 0, answer.err
    return town


def changed_catalogue(place: Path, version: str, *edits: tuple[str, str], base: Path = SMALL) -> Path:
    """A copy of the catalogue with text of the visit replaced."""
    folder = place / f"catalogue-{version}"
    shutil.copytree(base, folder)
    path = folder / "health" / "visit.yaml"
    text = path.read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return folder


WEIGHT = (
    "      - {name: kind,",
    "      - {name: weight, type: int, label: {vi: Cân nặng, en: Weight}, constraints: [{rule: weight < 400, "
    "vi: Cân nặng phải dưới 400 kg, en: Weight is under 400 kg}]}\n      - {name: kind,",
)
MOBILE = ("{name: phone, type", "{name: mobile, was: phone, type")
MOBILE_LISTED = ("{field: phone}", "{field: mobile}")
DOSE = ("{name: amount, type", "{name: dose, was: amount, type")
NO_HEIGHT = ("name: height, type: int,", "name: height, type: int, retired: true,")
ONE_KIND = ("{code: a, vi: Lần đầu, en: First}, ", "")


def build(folder: Path, key: Path, version: str, serial: int) -> Path:
    out = folder.with_suffix(".sopack")
    answer = run(
        "pack", "build", str(folder), str(out), "--key", str(key), "--version", version, "--serial", str(serial)
    )
    assert answer.code == 0, answer.err + answer.out
    return out


def give(town: Town, pack: Path, *words: str) -> None:
    answer = run("gateway", "pack", "add", str(pack), "--database", town.storage_url, *words)
    assert answer.code == 0, answer.err


def field_names(counter: Counter) -> set[str]:
    (tool,) = counter.must("tools")["tools"]
    return {field["name"] for field in tool["records"][0]["fields"]}


def fields(counter: Counter, record: str) -> dict[str, object]:
    return counter.sees(record)["fields"]  # type: ignore[no-any-return]


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


def test_a_tampered_pack_is_not_given_out_and_not_taken(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    content = bytearray(pack.read_bytes())
    content[-40] ^= 1
    broken = tmp_path / "broken.sopack"
    broken.write_bytes(content)
    answer = run("gateway", "pack", "add", str(broken), "--database", town.storage_url)
    assert (answer.code, "chữ ký" in answer.err.lower()) == (1, True)

    give(town, pack)
    _put_in_database(town, bytes(content))  # somebody with the city's database, and without its key
    said = counter.syncs()
    assert said["pack"] == ""
    assert "Chữ ký" in said["problems"][0]
    assert "weight" not in field_names(counter)
    assert counter.syncs()["problems"] == []  # told once, and not fetched again


def _put_in_database(town: Town, content: bytes) -> None:
    import hashlib

    if not town.storage_url.startswith("sqlite"):
        pytest.skip("the other database is not opened here")
    with sqlite3.connect(town.storage_url.removeprefix("sqlite:///")) as db:
        digest = hashlib.sha256(content).hexdigest()
        db.execute("UPDATE packs SET content = ?, size = ?, sha256 = ?", (content, len(content), digest))
    db.close()


def test_a_pack_of_another_key_is_refused(town: Town, tmp_path: Path) -> None:
    assert run("pack", "keygen", str(tmp_path / "other.pem")).code == 0
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), tmp_path / "other.pem", "2026.2", 2)
    answer = run("gateway", "pack", "add", str(pack), "--database", town.storage_url)
    assert answer.code == 1
    checked = run("pack", "check", str(pack), "--key", str(tmp_path / "city.pem.pub"))
    assert checked.code == 1
    assert run("pack", "check", str(pack), "--key", str(tmp_path / "other.pem.pub")).code == 0


def test_an_older_pack_is_refused(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "5", WEIGHT), key, "2026.5", 5))
    counter.syncs()
    old = build(changed_catalogue(tmp_path, "4"), key, "2026.4", 4)
    answer = run("gateway", "pack", "add", str(old), "--database", town.storage_url)
    assert answer.code == 1
    assert "2026.5" in answer.err


def test_a_cut_download_goes_on_where_it_stopped(
    town: Town, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync import packs
    from sync.http import HttpTransport
    from sync.protocol import SyncError

    counter = town.counter("Vũ Thị Lan")
    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    give(town, pack)
    monkeypatch.setattr(packs, "PART", 600)
    asked: list[int] = []
    whole = HttpTransport.pack_part

    def cut(self: HttpTransport, sha256: str, start: int, length: int) -> bytes:
        asked.append(start)
        if len(asked) == 3:
            raise SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.")
        return whole(self, sha256, start, length)

    monkeypatch.setattr(HttpTransport, "pack_part", cut)
    assert counter.syncs()["pack"] == ""
    assert "weight" not in field_names(counter)
    assert counter.syncs()["pack"] == "2026.2"
    assert asked[:5] == [0, 600, 1200, 1200, 1800]
    assert "weight" in field_names(counter)


def test_a_full_disk_leaves_the_old_form(
    town: Town, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if packs_folder(counter.folder) in self.parents:
            raise OSError(28, "No space left on device")
        return real(self, data)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", full)
        said = counter.syncs()
    assert said["pack"] == ""
    assert "vẫn giữ nguyên" in said["problems"][0]
    assert read_state(counter.folder).next is None
    assert counter.syncs()["pack"] == "2026.2"


def test_a_damaged_pack_on_the_disk_falls_back(town: Town, key: Path, tmp_path: Path) -> None:
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    counter.syncs()
    assert "weight" in field_names(counter)
    (packs_folder(counter.folder) / "2" / "health" / "visit.yaml").write_text("::: not yaml", "utf-8")
    assert "weight" not in field_names(counter)


def test_a_catalogue_with_a_mistake_is_not_signed(key: Path, tmp_path: Path) -> None:
    folder = changed_catalogue(tmp_path, "2", ("type: int", "type: integer"))
    answer = run("pack", "build", str(folder), str(tmp_path / "x.sopack"), "--key", str(key))
    assert answer.code == 1
    assert "health/visit.yaml:" in answer.out
    assert not (tmp_path / "x.sopack").exists()


def test_a_field_may_not_change_its_type(town: Town, key: Path, tmp_path: Path) -> None:
    folder = changed_catalogue(tmp_path, "2", ("name: phone, type: text", "name: phone, type: int"))
    pack = build(folder, key, "2026.2", 2)
    answer = run("gateway", "pack", "add", str(pack), "--database", town.storage_url)
    assert answer.code == 1
    assert "health.visit.phone" in answer.err


def test_what_is_no_pack_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"PK\x03\x04")
    assert run("pack", "show", str(tmp_path / "x")).code == 1
    (tmp_path / "y").write_bytes(MAGIC + bytes(64) + b"rubbish")
    assert run("pack", "show", str(tmp_path / "y")).code == 1


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


def test_a_pc_without_the_citys_key_says_what_to_do(
    small_catalogue: Path, tmp_path: Path, storage_url: str, key: Path
) -> None:
    assert small_catalogue
    with Town(tmp_path, storage_url) as town:
        counter = town.counter("Vũ Thị Lan")  # enrolled before the city had a key
        assert run("gateway", "pack", "trust", f"{key}.pub", "--database", storage_url).code == 0
        give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
        assert "đăng ký lại" in counter.syncs()["problems"][0]
        town.joins(counter, "Vũ Thị Lan")
        assert counter.syncs()["pack"] == "2026.2"


def test_parts_of_a_pack_are_for_enrolled_devices_and_end_where_it_ends(town: Town, key: Path, tmp_path: Path) -> None:
    from sync.http import HttpTransport, enrol
    from sync.protocol import SyncError

    pack = build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2)
    give(town, pack)
    content = pack.read_bytes()
    answer = enrol(town.gateway.url, town.gateway.enrolment_code("00070", "Vũ Thị Lan"), "PC")
    assert answer.pack_keys == (Path(f"{key}.pub").read_text("ascii"),)
    line, stranger = HttpTransport(town.gateway.url, answer.token), HttpTransport(town.gateway.url, "nobody")
    offer = line.hello().offer
    assert offer
    assert (offer.serial, offer.size) == (2, len(content))
    assert line.pack_part(offer.sha256, 10, 20) == content[10:30]
    assert line.pack_part(offer.sha256, len(content) - 5, 100) == content[-5:]
    for asker, name, start, code in (
        (line, offer.sha256, len(content), "bad_range"),
        (line, "0" * 64, 0, "no_pack"),
        (stranger, offer.sha256, 0, "unknown_device"),
    ):
        with pytest.raises(SyncError) as refused:
            asker.pack_part(name, start, 10)
        assert refused.value.code == code
    line.close()
    stranger.close()


def test_an_offer_whose_name_is_a_path_touches_no_file(town: Town, key: Path, tmp_path: Path) -> None:
    """The name a city gives a pack names files on the PC."""
    counter = town.counter("Vũ Thị Lan")
    give(town, build(changed_catalogue(tmp_path, "2", WEIGHT), key, "2026.2", 2))
    if not town.storage_url.startswith("sqlite"):
        pytest.skip("the other database is not opened here")
    victim = tmp_path / "victim.part"
    victim.write_bytes(b"x" * 100_000)
    with sqlite3.connect(town.storage_url.removeprefix("sqlite:///")) as db:
        db.execute("UPDATE packs SET sha256 = ?", (f"../../{victim.stem}",))
    db.close()
    said = counter.syncs()
    assert said["pack"] == ""
    assert said["problems"]
    assert victim.stat().st_size == 100_000


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
