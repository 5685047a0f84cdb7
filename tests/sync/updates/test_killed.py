"""Killed at any moment, an update leaves a program that starts. The real one, with a store and a window, is killed by
``python -m tests.torture.updates``."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from random import Random

import pytest

from sync.updates.pointer import read_pointer
from sync.updates.standing import waiting
from tests.sync.updates.shelf import Shelf, same_folder


@pytest.mark.skipif(sys.platform == "win32", reason="kills a fork")
def test_a_taking_killed_at_any_moment_leaves_a_whole_version_or_the_old_one(tmp_path: Path) -> None:
    shelf, random = Shelf(tmp_path / "shelf"), Random(11)
    shelf.publish("1.0.0")
    shelf.publish("1.1.0", "1.0.0")
    shelf.build("0.9.0")  # from here the whole comes
    killed = ended = 0
    for version in ("1.0.0", "0.9.0"):
        pc = shelf.pc(tmp_path / f"pc-{version}", version)
        began = time.monotonic()
        pc.take("1.1.0")
        whole = time.monotonic() - began
        for _ in range(10):
            if random.random() < 0.4 or waiting(pc.here):
                shutil.rmtree(pc.versions, ignore_errors=True)
            child = os.fork()
            if not child:
                try:
                    pc.take("1.1.0")
                finally:
                    os._exit(0)
            time.sleep(random.uniform(0, whole))
            os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            killed += os.WIFSIGNALED(status)
            ended += os.WIFEXITED(status)
            pointer = read_pointer(pc.versions) if pc.versions.exists() else None
            assert pointer is None or same_folder(pc.versions / pointer.version, shelf.built / pointer.version)
            assert not (pc.versions / "current.json").exists() or pointer is not None
            assert same_folder(pc.here.running, shelf.built / version)
        assert pc.take("1.1.0") == "1.1.0"
        assert same_folder(pc.versions / "1.1.0", shelf.built / "1.1.0")
        assert not list(pc.versions.glob(".laying-*"))
    assert killed >= 8, f"{killed} were killed, {ended} had ended"
