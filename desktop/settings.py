"""What an officer chose for this PC: language, colours, size of text, shift of the printer.

Kept in ``settings.json`` of the profile and not in the store, since the window needs it before the store is unlocked.
No personal data.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from desktop.language import LANGUAGES

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

    def shift_of(self, printer: str) -> tuple[float, float]:
        """(right, down) in mm for a printer; one without its own has that of all the others."""
        return self.printers.get(printer, (self.printer_right, self.printer_down))

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES or self.theme not in THEMES or not 1.0 <= self.scale <= 1.5:
            raise ValueError(f"settings: language {self.language!r}, theme {self.theme!r}, scale {self.scale!r}")


def load_settings(folder: Path) -> Settings:
    """The settings of a profile; a damaged file gives the defaults, since a wrong colour must not stop the work."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=Settings)
    except (OSError, msgspec.DecodeError, ValueError):
        return Settings()


def save_settings(folder: Path, settings: Settings) -> None:
    """Written beside and renamed, so that a power cut leaves the old file or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{FILE_NAME}.new"
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(settings), indent=2))
    beside.replace(folder / FILE_NAME)
