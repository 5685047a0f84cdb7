"""Two starts of one profile, and the window's end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.backups import due, read_targets
from desktop.one_window import FOLDER, OneWindow, Who, here
from desktop.settings import Settings, load_settings, save_settings
from desktop.start import open_workspace
from tests.desktop.frame import ward
from tests.desktop.frame.starting import ended, profile, started, system_vault

__all__ = ["profile", "system_vault"]  # fixtures


def test_a_second_start_raises_the_first_window(qtbot: QtBot, tmp_path: Path) -> None:
    first = OneWindow(tmp_path)
    assert first.first
    asked: list[int] = []
    first.asked.connect(lambda: asked.append(1))
    first.listen()
    script = f"""
import sys
from pathlib import Path
from desktop.lasting_notices import lasting_notices
from desktop.one_window import OneWindow, here
other = OneWindow(Path({str(tmp_path)!r}))
assert not other.first
assert other.whose == here()
sys.exit(0 if other.ask(15) else 3)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as second:
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=30_000)
    assert second.returncode == 0 and asked == [1]
    first.close()
    again = OneWindow(tmp_path)
    assert again.first
    again.close()


def test_a_start_waits_for_a_program_that_is_ending(qtbot: QtBot, tmp_path: Path) -> None:
    """There are never two windows of one profile, also while the last backup of the first is made."""
    first = OneWindow(tmp_path)
    first.ending()
    script = f"""
import sys
from pathlib import Path
from desktop.lasting_notices import lasting_notices
from desktop.one_window import OneWindow
other = OneWindow(Path({str(tmp_path)!r}))
waited = []
assert not other.first and not other.ask(0, meanwhile=lambda: waited.append(1) or True)
sys.exit(0 if other.first and waited else 3)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as second:
        qtbot.waitUntil(lambda: first.is_asked_for, timeout=30_000)
        assert OneWindow(tmp_path).first is False
        assert second.poll() is None
        first.close()
        second.wait(30)
    assert second.returncode == 0
    again = OneWindow(tmp_path)
    assert again.first and not again.is_asked_for
    again.close()


def test_who_asks_and_is_not_answered_is_told(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneWindow, "ask", lambda self, **_more: False)
    first = OneWindow(tmp_path)
    assert open_workspace(tmp_path) == 1
    assert "chưa trả lời" in capsys.readouterr().err
    other = Who("Nguyễn Thị Ánh", here().session + 1)
    (tmp_path / FOLDER / "who.json").write_bytes(msgspec.json.encode(other))
    assert open_workspace(tmp_path) == 1
    assert "Nguyễn Thị Ánh đang mở" in capsys.readouterr().err
    first.close()


def test_the_window_comes_forward(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    start = started(qapp, profile)
    assert start.window is not None
    start.window.showMinimized()
    start.come_forward()
    assert not start.window.isMinimized() and start.window.isVisible()
    ended(start)


def test_a_profile_that_cannot_be_written_is_no_second_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = OneWindow(tmp_path / "file" / "profile")
    assert one.first
    one.close()


def test_a_backup_is_made_when_the_window_is_closed(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target = str(tmp_path / "share")
    save_settings(profile, Settings(backup_to=(target, str(tmp_path / "away" / "usb"))))
    start = started(qapp, profile)
    assert start.window is not None
    ended(start)
    known = read_targets(profile)
    assert known[target].good_at and not known[target].trouble
    assert known[str(tmp_path / "away" / "usb")].code == "away"
    now = ward.clock().now()
    settings = load_settings(profile)
    assert due(profile, settings, now) == []
    assert due(profile, settings, now, patient=False) == [str(tmp_path / "away" / "usb")]


def test_the_last_backup_is_given_up_for_whoever_starts_again(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target = tmp_path / "share"
    save_settings(profile, Settings(backup_to=(str(target),)))
    start = started(qapp, profile)
    assert start.window is not None
    start.end(lambda: True)
    assert not start.window.isVisible()
    assert not read_targets(profile).get(str(target)) and not list(target.iterdir())  # nothing half stays
    start = started(qapp, profile)  # the store was closed all the same
    assert start.window is not None
    ended(start)
    assert read_targets(profile)[str(target)].good_at
