"""One window a profile: a second start raises the first one's, or says plainly why it cannot.

The first holds a lock in the profile's folder ``window`` for as long as it runs, also while the last backup is made after its
window was closed; the system frees it however the program ends. A second start leaves a file there that asks for the window,
and the first takes it away once it has come forward. One that is ending hurries instead, and the second takes its place.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct
from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from sync.lock import lock_file

FOLDER = "window"
_LOCK, _WHO, _ASKED, _ENDING = "window.lock", "who.json", "asked", "ending"
PATIENCE = 4.0  # seconds for the first to come forward
ENDING_PATIENCE = 60.0  # seconds for one that is ending: what it copies to a share may be stuck there


class Who(Struct, frozen=True):
    """Whose window it is."""

    user: str
    session: int = 0


class OneWindow(QObject):
    """``first``: this is the one. ``asked()``: another start wants to see it."""

    asked = Signal()

    def __init__(self, profile: Path) -> None:
        super().__init__()
        self._folder = profile / FOLDER
        self._file: IO[bytes] | None = None
        self._watcher: QFileSystemWatcher | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.first = self._take()
        except OSError:  # a folder that cannot be written: opening the store says so
            self.first = True

    def _take(self) -> bool:
        """Whether this is the one now. Raises OSError."""
        self._file = lock_file(self._folder / _LOCK)
        if self._file is None:
            return False
        with contextlib.suppress(OSError):
            for left in (_ASKED, _ENDING):
                (self._folder / left).unlink(missing_ok=True)
            (self._folder / _WHO).write_bytes(msgspec.json.encode(here()))
        return True

    def listen(self) -> None:
        """Once there is a window to show."""
        if self._file is None or self._watcher is not None:
            return
        self._watcher = QFileSystemWatcher([str(self._folder)], self)
        self._watcher.directoryChanged.connect(self._look)
        self._look()

    def _look(self) -> None:
        path = self._folder / _ASKED
        if path.exists():
            self.asked.emit()
            with contextlib.suppress(OSError):
                path.unlink()

    @property
    def whose(self) -> Who | None:
        """Whose the first window is."""
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode((self._folder / _WHO).read_bytes(), type=Who)
        return None

    def ask(self, patience: float = PATIENCE, meanwhile: Callable[[], bool] = lambda: True) -> bool:
        """Ask the first to come forward; whether it did. Where it ends instead, this one is ``first`` from then on.
        ``meanwhile`` is called while one that is ending is waited for; False: no longer."""
        _let_come_forward()
        path = self._folder / _ASKED
        begun = time.monotonic()
        try:
            path.touch()
            while True:
                self.first = self._take()
                if self.first:
                    return False
                if not path.exists():
                    return True
                ending = (self._folder / _ENDING).exists()
                waited = time.monotonic() - begun
                if waited > (ENDING_PATIENCE if ending else patience) or (ending and not meanwhile()):
                    return False
                time.sleep(0.03)
        except OSError:
            return False

    def ending(self) -> None:
        """The window is closed, and the program still has something to do."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                (self._folder / _ENDING).touch()

    @property
    def is_asked_for(self) -> bool:
        """Whether somebody has started the program again meanwhile."""
        return self._file is not None and (self._folder / _ASKED).exists()

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.deleteLater()
            self._watcher = None
        if self._file is not None:
            self._file.close()  # whoever takes the lock next takes the mark of the ending away
            self._file = None


def here() -> Who:
    return Who(os.environ.get("USERNAME") or os.environ.get("USER") or "", _session())


if sys.platform == "win32":

    def _session() -> int:
        """Of Windows: two users of a PC who are signed in at once have one each."""
        import ctypes

        number = ctypes.c_ulong()
        ctypes.windll.kernel32.ProcessIdToSessionId(os.getpid(), ctypes.byref(number))
        return number.value

    def _let_come_forward() -> None:
        """Windows lets only whom the user touched last bring a window forward, and whomever that one allows."""
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(-1)
else:

    def _session() -> int:
        return 0

    def _let_come_forward() -> None:
        """Nothing is to be asked for."""
