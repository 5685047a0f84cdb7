"""Whether background sync begins when this account signs in: a value under Windows' Run, a file in Linux' autostart.

Setup writes the same entry (for the whole machine where it was installed so); this one is the account's own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from desktop.background_sync import program
from desktop.settings import Settings

NAME = "SoPhuong"
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
ENTRY = """[Desktop Entry]
Type=Application
Name=Sổ Phường
Comment=Đồng bộ ngầm
Comment[en]=Background sync
Exec={command}
Terminal=false
NoDisplay=true
"""


def set_autostart(on: bool) -> None:
    """Raises OSError where it cannot be written."""
    if sys.platform == "win32":
        _set_value(_windows_line([*program(), "--background"]) if on else None)
        return
    path = entry_path()
    if not on:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_text(ENTRY.format(command=_desktop_line([*program(), "--background"])), "utf-8")
    beside.replace(path)


def follow(settings: Settings) -> None:
    """What the settings say, made so; what nobody set stays as setup left it. Never fails: work does not hang on it."""
    if settings.autostart is None:
        return
    with contextlib.suppress(OSError):
        set_autostart(settings.autostart)


def has_autostart() -> bool:
    """Of this account or, where it was installed so, of the whole machine."""
    if sys.platform == "win32":
        return any(_value(machine) is not None for machine in (False, True))
    return entry_path().is_file() or Path("/etc/xdg/autostart/sophuong.desktop").is_file()


def entry_path() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "autostart" / "sophuong.desktop"


def _windows_line(command: list[str]) -> str:
    return " ".join(f'"{part}"' if " " in part or "\\" in part else part for part in command)


def _desktop_line(command: list[str]) -> str:
    """As the Desktop Entry Specification wants it: special characters escaped within quotes, and % doubled; the line is
    then escaped once more as every value is."""
    quoted = []
    for part in command:
        for special in ("\\", '"', "`", "$"):
            part = part.replace(special, "\\" + special)  # noqa: PLW2901
        quoted.append('"' + part.replace("%", "%%").replace("\\", "\\\\") + '"')
    return " ".join(quoted)


if sys.platform == "win32":
    import winreg

    def _set_value(line: str | None) -> None:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key:
            if line is not None:
                winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, line)
                return
            try:
                winreg.DeleteValue(key, NAME)
            except FileNotFoundError:
                return

    def _value(machine: bool) -> str | None:
        root = winreg.HKEY_LOCAL_MACHINE if machine else winreg.HKEY_CURRENT_USER
        try:
            with winreg.OpenKey(root, RUN_KEY) as key:
                return str(winreg.QueryValueEx(key, NAME)[0])
        except OSError:
            return None
