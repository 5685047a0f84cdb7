"""The end may be asked for at any moment, also in the middle of the wait for it: a process that is told does end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sync.ending import Ending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows tells its programs in another way")
ROOT = Path(__file__).parents[2]
TOLD_WITHIN_THE_WAIT = """
import os, signal, sys
{begin}
steps = 0

def step(frame, event, _arg):
    global steps
    if event == "line":
        steps += 1
        if steps == {at}:
            os.kill(os.getpid(), signal.SIGTERM)
    return step

sys.settrace(step)
told = end.wait(0.2)
sys.settrace(None)
print(told or end.wait(20))
"""
BACKGROUND = "from desktop.background_sync import end_asked; end = end_asked()"
HUB = """
import types
from desktop.commands import hub
from sync.hub import running
running.serve = lambda folder, port, host, clock, ended, **_: globals().update(end=ended)
given = types.SimpleNamespace(port=0, host="", every=1, quiet=True, service=False)
hub._serve(types.SimpleNamespace(folder=None, named=True, clock=None), given)
"""


@pytest.mark.parametrize("begin", [BACKGROUND, HUB], ids=["background", "hub"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_who_is_told_within_the_wait_ends(begin: str, at: int) -> None:
    program = TOLD_WITHIN_THE_WAIT.format(begin=begin, at=at)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.returncode) == ("True", 0), done.stderr


def test_who_was_told_once_is_not_asked_to_wait_again() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    try:
        ending = Ending(signal.SIGUSR1)
        assert not ending.wait(0)
        signal.raise_signal(signal.SIGUSR1)
        assert ending.wait(0) and ending.wait() and ending.wait(60)
    finally:
        signal.signal(signal.SIGUSR1, before)
