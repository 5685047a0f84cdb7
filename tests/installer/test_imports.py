"""The static check of the Windows bundle: it fails for one library less, and for what Windows 10 1809 does not have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from installer import BUILD
from installer.imports import check, main, system_libraries, wanted_of
from tests.installer.portable_executable import library

BUILT = BUILD / "windows" / "sophuong"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A program, a Qt in its folder and the runtime beside Python, as the real one is laid."""
    laid = {
        "sophuong.exe": {"KERNEL32.dll": ["ExitProcess"], "USER32.dll": ["MessageBoxW"]},
        "_internal/python312.dll": {"KERNEL32.dll": ["Sleep"], "VCRUNTIME140.dll": ["memcpy"]},
        "_internal/VCRUNTIME140.dll": {"api-ms-win-crt-heap-l1-1-0.dll": ["malloc"]},
        "_internal/MSVCP140.dll": {"VCRUNTIME140.dll": ["memcpy"]},
        "_internal/PySide6/Qt6Core.dll": {"MSVCP140.dll": ["_Xlength_error"], "ole32.dll": ["CoInitialize"]},
        "_internal/PySide6/plugins/platforms/qwindows.dll": {"Qt6Core.dll": ["qVersion"], "gdi32.dll": ["BitBlt"]},
        "_internal/own/part.pyd": {"beside.dll": ["one"]},
        "_internal/own/beside.dll": {"KERNEL32.dll": ["Sleep"]},
    }
    for name, imports in laid.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(library(imports))
    return tmp_path


def test_a_whole_bundle_passes(bundle: Path) -> None:
    assert check(bundle) == []
    assert main(bundle) == 0


@pytest.mark.parametrize(
    ("gone", "asking"),
    [
        ("_internal/MSVCP140.dll", ["_internal/PySide6/Qt6Core.dll"]),
        ("_internal/VCRUNTIME140.dll", ["_internal/MSVCP140.dll", "_internal/python312.dll"]),
        ("_internal/PySide6/Qt6Core.dll", ["_internal/PySide6/plugins/platforms/qwindows.dll"]),
        ("_internal/own/beside.dll", ["_internal/own/part.pyd"]),
    ],
)
def test_one_library_less_fails_and_says_who_asks(
    bundle: Path, gone: str, asking: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle / gone).unlink()
    found = check(bundle)
    assert [one.file for one in found] == asking
    assert {one.reason for one in found} == {f"needs {Path(gone).name.lower()}"}
    assert main(bundle) == 1
    assert asking[0] in capsys.readouterr().err


def test_a_library_in_a_folder_that_windows_does_not_search_does_not_count(bundle: Path) -> None:
    (bundle / "_internal/own/beside.dll").rename(bundle / "_internal/PySide6/plugins/beside.dll")
    assert [one.reason for one in check(bundle)] == ["needs beside.dll"]


def test_what_windows_1809_has_not_yet_is_named(bundle: Path) -> None:
    (bundle / "_internal/late.pyd").write_bytes(library({"KERNEL32.dll": ["GetTempPath2W"], "icu.dll": ["u_init"]}))
    reasons = {one.reason for one in check(bundle) if one.file == "_internal/late.pyd"}
    assert reasons == {"needs icu.dll", "needs GetTempPath2W, which Windows has after 1809 only"}


def test_a_library_of_another_machine_or_a_newer_windows_is_refused(bundle: Path) -> None:
    (bundle / "_internal/own/part.pyd").write_bytes(library({}, machine=0x14C))
    (bundle / "_internal/own/beside.dll").write_bytes(library({}, system=(11, 0)))
    (bundle / "_internal/own/torn.dll").write_bytes(b"MZ torn")
    assert [one.file.rpartition("/")[2] for one in check(bundle)] == ["beside.dll", "part.pyd", "torn.dll"]


def test_runtimes_that_only_wine_brings_are_not_taken_for_windows_own() -> None:
    system, later = system_libraries()
    assert not system & {
        "msvcp140.dll",
        "msvcp140_1.dll",
        "vcruntime140.dll",
        "vcruntime140_1.dll",
        "icuuc.dll",
        "python312.dll",
    }
    assert "kernel32.dll" in system
    assert "GetTempPath2W" in later


@pytest.mark.skipif(not (BUILT / "sophuong.exe").is_file(), reason="no Windows bundle was built here")
def test_the_bundle_that_was_built_needs_the_runtime_it_has(tmp_path: Path) -> None:
    copy = tmp_path / "sophuong"
    shutil.copytree(BUILT, copy, copy_function=lambda source, target: Path(target).symlink_to(Path(source).resolve()))
    assert check(copy) == []
    runtime = next(path for path in copy.rglob("*.dll") if path.name.lower() == "msvcp140.dll")
    runtime.unlink()
    assert "needs msvcp140.dll" in {one.reason for one in check(copy)}
    assert "msvcp140.dll" in wanted_of(copy)
