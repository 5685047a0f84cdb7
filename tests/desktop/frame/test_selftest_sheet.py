"""The self-test as an officer and his IT man see it: every step named, what failed told with what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from desktop.selftest import apart
from desktop.selftest.run import STEPS
from desktop.views.main_window import MainWindow
from desktop.views.selftest_sheet import SelfTestSheet

Settle = Callable[[], None]
PROGRAM = """
import json, sys
step = lambda name, status, todo=None: {
    "name": name, "status": status, "seconds": 0.5, "figures": {},
    "said": {"vi": f"đã thử {name}", "en": f"tried {name}"}, "todo": todo,
}
names = %r
steps = [step(name, "ok") for name in names]
steps[%d] = step(names[%d], "failed", {"vi": "Cài lại.", "en": "Install again."})
out = sys.argv[sys.argv.index("--out") + 1]
open(out, "w", encoding="utf-8").write(json.dumps({"ok": False, "finished": %r, "steps": steps[:%d]}))
sys.stderr.write("một dòng lạ\\nhỏng ở đây\\n")
sys.exit(1)
"""


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, *, finished: bool) -> None:
    """A program that says what a self-test may say, in the place of ours."""
    path = folder / "program.py"
    path.write_text(PROGRAM % (list(STEPS), 1, 1, finished, len(STEPS) if finished else 3), encoding="utf-8")
    monkeypatch.setattr(apart, "own_command", lambda: [sys.executable, str(path)])


def opened(window: MainWindow, qtbot: QtBot) -> SelfTestSheet:
    sheet = SelfTestSheet(window.app, window)
    sheet.open()
    qtbot.waitUntil(lambda: not sheet.is_running)
    return sheet


def test_a_failed_step_stands_with_what_to_do(
    window: MainWindow, settle: Settle, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, finished=True)
    sheet = opened(window, qtbot)
    assert tuple(sheet.cards) == STEPS
    failed = sheet.cards[STEPS[1]]
    assert failed.todo.text() == "→ Cài lại." and failed.tag.text() == "! Chưa được"
    assert [card.todo.isHidden() for card in sheet.cards.values()].count(True) == len(STEPS) - 1
    assert "1 phần" in sheet.outcome.text.text() and sheet.outcome.property("kind") == "red"
    sheet.copy()
    copied = json.loads(QGuiApplication.clipboard().text())
    assert [step["name"] for step in copied["steps"]] == list(STEPS)
    stand_in(tmp_path, monkeypatch, finished=False)
    sheet.begin()
    qtbot.waitUntil(lambda: not sheet.is_running)
    assert "hỏng ở đây" in sheet.outcome.text.text()
    assert [card.tag.text() for card in sheet.cards.values()].count("! Chưa được") == 2, (
        "the failed one, and where it ended"
    )
    sheet.reject()
    settle()


def test_closing_the_sheet_ends_the_program(
    window: MainWindow, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "program.py"
    path.write_text("import time; time.sleep(600)", encoding="utf-8")
    monkeypatch.setattr(apart, "own_command", lambda: [sys.executable, str(path)])
    ended = []
    monkeypatch.setattr(
        apart.SelfTest, "end", lambda self, end=apart.SelfTest.end: (end(self), ended.append(self.is_over))
    )
    sheet = SelfTestSheet(window.app, window)
    sheet.open()
    assert sheet.is_running
    sheet.reject()
    settle()
    assert ended == [True]


def test_a_program_that_cannot_be_begun_is_told(
    window: MainWindow, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "own_command", lambda: [str(tmp_path / "gone")])
    sheet = SelfTestSheet(window.app, window)
    assert not sheet.is_running and "Không chạy được" in sheet.outcome.text.text()
    sheet.reject()
    settle()
