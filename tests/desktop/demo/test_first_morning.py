"""The demo's first morning in the real window, in a process of its own as anybody would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[3]


def test_what_is_made_without_a_line_reaches_the_city_and_its_services(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SOPHUONG_NOW")}
    done = subprocess.run(
        [sys.executable, "-m", "desktop", "demo", "--headless", str(pictures), "--json"],
        cwd=ROOT,
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    summary = json.loads((pictures / "summary.json").read_bytes())
    assert json.loads(done.stdout) == summary
    assert summary["made_offline"] >= 5  # a dossier, three copies, a birth
    assert summary["at_city"] == summary["delivered"] == summary["made_offline"]
    assert summary["lost"] == 0
    taken = sorted(pictures.glob("*.png"))
    assert len(taken) >= 10
    assert all(not QImage(str(picture)).isNull() for picture in taken)
    papers = list(pictures.glob("*.pdf"))
    assert len(papers) == 5
    assert all(paper.read_bytes().startswith(b"%PDF") for paper in papers)
