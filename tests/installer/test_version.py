"""One version: of the packages, of the program, of what packs ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import installer
from desktop.version import VERSION
from forms.pack import PROGRAM_VERSION


def test_packages_and_program_say_the_same_version() -> None:
    assert installer.version() == VERSION == PROGRAM_VERSION
    said = subprocess.run(
        [sys.executable, "-m", "desktop", "--version"], capture_output=True, text=True, cwd=installer.ROOT
    )
    assert said.stdout.strip() == VERSION


def test_a_program_without_a_console_writes_to_nowhere() -> None:
    """As sophuong.exe of Windows, started from the menu or by the system, has no stdout and no stderr."""
    script = "import sys; sys.stdout = sys.stderr = None; from desktop.__main__ import main; sys.exit(main(['tools']))"
    assert subprocess.run([sys.executable, "-c", script], cwd=installer.ROOT).returncode == 0


@pytest.mark.parametrize("verb", [["gateway", "serve"], ["demo"]])
def test_without_the_citys_side_its_verbs_say_so_in_a_line(verb: list[str]) -> None:
    """As in the packages for PCs."""
    script = f"""
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "sync.gateway":
            raise ModuleNotFoundError("no " + name, name=name)
sys.meta_path.insert(0, Without())
import importlib.util
importlib.util.find_spec = lambda name, find=importlib.util.find_spec: None if name == "sync.gateway" else find(name)
from desktop.__main__ import main
sys.exit(main({verb!r}))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=installer.ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "so-phuong-gateway" in done.stderr
    assert len(done.stderr.splitlines()) == 1
