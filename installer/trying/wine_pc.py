"""A PC with Windows under Wine, whose user has a Vietnamese name: command lines one after the other, each timed."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installer.chroot import WineChroot
from installer.trying.trial import Failed

USER = "Nguyễn Thị Ánh"
PROGRAM = "AppData/Local/Programs/SoPhuong"
DATA = "AppData/Local/SoPhuong"
SCREEN = "1024x768x24"
LONGEST = 150.0  # seconds of one command
USABLE_SECONDS = 60

# /try is the folder of results; $1 names one; $PROGRAM is what an officer's shortcut starts, $DATA the account's profile. A cmd.exe that waits keeps Wine's own services running between commands.
# The screen of its own writes what it shows to a file, so that no program for pictures is needed.
SCRIPT_HEAD = """
mkfifo /tmp/.shown
Xvfb -displayfd 9 -screen 0 {screen} -fbdir /try -nolisten tcp 9<>/tmp/.shown >/dev/null 2>&1 &
screen=$!
read -r number </tmp/.shown # the network is the host's, and so are the numbers of screens
export DISPLAY=":$number"
sleep 3000 >/try/.wait &
wait_for=$!
mkfifo /tmp/idle; (exec 3<>/tmp/idle; wine cmd.exe /q <&3 >/dev/null 2>&1) & idle=$!
wine cmd.exe /c exit >/dev/null 2>&1
timed() {{ # name, then a command
    name=$1; shift
    begin=$(date +%s%N)
    timeout -k 5 {longest:.0f} "$@" >"/try/$name.out" 2>"/try/$name.err" </dev/null
    code=$?
    echo "$code $(( $(date +%s%N) - begin ))" >"/try/$name.end"
}}
mine() {{ # name, then the program's words
    name=$1; shift
    timed "$name" wine "$PROGRAM" "$@"
}}
worked() {{ # hundredths of a second of processor time that the program took so far
    ticks=0
    for process in /proc/[0-9]*; do
        if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q 'sophuong[-cli]*[.]exe'; then
            set -- $(sed 's/.*) //' "$process/stat" 2>/dev/null)
            ticks=$((ticks + ${{12:-0}} + ${{13:-0}}))
        fi
    done
    echo $ticks
}}
usable() {{ # name, then the program's words: until its window can be worked in; it goes on running
    name=$1; shift
    begin=$(date +%s%N)
    SOPHUONG_SAY_USABLE=1 wine "$PROGRAM" "$@" >"/try/$name.out" 2>"/try/$name.err" </dev/null &
    program=$!
    code=124
    for turn in $(seq {turns}); do
        if grep -q usable "/try/$name.out"; then code=0; break; fi
        kill -0 $program 2>/dev/null || {{ code=1; break; }}
        sleep 0.05
    done
    echo "$code $(( $(date +%s%N) - begin )) $(worked)" >"/try/$name.end"
}}
proved() {{ # until the version that was started last has proved itself
    for turn in $(seq 300); do grep -q '"good": *true' "$DATA/versions/current.json" && break; sleep 0.1; done
}}
forget() {{ rm -rf "$DATA/cache"; }} # what a first start makes and later ones find
desktop_up() {{ # a PC's desktop stands before any program starts; Wine's ends with the last window
    wine notepad.exe >/dev/null 2>&1 &
    sleep 3
}}
desktop_down() {{
    for process in /proc/[0-9]*; do
        if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q 'notepad[.]exe'; then kill -9 "${{process#/proc/}}"; fi
    done
}}
picture() {{ desktop_down; sleep 1; cp /try/Xvfb_screen0 "/try/$1.xwd"; }}
close_all() {{ # the launcher and what it started, until none is left; we see no processes but this PC's
    for turn in $(seq 50); do
        left=0
        for process in /proc/[0-9]*; do
            if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q 'sophuong[-cli]*[.]exe'; then
                left=1; kill -9 "${{process#/proc/}}" 2>/dev/null
            fi
        done
        [ $left = 0 ] && break
        sleep 0.1
    done
}}
rested() {{ # until what a program left running has ended
    for turn in $(seq 300); do [ "$(wine tasklist 2>/dev/null | grep -ci "$1")" = 0 ] && break; sleep 0.2; done
}}
"""
SCRIPT_FOOT = """
kill $wait_for 2>/dev/null
wine taskkill /F /IM cmd.exe >/dev/null 2>&1
kill $idle $screen 2>/dev/null
true
"""


@dataclass(frozen=True)
class Ended:
    """A command that was run."""

    code: int
    seconds: float
    out: str
    err: str
    worked: float = 0.0
    """Seconds of processor time until the window could be worked in, where that was waited for."""

    def must(self, what: str) -> Ended:
        if self.code:
            raise Failed(f"{what}: exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}")
        return self

    @property
    def json(self) -> Any:
        begin = min((place for mark in "{[" if (place := self.out.find(mark)) >= 0), default=-1)
        if begin < 0:
            raise Failed(f"no JSON: {self.out}\n--- stderr\n{self.err}")
        return json.JSONDecoder().raw_decode(self.out[begin:])[0]


def read_ended(results: Path, name: str) -> Ended:
    """What ``timed NAME …`` left. Raises Failed when it was not run."""
    end = results / f"{name}.end"
    if not end.exists():
        raise Failed(f"{name} was not run")
    code, nanoseconds, *ticks = map(int, end.read_text().split())
    out, err = ((results / f"{name}.{kind}").read_bytes().decode("utf-8", "replace") for kind in ("out", "err"))
    return Ended(code, nanoseconds / 1e9, out, err, sum(ticks) / os.sysconf("SC_CLK_TCK"))


class WinePc:
    """One prefix. ``script`` is shell; ``timed NAME wine …`` and its like (above) leave results for ``ended(NAME)``."""

    def __init__(self, chroot: WineChroot, folder: Path, *, user: str = USER) -> None:
        self.chroot = chroot
        self.prefix = folder / "prefix"
        self.results = folder / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self._user = user

    @property
    def home(self) -> Path:
        return self.prefix / f"drive_c/users/{self._user}"

    def run(
        self,
        script: str,
        binds: Mapping[Path, str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        seconds: float = 420,
    ) -> None:
        head = SCRIPT_HEAD.format(screen=SCREEN, longest=LONGEST, turns=USABLE_SECONDS * 20)
        path = self.results / "script.sh"
        path.write_text(head + script + SCRIPT_FOOT, "utf-8")
        words = {
            "USER": self._user,
            "LOGNAME": self._user,
            "LC_ALL": "C.UTF-8",
            "PROGRAM": f"C:/users/{self._user}/{PROGRAM}/sophuong-cli.exe".replace("/", "\\"),
            "DATA": f"/prefix/drive_c/users/{self._user}/{DATA}",
            **(environment or {}),
        }
        places = {self.results: "/try", **(binds or {})}
        self.chroot.run("sh", "/try/script.sh", prefix=self.prefix, binds=places, environment=words, timeout=seconds)

    def ended(self, name: str) -> Ended:
        return read_ended(self.results, name)

    def files(self) -> set[str]:
        """Everything on drive C but what Windows itself writes while it runs."""
        root = self.prefix / "drive_c"
        found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() or path.is_symlink())
        return {name for name in found if not name.startswith("windows/") and "/Temp/" not in name}

    def registry_lines(self, word: str) -> list[str]:
        """Lines of the registry that name a program."""
        lines = []
        for name in ("user.reg", "system.reg"):
            text = (self.prefix / name).read_text("utf-8", "replace")
            lines += [line for line in text.splitlines() if word.lower() in line.lower()]
        return lines

    def remove(self) -> None:
        shutil.rmtree(self.prefix, ignore_errors=True)


def quoted(*words: str) -> str:
    return " ".join(shlex.quote(word) for word in words)
