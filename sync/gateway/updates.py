"""The program's versions as the city gives them out: to rings of wards and devices, a share at a time.

The repository is a folder of signed files (``sync/updates/repository.py``) that the gateway serves and cannot change: what
it decides is who is offered which version and when. Everybody is in one ring; where none was named, in ``EVERYBODY``, whose
versions the other rings get too.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sync.clock import Clock, moment_text
from sync.gateway.access import Device
from sync.gateway.refusals import RefusedError
from sync.gateway.storage import Storage
from sync.updates.model import UpdateOffer, is_for, is_repository_path, is_version, version_key

EVERYBODY = "all"
_RING = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LOCK = ("", "updates")
_FOLDER = "updates_folder"
_FRESH = 5.0  # seconds for which what was read of rings and versions is used again
_AGAIN = 24 * 3600  # seconds after which a device that says nothing new is written down again


class Version(Struct, frozen=True):
    """``shares``: ring → percent of its devices. ``withdrawn``: given to nobody any more."""

    version: str
    withdrawn: bool
    added_at: str
    shares: dict[str, int]


class Standing(Struct, frozen=True):
    """What a device said when it asked last: the version at work, the one that waits, one that did not come up."""

    device: str
    version: str
    waiting: str
    failed: str
    ring: str
    at: str


class _Plan(Struct, frozen=True):
    """``members``: ("ward" | "device", id) → ring. ``versions``: the newest first."""

    versions: tuple[Version, ...] = ()
    members: dict[tuple[str, str], str] = {}


class Updates:
    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[float, _Plan, Path | None] = (-_FRESH, _Plan(), None)
        self._told: dict[str, tuple[float, tuple[str, ...]]] = {}  # device → when and what was written down

    # what devices ask

    def offer(self, device: Device, told: dict[str, str]) -> UpdateOffer:
        """``told``: "version", "waiting", "failed", "ring" of the device, as it says."""
        plan = self._plan()
        ring = _ring_of(plan, device) or (told.get("ring", "") if _RING.fullmatch(told.get("ring", "")) else EVERYBODY)
        self._note(device.id, told, ring)
        withdrawn = tuple(v.version for v in plan.versions if v.withdrawn)
        for version in plan.versions:
            percent = max(version.shares.get(ring, 0), version.shares.get(EVERYBODY, 0))
            if not version.withdrawn and is_for(version.version, device.id, percent):
                return UpdateOffer(version=version.version, ring=ring, withdrawn=withdrawn)
        return UpdateOffer(ring=ring, withdrawn=withdrawn)

    def file(self, path: str) -> Path:
        """A file of the repository. Raises RefusedError (404)."""
        folder = self._fresh()[2]
        if folder is not None and is_repository_path(path):
            place = folder / path
            if place.is_file():
                return place
        raise RefusedError(404, "no_update", "Thành phố không có tệp này.", "The city has no such file.")

    def _note(self, device: str, told: dict[str, str], ring: str) -> None:
        """Written down when it changed, and once a day."""
        said = tuple(
            told.get(name, "") if is_version(told.get(name, "")) else "" for name in ("version", "waiting", "failed")
        )
        now = time.monotonic()
        known = self._told.get(device)
        if known is not None and known[1] == (*said, ring) and now - known[0] < _AGAIN:
            return
        row = (device, *said, ring, moment_text(self._clock.now()))
        keep = () if said[2] else ("failed",)  # what failed stays told until another one fails
        with self._storage.write() as session:
            session.upsert("device_versions", [row], keep)
        self._told[device] = (now, (*said, ring))

    # what the operator does

    def use(self, folder: Path) -> None:
        """Serve this repository from now on, on every machine that has it at this place."""
        with self._storage.write([_LOCK]) as session:
            session.upsert("meta", [(_FOLDER, str(folder))])
        self._forget()

    def give(self, version: str, ring: str, percent: int) -> Version:
        """Offer a version to so many percent of a ring; what is offered to more stays. A withdrawn one is offered again."""
        _check_ring(ring)
        row = (version, ring, percent)
        with self._storage.write([_LOCK]) as session:
            at = session.one("SELECT added_at FROM updates WHERE version = ?", version)
            session.upsert("updates", [(version, 0, at[0] if at else moment_text(self._clock.now()))])
            session.upsert("update_shares", [row])
        self._forget()
        return next(v for v in self.versions() if v.version == version)

    def withdraw(self, version: str) -> None:
        """Offer it to nobody any more; a PC on which it waits does not begin it. Raises RefusedError (404)."""
        with self._storage.write([_LOCK]) as session:
            if not session.run("UPDATE updates SET withdrawn = 1 WHERE version = ?", version):
                raise RefusedError(404, "no_update", f"Chưa phát bản {version}.", f"{version} was not given out.")
        self._forget()

    def put_in_ring(self, ring: str, wards: Sequence[str], devices: Sequence[str]) -> None:
        """``ring`` "": in none, as those nobody named."""
        if ring:
            _check_ring(ring)
        rows = [("ward", ward, ring) for ward in wards] + [("device", device, ring) for device in devices]
        with self._storage.write([_LOCK]) as session:
            session.upsert("update_rings", rows)
            session.run("DELETE FROM update_rings WHERE ring = ''")
        self._forget()

    def versions(self) -> tuple[Version, ...]:
        return self._plan().versions

    def rings(self) -> dict[str, dict[str, list[str]]]:
        """Ring → {"ward": […], "device": […]}."""
        rings: dict[str, dict[str, list[str]]] = {}
        for (kind, member), ring in sorted(self._plan().members.items()):
            rings.setdefault(ring, {"ward": [], "device": []})[kind].append(member)
        return rings

    def standings(self) -> list[Standing]:
        """What each device said last."""
        with self._storage.read() as session:
            rows = session.all("SELECT device, version, waiting, failed, ring, at FROM device_versions ORDER BY device")
        return [Standing(*row) for row in rows]

    # reading

    def _forget(self) -> None:
        with self._lock:
            self._read = (-_FRESH, _Plan(), None)

    def _plan(self) -> _Plan:
        return self._fresh()[1]

    def _fresh(self) -> tuple[float, _Plan, Path | None]:
        with self._lock:
            if time.monotonic() - self._read[0] < _FRESH:
                return self._read
        with self._storage.read() as session:
            folder = session.one("SELECT value FROM meta WHERE key = ?", _FOLDER)
            rows = session.all("SELECT version, withdrawn, added_at FROM updates")
            shares = session.all("SELECT version, ring, percent FROM update_shares")
            members = session.all("SELECT kind, id, ring FROM update_rings")
        by_version: dict[str, dict[str, int]] = {}
        for version, ring, percent in shares:
            by_version.setdefault(version, {})[ring] = percent
        versions = [Version(v, bool(withdrawn), at, by_version.get(v, {})) for v, withdrawn, at in rows]
        versions.sort(key=lambda version: version_key(version.version), reverse=True)
        plan = _Plan(tuple(versions), {(kind, member): ring for kind, member, ring in members})
        fresh = (time.monotonic(), plan, Path(folder[0]) if folder else None)
        with self._lock:
            self._read = fresh
        return fresh


def _ring_of(plan: _Plan, device: Device) -> str:
    """Its own, else that of the first of its wards that has one."""
    if own := plan.members.get(("device", device.id)):
        return own
    return next((ring for ward in device.wards if (ring := plan.members.get(("ward", ward)))), "")


def _check_ring(ring: str) -> None:
    if not _RING.fullmatch(ring):
        vi, en = f"Tên nhóm chỉ gồm a–z, 0–9 và dấu -: {ring}", f"A ring is named with a–z, 0–9 and -: {ring}"
        raise RefusedError(400, "bad_ring", vi, en)
