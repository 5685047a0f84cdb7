"""``sophuong --background``, and the entry that begins it at sign-in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from desktop import autostart, background_sync
from desktop.autostart import entry_path, follow, has_autostart, set_autostart
from desktop.background_sync import LIFE_SECONDS, keep_syncing
from desktop.settings import Settings
from sync.store import vault


class Later:
    """A clock that every wait moves on, and an end that is asked for after ``seconds``."""

    def __init__(self, seconds: float) -> None:
        self.now = 1000.0
        self._until = self.now + seconds
        self.waited: list[float] = []

    def wait(self, timeout: float) -> bool:
        self.waited.append(timeout)
        self.now += timeout
        return self.now >= self._until

    def clock(self) -> float:
        return self.now


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """One whose key lies in the system's vault."""
    folder = tmp_path / "hồ sơ"
    folder.mkdir()
    (folder / vault.FILE_NAME).write_text('{"item": "store-1"}')
    return folder


def test_it_syncs_after_sign_in_and_then_now_and_then(profile: Path) -> None:
    synced: list[float] = []
    end = Later(3600)
    assert keep_syncing(profile, end, lambda: synced.append(end.now), clock=end.clock) is False
    assert 60 <= synced[0] - 1000 <= 180
    pauses = [later - before for before, later in pairwise(synced)]
    assert 4 <= len(pauses) <= 7
    assert all(540 <= pause <= 660 for pause in pauses)


def test_it_begins_itself_anew_twice_a_day(profile: Path) -> None:
    end = Later(10 * LIFE_SECONDS)
    assert keep_syncing(profile, end, lambda: None, clock=end.clock) is True
    assert LIFE_SECONDS <= end.now - 1000 <= LIFE_SECONDS + 700


@pytest.mark.parametrize("content", [None, "broken", '{"item": "store-1", "wrapped": {}}'])
def test_what_it_cannot_open_by_itself_it_leaves_alone(tmp_path: Path, content: str | None) -> None:
    """No store yet, a damaged key, a passphrase: the window's business."""
    if content is not None:
        (tmp_path / vault.FILE_NAME).write_text(content)
    end = Later(3600)
    assert keep_syncing(tmp_path, end, lambda: pytest.fail("synced"), clock=end.clock) is False


def test_there_is_one_for_a_profile(profile: Path) -> None:
    inside: list[bool] = []

    def sync() -> None:
        second = Later(3600)
        inside.append(keep_syncing(profile, second, lambda: pytest.fail("two at once"), clock=second.clock))

    end = Later(300)
    assert keep_syncing(profile, end, sync, clock=end.clock) is False
    assert inside == [False]


def test_each_sync_is_a_verb_of_the_program_that_the_launcher_chooses(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = tmp_path / "sophuong"
    launcher.write_text(f'#!/bin/sh\necho "$@" >>"{tmp_path}/said"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("SOPHUONG_LAUNCHER", str(launcher))
    end = Later(300)
    monkeypatch.setattr(background_sync, "end_asked", lambda: end)
    assert background_sync.run(["--profile", str(profile)]) == 0
    assert (tmp_path / "said").read_text().splitlines()[0] == f"sync --profile {profile}"


def test_it_ends_when_it_is_told_to(profile: Path) -> None:
    command = [sys.executable, "-m", "desktop", "--background", "--profile", str(profile)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "PYTHONUTF8": "1"}) as process:
        lock = profile / background_sync.LOCK
        until = time.monotonic() + 60
        while not lock.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_bad_usage_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert background_sync.run(["--profil", "x"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "cấu hình"))
    monkeypatch.setenv("SOPHUONG_LAUNCHER", "/opt/của 100% phường/sophuong")
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no autostart folder")
def test_the_entry_starts_the_launcher_whatever_its_name(account: Path) -> None:
    assert not has_autostart()
    set_autostart(True)
    assert has_autostart()
    lines = entry_path().read_text("utf-8").splitlines()
    assert 'Exec="/opt/của 100%% phường/sophuong" "--background"' in lines
    set_autostart(False)
    set_autostart(False)
    assert not has_autostart()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no autostart folder")
def test_what_nobody_set_stays_as_setup_left_it(account: Path) -> None:
    set_autostart(True)
    follow(Settings())
    assert has_autostart()
    follow(Settings(autostart=False))
    assert not has_autostart()
    follow(Settings(autostart=True))
    assert has_autostart()


def test_a_folder_that_cannot_be_written_stops_no_work(account: Path) -> None:
    entry_path().parent.parent.mkdir(parents=True)
    entry_path().parent.write_text("a file where the folder should be")
    follow(Settings(autostart=True))
    assert autostart.has_autostart() is False
