"""What was dropped is collected without taking a page apart from within."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from desktop.rubbish import collect


class Cycle:
    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize("part", ["viewport", "verticalHeader"])
def test_a_page_outlives_no_part_of_itself(part: str) -> None:
    """The program used to end with a segmentation fault inside the collection, as rarely as the lists stood so."""
    command = [sys.executable, "-m", "tests.desktop.frame.dropped_table", part]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "MALLOC_PERTURB_": "165"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("qapp")
def test_pages_and_plain_objects_in_cycles_are_gone() -> None:
    gone: list[str] = []
    page, plain = QWidget(), Cycle()
    QVBoxLayout(page).addWidget(QLabel("x"))
    page.plain, plain.page = plain, page  # type: ignore[attr-defined]
    page.destroyed.connect(lambda: gone.append("page"))
    told = weakref.ref(plain)
    del page, plain
    assert told() is not None
    assert not gone
    collect()
    assert told() is None
    assert gone == ["page"]
    assert not gc.garbage


@pytest.mark.usefixtures("qapp")
def test_what_is_still_used_stays() -> None:
    page = QWidget()
    label = QLabel("x", page)
    label.itself = label  # type: ignore[attr-defined]
    other = QWidget()
    other.cycle = Cycle()  # type: ignore[attr-defined]
    Cycle()
    del label
    collect()
    QCoreApplication.processEvents()
    assert [child.text() for child in page.findChildren(QLabel)] == ["x"]
    assert other.cycle.itself is other.cycle  # type: ignore[attr-defined]
