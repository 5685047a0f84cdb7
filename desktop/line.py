"""Where the line to the city stands, as the status bar tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal

from desktop.language import say_error
from sync.protocol import SyncError

if TYPE_CHECKING:
    from sync.store.filling import FillProgress

LineState = Literal["unknown", "up", "down", "refused"]


class Line(QObject):
    """``state``: nothing tried yet; the last sync went through; the city is out of reach; it answers and says no."""

    changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.state: LineState = "unknown"
        self.busy = False
        self.since: datetime | None = None  # when the present state began
        self.last_sync: datetime | None = None
        self.reason = ""
        self.fill: FillProgress | None = None  # how far the first fill of this PC is; None: there is none under way
        self.never_read = False  # this PC has not read anything of the city yet

    @property
    def is_first_fill(self) -> bool:
        """Whether what is shown says little yet: open work and the newest records are still on their way."""
        return not self.fill.usable if self.fill else self.never_read and self.busy

    def filling(self, fill: FillProgress | None) -> None:
        self.never_read = False
        self.fill = fill
        self.changed.emit()

    def syncing(self) -> None:
        self.busy = True
        self.changed.emit()

    def reached(self, report: object = None) -> None:
        self.fill = getattr(report, "fill", None)
        self.never_read = False
        self.last_sync = self._now()
        self.reason = ""
        self._enter("up")

    def heard(self) -> None:
        """The city answered, and the sync goes on: its files may take many minutes more."""
        if self.busy and self.state != "up":
            self.reason = ""
            self._enter("up", busy=True)

    def lost(self, error: Exception) -> None:
        """A SyncError that need not be tried again means that the city answered, and refused."""
        self.reason = say_error(error)
        self._enter("refused" if isinstance(error, SyncError) and not error.retry else "down")

    def _enter(self, state: LineState, *, busy: bool = False) -> None:
        self.busy = busy
        if state != self.state:
            self.state = state
            self.since = self._now()
        self.changed.emit()
