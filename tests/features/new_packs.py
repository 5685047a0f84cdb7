"""A town whose city gives out packs of a small catalogue: its fixtures, the changes of a form, and what an operator does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from forms import loader
from tests.features.story import Counter, Town, run

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
