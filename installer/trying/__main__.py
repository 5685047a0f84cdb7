"""``python -m installer.trying [windows] [msi] [linux] [deb]``: exit code 1 when a step failed or a figure is over its bound."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from installer import DIST
from installer.trying.table import table
from installer.trying.trial import Trial

MINUTES = 15.0
BEGAN = "SOPHUONG_PACKAGE_BEGAN"
"""The variable in which tasks.py says when it began (seconds since 1970)."""


def main(words: list[str]) -> int:
    from installer.trying.debian_steps import try_deb
    from installer.trying.linux_steps import try_linux
    from installer.trying.windows_steps import try_msi, try_setup

    parts: dict[str, Callable[[Trial, Path], None]] = {
        "windows": try_setup,
        "msi": try_msi,
        "deb": try_deb,
        "linux": try_linux,
    }
    unknown = [word for word in words if word not in parts]
    if unknown:
        print(f"there is no part {', '.join(unknown)}; parts: {', '.join(parts)}", file=sys.stderr)
        return 2
    trial = Trial(Path(os.environ.get("SOPHUONG_PACKAGES") or DIST).absolute())
    with tempfile.TemporaryDirectory(prefix="sophuong-try-") as folder:
        for name in words or list(parts):
            try:
                parts[name](trial, Path(folder))
            except Exception as error:
                with trial.step(name):
                    raise error
    return tell(trial)


def tell(trial: Trial) -> int:
    well = trial.went_well and not trial.missing  # how long all of it took is told of this machine, not of the packages
    if began := os.environ.get(BEGAN):
        trial.figure("package --try: set up, built and tried", (time.time() - float(began)) / 60, "minutes", MINUTES)
    else:
        trial.figure("the try without the building", (time.monotonic() - trial.began) / 60, "minutes")
    text = table(trial.figures)
    lines = [text, ""]
    lines += [f"not there: {each}" for each in trial.missing] + [f"FAILED: {each}" for each in trial.failed]
    lines.append(f"{len(trial.done)} steps went well, {len(trial.failed)} failed, {len(trial.missing)} not there")
    (trial.folder / "table.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n" + "\n".join(lines) + f"\npictures and logs: {trial.folder}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
