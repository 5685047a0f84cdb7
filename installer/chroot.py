"""A Debian chroot with Wine 10, made once and kept in the cache: the Windows program is built and tried in it.

Needs root and Debian. A chroot is made under another name and renamed when it is whole, so a half-made one is never
used; a lock keeps two builders from making it twice. Every command runs in mount and process namespaces of its own:
what it mounts goes with it, and no process outlives it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SUITE = "trixie"  # the first Debian whose Wine has what Python 3.12 and Qt 6.9 ask of Windows
PACKAGES = ("wine", "wine64", "xvfb", "xauth", "fonts-liberation", "ca-certificates")
# no .NET, no HTML control (their set-ups wait for a click), and no debugger that would wait for ever after a crash
OVERRIDES = "mscoree,mshtml,winedbg.exe="
BOOT_SECONDS = 180.0
DEBIAN_SECONDS = 1800.0
GONE = 124  # what timeout(1) answers

# in the new namespaces: root, seconds, then "host inside" pairs until --, then the command
ENTER = """
set -eu
root=$1 seconds=$2; shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
for folder in tmp run root; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; [ -e "$root$2" ] || : >"$root$2"; fi
    mount --bind "$1" "$root$2"
    shift 2
done
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,ro,bind "$root"
exec chroot "$root" /bin/sh -c "$INSIDE" inside "$seconds" "$@"
"""
# in the chroot: a screen, the command, and time for Wine to write its registry
INSIDE = """
seconds=$1; shift
cd "${WORKING_FOLDER:-/}"
mkfifo /tmp/.display
Xvfb -displayfd 9 -screen 0 "${SCREEN:-1280x1024x24}" -nolisten tcp 9<>/tmp/.display >/dev/null 2>&1 &
read -r number </tmp/.display
export DISPLAY=":$number"
code=0
timeout -k 5 "$seconds" "$@" || code=$?
if [ $code -ne 124 ] && [ $code -ne 137 ]; then timeout 60 wineserver -w || true; fi
timeout 20 wineserver -k >/dev/null 2>&1 || true
exit $code
"""


class CannotBuild(Exception):
    """Something of this machine stands in the way; the message says what and what to do."""


def cache_folder() -> Path:
    """Where what is made once is kept: SOPHUONG_CACHE, else ~/.cache/so-phuong."""
    return Path(os.environ.get("SOPHUONG_CACHE") or Path.home() / ".cache" / "so-phuong").absolute()


@dataclass(frozen=True)
class WineChroot:
    root: Path

    @classmethod
    def ready(cls) -> WineChroot:
        """The chroot, made when it is missing (about a minute; 1.3 GB)."""
        if os.geteuid() != 0:
            raise CannotBuild("Windows packages are built in a chroot: run this as root")
        recipe = "\n".join((SUITE, *PACKAGES))
        root = cache_folder() / f"wine-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
        with locked(root.with_suffix(".lock")):
            if not root.is_dir():
                making = root.with_suffix(".making")
                shutil.rmtree(making, ignore_errors=True)
                make_debian(making, SUITE, PACKAGES)
                made = cls(making)
                made.boot(making / "template")
                making.rename(root)
        return cls(root)

    def prefix(self, folder: Path) -> Path:
        """A fresh Windows (WINEPREFIX) in ``folder``, copied from the one that was booted with the chroot."""
        if not (folder / "system.reg").exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", "--reflink=auto", str(self.root / "template"), str(folder)], check=True)
        return folder

    def boot(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.run("wineboot", "-i", prefix=folder, timeout=BOOT_SECONDS)
        if not (folder / "system.reg").exists():
            raise CannotBuild(f"wineboot ended well and made no Windows in {folder}")

    def run(
        self,
        *command: str,
        prefix: Path,
        binds: Mapping[Path, str] | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float,
        check: bool = True,
        folder: str = "/",
    ) -> subprocess.CompletedProcess[str]:
        """``command`` inside the chroot: ``run("wine", "/app/sophuong.exe", …)``; its output as text.

        ``prefix`` is a WINEPREFIX on the host, made when missing, and /prefix inside; ``binds`` maps folders or files
        of the host to absolute paths inside (written to as on the host; the chroot itself is read-only). The network is
        the host's. A screen (SCREEN=1024x768x24 in ``environment`` for another size) is there for its length. When it
        ends, Wine gets a minute to end what was left and to write its registry; then every process is ended. A prefix
        is used by one command at a time: another waits. Raises TimeoutExpired after ``timeout`` seconds, and
        CalledProcessError (with output) for another exit code than 0 when ``check``.
        """
        mounts = {prefix: "/prefix", **(binds or {})}
        if (self.root / "template").exists() and prefix != self.root / "template":
            self.prefix(prefix)
        for name in ("resolv.conf", "hosts"):
            if Path("/etc", name).exists():
                mounts[Path("/etc", name)] = f"/etc/{name}"
        pairs = [part for source, target in mounts.items() for part in (str(source.resolve()), target)]
        values = {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/wine",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "WINEPREFIX": "/prefix",
            "WINEDLLOVERRIDES": OVERRIDES,
            "WINEDEBUG": "-all",
            "WINEARCH": "win64",
            "INSIDE": INSIDE,
            "WORKING_FOLDER": folder,
            **(environment or {}),
        }
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        whole = [*spaces, "sh", "-c", ENTER, "enter", str(self.root), str(timeout), *pairs, "--", *command]
        with contextlib.ExitStack() as stack:
            stack.enter_context(locked(prefix.parent / f".{prefix.name}.lock", timeout))
            # files, not pipes: what a Windows program leaves behind would hold a pipe open
            output, errors = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            done = subprocess.run(
                whole, env=values, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=timeout + 120
            )
            said = [written(stream) for stream in (output, errors)]
        if done.returncode == GONE:
            raise subprocess.TimeoutExpired(command, timeout, *said)
        if check and done.returncode != 0:
            raise subprocess.CalledProcessError(done.returncode, command, *said)
        return subprocess.CompletedProcess(command, done.returncode, *said)


def make_debian(root: Path, suite: str, packages: Sequence[str]) -> None:
    """A minimal Debian with ``packages`` in ``root``, from the mirror this machine itself installs from."""
    from installer.tools import need

    need({"mmdebstrap": "mmdebstrap"})
    root.parent.mkdir(parents=True, exist_ok=True)
    lean = ["--variant=minbase", '--aptopt=APT::Install-Recommends "false"']
    lean += [f"--dpkgopt=path-exclude=/usr/share/{unwanted}/*" for unwanted in ("man", "doc", "locale")]
    command = [
        "mmdebstrap",
        "--mode=root",
        "--quiet",
        *lean,
        f"--include={','.join(packages)}",
        suite,
        str(root),
        mirror(),
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEBIAN_SECONDS)
    if done.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        raise CannotBuild(f"the chroot was not made: {done.stderr.strip()[-2000:]}")


def mirror() -> str:
    """Where this machine gets Debian's main archive: SOPHUONG_MIRROR, else as apt is configured."""
    if given := os.environ.get("SOPHUONG_MIRROR"):
        return given
    wanted = ["apt-get", "indextargets", "--format", "$(LABEL)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)"]
    for target in subprocess.run(wanted, capture_output=True, text=True, check=True).stdout.splitlines():
        label, codename, component, address = target.split("|", 3)
        if (label, component) == ("Debian", "main") and "-" not in codename:
            return address
    raise CannotBuild("apt names no Debian archive: run apt-get update, or name a mirror in SOPHUONG_MIRROR")


@contextlib.contextmanager
def locked(path: Path, timeout: float = DEBIAN_SECONDS) -> Iterator[None]:
    """Alone among all processes of this machine; waits up to ``timeout`` seconds for the others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + timeout
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise CannotBuild(f"another build holds {path} for longer than {timeout:.0f} s") from None
                time.sleep(0.2)
        yield


def written(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode("utf-8", "replace").replace("\r\n", "\n")
