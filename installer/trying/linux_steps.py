"""The packaged program beside the same one from source; a store of 200,000 records upgraded; little memory; a pack's change."""

from __future__ import annotations

import contextlib
import hashlib
import re
import select
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from installer import BUILD, ROOT
from installer.chroot import cache_folder, locked
from installer.trying.city import source_python
from installer.trying.picture import png_of_dump
from installer.trying.running import PASSPHRASE, SCREEN_FILE, memory_group, plain, screen, started, timed, window
from installer.trying.trial import NotThere, Trial, must
from sync.pack_patch import make_patch

RECORDS = 200_000
RUNS = 5
UPGRADE_SECONDS, FROZEN_START, FIRST_START = 30.0, 1.3, 1.5
PACK_KB = 50.0
SIGNS = 5
"""So many pictures of the window at the least while a store is upgraded: it says how far it is."""
MEMORY_MB = 900
"""What Windows 10 leaves of 2 GB."""
# an older version fills the store; its passphrase is derived cheaply, since starts are compared and not that
FILL = """
import sys
from pathlib import Path
from sync.store import vault
vault.MEMORY_KIB, vault.ROUNDS = 64, 1
from tests.benchmarks.big_store import big_profile
big_profile(Path(sys.argv[1]), int(sys.argv[2]))
"""


def try_linux(trial: Trial, folder: Path) -> None:
    program = BUILD / "linux" / "sophuong" / "sophuong"
    if not program.exists():
        trial.missing.append(f"{program} was not built")
        return
    with contextlib.ExitStack() as stack:
        environment = stack.enter_context(screen(folder))
        profile = folder / "profile"
        with trial.step(f"linux: a store of {RECORDS:,} records made by the version before"):
            shutil.copytree(old_store(), profile)
        with trial.step("linux: that store upgraded by the packaged program"):
            upgrade(trial, program, profile, environment, folder)
        with trial.step("linux: starts, packaged and from source"):
            starts(trial, program, profile, environment, folder)
        with trial.step(f"linux: {RECORDS:,} records in {MEMORY_MB} MB of memory"):
            little_memory(trial, program, profile, environment)
        with trial.step("linux: a pack in which one form changed"):
            pack(trial, program, environment, folder)


def upgrade(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str], folder: Path) -> None:
    """In the window, whose pictures meanwhile must differ; the middle one is kept."""
    screen = folder / SCREEN_FILE
    command = [str(program), "open", "--profile", str(profile)]
    pictures: dict[bytes, bytes] = {}
    began = time.perf_counter()
    with window(command, environment) as process:
        stream = process.stdout
        assert stream is not None  # noqa: S101 - asked for
        while not select.select([stream], [], [], 0.2)[0]:
            dump = screen.read_bytes()
            pictures.setdefault(hashlib.sha256(dump).digest(), dump)
        must(stream.readline().strip() == "usable", "the window came up", process.poll())
        seconds = time.perf_counter() - began
    trial.figure(f"upgrade of a store with {RECORDS:,} records", seconds, "s", UPGRADE_SECONDS)
    shown = list(pictures.values())
    seen = trial.keep("linux-upgrade.png", png_of_dump(shown[len(shown) // 2]))
    must(len(shown) >= SIGNS, f"the window says how far it is: {len(shown)} different pictures of it (look at {seen})")
    again, counted = timed([str(program), "--profile", str(profile), "status", "--json"], environment)
    records = sum(counted["records"].values())
    must(records >= RECORDS * 0.99, f"{RECORDS:,} records are there", records)
    trial.figure("a verb once it is upgraded", again, "s")


def starts(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str], folder: Path) -> None:
    """All in turn: packaged with nothing kept from before, packaged with what that kept, from source."""
    frozen = [str(program), "open", "--profile", str(profile)]
    source = [str(source_python()), "-m", "desktop", "open", "--profile", str(profile)]
    around = {
        **environment,
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "XDG_CACHE_HOME": str(folder / "cache-source"),
    }
    started(source, around)  # compiles
    runs = []
    for place in range(RUNS):
        fresh = {**environment, "XDG_CACHE_HOME": str(folder / f"cache-packed-{place}")}
        runs.append((started(frozen, fresh), started(frozen, fresh), started(source, around)))
    first, later, plain = ([run[kind] for run in runs] for kind in range(3))
    trial.figure("packaged start, Linux", min(each.seconds for each in later), "s")
    trial.ratio("packaged start ÷ start from source", later, plain, FROZEN_START)
    trial.ratio("first start ÷ later starts, Linux", first, later, FIRST_START)
    trial.figure("memory (PSS) with the window open, Linux", statistics.median(each.memory for each in later), "MB")


def little_memory(trial: Trial, program: Path, profile: Path, environment: Mapping[str, str]) -> None:
    """The kernel ends what needs more; then the window does not come, and the search does not answer."""
    with memory_group(MEMORY_MB) as group:
        start = started([str(program), "open", "--profile", str(profile)], environment, group)
        trial.figure(f"start with {MEMORY_MB} MB", start.seconds, "s")
        words = [str(program), "--profile", str(profile), "search", "nguyen van", "--json"]
        _, found = timed(words, environment, group)
        must(found["hits"], "a search answers", found)


def pack(trial: Trial, program: Path, environment: Mapping[str, str], folder: Path) -> None:
    """What a PC fetches that has the pack from before."""
    key, catalog = folder / "city.pem", folder / "catalog"
    shutil.copytree(ROOT / "forms" / "catalog", catalog)
    timed([str(program), "pack", "keygen", str(key), "--json"], environment)
    packs = []
    for serial in (1, 2):
        made = folder / f"{serial}.pack"
        words = ["pack", "build", str(catalog), str(made), "--key", str(key), "--version", str(serial)]
        timed([str(program), *words, "--serial", str(serial), "--json"], environment)
        packs.append(made.read_bytes())
        form = max(catalog.rglob("*.yaml"), key=lambda path: (path.name != "examples.yaml", path.stat().st_size))
        form.write_text(re.sub(r'(\bvi: "?)(\w)', r"\1Mới \2", form.read_text("utf-8"), count=1), "utf-8")
    trial.figure("pack, whole", len(packs[1]) / 1e3, "KB")
    trial.figure("pack with one form changed", len(make_patch(*packs)) / 1e3, "KB", PACK_KB)


def old_store() -> Path:
    """A profile filled by the release before this one (the last of tests/compatibility/versions.toml); made once."""
    from tests.compatibility.program import NoHistory, versions

    version = versions()[-1]
    kept = cache_folder() / "versions" / f"store-{version.commit}-{RECORDS}"
    with locked(kept.with_suffix(".lock")):
        if kept.is_dir():
            return kept
        with tempfile.TemporaryDirectory(prefix="sophuong-store-") as place:
            archive = subprocess.run(["git", "archive", version.commit], cwd=ROOT, capture_output=True)
            if archive.returncode:
                raise NotThere(str(NoHistory(f"commit {version.commit} is not in this clone")))
            subprocess.run(["tar", "-x", "-C", place], input=archive.stdout, check=True)
            made = Path(place, "made")
            environment = {
                **plain(),
                "SOPHUONG_PASSPHRASE": PASSPHRASE,
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            }
            command = [str(source_python()), "-c", FILL, str(made), str(RECORDS)]
            subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True, text=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(made / "profile", kept)
    return kept
