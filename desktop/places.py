"""Whether a profile's folder is a place where a store is safe."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from desktop.language import tr
from sync.long_paths import shown

LEAST_FREE = 500 * 1024 * 1024
"""Bytes under which somebody should clear up: a new schema and a backup beside the store want as much."""
_CLOUDS = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")


def doubts(folder: Path) -> list[str]:
    """Sentences for the officer; none where all is well."""
    found = []
    if (kind := kind_of(folder)) is not None:
        found.append(tr(f"office.place_{kind}", folder=shown(folder)))
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = LEAST_FREE
    if free < LEAST_FREE:
        found.append(tr("office.disk_low", free=f"{free // 1_000_000} MB"))
    return found


def kind_of(folder: Path) -> str | None:
    """ "onedrive", "network" or "removable"."""
    whole = Path(shown(folder))
    for name in _CLOUDS:
        cloud = os.environ.get(name)
        if cloud and whole.is_relative_to(cloud):
            return "onedrive"
    if any(part.lower().startswith("onedrive") for part in whole.parts[:-1]):
        return "onedrive"
    return _drive_kind(whole)


if sys.platform == "win32":

    def _drive_kind(whole: Path) -> str | None:
        import ctypes

        if str(whole).startswith("\\\\"):
            return "network"
        kind = ctypes.windll.kernel32.GetDriveTypeW(whole.anchor)
        return {2: "removable", 4: "network"}.get(kind)
else:

    def _drive_kind(whole: Path) -> str | None:
        """By what /proc says is mounted there."""
        try:
            lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None
        best, kind = "", ""
        for line in lines:
            parts = line.split(" ")
            if len(parts) < 3:
                continue
            where = parts[1].replace("\\040", " ")
            if whole.is_relative_to(where) and len(where) >= len(best):
                best, kind = where, parts[2]
        return "network" if kind in ("cifs", "smb3", "nfs", "nfs4", "fuse.sshfs") else None
