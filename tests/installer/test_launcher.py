"""The launcher starts the newest good version, whatever became of the last update."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from sync.updates.pointer import Pointer, read_pointer, write_pointer

LAUNCHER = Path(__file__).parents[2] / "installer" / "launcher"
# what a version does: says that it was begun, and what its file "behaviour" tells
PROGRAM = """#!/bin/sh
here=$(dirname "$0")
echo "$(basename "$here") $*" >>"$LOG"
echo "$SOPHUONG_LAUNCHER" >>"$LOG.launcher"
[ -f "$here/behaviour" ] && . "$here/behaviour"
exit 0
"""
GOOD = 'echo "{\\"version\\":\\"$(basename "$here")\\",\\"before\\":\\"1.0.0\\",\\"tried\\":0,\\"good\\":true}" >"$VERSIONS/.good.$$" && mv "$VERSIONS/.good.$$" "$VERSIONS/current.json"\n'


class Account:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "Sổ Phường cài"
        self.data = folder / "dữ liệu của Ánh"
        self.versions = self.data / "so-phuong" / "versions"
        self.versions.mkdir(parents=True)
        self.root.mkdir()
        shutil.copy(LAUNCHER / "sophuong.sh", self.root / "sophuong")
        (self.root / "sophuong").chmod(0o755)
        self.log = folder / "log"

    def lay(self, version: str, behaviour: str = "", *, installed: bool = False) -> None:
        place = (self.root / "app" if installed else self.versions) / version
        place.mkdir(parents=True)
        (place / "sophuong").write_text(PROGRAM)
        (place / "sophuong").chmod(0o755)
        (place / "behaviour").write_text(behaviour)

    def point(self, version: str, before: str = "", tried: int = 0, good: bool = False) -> None:
        write_pointer(self.versions, Pointer(version=version, before=before, tried=tried, good=good))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_DATA_HOME": str(self.data), "LOG": str(self.log), "VERSIONS": str(self.versions)}

    def start(self, *arguments: str) -> tuple[list[str], int]:
        """What was begun, in order, and the exit code."""
        self.log.unlink(missing_ok=True)
        command = [str(self.root / "sophuong"), *arguments]
        code = subprocess.run(command, env=self.environment, timeout=30, capture_output=True).returncode
        return (self.log.read_text().splitlines() if self.log.exists() else []), code


@pytest.fixture
def account(tmp_path: Path) -> Account:
    account = Account(tmp_path)
    account.lay("1.0.0", installed=True)
    return account


def test_without_updates_the_installed_version_is_started(account: Account) -> None:
    account.lay("0.9.0", installed=True)
    account.lay("0.10.0.new", installed=True)  # being laid by an installer
    assert account.start("search", "Nguyễn Thị Ánh", "--json") == (["1.0.0 search Nguyễn Thị Ánh --json"], 0)
    assert (account.log.parent / "log.launcher").read_text().strip() == str(account.root / "sophuong")


def test_a_new_version_is_started_and_proves_itself(account: Account) -> None:
    account.lay("1.1.0", GOOD)
    account.point("1.1.0", "1.0.0")
    assert account.start() == (["1.1.0 "], 0)
    assert account.start("status") == (["1.1.0 status"], 0)


def test_until_a_window_proved_it_verbs_use_the_one_before(account: Account) -> None:
    account.lay("1.1.0")
    account.point("1.1.0", "1.0.0")
    assert account.start("sync", "--json") == (["1.0.0 sync --json"], 0)
    assert read_pointer(account.versions).tried == 0
    assert account.start("--profile", "/p", "status") == (["1.0.0 --profile /p status"], 0)
    assert account.start("--profile", "/p") == (["1.1.0 --profile /p"], 0)


def test_one_that_ends_before_it_came_up_is_left_for_the_one_before_in_one_start(account: Account) -> None:
    account.lay("1.1.0", "exit 3\n")
    account.point("1.1.0", "1.0.0")
    assert account.start() == (["1.1.0 ", "1.1.0 ", "1.0.0 "], 0)
    assert read_pointer(account.versions).failed  # the program of before sees it and tells
    assert account.start() == (["1.0.0 "], 0)


def test_a_start_that_was_switched_off_twice_counts_too(account: Account) -> None:
    """Power off amid the start: no exit code ever came."""
    account.lay("1.1.0", "kill -9 $PPID; exit 9\n")
    account.point("1.1.0", "1.0.0")
    for _ in range(2):
        assert account.start()[0] == ["1.1.0 "]
    assert account.start() == (["1.0.0 "], 0)


def test_a_good_version_that_broke_is_left_after_three_starts(account: Account) -> None:
    """A virus scanner took a file of it away."""
    account.lay("1.1.0", "exit 4\n")
    account.point("1.1.0", "1.0.0", good=True)
    assert [account.start() for _ in range(4)] == [*[(["1.1.0 "], 4)] * 3, (["1.0.0 "], 0)]


def test_its_exit_code_is_passed_on(account: Account) -> None:
    account.lay("1.1.0", "exit 7\n")
    account.point("1.1.0", "1.0.0", good=True)
    assert account.start("check", "x")[1] == 7


def test_the_one_before_may_be_an_update_too(account: Account) -> None:
    account.lay("1.1.0")
    account.lay("1.2.0", "exit 1\n")
    account.point("1.2.0", "1.1.0")
    assert account.start()[0] == ["1.2.0 ", "1.2.0 ", "1.1.0 "]


def test_a_newer_installer_goes_over_an_update(account: Account) -> None:
    account.lay("1.1.0")
    account.point("1.1.0", "1.0.0", good=True)
    account.lay("1.10.0", installed=True)
    assert account.start()[0] == ["1.10.0 "]


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", '{"version":""}', '{"version":"../../evil"}', '{"version":"1.1.0', "\0" * 300, '{"version":5}',
     '{"version":"9.9.9","before":"8.8.8","tried":0,"good":true}', '{"version":"1.1.0","tried":-7}x' * 40],
)  # fmt: skip
def test_whatever_stands_in_the_pointer_something_is_started(account: Account, text: str) -> None:
    (account.versions / "current.json").write_text(text)
    assert account.start()[0] == ["1.0.0 "]


def test_a_disk_that_cannot_be_written_keeps_nobody_from_work(account: Account) -> None:
    account.lay("1.1.0")
    account.point("1.1.0", "1.0.0", good=True)
    shutil.rmtree(account.versions / ".x", ignore_errors=True)
    (account.versions / "current.json").chmod(0o444)
    account.versions.chmod(0o555)
    try:
        assert account.start()[0] == ["1.1.0 "]
    finally:
        account.versions.chmod(0o755)


def test_nothing_to_start_is_said(tmp_path: Path) -> None:
    account = Account(tmp_path)
    done = subprocess.run(
        [str(account.root / "sophuong")], env=account.environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert "cài lại" in done.stderr


def test_killed_at_any_moment_it_starts_something_good_the_next_time(account: Account) -> None:
    account.lay("1.1.0", "sleep 0.05\n" + GOOD)
    random = Random(5)
    for _ in range(12):
        account.point("1.1.0", "1.0.0")
        with subprocess.Popen(
            [str(account.root / "sophuong")], env=account.environment, start_new_session=True
        ) as process:
            time.sleep(random.uniform(0, 0.12))
            os.killpg(process.pid, signal.SIGKILL)
        assert read_pointer(account.versions) is not None
        begun, code = account.start()
        assert code == 0
        assert begun[-1] in ("1.1.0 ", "1.0.0 ")


@pytest.fixture(scope="module")
def choose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """choose.c, which decides in the Windows launcher, made for this machine."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler here")
    folder = tmp_path_factory.mktemp("choose")
    (folder / "main.c").write_text(
        """#include <stdio.h>
#include <stdlib.h>
#include "choose.h"
int main(int n, char **a) {
    struct pointer p; char text[POINTER_SIZE];
    int usable = read_pointer(a[1], &p);
    if (n == 3) { printf("%d", compare_versions(a[1], a[2])); return 0; }
    if (!usable) p.version[0] = 0;
    put_pointer(&p, text, sizeof text);
    printf("%d %s", choose(&p, a[2], atoi(a[3]), atoi(a[4])), text);
    return 0;
}
"""
    )
    strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-I", str(LAUNCHER)]
    sources = [str(folder / "main.c"), str(LAUNCHER / "choose.c")]
    subprocess.run([compiler, *strict, "-o", str(folder / "choose"), *sources], check=True)
    return folder / "choose"


INSTALLED, POINTED, BEFORE = 0, 1, 2
NEW, TRIED, FAILED = (
    '{"version":"1.1.0","before":"1.0.0"}',
    '{"version":"1.1.0","tried":1}',
    '{"version":"1.1.0","tried":2}',
)
SOUND = '{"version":"1.1.0","before":"1.0.0","tried":2,"good":true}'


@pytest.mark.parametrize(
    ("text", "installed", "there", "opens", "choice"),
    [
        ("", "1.0.0", 0, 1, INSTALLED), (NEW, "1.0.0", 1, 1, POINTED), (NEW, "1.0.0", 1, 0, BEFORE),
        (TRIED, "1.0.0", 1, 1, POINTED), (FAILED, "1.0.0", 1, 1, BEFORE), (SOUND, "1.0.0", 1, 1, POINTED),
        (SOUND, "1.0.0", 1, 0, POINTED), (SOUND, "1.1.0", 1, 1, INSTALLED), (SOUND, "1.10.0", 1, 1, INSTALLED),
        (SOUND, "", 1, 1, POINTED), (SOUND, "1.0.0", 0, 1, BEFORE), ('{"version":"..\\\\x"}', "1.0.0", 1, 1, INSTALLED),
        ('{"version":"' + "1" * 400 + '"}', "1.0.0", 1, 1, INSTALLED), ('{"version":"1.1.0","tried":-1}', "1.0.0", 1, 1, INSTALLED),
    ],
)  # fmt: skip
def test_the_windows_launcher_chooses_alike(
    choose: Path, text: str, installed: str, there: int, opens: int, choice: int
) -> None:
    done = subprocess.run([choose, text, installed, str(there), str(opens)], capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[0]) == choice


def test_it_reads_what_python_writes_and_the_other_way_round(choose: Path, tmp_path: Path) -> None:
    pointer = Pointer(version="1.12.3", before="1.9.10", tried=1, good=True)
    write_pointer(tmp_path, pointer)
    text = (tmp_path / "current.json").read_text()
    done = subprocess.run([choose, text, "1.0.0", "1", "1"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.partition(" ")[2]) == json.loads(text)
    (tmp_path / "current.json").write_text(done.stdout.partition(" ")[2])
    assert read_pointer(tmp_path) == pointer


@pytest.mark.parametrize(
    ("one", "other", "sign"), [("1.10.0", "1.9.9", 1), ("1.0", "1.0.0", 0), ("0.9", "1", -1), ("2.0.0.1", "2.0.0", 1)]
)
def test_versions_are_compared_as_numbers(choose: Path, one: str, other: str, sign: int) -> None:
    done = subprocess.run([choose, one, other], capture_output=True, text=True, check=True)
    assert int(done.stdout) == sign
