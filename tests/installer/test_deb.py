"""The package for Linux PCs: what it holds, what it asks for, and what its scripts do to a folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from installer import deb, hub_service
from installer.layout import Layout
from installer.tools import call
from tests.installer.small import linux_folder, needs

SCRIPTS = Path(deb.SOURCES)


@needs("dpkg-deb", "readelf")
def test_control_and_files(tmp_path: Path, drawn: Path) -> None:
    (made,) = deb.build(linux_folder(tmp_path / "l"), tmp_path / "a.deb", number="1.2.3", fast=True)
    control = call(["dpkg-deb", "--field", made])
    assert "Package: so-phuong\nVersion: 1.2.3\nArchitecture: amd64\n" in control
    depends = call(["dpkg-deb", "--field", made, "Depends"]).strip().split(", ")
    assert depends[0].startswith("libc6 (>= 2.")
    assert {"ca-certificates", "fontconfig-config", "xkb-data", "libgl1"} <= set(depends)
    listed = [line.split() for line in call(["dpkg-deb", "--contents", made]).splitlines()]
    assert {line[1] for line in listed} == {"root/root"}
    assert all("w" not in line[0][4:] for line in listed if line[0][0] != "l")  # nobody but root may write
    paths = {line[5].removeprefix(".").rstrip("/") for line in listed}
    assert {
        "/opt/so-phuong/sophuong",
        "/opt/so-phuong/.package/sophuong",
        "/opt/so-phuong/.package/_internal/words.txt",
        "/usr/bin/sophuong",
        "/usr/share/applications/sophuong.desktop",
        "/usr/share/icons/hicolor/48x48/apps/sophuong.png",
        "/usr/share/man/man1/sophuong.1.gz",
        "/usr/share/doc/so-phuong/copyright",
        "/lib/systemd/system/so-phuong-hub.service",
    } <= paths
    links = {line[5]: line[7] for line in listed if line[0].startswith("l")}
    assert links["./usr/bin/sophuong"] == "/opt/so-phuong/sophuong"
    assert links["./opt/so-phuong/.package/_internal/link.txt"] == "words.txt"


@needs("dpkg-deb", "readelf")
def test_the_hubs_unit_comes_and_nothing_enables_it(tmp_path: Path, drawn: Path) -> None:
    (made,) = deb.build(linux_folder(tmp_path / "l"), tmp_path / "a.deb", number="1.2.3", fast=True)
    call(["dpkg-deb", "--raw-extract", made, tmp_path / "tree"])
    units = [path for path in (tmp_path / "tree").rglob("*") if "systemd" in str(path) and not path.is_dir()]
    assert [path.name for path in units] == [hub_service.UNIT_NAME]
    assert units[0].read_text("utf-8") == hub_service.systemd_unit()
    for script in (tmp_path / "tree" / "DEBIAN").glob("p*"):
        assert not re.search(r"systemctl[^\n]*\b(enable|start)\b", script.read_text("utf-8")), script.name


@needs("dpkg-deb", "readelf")
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, drawn: Path) -> None:
    layout = linux_folder(tmp_path / "l")
    first = deb.build(layout, tmp_path / "a.deb", number="1.0", fast=True)[0].read_bytes()
    os.utime(layout.bundle / "_internal" / "words.txt", (0, 2_000_000_000))
    assert deb.build(layout, tmp_path / "b.deb", number="1.0", fast=True)[0].read_bytes() == first


class Machine:
    """A root folder, and the scripts run on it as dpkg does."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "opt" / "so-phuong"

    def upgrade(self, layout: Layout, version: str) -> None:
        shutil.rmtree(self.home / ".package", ignore_errors=True)
        shutil.copytree(layout.bundle, self.home / ".package", symlinks=True)
        script = (SCRIPTS / "postinst").read_text("utf-8").replace("@VERSION@", version)
        self.run(script, "configure", "")

    def run(self, script: str, *arguments: str) -> None:
        environment = {**os.environ, "DPKG_ROOT": str(self.root)}
        subprocess.run(["sh", "-c", script, "script", *arguments], env=environment, check=True, timeout=30)

    @property
    def versions(self) -> list[str]:
        return sorted(path.name for path in (self.home / "app").iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "root of Ánh")


def test_an_upgrade_takes_the_place_of_the_version_before(machine: Machine, tmp_path: Path) -> None:
    layout = linux_folder(tmp_path)
    machine.upgrade(layout, "1.0.0")
    machine.upgrade(layout, "1.1.0")
    machine.upgrade(layout, "1.1.0")
    assert machine.versions == ["1.1.0"]
    assert (machine.home / "app/1.1.0/_internal/words.txt").read_text() == "Sổ Phường\n"


def test_a_version_at_work_keeps_its_files_until_the_next_upgrade(machine: Machine, tmp_path: Path) -> None:
    layout = linux_folder(tmp_path)
    machine.upgrade(layout, "1.0.0")
    with subprocess.Popen([str(machine.home / "app/1.0.0/sophuong"), "60"]) as at_work:
        try:
            machine.upgrade(layout, "1.1.0")
            assert machine.versions == ["1.0.0", "1.1.0"]
            assert (machine.home / "app/1.0.0/_internal/words.txt").read_text() == "Sổ Phường\n"
        finally:
            at_work.kill()
    machine.upgrade(layout, "1.2.0")
    assert machine.versions == ["1.2.0"]


def test_what_a_cut_upgrade_left_is_cleared_away(machine: Machine, tmp_path: Path) -> None:
    layout = linux_folder(tmp_path)
    machine.upgrade(layout, "1.0.0")
    (machine.home / "app/.new/half").mkdir(parents=True)
    (machine.home / "app/.old").mkdir()
    machine.upgrade(layout, "1.0.0")
    assert machine.versions == ["1.0.0"]


def test_purging_takes_the_office_settings_and_nothing_of_the_accounts(machine: Machine, tmp_path: Path) -> None:
    machine.upgrade(linux_folder(tmp_path), "1.0.0")
    shutil.rmtree(machine.home / ".package")  # dpkg's part
    settings = machine.root / "etc/so-phuong/rollout.toml"
    data = machine.root / "home/anh/.local/share/so-phuong/store.db"
    for path in (settings, data):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    script = (SCRIPTS / "postrm").read_text("utf-8")
    machine.run(script, "remove")
    assert settings.exists()
    assert not machine.home.exists()
    machine.run(script, "purge")
    assert not settings.parent.exists()
    assert data.exists()
