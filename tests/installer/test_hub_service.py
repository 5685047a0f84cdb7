"""The lines that make the hub a service, as the installer runs them."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from installer import hub_service
from sync.hub.server import PORT
from sync.hub.windows_service import NAME


def test_the_service_is_the_one_the_program_answers_as() -> None:
    assert hub_service.SERVICE == NAME
    assert hub_service.PORT == PORT


def test_every_line_can_stand_in_the_installers_script() -> None:
    for line in (*hub_service.install_commands(), *hub_service.remove_commands()):
        assert "`" not in line, "the script quotes with it"
        assert line.isascii()
        assert "\n" not in line


def test_the_program_may_lie_where_there_are_spaces() -> None:
    lines = hub_service.install_commands(r"C:\Program Files\SoPhuong\app\1.0\sophuong-cli.exe", 8700)
    create = next(line for line in lines if " create " in line)
    assert (
        r'binPath= "\"C:\Program Files\SoPhuong\app\1.0\sophuong-cli.exe\" hub serve --service --port 8700"' in create
    )
    assert r"NT AUTHORITY\LocalService" in create
    rules = [line for line in lines if "add rule" in line]
    assert all("profile=domain,private" in rule and 'program="C:\\Program Files' in rule for rule in rules)
    assert "localport=8700" in rules[0]


def test_what_is_installed_is_removed() -> None:
    removed = " ".join(hub_service.remove_commands())
    assert f"sc.exe delete {hub_service.SERVICE}" in removed
    assert f'delete rule name="{hub_service.RULE}"' in removed


def test_the_unit_is_one(tmp_path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(hub_service.systemd_unit())
    assert unit["Service"]["DynamicUser"] == "yes"
    assert unit["Service"]["ExecStart"].endswith(f"hub serve --port {PORT}")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    path = tmp_path / hub_service.UNIT_NAME
    path.write_text(hub_service.systemd_unit("/bin/true"), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True)
    assert "Unknown" not in done.stderr
