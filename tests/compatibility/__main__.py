"""``python -m tests.compatibility``: plays every pair of versions and writes docs/compatibility.md. Exit code 1 when one fails."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.compatibility.program import ROOT, NoHistory, versions
from tests.compatibility.story import cells, play
from tests.compatibility.table import document


def main() -> int:
    shown = {}
    for cell in cells(versions()):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="sophuong-versions-") as folder:
            try:
                shown[cell] = play(cell, Path(folder))
            except (AssertionError, NoHistory) as error:
                print(f"{cell}: {error}")
                return 1
        print(f"{cell}: {shown[cell]} ({time.monotonic() - began:.1f} s)", flush=True)
    path = ROOT / "docs" / "compatibility.md"
    path.write_text(document(shown, versions()), encoding="utf-8")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
