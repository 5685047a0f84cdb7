"""What stays out of the packages, and that what is needed stays in."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from installer import ROOT, pruning
from installer.pruning import is_left_out, is_left_out_module, only_needed, without_doubles


def test_plugins_stay_only_when_they_are_named() -> None:
    at = "PySide6/plugins/"
    assert not is_left_out(at.replace("/", "\\") + "platforms\\qwindows.dll")
    assert not is_left_out("PySide6/Qt/plugins/platforms/libqxcb.so")
    assert not is_left_out(at + "imageformats/qjpeg.dll")
    assert is_left_out(at + "imageformats/qwebp.dll")
    assert is_left_out(at + "platforms/qdirect2d.dll")
    assert is_left_out(at + "tls/qschannelbackend.dll")


def test_software_opengl_network_and_translations_of_qt_go() -> None:
    for name in (
        "opengl32sw.dll",
        "Qt6Network.dll",
        "QtNetwork.pyd",
        "translations/qtbase_de.qm",
        "d3dcompiler_47.dll",
    ):
        assert is_left_out(f"PySide6/{name}")
    for name in ("Qt6Gui.dll", "Qt6Svg.dll", "Qt6PrintSupport.dll", "QtCore.pyd"):
        assert not is_left_out(f"PySide6/{name}")


def test_one_calendar_stays() -> None:
    assert is_left_out_module("holidays.countries.france")
    assert not is_left_out_module("holidays.countries.vietnam")
    assert is_left_out("holidays/locale/vi/LC_MESSAGES/FR.mo")
    assert is_left_out("holidays/locale/vi/LC_MESSAGES/VE.mo")
    assert not is_left_out("holidays\\locale\\vi\\LC_MESSAGES\\VN.mo")
    assert not is_left_out_module("holidays.calendars.chinese")
    assert not is_left_out_module("forms.workdays")


def test_a_system_library_stays_while_something_in_the_package_needs_it() -> None:
    needs = {
        "/venv/qt.so": ["libone.so.1", "libcups.so.2"],
        "/usr/lib/libone.so.1": ["libtwo.so.2"],
        "/usr/lib/libcups.so.2": ["libtls.so.3"],
    }
    parts = [("PySide6/qt.so", "/venv/qt.so", "BINARY"), ("qt.so", "PySide6/qt.so", "SYMLINK")]
    parts += [
        (f"lib{n}", f"/usr/lib/lib{n}", "BINARY") for n in ("one.so.1", "two.so.2", "cups.so.2", "tls.so.3", "gtk.so.4")
    ]
    kept = [name for name, _, _ in only_needed(parts, lambda file: needs.get(file, []))]
    assert kept == ["PySide6/qt.so", "qt.so", "libone.so.1", "libtwo.so.2"]


def test_microsofts_runtime_is_kept_once_beside_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_file_version", lambda path: (14, 44) if "shiboken" in path else (14, 30))
    parts = [
        ("VCRUNTIME140.dll", "a/VCRUNTIME140.dll", "BINARY"),
        ("shiboken6\\VCRUNTIME140.dll", "shiboken6/VCRUNTIME140.dll", "BINARY"),
    ]
    parts += [("PySide6\\Qt6Core.dll", "q", "BINARY"), ("PySide6\\MSVCP140.dll", "m", "BINARY")]
    assert sorted(without_doubles(parts)) == [
        ("PySide6\\Qt6Core.dll", "q", "BINARY"),
        ("msvcp140.dll", "m", "BINARY"),
        ("vcruntime140.dll", "shiboken6/VCRUNTIME140.dll", "BINARY"),
    ]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return names


def test_nothing_on_the_pc_imports_what_stays_out() -> None:
    allowed = {  # verbs of the city's side, which say so where the gateway is not there
        path for folder in ("desktop/demo", "desktop/commands") for path in (ROOT / folder).glob("*.py")
    }
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for package in ("desktop", "forms", "sync")
        for path in (ROOT / package).rglob("*.py")
        if "gateway" not in path.parts
        for name in _imported(path)
        if any(name == out or name.startswith(f"{out}.") for out in pruning.MODULES)
        and not (path in allowed and name.startswith("sync.gateway"))
    }
    assert not wrong
