"""What the store says was touched, told to the pages: each save at once, what arrives in bulk about once a second.

A page that asks and paints anew with each batch of a pull is what an officer feels while a whole ward arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer

from sync.store.model import Touched

BULK = 50
"""Records from which a write is no officer's."""
EVERY_MS = 1000


class Telling(QObject):
    """The first of the bulk is told at once; what comes within a second of it is told together."""

    def __init__(self, tell: Callable[[Touched], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tell = tell
        self._waiting: list[Touched] = []
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(EVERY_MS)
        self._pause.timeout.connect(self._tell_waiting)

    def hear(self, touched: Touched) -> None:
        """On the window's thread."""
        if len(touched.records) < BULK:
            self._tell(touched)
        elif self._pause.isActive():
            self._waiting.append(touched)
        else:
            self._pause.start()
            self._tell(touched)

    def _tell_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._pause.start()
            self._tell(together(waiting))


def together(touched: Sequence[Touched]) -> Touched:
    """What several writes touched, as one."""
    return Touched(
        records=frozenset().union(*(each.records for each in touched)),
        types=frozenset().union(*(each.types for each in touched)),
        outbox=any(each.outbox for each in touched),
        deliveries=tuple(state for each in touched for state in each.deliveries),
        files=frozenset().union(*(each.files for each in touched)),
    )
