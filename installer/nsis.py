"""setup.exe by NSIS: ``python -m installer.nsis``. The script and its sentences are in ``installer/nsis/``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from installer import BUILD, DIST, ROOT, signing, version
from installer.layout import Layout, icons, moment, windows
from installer.tools import call, need

SCRIPT = ROOT / "installer" / "nsis" / "setup.nsi"


def build(
    layout: Layout | None = None, output: Path | None = None, *, number: str | None = None, fast: bool = False
) -> list[Path]:
    """dist/SoPhuong-<version>-setup.exe, signed. ``number``: another version than the project's; ``fast``: weakly packed
    and unsigned, for tests."""
    need({"makensis": "nsis"})
    layout = layout or windows()
    number = number or version()
    output = output or DIST / f"SoPhuong-{number}-setup.exe"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    command = ["makensis", "-V2", "-NOCD", "-INPUTCHARSET", "UTF8", *(["-DFAST"] if fast else [])]
    command += [f"-D{name}={value}" for name, value in defines(layout, output, number, sign=not fast).items()]
    if not fast:
        signing.sign_programs(layout)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(moment()), "PYTHONPATH": str(ROOT)}
    said = call([*command, SCRIPT], folder=SCRIPT.parent, environment=environment)
    if warnings := [line for line in said.splitlines() if "warning" in line.lower()]:
        print("\n".join(warnings), flush=True)
    if not fast:
        signing.sign(output)
    return [output]


def defines(layout: Layout, output: Path, number: str, *, sign: bool) -> dict[str, str]:
    """What the script is given."""
    given = {
        "VERSION": number,
        "FILE_VERSION": file_version(number),
        "BUNDLE": str(layout.bundle.resolve()),
        "PROGRAM": layout.program,
        "CLI": "sophuong-cli.exe",
        "KILOBYTES": str(layout.kilobytes),
        "LONGEST": str(layout.longest(number)),
        "ICON": str(icons() / "app.ico"),
        "BITMAP": str(picture()),
        "OUTPUT": str(output.resolve()),
    }
    if layout.launchers:
        given["LAUNCHERS"] = str(layout.launchers[0].parent.resolve())
    if sign:
        given["SIGN"] = f"{sys.executable} -m installer.signing"
    return given | _hub()


def file_version(number: str) -> str:
    """ "1.2.3" → "1.2.3.0": four numbers, as Windows wants them; what is no number is left out."""
    parts = [re.match(r"\d+", part) for part in number.split(".")[:4]]
    numbers = [match.group() if match else "0" for match in parts]
    return ".".join((*numbers, "0", "0", "0", "0")[:4])


def picture() -> Path:
    """What stands at the left of the first page and the last, drawn when it is missing."""
    drawn = BUILD / "icons" / "setup.bmp"
    source = ROOT / "installer" / "picture.py"
    if not drawn.is_file() or drawn.stat().st_mtime < source.stat().st_mtime:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
        call([sys.executable, "-m", "installer.picture", drawn], environment=environment)
    return drawn


def _hub() -> dict[str, str]:
    """Files of NSIS lines that install and remove the hub's service, when installer/hub_service.py gives their commands."""
    try:
        from installer import hub_service
    except ImportError:
        return {}
    given = {}
    for name, commands in (
        ("HUB_INSTALL", hub_service.install_commands()),
        ("HUB_REMOVE", hub_service.remove_commands()),
    ):
        path = BUILD / "windows" / f"{name.lower()}.nsh"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"!insertmacro HubCommand `{from_system(command)}`\n" for command in commands]
        path.write_text("".join(lines), "utf-8")
        given[name] = str(path.resolve())
    return given


def from_system(command: str) -> str:
    """With Windows' own programs by their full names: beside a setup.exe in a folder of downloads anything may lie."""
    whole = re.sub(r"^(sc|netsh|cmd)\.exe", r"$SYSDIR\\\1.exe", command)
    return re.sub(r"(?<= )icacls(?= )", r"$SYSDIR\\icacls.exe", whole)


if __name__ == "__main__":
    for path in build():
        print(f"{path} {path.stat().st_size / 1e6:.1f} MB")
