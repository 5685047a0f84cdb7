"""``open``: the workspace."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from desktop.commands.desk import Desk
from desktop.commands.display import has_display
from desktop.commands.errors import CommandError

if TYPE_CHECKING:
    import argparse

    from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    """None of its own."""


def run(desk: Desk, given: argparse.Namespace | None = None) -> int:
    if not has_display() and "QT_QPA_PLATFORM" not in os.environ:
        # Qt would end the whole program (SIGABRT) with its own lines
        raise CommandError(
            "Máy này không có màn hình để mở bàn làm việc. Các lệnh khác: sophuong --help",
            "This machine has no display to open the workspace on. Other verbs: sophuong --help",
        )
    gc.disable()  # a start makes many objects and drops few: looking for rubbish meanwhile costs it 10 ms
    from desktop.quick_enums import use_quick_enums

    use_quick_enums()
    _name_for_taskbar()
    from desktop.quick_imports import bring_in_qt

    bring_in_qt()
    from desktop.start import open_workspace

    return open_workspace(desk.folder, passphrase=desk.passphrase)


def _name_for_taskbar() -> None:
    """Windows then takes the window for the shortcut's that setup made with the same name: pinned, it starts the launcher and
    not the file of this version, which an update leaves behind."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("SoPhuong.Workspace")
