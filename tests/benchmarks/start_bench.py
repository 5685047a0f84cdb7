"""From exec to a usable window with 200,000 records in the store, beside a bare PySide6 window.

Usable: mapped and painted, with the day's rows and every counter, and input accepted; of the bare window only that it was
shown: its own painting may follow some 5 ms after the word, so the floor is rather too low than too high. Both programs
run from compiled bytecode, as installed ones do, kept in the benchmark's own folder.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sync.store import vault
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
QTimer.singleShot(0, lambda: (window.repaint(), print("usable", flush=True)))
app.exec()
"""


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        profile = big_profile(Path(folder), RECORDS)
        ours = [sys.executable, "-m", "desktop", "open", "--profile", str(profile)]
        bare = [sys.executable, "-c", BARE]
        way = (
            "passphrase, 0.5 s of which is by design"
            if vault.needs_passphrase(profile)
            else "key in the system's vault"
        )
        around = environment(Path(folder))
        # the first runs compile, and warm the disk cache
        figures = [(started(ours, around), started(bare, around)) for _ in range(RUNS + 2)][2:]
    for i, (name, unit, bound) in enumerate(
        (("exec to usable window", "s", TIME_BOUND), ("memory (PSS)", "MB", MEMORY_BOUND))
    ):
        value, floor = (statistics.median(run[side][i] for run in figures) for side in (0, 1))
        yield Row(f"{name}, {RECORDS:,} records ({way})", value, unit, "a bare PySide6 window", floor, bound)


def environment(folder: Path) -> dict[str, str]:
    own = {
        "SOPHUONG_SAY_USABLE": "1",
        "SOPHUONG_PASSPHRASE": PASSPHRASE,
        "PYTHONUTF8": "1",
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | own


def started(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until the program says "usable", and its PSS in MB a second later."""
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
