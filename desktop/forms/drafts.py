"""Keeps a form's draft on the disk while the officer types (promise 1).

Two clocks: a pause of typing writes after a moment, and typing without a pause is written every two seconds, so that a
power cut at any keystroke loses at most two seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.language import say_error
from sync.clock import moment_text
from sync.store.model import Draft

if TYPE_CHECKING:
    from desktop.app import App

AFTER_PAUSE = 700  # ms without a keystroke
AT_LATEST = 1500  # ms after the first keystroke not yet kept; with the parsing pause and the write still under 2 s


class DraftKeeping(QObject):
    """``make`` gives the draft as the form stands now (it commits what is half typed), or None when there is nothing
    to keep."""

    kept = Signal(str)  # moment, UTC text
    failed = Signal(str)

    def __init__(self, app: App, draft_id: str, make: Callable[[str], Draft | None], parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self.draft_id = draft_id
        self._make = make
        self._writing = False
        self._again = False
        self._stopped = False
        self._turn = 0  # goes up with every save: a write that belongs to an earlier form is recognised
        self.exists = False
        self._pause = QTimer(self, singleShot=True, interval=AFTER_PAUSE)
        self._latest = QTimer(self, singleShot=True, interval=AT_LATEST)
        self._pause.timeout.connect(self.keep)
        self._latest.timeout.connect(self.keep)

    def touch(self) -> None:
        """A keystroke or a committed value."""
        if self._stopped:
            return
        self._pause.start()
        if not self._latest.isActive():
            self._latest.start()

    @property
    def is_pending(self) -> bool:
        """Whether something typed is not on the disk yet."""
        return self._pause.isActive() or self._latest.isActive() or self._writing

    def keep(self) -> None:
        """Writes now, in the background; one write at a time, the newest state last."""
        self._pause.stop()
        self._latest.stop()
        if self._writing:
            self._again = True
            return
        draft = None if self._stopped else self._make(moment_text(self._app.clock.now()))
        if draft is None:
            return
        kept: Draft = draft
        self._writing = True
        store = self._app.store
        turn = self._turn
        task = self._app.background.run(lambda: store.drafts.put(kept), self)
        task.then(lambda _: self._kept(kept, turn)).failed(self._failed)

    def keep_now(self) -> None:
        """The page may go away now: writes at once, without the event loop; one small row."""
        if not self.is_pending or self._stopped:
            return
        self._pause.stop()
        self._latest.stop()
        draft = self._make(moment_text(self._app.clock.now()))
        if draft is not None:
            self._app.store.drafts.put(draft)

    def pause(self) -> None:
        """A save is under way: it takes the draft away itself when it succeeds."""
        self._pause.stop()
        self._latest.stop()

    def stop(self) -> None:
        """Saved or discarded: nothing more is kept."""
        self._stopped = True
        self._pause.stop()
        self._latest.stop()

    def discard(self) -> None:
        """Takes the draft away, also one that is being written."""
        self.stop()
        store, draft_id = self._app.store, self.draft_id
        self._app.background.run(lambda: store.drafts.drop(draft_id))

    def restart(self, draft_id: str) -> None:
        """After a save: the next edit begins a new draft."""
        self.pause()
        self._turn += 1
        self.draft_id = draft_id
        self.exists = self._stopped = self._again = False

    def _kept(self, draft: Draft, turn: int) -> None:
        if turn != self._turn or self._stopped:
            self._take_back(draft.id)
            return
        self._writing = False
        self.exists = True
        self.kept.emit(draft.updated_at)
        self._once_more()

    def _take_back(self, draft_id: str) -> None:
        """A write that was under way when its form was saved came after the save: it must not stay behind."""
        store = self._app.store
        self._app.background.run(lambda: store.drafts.drop(draft_id), self).then(lambda _: self._taken_back())

    def _taken_back(self) -> None:
        self._writing = False
        self._once_more()

    def _failed(self, error: Exception) -> None:
        self._writing = False
        self.failed.emit(say_error(error))
        self._once_more()

    def _once_more(self) -> None:
        if self._again:
            self._again = False
            self.keep()
