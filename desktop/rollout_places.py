r"""Where the office's settings for this PC lie: ``rollout.toml`` files, and Windows' policies. Only looked at, not understood.

The order is the order of force: beside the installation, in the account's configuration folder, in the profile, then the
policies of the machine and of the account (``Software\Policies\SoPhuong``), which the officer cannot change.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct

from sync.long_paths import shown

NAME = "rollout.toml"
ONLY = "SOPHUONG_ROLLOUT"
"""The variable that names one file to be read in the place of all ("" none): for trying a file out."""
POLICY_KEY = r"Software\Policies\SoPhuong"


class Place(Struct, frozen=True):
    """``values``: of a policy, as Windows has them; None: a file at ``path``."""

    path: Path
    values: dict[str, Any] | None = None

    @property
    def is_policy(self) -> bool:
        return self.values is not None

    @property
    def name(self) -> str:
        return shown(self.path)


def places(profile: Path) -> list[Place]:
    """All that are there, the weakest first."""
    only = os.environ.get(ONLY)
    files = ([Path(only)] if only else []) if only is not None else _files(profile)
    return [Place(path) for path in files if only or path.is_file()] + read_policies()


def _files(profile: Path) -> list[Path]:
    found = [folder / NAME for folder in _installations()]
    if sys.platform == "win32":
        if roaming := os.environ.get("APPDATA"):
            found.append(Path(roaming) / "SoPhuong" / NAME)
    else:
        found.append(Path("/etc/so-phuong") / NAME)
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        found.append(Path(config) / "so-phuong" / NAME)
    found.append(profile / NAME)
    return list(dict.fromkeys(found))


def _installations() -> list[Path]:
    """The folder of the installer, wherever the version at work lies: new ones are laid in the account's own folder."""
    if not getattr(sys, "frozen", False):
        return []
    if launcher := os.environ.get("SOPHUONG_LAUNCHER"):
        return [Path(launcher).parent]
    running = Path(sys.executable).parent
    return [running.parents[1], running] if running.parent.name == "app" else [running]


if sys.platform == "win32":
    import winreg

    def read_policies() -> list[Place]:
        """The machine's first, so that the account's goes over it."""
        found = []
        for short, root in (("HKLM", winreg.HKEY_LOCAL_MACHINE), ("HKCU", winreg.HKEY_CURRENT_USER)):
            values: dict[str, Any] = {}
            try:
                with winreg.OpenKey(root, POLICY_KEY, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                    for number in range(winreg.QueryInfoKey(key)[1]):
                        name, value, _kind = winreg.EnumValue(key, number)
                        values[name] = value
            except OSError:
                continue
            if values:
                found.append(Place(Path(f"{short}\\{POLICY_KEY}"), values))
        return found
else:

    def read_policies() -> list[Place]:
        """There are none but on Windows; /etc/so-phuong/rollout.toml is the machine's there."""
        return []
