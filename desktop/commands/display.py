"""Whether there is a screen to draw on."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere when a display server is named."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
