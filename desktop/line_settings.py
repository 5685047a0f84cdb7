"""What this PC's line to the city is like: its own certificate authority, a proxy, a cap, and when it is to be spared."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.settings import Settings
from sync.clock import HANOI

if TYPE_CHECKING:
    from sync.http_line import LineSettings

CA_FILE = "city-ca.pem"
DAY = range(6, 20)
"""Hours of the day in which a line that is to be spared carries small changes alone."""


def line_settings(folder: Path, settings: Settings) -> LineSettings:
    """For the profile in ``folder``."""
    from sync.http_line import LineSettings

    ca = folder / CA_FILE
    return LineSettings(
        ca=ca if ca.exists() else None, proxy=settings.line_proxy, kb_per_second=settings.line_kb_per_second
    )


def is_spared(settings: Settings, now: datetime) -> bool:
    """Whether a sync that nobody asked for carries only little now."""
    return settings.spare_line and now.astimezone(HANOI).hour in DAY
