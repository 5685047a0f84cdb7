"""New versions of the program, fetched behind the window and begun with the next start.

One thread of its own: it asks rarely and at no fixed hour, steps back where the line is to be spared, and ends with the
window. What runs goes on running until it is closed.
"""

from __future__ import annotations

import contextlib
import random
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.language import tr
from desktop.line_settings import is_spared
from desktop.version import VERSION

if TYPE_CHECKING:
    from desktop.app import App
    from forms.label import Label
    from sync.updates.installation import Installation

FIRST_MINUTES = (3.0, 20.0)
"""After the start: all PCs of a city start at eight."""
EVERY_MINUTES = (180.0, 420.0)
AFTER_TROUBLE_MINUTES = (30.0, 90.0)
END_SECONDS = 1.0
"""So long a closing window waits; a part that is on its way is asked for again next time."""


class Updating(QObject):
    """``changed()``: ``waiting``, ``trouble`` or ``busy`` did. ``here`` None: this is no package that can be updated."""

    changed = Signal()
    arrived = Signal(str)  # a version that was not waiting before
    _over = Signal(str)

    def __init__(self, app: App, here: Installation | None) -> None:
        super().__init__(app)
        self._app = app
        self.here = here
        self.busy = False
        self.waiting = ""
        self.fell_back = ""
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        self._over.connect(self._end)
        if here is not None:
            self._settle(here)
            self._again(FIRST_MINUTES)

    def _settle(self, here: Installation) -> None:
        from sync.updates.standing import settle, waiting

        with contextlib.suppress(OSError):
            self.fell_back = settle(here).fell_back
        self.waiting = waiting(here)

    @property
    def running(self) -> str:
        return VERSION

    @property
    def trouble(self) -> Label | None:
        """Why the last check brought nothing."""
        from sync.updates.installation import read_state

        return read_state(self.here.versions).trouble if self.here else None

    @property
    def checked_at(self) -> str:
        from sync.updates.installation import read_state

        return read_state(self.here.versions).checked_at if self.here else ""

    def notes(self, language: str) -> tuple[str, ...]:
        """What is new in the version that waits; where none does, in this one."""
        from sync.updates.installation import read_state

        if self.here is None:
            return ()
        state = read_state(self.here.versions)
        wanted = self.waiting or self.running
        return state.notes.get(language) or state.notes.get("vi", ()) if state.notes_of == wanted else ()

    def check(self) -> None:
        """Somebody asks for it: at once, also over a line that is to be spared."""
        if self._app.enrolment is not None:
            self._begin("")

    def take_from(self, folder: str) -> None:
        """From a USB stick."""
        self._begin(folder)

    def _begin(self, folder: str) -> None:
        if self.here is None or self.busy:
            return
        self._timer.stop()
        self.busy = True
        self.changed.emit()
        self._thread = threading.Thread(target=self._work, args=(self.here, folder), name="updates", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        if is_spared(self._app.settings, self._app.clock.now()):
            self._again(AFTER_TROUBLE_MINUTES)
            return
        self.check()

    def _again(self, minutes: tuple[float, float]) -> None:
        self._timer.start(int(random.uniform(*minutes) * 60_000))  # noqa: S311 - so that not all ask at once

    def _work(self, here: Installation, folder: str) -> None:
        from desktop.update_sources import ways
        from sync.updates.taking import Taking

        app = self._app
        waits = self.waiting
        taking = Taking(here, app.clock, self._stopped.is_set)
        with contextlib.suppress(Exception):  # each reason is kept where ``trouble`` reads it
            if folder:
                waits = taking.from_folder(Path(folder))
            else:
                with ways(app.store, app.folder, app.settings, app.language) as (ask, sources):
                    waits = taking.offered(ask, sources, app.settings.ring)
        if not self._stopped.is_set():
            with contextlib.suppress(RuntimeError):  # the window is gone
                self._over.emit(waits)

    def _end(self, waits: str) -> None:
        self.busy = False
        new = waits and waits != self.waiting
        self.waiting = waits
        self._again(AFTER_TROUBLE_MINUTES if self.trouble else EVERY_MINUTES)
        self.changed.emit()
        if new:
            self.arrived.emit(waits)

    def stop(self) -> None:
        """The window closes: what is under way is given up, what came of it is kept."""
        self._stopped.set()
        self._timer.stop()
        if self._thread is not None:
            self._thread.join(END_SECONDS)


def begin_updates(app: App) -> None:
    """Once, when the window stands: this version came up, and the next one is looked for."""
    from sync.updates.installation import Installation

    if app.updates is not None:
        return
    here = Installation.here(VERSION)
    note_up(here)
    app.updates = updates = Updating(app, here)
    updates.changed.connect(app.updates_changed)
    updates.arrived.connect(lambda version: app.notice(tr("update.arrived", version=version), "green"))
    app.updates_changed.emit()
    if updates.fell_back:
        app.notice(tr("update.fell_back", version=updates.fell_back, running=VERSION), "amber")


def judge_start(app: App | None, *, troubled: bool) -> None:
    """The program ends. A window that is closed soon came up all the same; who left at the gate says nothing of this version,
    unless the gate told of a trouble."""
    from sync.updates.installation import Installation

    if app is not None and app.updates is None:
        note_up(Installation.here(VERSION))
    elif app is None and not troubled:
        note_no_try()


def note_up(here: Installation | None) -> None:
    from sync.updates.pointer import came_up

    if here is not None:
        with contextlib.suppress(OSError):
            came_up(here.versions, VERSION)


def note_no_try() -> None:
    """This start said nothing about this version: its window is open already, or somebody left before it stood."""
    from sync.updates.installation import Installation
    from sync.updates.pointer import not_a_try

    if here := Installation.here(VERSION):
        not_a_try(here.versions, VERSION)


def went_back(folder: Path, key: bytes) -> bool:
    """A newer version that did not come up left the store ahead of what this one knows: whether the store of before stands
    again. Raises StoreError where going back would lose work."""
    from msgspec.structs import replace

    from sync.updates.installation import Installation
    from sync.updates.pointer import write_pointer

    here = Installation.here(VERSION)
    pointer = here.pointer if here else None
    if here is None or pointer is None or pointer.version == VERSION:
        return False
    if pointer.good and pointer.tried:  # it worked here before: the next start tries it again
        write_pointer(here.versions, replace(pointer, tried=0))
    if not pointer.failed:
        return False
    from sync.store.before import restore_before
    from sync.store.schema import NEWEST

    return restore_before(folder, key, NEWEST)
