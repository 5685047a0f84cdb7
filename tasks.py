#!/usr/bin/env python3
"""One entry for setting up, running, testing and measuring. Standard library only; everything else lives in .venv.

    python3 tasks.py demo                  the workspace with a sample ward, a city and its services, all on this machine
    python3 tasks.py test [PYTEST ARGS]    the whole suite; starts PostgreSQL, a secret service and a screen, and stops them
    python3 tasks.py simulate [--seeds N]  PCs and a city on one thread under every fault, from seeds; --seed N replays one
    python3 tasks.py load                  a city's PCs, each syncing every minute, and all of them on Monday morning
    python3 tasks.py fuzz                  requests made up from the gateway's own description: no 5xx, no leak between wards
    python3 tasks.py package [--only STAGE…] [--try]   from a checkout to dist/: setup.exe, MSI, .deb, the gateway's wheel
    python3 tasks.py release --key PEM…    the version built, tried, signed and laid out in dist/updates/
    python3 tasks.py compatibility         this version with the ones before it, client and gateway; writes docs/compatibility.md
    python3 tasks.py setup | lint | bench | screens | papers | coverage

On Debian, missing system packages are installed when this runs as root; otherwise their names are printed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"

SCREEN_PACKAGES = [
    *("libgl1", "libegl1", "libxkbcommon0", "libxkbcommon-x11-0", "libdbus-1-3", "libfontconfig1", "libxcb-cursor0"),
    *("libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0"),
    *("libxcb-xinerama0", "fonts-croscore", "fonts-liberation", "fonts-noto-core", "xvfb", "xauth"),
]
PACKAGE_PACKAGES = ["binutils", "mmdebstrap"]  # stages that need more install it
PEER_PACKAGES = ["nodejs", "npm"]
TEST_PACKAGES = [
    *("postgresql", "dbus", "dbus-daemon", "gnome-keyring"),
    *("nsis", "wixl", "msitools", "osslsigncode", "binutils"),  # tests/installer builds small packages
]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tasks.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name in (
        "setup",
        "demo",
        "test",
        "lint",
        "bench",
        "screens",
        "papers",
        "coverage",
        "torture",
        "simulate",
        "load",
        "fuzz",
        "package",
        "release",
        "compatibility",
    ):
        verbs.add_parser(name, add_help=False)
    arguments, rest = parser.parse_known_args(argv)
    run = {"setup": setup_only, "demo": demo, "test": test, "lint": lint, "bench": bench, "screens": screens}
    run |= {
        "papers": papers,
        "coverage": coverage,
        "torture": torture,
        "simulate": simulate,
        "load": load,
        "fuzz": fuzz,
        "package": package,
        "compatibility": compatibility,
        "release": release,
    }
    try:
        return run[arguments.verb](rest)
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd)) if isinstance(error.cmd, list) else error.cmd
        print(f"tasks.py: this step failed with code {error.returncode}: {command}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def setup_only(rest: list[str]) -> int:
    setup(SCREEN_PACKAGES + (TEST_PACKAGES if "--all" in rest else []))
    print(f"ready: {PYTHON}")
    return 0


def demo(rest: list[str]) -> int:
    """The workspace on a sample ward; without a screen the headless walk through the first morning."""
    setup(SCREEN_PACKAGES)
    if "--headless" in rest:
        with screen():
            return python("-m", "desktop", "demo", *rest)
    if has_display():
        print("Making the sample ward: the window opens in about a minute …", flush=True)
        return python("-m", "desktop", "demo", *rest)
    folder = Path.cwd() / "first-morning"
    print(f"No display here, so the first morning is walked without a window; pictures and summary.json go to {folder}")
    with screen():
        return python("-m", "desktop", "demo", *rest, "--headless", str(folder))


def test(rest: list[str]) -> int:
    """The whole suite on two cores, inside a private session bus with a secret service and a virtual screen."""
    setup(SCREEN_PACKAGES + TEST_PACKAGES)
    arguments = rest or ["-n", "2", "--dist", "loadgroup"]
    with screen(), secret_service() as wrapper:
        return subprocess.run(
            [*wrapper, str(PYTHON), "-m", "pytest", *arguments], cwd=ROOT, env=environment()
        ).returncode


def lint(rest: list[str]) -> int:
    """Formatting, lint, types, import contracts, and every tool of the catalogue."""
    setup(SCREEN_PACKAGES)
    steps = {
        "format": ["-m", "ruff", "format", "--check", "."],
        "lint": ["-m", "ruff", "check", "."],
        "types": ["-m", "mypy"],
        "imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        "catalogue": ["-m", "desktop", "check", "forms/catalog"],
    }
    failed = []
    for name, step in steps.items():
        print(f"── {name}", flush=True)
        if python(*step):
            failed.append(name)
    print("lint: all good" if not failed else f"lint: failed: {', '.join(failed)}")
    return 1 if failed else 0


def bench(rest: list[str]) -> int:
    """Figures beside their floors and peers: ``bench [GROUP] [--json FILE] [--peers]``.

    With a secret service, as ``test``: a workspace that takes its key from the vault is what starts in an office.
    """
    setup(SCREEN_PACKAGES + TEST_PACKAGES + (PEER_PACKAGES if "--peers" in rest and not shutil.which("npm") else []))
    with screen(), secret_service() as wrapper:
        command = [*wrapper, str(PYTHON), "-m", "tests.benchmarks", *rest]
        return subprocess.run(command, cwd=ROOT, env=environment()).returncode


def torture(rest: list[str]) -> int:
    """Real PCs and a real city, killed and cut at random: ``torture [--rounds 300] [--seed N] [--seconds S] [--jobs 2]``."""
    setup(TEST_PACKAGES)
    return python("-m", "tests.torture", *rest)


def screens(rest: list[str]) -> int:
    """Every page of the sample ward as PNG, at both sizes the office has."""
    setup(SCREEN_PACKAGES)
    with screen():
        return python("-m", "desktop.demo.gallery", *(rest or [str(ROOT / "build" / "screens")]))


def papers(rest: list[str]) -> int:
    """Every printout of every record type with its examples, as PDF, ODT and PNG: ``papers [DIR] [TOOL.RECORD…]``."""
    setup(SCREEN_PACKAGES)
    with screen():
        return python("-m", "desktop.demo.papers", *(rest or [str(ROOT / "build" / "papers")]))


def coverage(rest: list[str]) -> int:
    """docs/coverage.md: what of a ward's work the catalogue holds, and why the rest is missing."""
    setup()
    return python("-m", "tests.catalogue_coverage", *rest)


def simulate(rest: list[str]) -> int:
    """Several PCs and a city under every fault: ``simulate [--seeds N] [--first N] [--jobs N] [--postgres] | --seed N``."""
    setup(TEST_PACKAGES if "--postgres" in rest else ())
    return python("-m", "tests.simulation", *rest)


def load(rest: list[str]) -> int:
    """All PCs of a city against a gateway: ``load [--wards 126] [--pcs 20] [--minutes 3] [--processes 1] [--json FILE]``."""
    setup(TEST_PACKAGES)
    return python("-m", "tests.load", *rest)


def fuzz(rest: list[str]) -> int:
    """Schemathesis against a started gateway, by its own description: ``fuzz [--examples 100] [--seed 1] [--sqlite]``."""
    setup(TEST_PACKAGES)
    return python("-m", "tests.fuzz", "--schemathesis", str(fuzzer()), *rest)


def compatibility(rest: list[str]) -> int:
    """Each pair of versions that must still work together, through both whole programs; writes docs/compatibility.md."""
    setup()
    return python("-m", "tests.compatibility", *rest)


def package(rest: list[str]) -> int:
    """The packages: ``package [--only linux|windows|setup|msi|deb|wheel|sizes …] [--try]``; docs/packaging.md."""
    os.environ["SOPHUONG_PACKAGE_BEGAN"] = str(time.time())  # the try tells how long all of it took
    setup(SCREEN_PACKAGES + PACKAGE_PACKAGES)
    stages = [word for word in rest if word not in ("--only", "--try")]
    if unknown := [word for word in stages if word.startswith("-")]:
        print(f"tasks.py package: unknown option {unknown[0]}", file=sys.stderr)
        return 2
    if "--try" not in rest:
        return python("-m", "installer", *stages)
    return python("-m", "installer", *(stages or ["ready"])) or python("-m", "installer", "try")


def release(rest: list[str]) -> int:
    """Gives the version out: built, tried, signed, laid out: ``release [DIR] --key targets.pem snapshot.pem timestamp.pem``;
    ``release keys|root|sign|publish|drop|refresh …`` are its steps and the ceremony (docs/operating.md, "Updates")."""
    steps = ("keys", "root", "sign", "publish", "drop", "refresh")
    whole = rest[:1] == [] or rest[0] not in steps
    setup(SCREEN_PACKAGES + PACKAGE_PACKAGES if whole else ())  # the ceremony's machine has no network to get any from
    command = [str(PYTHON), "-m", "installer.release", *(["make"] if whole and rest[:1] != ["make"] else []), *rest]
    return subprocess.run(command, env={**environment(), "PYTHONPATH": str(ROOT)}).returncode  # paths are the caller's


# setting up


def fuzzer() -> Path:
    """The program, in a venv of its own: what it needs must not be mixed with what the product has."""
    lock, venv = ROOT / "tests" / "fuzz" / "requirements.lock", ROOT / "build" / "fuzz"
    folder = venv / ("Scripts" if os.name == "nt" else "bin")
    stamp = venv / "installed"
    want = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != want:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
        pip = [str(folder / "python"), "-m", "pip", "install", *quiet]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
        stamp.write_text(want)
    return folder / "schemathesis"


def setup(packages: Sequence[str] = ()) -> None:
    """Make .venv with the locked dependencies and install what the system lacks. Quick when all is there."""
    install_packages([*missing_venv(), *packages])
    stamp = VENV / "installed"
    want = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == want:
        return
    print("Setting up .venv with the locked dependencies (once; a minute or two) …", flush=True)
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    subprocess.run([str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(LOCK)], check=True)
    stamp.write_text(want)


def missing_venv() -> list[str]:
    """Debian keeps ensurepip in a package of its own."""
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True)
    if probe.returncode == 0 or PYTHON.exists():
        return []
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]


def install_packages(packages: Sequence[str]) -> None:
    if not shutil.which("dpkg-query"):
        return
    missing = [p for p in packages if not is_installed(p)]
    if not missing:
        return
    if os.geteuid() != 0:
        print(
            f"These system packages are missing: {' '.join(missing)}\nInstall them as root: apt-get install {' '.join(missing)}"
        )
        return
    print(f"Installing system packages: {' '.join(missing)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
    # a server that a package starts by itself is not wanted: tests start their own
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    subprocess.run(install, check=True, env={**quiet, "RUNLEVEL": "1"}, stdout=subprocess.DEVNULL)


def is_installed(package: str) -> bool:
    answer = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return answer.stdout.endswith("ok installed")


# running


def python(*arguments: str) -> int:
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=environment()).returncode


def environment() -> dict[str, str]:
    """Containers tell Python to keep nothing it compiled: then each of the hundred programs that tests start compiles all
    anew, and pytest its tests in each process. What is kept git ignores."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONUTF8": "1"}


def has_display() -> bool:
    return (
        os.name == "nt"
        or sys.platform == "darwin"
        or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


@contextlib.contextmanager
def screen() -> Iterator[None]:
    """A virtual screen for as long as it is needed, when there is no real one."""
    xvfb = shutil.which("Xvfb")
    if has_display() or xvfb is None:
        yield
        return
    read, write = os.pipe()
    command = [xvfb, "-displayfd", str(write), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if number:
            os.environ["DISPLAY"] = f":{number}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()


@contextlib.contextmanager
def secret_service() -> Iterator[list[str]]:
    """What to put before a command so that it runs in a private session bus with an unlocked secret service."""
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        yield []
        return
    # in a folder of its own, so that nobody's keyring is touched; an empty passphrase would make no keyring at all
    daemon = 'XDG_DATA_HOME="$0" gnome-keyring-daemon --unlock --components=secrets'
    with tempfile.TemporaryDirectory(prefix="keyring-", ignore_cleanup_errors=True) as folder:
        unlock = f'printf "tasks\\n" | {daemon} >/dev/null 2>&1; exec "$@"'
        yield ["dbus-run-session", "--", "sh", "-c", unlock, folder]


if __name__ == "__main__":
    sys.exit(main())
