"""What an officer chose for this PC: language, colours, size of text, shift of the printer.

Kept in ``settings.json`` of the profile and not in the store, since the window needs it before the store is unlocked.
No personal data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop.language import LANGUAGES

if TYPE_CHECKING:
    from desktop.rollout import Given

FILE_NAME = "settings.json"
THEMES = ("light", "dark")
SCALES = (1.0, 1.1, 1.25, 1.5)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    language: str = "vi"
    theme: str = "light"
    scale: float = 1.0  # of text and spacing, 1.0 to 1.5
    printer_right: float = 0.0  # mm the print is moved to the right, for pre-printed forms
    printer_down: float = 0.0  # mm the print is moved down
    printers: dict[str, tuple[float, float]] = {}  # name of a printer -> its own (right, down), mm
    sync_seconds: int = 60
    spare_line: bool = False  # by day only small changes; the bulk at night, or when a person presses sync
    line_kb_per_second: float = 0  # cap of the line to the city, thousand bytes; 0: none
    line_proxy: str = ""  # address of a proxy; "": the system's
    last_officer: str = ""  # id; offered first at sign-in
    hub: str = ""  # "auto", "off" or an address; "": as chosen with the verb
    ring: str = ""  # of updates; "": the city's choice
    autostart: bool | None = None  # background sync from sign-in on; None: as setup left it
    backup_to: tuple[str, ...] = ()  # folders that backups go to
    backup_keep: int = 7
    office: dict[
        str, Any
    ] = {}  # what rollout.toml said when it was taken over: only what it says anew goes over a choice

    def shift_of(self, printer: str) -> tuple[float, float]:
        """(right, down) in mm for a printer; one without its own has that of all the others."""
        return self.printers.get(printer, (self.printer_right, self.printer_down))

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES or self.theme not in THEMES or not 1.0 <= self.scale <= 1.5:
            raise ValueError(f"settings: language {self.language!r}, theme {self.theme!r}, scale {self.scale!r}")


OFFICE_KEYS = {
    "language": "language",
    "proxy": "line_proxy",
    "hub": "hub",
    "ring": "ring",
    "autostart": "autostart",
    "backup_to": "backup_to",
    "backup_keep": "backup_keep",
}
"""Keys of rollout.toml and of policies, and the setting each is."""


def load_settings(folder: Path) -> Settings:
    """The settings of a profile; a damaged file gives the defaults, since a wrong colour must not stop the work. What the
    office says goes over them: a file when it says something new, a policy always."""
    from desktop.rollout import read_rollout

    return over(_read(folder), read_rollout(folder))


def over(settings: Settings, given: Given) -> Settings:
    """With what the office set."""
    if not given.values:
        return settings
    changes: dict[str, Any] = {}
    office = dict(settings.office)
    for key, name in OFFICE_KEYS.items():
        if key not in given.values:
            office.pop(key, None)
            continue
        value = given.values[key]
        if given.is_locked(key) or office.get(key) != value:
            changes[name] = tuple(value) if isinstance(value, list) else value
        if not given.is_locked(key):
            office[key] = value
    try:
        return msgspec.structs.replace(settings, **changes, office=office)
    except ValueError:
        return settings


def _read(folder: Path) -> Settings:
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError, ValueError):
        return Settings()


def save_settings(folder: Path, settings: Settings) -> None:
    """Written beside and renamed, so that a power cut leaves the old file or the new one. What a policy says is not written:
    when it is taken back, the officer's own choice holds again."""
    from desktop.rollout import read_rollout

    given = read_rollout(folder)
    if locked := [name for key, name in OFFICE_KEYS.items() if given.is_locked(key)]:
        own = _read(folder)
        settings = msgspec.structs.replace(settings, **{name: getattr(own, name) for name in locked})
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{FILE_NAME}.new"
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=2))
    beside.replace(folder / FILE_NAME)
