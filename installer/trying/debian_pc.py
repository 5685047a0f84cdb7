"""A Linux PC: a bare Debian 12 in a chroot, whose user's home has a Vietnamese name; thrown away after the try."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from installer.chroot import cache_folder, locked, make_debian
from installer.trying.trial import Failed
from installer.trying.wine_pc import Ended, read_ended

SUITE = "bookworm"
BASE = ("ca-certificates", "xvfb")  # a desktop has an X server; nothing else of the program's needs is here
HOME = "/home/Nguyễn Thị Ánh"
USER = "anh"
_NO_NEWS = (
    "proc/",
    "dev/",
    "sys/",
    "tmp/",
    "run/",
    "try/",
    "lab/",
    "var/cache/",
    "var/lib/apt/",
    "var/lib/dpkg/",
    "var/log/",
)

# what a try writes to results as Ended reads it
SCRIPT_HEAD = """
set -u
export LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive
mkfifo /tmp/.shown
Xvfb -displayfd 9 -screen 0 1024x768x24 -fbdir /try -nolisten tcp 9<>/tmp/.shown >/dev/null 2>&1 &
screen=$!
read -r number </tmp/.shown # the network is the host's, and so are the numbers of screens
export DISPLAY=":$number"
timed() { # name, then a command
    name=$1; shift
    begin=$(date +%s%N)
    timeout -k 5 150 "$@" >"/try/$name.out" 2>"/try/$name.err" </dev/null
    code=$?
    echo "$code $(( $(date +%s%N) - begin ))" >"/try/$name.end"
}
DATA="@HOME@/.local/share/so-phuong"
mine() { # name, then the program's words
    name=$1; shift
    timed "$name" /try/as-user sophuong "$@"
}
worked() { # hundredths of a second of processor time that the program took so far
    ticks=0
    for process in /proc/[0-9]*; do
        if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q sophuong; then
            set -- $(sed 's/.*) //' "$process/stat" 2>/dev/null)
            ticks=$((ticks + ${12:-0} + ${13:-0}))
        fi
    done
    echo $ticks
}
usable() { # name, then the program's words: until the user's window can be worked in; it goes on running
    name=$1; shift
    begin=$(date +%s%N)
    /try/as-user SOPHUONG_SAY_USABLE=1 sophuong "$@" >"/try/$name.out" 2>"/try/$name.err" </dev/null &
    program=$!
    code=124
    for turn in $(seq 1200); do
        if grep -q usable "/try/$name.out"; then code=0; break; fi
        kill -0 $program 2>/dev/null || { code=1; break; }
        sleep 0.05
    done
    echo "$code $(( $(date +%s%N) - begin )) $(worked)" >"/try/$name.end"
}
proved() { # until the version that was started last has proved itself
    for turn in $(seq 300); do grep -q '"good": *true' "$DATA/versions/current.json" && break; sleep 0.1; done
}
forget() { rm -rf "@HOME@/.cache"; } # what a first start makes and later ones find
desktop_up() { :; }
picture() { sleep 1; cp /try/Xvfb_screen0 "/try/$1.xwd"; }
close_all() { # the launcher and what it started; we see no processes but this PC's
    for process in /proc/[0-9]*; do
        if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q sophuong; then kill -9 "${process#/proc/}" 2>/dev/null; fi
    done
    wait $program 2>/dev/null
}
""".replace("@HOME@", HOME)
SCRIPT_FOOT = "\nkill $screen\ntrue\n"
AS_USER = f"""#!/bin/sh
exec setpriv --reuid=1000 --regid=1000 --clear-groups env HOME="{HOME}" SOPHUONG_PASSPHRASE="một câu dài để thử" "$@"
"""
ENTER = """
set -eu
root=$1; shift
mount --make-rprivate /
for folder in tmp run; do mount -t tmpfs -o mode=1777 tmpfs "$root/$folder"; done
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; [ -e "$root$2" ] || : >"$root$2"; fi
    mount --bind "$1" "$root$2"
    shift 2
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" /bin/sh /try/script.sh
"""


class DebianPc:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.results = folder / "results"
        self.results.mkdir(parents=True)
        self.results.chmod(0o1777)  # the user's program writes there too
        (self.results / "as-user").write_text(AS_USER, "utf-8")
        (self.results / "as-user").chmod(0o755)
        subprocess.run(["cp", "-a", "--reflink=auto", str(bare()), str(self.root)], check=True)
        self.home.mkdir(parents=True)
        os.chown(self.home, 1000, 1000)
        for name in ("passwd", "group"):
            line = f"{USER}:x:1000:1000::{HOME}:/bin/sh\n" if name == "passwd" else f"{USER}:x:1000:\n"
            with (self.root / "etc" / name).open("a", encoding="utf-8") as file:
                file.write(line)
        for name in ("resolv.conf", "hosts"):
            if Path("/etc", name).exists():
                shutil.copy2(Path("/etc", name), self.root / "etc" / name)

    @property
    def home(self) -> Path:
        return self.root / HOME.lstrip("/")

    def run(self, script: str, binds: Mapping[Path, str] | None = None, *, seconds: float = 420) -> None:
        """``timed NAME command``, ``mine NAME words of sophuong`` and their like leave results for ``ended``."""
        (self.results / "script.sh").write_text(SCRIPT_HEAD + script + SCRIPT_FOOT, "utf-8")
        pairs = [part for place in {self.results: "/try", **(binds or {})}.items() for part in map(str, place)]
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        command = [*spaces, "sh", "-c", ENTER, "enter", str(self.root), *pairs, "--"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        if done.returncode:
            raise Failed(f"the script in the chroot ended with {done.returncode}\n{done.stdout}\n{done.stderr}")

    def ended(self, name: str) -> Ended:
        return read_ended(self.results, name)

    def files(self) -> set[str]:
        """Everything but what Debian's own tools write."""
        found = set()
        for folder, folders, names in os.walk(self.root):
            base = Path(folder).relative_to(self.root).as_posix() + "/"
            base = "" if base == "./" else base
            if base.startswith(_NO_NEWS):
                folders.clear()
                continue
            found |= {base + name for name in names}
        return found


def bare() -> Path:
    """Made once, and kept."""
    root = cache_folder() / f"debian-{SUITE}-{len(BASE)}"
    with locked(root.with_suffix(".lock")):
        if not root.is_dir():
            making = root.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            make_debian(making, SUITE, BASE)
            making.rename(root)
    return root
