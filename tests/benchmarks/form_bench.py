"""How fast every form of the catalogue opens, and what one keystroke with rules costs in each."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.rows import Row, median_seconds

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

OPEN_LIMIT = 80.0  # ms to the first paint of a form
KEY_LIMIT = 5.0  # ms a keystroke with its rules, cards and actions
PEER_BOUND = 6.0  # our form beside the same number of bare labelled lines
SHOWN = 5  # of the slowest


def rows() -> Iterator[Row]:
    if not (os.environ.get("DISPLAY") or sys.platform in ("win32", "darwin")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # no screen at all; ``tasks.py bench`` brings one
    from PySide6.QtWidgets import QApplication, QFormLayout, QLineEdit, QWidget

    application = QApplication.instance() or QApplication([])  # before the test's own choice of a platform
    assert isinstance(application, QApplication)
    from desktop.forms.record_page import RecordPage
    from forms.loader import load_catalog
    from tests.desktop.forms import conftest

    catalog = load_catalog()
    with tempfile.TemporaryDirectory() as folder:
        app = conftest.make_app(Path(folder), catalog)
        app.dress()
        largest = max(catalog.record_types, key=lambda record_type: len(record_type.fields))

        def bare() -> QWidget:
            window = QWidget()
            form = QFormLayout(window)
            for field in largest.fields:
                form.addRow(field.label.vi, QLineEdit())
            return window

        ours = opening(lambda: RecordPage(app, largest)) * 1000
        floor = opening(bare) * 1000
        name = f"largest form opens ({largest.id}, {len(largest.fields)} fields)"
        yield Row(name, ours, "ms", "bare labelled lines", floor, PEER_BOUND, OPEN_LIMIT)
        opened, pressed = {}, {}
        for kind in catalog.record_types:
            opened[kind.id] = opening(lambda kind=kind: RecordPage(app, kind)) * 1000  # type: ignore[misc]
            page = RecordPage(app, kind)
            page.show()
            page.view.build_all()
            application.processEvents()
            pressed[kind.id] = keystroke(page) * 1000
            drop(page)
        yield from slowest("form to open", opened, OPEN_LIMIT)
        yield from slowest("keystroke with rules", pressed, KEY_LIMIT)
        app.close()


def slowest(what: str, figures: Mapping[str, float], limit: float) -> Iterator[Row]:
    """The first few of all, so that one sees where to go."""
    for place, name in enumerate(sorted(figures, key=lambda name: -figures[name])[:SHOWN]):
        yield Row(f"slowest {what}, {place + 1} of {len(figures)} ({name})", figures[name], "ms", limit=limit)


def opening(make: Callable[[], QWidget], runs: int = 5) -> float:
    """Median seconds until a widget is made, shown and painted once. Letting the last one go is not counted."""
    found = [opened_once(make) for _ in range(runs + 1)][1:]
    return statistics.median(found)


def opened_once(make: Callable[[], QWidget]) -> float:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    class Paints(QObject):
        seen = 0

        def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:  # noqa: N802 (Qt's)
            self.seen += event.type() == QEvent.Type.Paint
            return False

    paints = Paints()
    began = time.perf_counter()
    page = make()
    page.installEventFilter(paints)
    page.resize(828, 694)
    page.show()
    while not paints.seen:
        QApplication.processEvents()
    seconds = time.perf_counter() - began
    page.removeEventFilter(paints)
    drop(page)
    return seconds


def drop(page: QWidget) -> None:
    """Lets a page go at once: outside an event loop nothing else would."""
    from PySide6.QtCore import QCoreApplication, QEvent

    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    gc.collect()


def keystroke(page: object) -> float:
    """Median seconds to put one more letter into the field most rules look at."""
    from desktop.forms.record_page import RecordPage

    assert isinstance(page, RecordPage)
    entry = page.entry
    numbers = [f.name for f in page.record_type.fields if f.type in {"int", "money", "text", "date"}]
    free = [name for name in numbers if not entry.is_locked(name) and not entry.is_calculated(name)]
    free = [name for name in free if entry.is_relevant(name)]
    if not free:
        return 0.0
    watched = max(free, key=lambda name: len(entry.plan.watchers.get(name, ())))
    turn = 0

    def press() -> None:
        nonlocal turn
        turn += 1
        page.view.put(watched, str(turn % 9 + 1))

    return median_seconds(press, runs=21)
