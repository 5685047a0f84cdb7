"""The gateway's wheel: whole without the window, the store and Qt, and installed as any other."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from installer import wheel


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("dist") / "so_phuong_gateway-1.2.3-py3-none-any.whl", number="1.2.3")[0]


def test_what_it_holds(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        metadata = archive.read("so_phuong_gateway-1.2.3.dist-info/METADATA").decode()
        recorded = archive.read("so_phuong_gateway-1.2.3.dist-info/RECORD").decode().splitlines()
        for line in recorded[:-1]:
            path, digest, size = line.rsplit(",", 2)
            content = archive.read(path)
            right = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert (digest, int(size)) == (f"sha256={right}", len(content)), path
    assert len(recorded) == len(names)
    assert not [name for name in names if name.startswith(("desktop/", "sync/store/", "resources/icons/"))]
    assert "so_phuong_gateway-1.2.3.data/data/lib/systemd/system/sophuong-gateway.service" in names
    needed = {
        line.removeprefix("Requires-Dist: ") for line in metadata.splitlines() if line.startswith("Requires-Dist")
    }
    assert not [line for line in needed if line.lower().startswith(("pyside6", "sqlcipher3", "keyring"))]
    assert {"common-expression-language", "uvicorn", "psycopg"} <= {wheel._name(line) for line in needed}


def test_the_gateway_starts_from_it_alone(made: Path, tmp_path: Path) -> None:
    """From the unpacked wheel, with nothing of the repository in reach and Qt, the store's and the vault's libraries barred."""
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path / "site")
    barred = ("PySide6", "sqlcipher3", "keyring", "desktop", "segno")
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
for name in {barred!r}:
    sys.modules[name] = None
import sync
assert sync.__file__.startswith({str(tmp_path)!r}), sync.__file__
from sync.gateway.__main__ import main
raise SystemExit(main(["enrol", "--database", "sqlite:///" + {str(tmp_path / "no such folder" / "city.db")!r}, "--ward", "00070"]))
"""
    serve = program.replace('["enrol", ', '["serve", "--help"] or [')
    done = subprocess.run([sys.executable, "-c", serve], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--drain" in done.stdout
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr  # it came as far as the database, and says in one line that there is none
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_it_needs_is_pinned_with_hashes() -> None:
    lines = wheel.requirements().splitlines()
    pinned = {wheel._name(line) for line in lines if not line.startswith(" ")}
    assert {"uvicorn", "h11", "psycopg-binary", "lxml", "msgspec", "holidays", "python-dateutil"} <= pinned
    assert not pinned & {"pyside6-essentials", "sqlcipher3", "pytest", "keyring"}
    assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (wheel.build(tmp_path / f"{name}.whl", number="1.2.3")[0].read_bytes() for name in ("one", "two"))
    assert first == second


def test_the_unit_serves_as_nobody_in_particular() -> None:
    unit = wheel.UNIT.read_text("utf-8")
    settings = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    assert settings["DynamicUser"] == settings["NoNewPrivileges"] == "yes"
    assert settings["ProtectSystem"] == "strict"
    assert settings["EnvironmentFile"] == "/etc/sophuong/gateway.env"
    assert settings["ExecStart"].split()[:2] == ["/opt/sophuong-gateway/bin/sophuong-gateway", "serve"]
