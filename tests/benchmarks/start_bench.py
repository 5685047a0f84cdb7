"""From exec to a usable window with 200,000 records in the store, beside a bare PySide6 window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.big_store import PASSPHRASE, big_profile
from tests.benchmarks.rows import Row

RECORDS = 200_000
RUNS = 7
TIME_BOUND = MEMORY_BOUND = 2.0
BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.setCentralWidget(QLabel("Sổ Phường"))
window.resize(1024, 768)
window.show()
QTimer.singleShot(0, lambda: print("usable", flush=True))
app.exec()
"""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        profile = big_profile(Path(folder), RECORDS)
        ours = [sys.executable, "-m", "desktop", "open", "--profile", str(profile)]
        bare = [sys.executable, "-c", BARE]
        figures = [(started(ours), started(bare)) for _ in range(RUNS + 1)][1:]  # the first warms the disk cache
    for i, (name, unit, bound) in enumerate(
        (("exec to usable window", "s", TIME_BOUND), ("memory (PSS)", "MB", MEMORY_BOUND))
    ):
        value, floor = (statistics.median(run[side][i] for run in figures) for side in (0, 1))
        yield Row(f"{name}, {RECORDS:,} records", value, unit, "a bare PySide6 window", floor, bound)


def started(command: list[str]) -> tuple[float, float]:
    """Seconds until the program says "usable", and its PSS in MB a second later."""
    environment = {**os.environ, "SOPHUONG_SAY_USABLE": "1", "SOPHUONG_PASSPHRASE": PASSPHRASE, "PYTHONUTF8": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "usable":
                break
        seconds = time.perf_counter() - began
        time.sleep(1.0)
        return seconds, pss_megabytes(process.pid)
    finally:
        process.terminate()
        process.wait()


def pss_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no Pss line")
