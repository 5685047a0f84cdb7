"""The house keeps its shape: who may import whom, and what may stand where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("desktop", "sync", "forms", "resources")
ALLOWED = {
    "resources": {"resources"},
    "forms": {"forms", "resources"},
    "sync": {"sync", "forms", "resources"},
    "desktop": set(ROOMS),
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    for path in modules(room):
        for name in imports_of(path):
            first = name.partition(".")[0]
            assert first not in ROOMS or first in ALLOWED[room], f"{path.relative_to(ROOT)} imports {name}"
            assert first != "PySide6" or room == "desktop", f"{path.relative_to(ROOT)} draws"


def test_forms_opens_no_socket_and_no_database() -> None:
    forbidden = {"socket", "requests", "urllib3", "http", "sqlite3", "sqlcipher3", "sqlite_utils", "psycopg"}
    for path in modules("forms"):
        found = {name.partition(".")[0] for name in imports_of(path)} & forbidden
        assert not found, f"{path.relative_to(ROOT)} imports {found}"


def test_no_tool_is_named_in_code() -> None:
    """Promise 5: a tool is data. Shared people are the exception the field types rest on, samples and the demo another."""
    tools = [p.name for p in (ROOT / "forms/catalog").iterdir() if (p / "tool.yaml").exists()]
    shared = {"residence", "hr"}
    free = (ROOT / "desktop/demo", ROOT / "forms/sample", ROOT / "forms/sample.py", ROOT / "sync/gateway/simulator")
    for room in ROOMS:
        for path in modules(room):
            if any(str(path).startswith(str(f)) for f in free):
                continue
            text = path.read_text(encoding="utf-8")
            named = [t for t in tools if t not in shared and (f'"{t}.' in text or f"'{t}." in text)]
            assert not named, f"{path.relative_to(ROOT)} names the tool {named}"


def test_verbs_that_draw_nothing_run_without_pyside() -> None:
    probe = (
        "import sys; sys.modules['PySide6'] = None\n"
        "from desktop.__main__ import main\n"
        "raise SystemExit(main(['tools', '--json']))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert '"tools"' in answer.stdout
