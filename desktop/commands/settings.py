"""Where this account's data lies, and the language to speak, known before any store is opened."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sync.long_paths import usable


def default_profile() -> Path:
    """One store per Windows account in LOCALAPPDATA (it must not roam); elsewhere the XDG data folder."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "SoPhuong"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "so-phuong"


def chosen_language(arguments: Sequence[str]) -> str:
    """The language asked for on the command line, else the one chosen in this profile's settings."""
    from desktop.settings import load_settings

    asked = _value_of(arguments, "--language")
    if asked in ("vi", "en"):
        return asked
    folder = _value_of(arguments, "--profile")
    return load_settings(usable(Path(folder) if folder else default_profile())).language


def _value_of(arguments: Sequence[str], option: str) -> str | None:
    for at, argument in enumerate(arguments):
        if argument.startswith(option + "="):
            return argument.partition("=")[2]
        if argument == option and at + 1 < len(arguments):
            return arguments[at + 1]
    return None
