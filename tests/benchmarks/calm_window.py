"""The workspace in a real window, watched from its own event loop: ``calm_window.py VERB PROFILE``, one line of JSON.

``filled``: how late a 1 ms timer comes while the first sync brings in all the city has. ``bare``: the same timer in a bare
window. ``idle``: what a minute of nothing costs, in share of a core and bytes written to disk.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow

from desktop import theme
from desktop.rubbish import collect_here
from desktop.start import SWITCH_SECONDS, Start
from sync.clock import SystemClock
from sync.store import Store
from tests.benchmarks.rows import percentile

BARE_SECONDS = 5.0
SETTLED_MS = 15_000  # after the start: nothing that a start leaves to later is still to be done
IDLE_MS = 60_000
READERS = 6  # more than ever read at once


class Lateness:
    """How much later than 1 ms after the last time each tick of a timer comes, in ms."""

    def __init__(self) -> None:
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.setInterval(1)
        self.timer.timeout.connect(self._tick)
        self.late: list[float] = []
        self._last = time.perf_counter()

    def start(self) -> None:
        self._last = time.perf_counter()
        self.timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1000 - 1.0))
        self._last = now

    def say(self, **more: object) -> None:
        worst = {"p99": percentile(self.late, 0.99), "max": max(self.late), "ticks": len(self.late)}
        print(json.dumps({**worst, **more}), flush=True)
        os._exit(0)


def bare() -> None:
    app = QApplication(sys.argv)
    window = QMainWindow()
    window.setCentralWidget(QLabel("Sổ Phường"))
    window.resize(1024, 768)
    window.show()
    lateness = Lateness()
    QTimer.singleShot(1000, lateness.start)
    QTimer.singleShot(int(1000 + BARE_SECONDS * 1000), lateness.say)
    app.exec()


def filled(profile: Path) -> None:
    collect_here()
    sys.setswitchinterval(SWITCH_SECONDS)
    application = theme.styled_application(sys.argv[:1])
    start = Start(application, profile, SystemClock())
    start.begin(os.environ.get("SOPHUONG_PASSPHRASE"))
    lateness = Lateness()

    def begin() -> None:
        assert start.app is not None and start.app.sync is not None
        start.app.sync.finished.connect(lambda report: lateness.say(pulled=report.pulled, seconds=report.seconds))
        start.app.sync.failed.connect(lambda error: lateness.say(failed=str(error)))

    def watch() -> None:
        # the window stands: from here on an officer would be typing
        lateness.start()
        assert start.app is not None
        start.app.start_sync()
        begin()

    start._sync_soon.stop()
    QTimer.singleShot(2000, watch)
    application.exec()


def idle(profile: Path) -> None:
    collect_here()
    sys.setswitchinterval(SWITCH_SECONDS)
    application = theme.styled_application(sys.argv[:1])
    start = Start(application, profile, SystemClock())
    start.begin(os.environ.get("SOPHUONG_PASSPHRASE"))
    before: list[float] = []

    def costs() -> list[float]:
        written = Path("/proc/self/io").read_text().split("\nwrite_bytes: ")[1].split()[0]
        return [time.process_time(), time.perf_counter(), float(written)]

    def end() -> None:
        used, seconds, written = (now - then for now, then in zip(costs(), before, strict=True))
        print(json.dumps({"core": used / seconds * 100, "written": written}), flush=True)
        os._exit(0)

    def begin() -> None:
        assert start.app is not None
        open_readers(start.app.store)
        before.extend(costs())

    QTimer.singleShot(SETTLED_MS, begin)
    QTimer.singleShot(SETTLED_MS + IDLE_MS, end)
    application.exec()


def open_readers(store: Store) -> None:
    """Where root runs this, SQLite gives the WAL to the file's owner with each connection that is opened (``fchown``), and the
    system writes that down: a page that no officer's PC writes."""
    with ExitStack() as lent:
        for _ in range(READERS):
            lent.enter_context(store._context.readers.connection())


if __name__ == "__main__":
    verb, *words = sys.argv[1:]
    {"bare": bare, "filled": filled, "idle": idle}[verb](*map(Path, words))
