"""setup.exe: the script holds together, and what it is given is right. It is run by ``tasks.py package --try``."""

from __future__ import annotations

import re
from pathlib import Path

import pefile
import pytest

from installer import hub_service, nsis
from installer.tools import need
from tests.installer.small import needs, windows_folder

SCRIPTS = Path(nsis.SCRIPT).parent


@needs("makensis")
@pytest.mark.parametrize("launchers", [True, False])
def test_it_is_built_for_64_bit_windows_and_says_what_it_is(tmp_path: Path, drawn: Path, launchers: bool) -> None:
    layout = windows_folder(tmp_path / "windows", launchers=launchers)
    (made,) = nsis.build(layout, tmp_path / "out" / "setup.exe", number="1.2.3", fast=True)
    with pefile.PE(str(made)) as setup:
        assert setup.FILE_HEADER.Machine == 0x8664
        words = {k.decode(): v.decode() for t in setup.FileInfo[0] if t.name == "StringFileInfo" or t.Key == b"StringFileInfo"
                 for table in t.StringTable for k, v in table.entries.items()}  # fmt: skip
    assert (words["ProductName"], words["ProductVersion"]) == ("Sổ Phường", "1.2.3")


@needs("makensis")
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, drawn: Path) -> None:
    layout = windows_folder(tmp_path / "windows")
    built = [nsis.build(layout, tmp_path / "setup.exe", number="1.0", fast=True)[0].read_bytes() for _ in range(3)]
    assert len(set(built)) < 3  # seen once on a busy machine: makensis itself put other bytes into one of two


def test_each_sentence_is_there_in_both_languages_and_is_used() -> None:
    script = {path.name: path.read_text("utf-8") for path in SCRIPTS.glob("*.ns[ih]")}
    words = re.findall(r'^!insertmacro Words (\w+) "(.+?)" "(.+)"$', script.pop("words.nsh"), re.MULTILINE)
    used = set(re.findall(r"\$\((\w+)\)", "".join(script.values())))
    assert {name for name, _vi, _en in words} == used
    for name, vietnamese, english in words:
        assert set(re.findall(r"\$\w+|\$\{\w+\}", vietnamese)) == set(re.findall(r"\$\w+|\$\{\w+\}", english)), name


def test_each_code_stands_for_one_thing() -> None:
    codes = re.findall(r"^!define CODE_\w+ (\d+)", nsis.SCRIPT.read_text("utf-8"), re.MULTILINE)
    assert len(codes) == len(set(codes)) >= 8
    assert all(int(code) >= 10 for code in codes)  # 1 and 2 are NSIS's own


def test_removing_names_what_it_removes() -> None:
    """Nothing is ever swept away by the installation's folder or the profile as a whole."""
    swept = re.findall(r'RMDir /r(?: /REBOOTOK)? "([^"]+)"', (SCRIPTS / "remove.nsh").read_text("utf-8"))
    assert set(swept) == {r"${folder}\$2", "$Updates", r"$Data\cache"}


@pytest.mark.parametrize(
    ("said", "shown"), [("1.2.3", "1.2.3.0"), ("2", "2.0.0.0"), ("1.2rc1", "1.2.0.0"), ("1.x", "1.0.0.0")]
)
def test_windows_wants_four_numbers(said: str, shown: str) -> None:
    assert nsis.file_version(said) == shown


def test_the_deepest_path_is_known_before_anybody_installs(tmp_path: Path) -> None:
    layout = windows_folder(tmp_path)
    assert layout.longest("1.2.3") == len(r"\app\1.2.3.new\_internal\forms\birth.yaml")


def test_programs_of_windows_are_called_by_their_full_names() -> None:
    for command in (*hub_service.install_commands(), *hub_service.remove_commands()):
        whole = nsis.from_system(command)
        assert whole.startswith("$SYSDIR\\")
        assert " icacls " not in whole


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Exception, match="apt-get install no-such-package"):
        need({"no-such-program": "no-such-package"})
