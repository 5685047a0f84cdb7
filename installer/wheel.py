"""The city's side as a package of its own: ``python -m installer.wheel`` makes dist/so_phuong_gateway-<version>-py3-none-any.whl.

It holds forms, resources and what of sync the gateway imports: no window, no store, no Qt. The systemd unit comes with
it (lib/systemd/system of the venv). Beside it lies <name>-requirements.txt: what it needs, with the hashes of the lock.
Made by hand: a wheel is a zip, and the same input gives the same bytes.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from installer import DIST, ROOT, version
from installer.layout import moment

NAME = "so_phuong_gateway"
ENTRY = "sync.gateway.__main__"
UNIT = ROOT / "installer" / "systemd" / "sophuong-gateway.service"
DATA = ("forms/catalog", "resources/data", "resources/paper")
OURS = ("forms", "sync", "resources")
MODULES = {"cel": "common-expression-language", "yaml": "pyyaml", "python_calamine": "python-calamine"}
"""Names by which libraries are imported, where those differ from the names of their packages."""


def build(output: Path | None = None, *, number: str | None = None) -> list[Path]:
    """The wheel and its requirements."""
    number = number or version()
    output = output or DIST / f"{NAME}-{number}-py3-none-any.whl"
    output.parent.mkdir(parents=True, exist_ok=True)
    about = f"{NAME}-{number}.dist-info"
    contents = {path: (ROOT / path).read_bytes() for path in files()}
    contents[f"{NAME}-{number}.data/data/lib/systemd/system/{UNIT.name}"] = UNIT.read_bytes()
    contents[f"{about}/METADATA"] = _metadata(number).encode()
    contents[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: so-phuong\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents[f"{about}/entry_points.txt"] = f"[console_scripts]\nsophuong-gateway = {ENTRY}:main\n".encode()
    lines = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in sorted(contents.items())]
    contents[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""]).encode()
    stamp = time.gmtime(moment())[:6]
    made = output.with_suffix(".new")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in contents.items():
            entry = zipfile.ZipInfo(path, stamp)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    made.replace(output)
    pins = output.with_name(f"{NAME}-{number}-requirements.txt")
    pins.write_text(requirements(), "utf-8")
    return [output, pins]


def files() -> list[str]:
    """Every file of the package, relative to the repository."""
    modules = sorted(path.relative_to(ROOT).as_posix() for path in reached()[0])
    data = [
        p
        for folder in DATA
        for p in sorted((ROOT / folder).rglob("*"))
        if p.is_file() and p.suffix not in (".py", ".pyc")
    ]
    extra = [path.relative_to(ROOT).as_posix() for path in data if "__pycache__" not in path.parts]
    return modules + [path for path in extra if path not in modules]


@cache
def reached() -> tuple[frozenset[Path], frozenset[str]]:
    """What the gateway imports, directly or not, also inside functions: our modules' files; others' top names."""
    waiting = [*_named(ENTRY), *_named("sync.gateway"), *(p for p in (ROOT / "sync" / "gateway").rglob("*.py"))]
    ours: set[Path] = set()
    others: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in ours:
            continue
        ours.add(path)
        for name in _imported(path):
            if name.partition(".")[0] in OURS:
                waiting += _named(name)
            elif name.partition(".")[0] not in sys.stdlib_module_names:
                others.add(name.partition(".")[0])
    return frozenset(ours), frozenset(others - {"desktop"})


def needs() -> list[str]:
    """The requirements of what the gateway imports, as pyproject.toml has them. Raises LookupError for what it does not name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    known = {_name(line): line for line in [*project["dependencies"], *project["optional-dependencies"]["gateway"]]}
    wanted = {_name(MODULES.get(name, name)) for name in reached()[1]}
    named = sorted(known[name] for name in wanted & known.keys())
    if unknown := sorted(wanted - known.keys() - _closed(named)):
        raise LookupError(f"the gateway imports what pyproject.toml does not name: {', '.join(unknown)}")
    return named


def requirements() -> str:
    """Those and all that they need in their turn, each at the lock's version with its hashes."""
    locked = _locked()
    if missing := sorted(name for name in map(_name, needs()) if name not in locked):
        print(f"note: not in requirements.lock yet: {', '.join(missing)}", flush=True)
    return "".join(locked[name] for name in sorted(_closed(needs())) if name in locked)


def _closed(lines: Iterable[str]) -> set[str]:
    """The names of these and of all that they need, on this system."""
    from importlib.metadata import PackageNotFoundError, requires

    names, waiting = set[str](), [(_name(line), _extras(line)) for line in lines]
    while waiting:
        name, extras = waiting.pop()
        try:
            wanted = requires(name) or []
        except PackageNotFoundError:
            continue  # of another system
        names.add(name)
        for line in wanted:
            requirement, _, marker = line.partition(";")
            extra = re.search(r"extra\s*==\s*['\"]([\w.-]+)['\"]", marker)
            if (extra is None or extra[1] in extras) and _name(requirement) not in names:
                waiting.append((_name(requirement), _extras(requirement)))
    return names


def _locked() -> dict[str, str]:
    """requirements.lock by package: each one's lines."""
    found: dict[str, str] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines(keepends=True):
        if line[:1].isalnum():
            name = _name(line)
            found[name] = line
        elif name and line.startswith("    --hash"):
            found[name] += line
    return {name: lines.rstrip().removesuffix("\\").rstrip() + "\n" for name, lines in found.items()}


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement.strip())
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""


def _extras(requirement: str) -> set[str]:
    match = re.search(r"\[([\w., -]+)\]", requirement)
    return {part.strip() for part in match[1].split(",")} if match else set()


def _named(module: str) -> list[Path]:
    """The files of a module and of the packages it lies in; none where the name is a class or a function."""
    parts = module.split(".")
    places = [ROOT.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    return [path for place in places for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()]


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(_without_typing(ast.parse(path.read_text("utf-8")))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "find_spec"):
                names.add(str(node.args[0].value))
    return names


def _without_typing(tree: ast.Module) -> ast.Module:
    """Without what is imported for the type checker alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


def _metadata(number: str) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {NAME.replace('_', '-')}",
        f"Version: {number}",
        "Summary: Sổ Phường: the city's gateway",
        "License: Apache-2.0",
        "Requires-Python: >=3.11",
        *(f"Requires-Dist: {line}" for line in needs()),
    ]
    return "\n".join(lines) + "\n"


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    for path in build():
        print(f"{path} {path.stat().st_size / 1e6:.2f} MB")
