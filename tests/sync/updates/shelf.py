"""A repository with invented versions, its keys, and PCs that take from it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

from sync.clock import SystemClock
from sync.updates.installation import Installation
from sync.updates.keys import make_key, public_key_of, signer_of
from sync.updates.model import UpdateOffer
from sync.updates.publishing import publish_version
from sync.updates.repository import Repository
from sync.updates.sources import FolderSource, Source
from sync.updates.taking import Taking

PLATFORM = "linux-x86_64"
NAMES = ("root-1", "root-2", "root-3", "targets", "snapshot", "timestamp")


class Shelf:
    """Keys and a repository with a root that two of three have signed."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder / "updates"
        self.keys = folder / "keys"
        self.built = folder / "built"
        self.keys.mkdir(parents=True)
        for name in NAMES:
            make_key(self.keys / f"{name}.pem")
        repository = self.repository(now)
        public = {name: public_key_of(self.keys / f"{name}.pem.pub") for name in NAMES}
        roots = [public["root-1"], public["root-2"], public["root-3"]]
        repository.draft_root({"root": roots, **{role: [public[role]] for role in NAMES[3:]}})
        assert not repository.sign_root(self.signers("root-1"))
        assert repository.sign_root(self.signers("root-3"))
        repository.begin(self.signers())
        self.root = (self.folder / "metadata" / "1.root.json").read_bytes()

    def repository(self, now: datetime | None = None) -> Repository:
        return Repository(self.folder, now or datetime.now(UTC))

    def signers(self, *names: str):
        return [signer_of(self.keys / f"{name}.pem") for name in names or NAMES[3:]]

    def build(self, version: str, *, changed: int = 1, base: str = "") -> Path:
        """A built folder: libraries that never change, and a program of which each version changes a little."""
        place = self.built / version
        (place / "_internal" / "Thư viện").mkdir(parents=True)
        same = random.Random(7)
        for number in range(6):
            (place / "_internal" / f"lib{number}.so").write_bytes(same.randbytes(40_000))
        (place / "_internal" / "lib.link").symlink_to("lib0.so")
        (place / "_internal" / "Thư viện" / "mẫu.txt").write_text(f"bản {version}")
        body = bytearray(random.Random(8).randbytes(200_000))
        for number in range(changed):
            body[1000 * number : 1000 * number + len(version)] = version.encode()
        (place / "_internal" / "program.pkg").write_bytes(body)
        program = place / "sophuong"
        program.write_text(f'#!/bin/sh\necho "{version}" "$@"\n')
        program.chmod(0o755)
        return place

    def publish(self, version: str, *before: str, now: datetime | None = None, level: int = 3):
        place = self.built / version
        if not place.exists():
            self.build(version)
        older = {PLATFORM: {name: self.built / name for name in before}}
        notes = {"vi": [f"Có gì mới trong {version}"], "en": [f"New in {version}"]}
        return publish_version(
            self.repository(now), version, {PLATFORM: place}, older, notes, signers=self.signers(), level=level
        )

    def pc(self, folder: Path, version: str = "1.0.0") -> Pc:
        return Pc(self, folder, version)


def three_versions(folder: Path) -> Shelf:
    shelf = Shelf(folder)
    shelf.publish("1.0.0")
    shelf.publish("1.1.0", "1.0.0")
    shelf.publish("1.2.0", "1.1.0", "1.0.0")
    return shelf


class Pc:
    """An account with the program in ``version`` from the installer."""

    def __init__(self, shelf: Shelf, folder: Path, version: str) -> None:
        self.shelf = shelf
        installed = folder / "app"
        running = installed / version
        if not running.exists():
            source = shelf.built / version
            if not source.exists():
                shelf.build(version)
            import shutil

            shutil.copytree(source, running, symlinks=True)
        self.here = Installation(
            version=version, running=running, versions=folder / "versions", installed=installed, root=shelf.root,
            platform=PLATFORM,
        )  # fmt: skip

    @property
    def versions(self) -> Path:
        return self.here.versions

    def taking(self, stopped=lambda: False) -> Taking:
        return Taking(self.here, SystemClock(), stopped)

    def take(self, version: str, *sources: Source, withdrawn: tuple[str, ...] = ()) -> str:
        offer = UpdateOffer(version=version, withdrawn=withdrawn)
        return self.taking().offered(lambda told: offer, sources or [FolderSource(self.shelf.folder)])

    def started(self, version: str) -> Pc:
        """As after the launcher began ``version``."""
        again = Pc.__new__(Pc)
        again.shelf = self.shelf
        running = self.here.folder_of(version)
        assert running is not None
        from msgspec.structs import replace

        again.here = replace(self.here, version=version, running=running)
        return again


def same_folder(one: Path, other: Path) -> bool:
    def told(place: Path):
        return {
            path.relative_to(place).as_posix(): (
                path.readlink().as_posix() if path.is_symlink() else path.read_bytes(), path.lstat().st_mode & 0o100
            )
            for path in place.rglob("*") if (path.is_file() or path.is_symlink()) and path.name != "update-manifest"
        }  # fmt: skip

    return told(one) == told(other)
