"""The MSI says what group policy needs; it is installed by ``tasks.py package --try``."""

from __future__ import annotations

from pathlib import Path

import pytest

from installer import msi
from installer.layout import Layout, NothingToPackage
from installer.tools import call
from tests.installer.small import needs, windows_folder

pytestmark = needs("wixl", "msibuild", "msiinfo")


def rows(package: Path, table: str) -> list[list[str]]:
    return [line.split("\t") for line in call(["msiinfo", "export", package, table]).splitlines()[3:]]


def build(layout: Layout, place: Path, number: str) -> Path:
    (made,) = msi.build(layout, place / f"{number}.msi", number=number, sign=False)
    return made


def test_it_carries_the_configuration_and_vietnamese(tmp_path: Path, drawn: Path) -> None:
    package = build(windows_folder(tmp_path / "w"), tmp_path, "1.2.3")
    properties = dict(row[:2] for row in rows(package, "Property"))
    assert (properties["ProductName"], properties["ProductVersion"]) == ("Sổ Phường", "1.2.3")
    assert {"CONFIG", "AUTOSTART", "DESKTOP"} <= set(properties["SecureCustomProperties"].split(";"))
    assert [(row[3], row[4], row[5]) for row in rows(package, "MoveFile")] == [("rollout.toml", "CONFIG", "INSTALLDIR")]
    assert any(row[2] == "rollout.toml" for row in rows(package, "RemoveFile"))
    order = {row[0]: int(row[2]) for row in rows(package, "InstallExecuteSequence")}
    assert order["RemoveFiles"] < order["MoveFiles"] < order["InstallFinalize"] < order["RemoveExistingProducts"]
    found_again = {row[0] for row in rows(package, "AppSearch")}
    assert {"DESKTOP", "AUTOSTART"} <= found_again
    assert {row[0]: row[4] for row in rows(package, "Component") if row[4]} == {
        "c_desktop": "DESKTOP",
        "c_autostart": "AUTOSTART",
    }
    assert any("17763" in row[0] for row in rows(package, "LaunchCondition"))


def test_the_next_version_replaces_this_one(tmp_path: Path, drawn: Path) -> None:
    """The same program to Windows; what both have keeps its identity, and stays when the old one goes."""
    layout = windows_folder(tmp_path / "w")
    old, new = (build(layout, tmp_path, number) for number in ("1.0.0", "1.1.0"))
    first, second = ({row[0]: row[1] for row in rows(package, "Component")} for package in (old, new))
    shared = first.keys() & second.keys()
    assert {"c_entry", "c_menu"} <= shared
    assert all(first[name] == second[name] for name in shared)
    assert len(first.keys() - shared) == len(layout.files)  # each in app\\<version>
    about = [dict(row[:2] for row in rows(package, "Property")) for package in (old, new)]
    assert about[0]["UpgradeCode"] == about[1]["UpgradeCode"]
    assert about[0]["ProductCode"] != about[1]["ProductCode"]


def test_another_build_of_a_version_is_another_product(tmp_path: Path, drawn: Path) -> None:
    layout = windows_folder(tmp_path / "w")
    codes = []
    for content in ("one", "one", "other"):
        (layout.bundle / "_internal" / "part.txt").write_text(content)
        codes.append(dict(row[:2] for row in rows(build(layout, tmp_path, "1.0.0"), "Property"))["ProductCode"])
    assert codes[0] == codes[1] != codes[2]


def test_a_path_that_windows_cannot_open_stops_the_build(tmp_path: Path, drawn: Path) -> None:
    layout = windows_folder(tmp_path / "w")
    deep = layout.bundle / ("x" * 120) / ("y" * 120)
    deep.mkdir(parents=True)
    (deep / "z").write_text("")
    with pytest.raises(NothingToPackage, match="259"):
        build(layout, tmp_path, "1.0.0")
