"""The .deb on a bare Debian: laid, worked with, laid over, updated, purged."""

from __future__ import annotations

from pathlib import Path

from installer import BUILD, deb, version
from installer.trying.city import City
from installer.trying.debian_pc import HOME, DebianPc
from installer.trying.steps import OLDER, Steps
from installer.trying.trial import Trial


def try_deb(trial: Trial, folder: Path) -> None:
    package = trial.packages / f"so-phuong_{version()}_amd64.deb"
    if not package.exists():
        trial.missing.append(f"{package.name} was not built")
        return
    trial.figure(".deb", package.stat().st_size / 1e6, "MB")
    older = deb.build(output=folder / "older.deb", number=OLDER, fast=True)[0]
    with City(folder / "linux-city") as city:
        pc = DebianPc(folder / "debian")
        binds = {package: "/lab/newer.deb", older: "/lab/older.deb"}
        _Deb(trial, pc, city, binds, BUILD / "linux" / "sophuong").all()


class _Deb(Steps[DebianPc]):
    name, short, platform = "Debian", "deb", "linux-x86_64"
    home, data = HOME, ".local/share/so-phuong"

    def prepare(self) -> None:
        """What it depends on comes first, so that the time of laying it is its own."""
        fields = "$(dpkg-deb -f /lab/older.deb Depends | sed 's/([^)]*)//g; s/,/ /g')"
        self.run(
            "timed update apt-get update",
            f'timed depends sh -c "apt-get install -y --no-install-recommends {fields}"',
        )
        self.pc.ended("update").must("apt-get update")
        self.pc.ended("depends").must("what the package depends on is in Debian")
        self.before = self.pc.files()

    def lay(self, name: str, package: str) -> str:
        return f"timed {name} dpkg -i /lab/{package}.deb"

    def remove(self) -> str:
        return "timed remove dpkg --purge so-phuong"

    def app(self) -> Path:
        return self.pc.root / "opt/so-phuong/app"

    def strange(self, left: set[str]) -> set[str]:
        return {name for name in left if not name.startswith(HOME.lstrip("/") + "/")}
