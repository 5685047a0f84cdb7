"""``python -m installer [STAGE …]``: from a checkout to dist/. Without a stage, all but the last three, those of the two
systems beside each other:

linux      build/linux/sophuong by PyInstaller, and its launcher
windows    build/windows/sophuong under Wine, its imports checked, and its launchers
setup      the setup.exe, signed when a certificate is configured
msi        the MSI for group policy
deb        the package for Linux PCs
wheel      the gateway's wheel
sizes      how large all that is, beside the bounds
ready      beforehand, what the try needs and keeps: a bare Debian, a large store of the version before; alone: with all of it
try        installs and exercises what is in dist/ (installer/trying)
lock       windows.lock anew, after a dependency was added
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from installer import DIST, ROOT


def linux() -> list[Path]:
    from installer.bundle import build_linux

    made = [build_linux()]
    return made + _launchers("build_linux")


def windows() -> list[Path]:
    from installer import imports
    from installer.bundle import build_windows

    made = build_windows()
    if imports.main(made):
        raise Unfit("the Windows bundle asks for libraries that a Windows PC need not have; they are named above")
    return [made, *_launchers("build_windows")]


def sizes() -> list[Path]:
    from installer.sizes import report

    if not report():
        raise Unfit("a package is larger than it may be")
    return []


def ready() -> list[Path]:
    from installer.trying.debian_pc import bare
    from installer.trying.linux_steps import old_store
    from installer.trying.trial import NotThere

    try:
        return [bare(), old_store()]
    except NotThere as error:  # the try says it again
        print(f"   {error}", flush=True)
        return []


def trying() -> list[Path]:
    from installer.trying.__main__ import main as run

    if run([]):
        raise Unfit("the packages were tried and a step failed")
    return []


def lock() -> list[Path]:
    from installer.windows_python import LOCK, renew_lock

    renew_lock()
    return [LOCK]


LANES = (("windows", "setup", "msi"), ("linux", "deb", "wheel"))
"""Stages that need nothing of the other lane's; most are one process at work."""


class Unfit(Exception):
    """Something was built that must not go out."""


def stages() -> dict[str, Callable[[], list[Path]]]:
    """Every stage there is, in the order of building; ``ready``, ``try`` and ``lock`` are done when asked for."""
    found: dict[str, Callable[[], list[Path]]] = {"linux": linux, "windows": windows}
    for name, module in (("setup", "nsis"), ("msi", "msi"), ("deb", "deb"), ("wheel", "wheel")):
        if find_spec(f"installer.{module}"):
            found[name] = _built_by(f"installer.{module}")
    return {**found, "sizes": sizes, "ready": ready, "try": trying, "lock": lock}


def _built_by(module: str) -> Callable[[], list[Path]]:
    def build() -> list[Path]:
        made: list[Path] = import_module(module).build()
        return made

    return build


def _launchers(name: str) -> list[Path]:
    """With the program's icon, once it is drawn (installer/launcher)."""
    from installer import launcher
    from installer.layout import icons

    if name == "build_linux":
        return [launcher.build_linux()]
    return launcher.build_windows(icon=icons() / "app.ico")


def main(words: Sequence[str]) -> int:
    if set(words) <= {"ready"}:
        return everything(words)
    known = stages()
    if unknown := [word for word in words if word not in known]:
        print(f"there is no stage {', '.join(unknown)}; stages: {', '.join(known)}", file=sys.stderr)
        return 2
    from installer.chroot import CannotBuild
    from installer.layout import NothingToPackage
    from installer.tools import NoTool

    stopped = (CannotBuild, NothingToPackage, NoTool, Unfit, subprocess.SubprocessError)
    for name in [one for one in known if one in words]:
        began = time.monotonic()
        print(f"── {name}", flush=True)
        try:
            made = known[name]()
        except stopped as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        shown = [path.relative_to(ROOT) if path.is_relative_to(ROOT) else path for path in made]
        ending = f": {', '.join(map(str, shown))}" if shown else ""
        print(f"   {name} done in {time.monotonic() - began:.0f} s{ending}", flush=True)
    return 0


def everything(more: Sequence[str] = ()) -> int:
    """Each lane a process of its own, ``more`` in the one that is done first; then the sizes of what all made."""
    lanes = [*LANES[:-1], (*LANES[-1], *more)]
    work = [subprocess.Popen([sys.executable, "-m", "installer", *lane], cwd=ROOT) for lane in lanes]
    codes = [each.wait() for each in work]
    return 1 if any(codes) else main(["sizes"])


if __name__ == "__main__":
    DIST.mkdir(exist_ok=True)
    sys.exit(main(sys.argv[1:]))
