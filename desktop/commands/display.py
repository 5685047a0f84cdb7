"""Whether there is a screen to draw on, and drawing without one."""

from __future__ import annotations

import os
import sys

from resources import data_file


def has_display() -> bool:
    """Whether a window can be shown: always on Windows and macOS, elsewhere when a display server is named."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def draw_papers() -> None:
    """Before Qt begins: papers are drawn without a screen. Windows draws without a window, and only so with its own fonts."""
    if sys.platform != "win32":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def draw_pictures() -> None:
    """Before Qt begins: windows are drawn that nobody sees, with the fonts the program brings."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if sys.platform == "win32":  # Qt would look for fonts in a folder of its own, and complain that it is not there
        os.environ.setdefault("QT_QPA_FONTDIR", str(data_file("fonts")))
