"""How fast every form of the catalogue opens, and what one keystroke with rules costs in the worst of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.rows import Row, median_seconds

OPEN_LIMIT = 80.0  # ms to the first paint of the largest form
KEY_LIMIT = 5.0  # ms a keystroke with its rules, cards and actions
PEER_BOUND = 6.0  # our form beside the same number of bare labelled lines


def rows() -> Iterator[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication, QFormLayout, QLineEdit, QWidget

    from desktop.forms.record_page import RecordPage
    from forms.loader import load_catalog
    from tests.desktop.forms import conftest

    application = QApplication.instance() or QApplication([])
    catalog = load_catalog()
    with tempfile.TemporaryDirectory() as folder:
        app = conftest.make_app(Path(folder), catalog)
        app.dress()
        largest = max(catalog.record_types, key=lambda record_type: len(record_type.fields))
        kept: list[QWidget] = []

        def show(make: Callable[[], QWidget]) -> None:
            for old in kept:
                old.hide()
                old.deleteLater()
            kept[:] = [make()]
            kept[0].resize(828, 694)
            kept[0].show()
            application.processEvents()

        def bare() -> QWidget:
            window = QWidget()
            form = QFormLayout(window)
            for field in largest.fields:
                form.addRow(field.label.vi, QLineEdit())
            return window

        ours = median_seconds(lambda: show(lambda: RecordPage(app, largest))) * 1000
        floor = median_seconds(lambda: show(bare)) * 1000
        name = f"largest form opens ({largest.id}, {len(largest.fields)} fields)"
        yield Row(name, ours, "ms", "bare labelled lines", floor, PEER_BOUND, OPEN_LIMIT)
        opened, pressed = {}, {}
        for kind in catalog.record_types:
            opened[kind.id] = median_seconds(lambda k=kind: show(lambda: RecordPage(app, k)), runs=5) * 1000  # type: ignore[misc]
            page = RecordPage(app, kind)
            page.show()
            page.view.build_all()
            pressed[kind.id] = keystroke(page) * 1000
            page.close()
        for what, figures, limit in (("opens", opened, OPEN_LIMIT), ("a keystroke with rules", pressed, KEY_LIMIT)):
            worst = max(figures, key=lambda name: figures[name])
            yield Row(f"slowest of {len(figures)} forms, {what} ({worst})", figures[worst], "ms", limit=limit)
        app.close()


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
