"""``sophuong --background``: syncs now and then from sign-in on, without a window, a store or Qt of its own.

Each sync is the verb ``sync`` in a process that ends again: it is always of the newest version that proved itself, it
keeps no memory between, and beside an open window it only finds the sync's lock taken. One process a profile; it ends
when it is told to (SIGTERM; on Windows the event that setup sets before it changes files) and begins itself anew twice a
day, so that no old version stays in memory.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

FIRST_SECONDS = (60.0, 180.0)
"""After sign-in the PC has enough to do; and not all PCs of a city at once."""
EVERY_SECONDS = (540.0, 660.0)
LONGEST_SYNC = 3600.0  # seconds; then it hangs
LIFE_SECONDS = 12 * 3600.0
LOCK_PATIENCE = 10.0  # seconds for the one before to end
END_EVENT = "Local\\SoPhuong-background-end"  # installer/nsis/running.nsh sets it
LOCK = "background.lock"


class End(Protocol):
    """``wait(seconds)``: whether the end was asked for before they were over."""

    def wait(self, timeout: float, /) -> bool: ...


def run(arguments: Sequence[str]) -> int:
    """The program's exit code. ``arguments``: what stood after ``--background``; ``--profile DIR`` is handed on."""
    from desktop.commands.settings import default_profile

    named = arguments[1] if len(arguments) == 2 and arguments[0] == "--profile" else None
    if arguments and named is None:
        sys.stderr.write("sophuong --background [--profile DIR]\n")
        return 2
    folder = Path(named).absolute() if named else default_profile()
    again = ["--background", *arguments]
    if keep_syncing(folder, end_asked(), lambda: _sync(list(arguments))):
        _start([*program(), *again])
    return 0


def keep_syncing(
    folder: Path, end: End, sync: Callable[[], object], *, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Syncs until the end is asked for; True when it is time to begin anew. Another one on the same profile: ends at once."""
    from sync.lock import lock_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        until = clock() + LOCK_PATIENCE
        while (lock := lock_file(folder / LOCK)) is None:
            if clock() >= until or end.wait(0.5):
                return False
    except OSError:  # no profile can be here; the window says why
        return False
    began = clock()
    with lock:
        pause = FIRST_SECONDS
        while not end.wait(random.uniform(*pause)):  # noqa: S311 - spreads the PCs, no secret
            if clock() - began >= LIFE_SECONDS:
                return True
            if opens_by_itself(folder):
                sync()
            pause = EVERY_SECONDS
    return False


def opens_by_itself(folder: Path) -> bool:
    """Whether there is a store, and nobody has to type a passphrase for it."""
    from sync.store import vault
    from sync.store.model import DamagedStore, NoStore

    try:
        return not vault.needs_passphrase(folder) and (folder / vault.FILE_NAME).exists()
    except (DamagedStore, NoStore):  # the window says so
        return False


def program() -> list[str]:
    """What starts this program: the launcher, which chooses the version; without one this program itself."""
    if launcher := os.environ.get("SOPHUONG_LAUNCHER"):
        return [launcher]
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "desktop"]


def _sync(arguments: list[str]) -> None:
    """Whatever goes wrong is told by the window and by ``sophuong status``; here there is nobody to read it."""
    started = _start([*program(), "sync", *arguments])
    if started is None:
        return
    try:
        started.wait(LONGEST_SYNC)
    except subprocess.TimeoutExpired:
        started.kill()


def _start(command: list[str]) -> subprocess.Popen[bytes] | None:
    nowhere = subprocess.DEVNULL
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
    try:
        return subprocess.Popen(command, creationflags=flags, stdin=nowhere, stdout=nowhere, stderr=nowhere)  # noqa: S603 - our own
    except OSError:  # an update is just being laid; next time
        return None


def end_asked() -> End:
    """What says that this process is to end."""
    if sys.platform == "win32":
        return _WindowsEvent(END_EVENT)
    import signal

    from sync.ending import Ending

    return Ending(signal.SIGTERM, signal.SIGHUP)


if sys.platform == "win32":
    import ctypes

    class _WindowsEvent:
        """A named event of the session: once set it stays so until the last process that holds it has ended."""

        def __init__(self, name: str) -> None:
            kernel = ctypes.WinDLL("kernel32", use_last_error=True)
            kernel.CreateEventW.restype = ctypes.c_void_p
            kernel.CreateEventW.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_wchar_p)
            kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_ulong)
            self._wait = kernel.WaitForSingleObject
            self._handle = kernel.CreateEventW(None, 1, 0, name)

        def wait(self, timeout: float) -> bool:
            if not self._handle:
                time.sleep(timeout)
                return False
            return bool(self._wait(self._handle, int(timeout * 1000)) == 0)
