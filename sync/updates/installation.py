"""Where this program runs from, where new versions of it are laid, and what it remembers of updates."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from forms.label import Label
from resources import data_file
from sync.updates.model import is_version, platform_name
from sync.updates.pointer import Pointer, put_whole, read_pointer

LAUNCHER = "SOPHUONG_LAUNCHER"
"""The variable in which the launcher says where it lies."""
_ROOT = "update-root.json"
_STATE = "state.json"


class Installation(Struct, frozen=True, kw_only=True):
    """``running``: the folder of the version at work; ``versions``: where new ones are laid; ``installed``: the versions that
    came with the installer; ``root``: the root metadata all trust begins with (empty: none was built in)."""

    version: str
    running: Path
    versions: Path
    installed: Path | None = None
    root: bytes = b""
    platform: str = msgspec.field(default_factory=platform_name)

    @classmethod
    def here(cls, version: str) -> Installation | None:
        """None: this is no installed package, or not begun by its launcher, and nothing could be put in its place."""
        launcher = os.environ.get(LAUNCHER)
        if not launcher or not getattr(sys, "frozen", False) or not is_version(version):
            return None
        root = data_file("data", _ROOT)
        return cls(
            version=version,
            running=Path(sys.executable).parent,
            versions=account_versions(),
            installed=Path(launcher).parent / "app",
            root=root.read_bytes() if root.is_file() else b"",
        )

    @property
    def pointer(self) -> Pointer | None:
        return read_pointer(self.versions)

    def folder_of(self, version: str) -> Path | None:
        """Of a version that lies here."""
        places = [self.versions / version]
        if self.installed is not None:
            places.append(self.installed / version)
        return next((place for place in places if place.is_dir()), None)


def account_versions() -> Path:
    """Of this account, beside its profile: no administrator is needed to write there. The launcher looks there too."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "SoPhuong"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "so-phuong"
    return base / "versions"


class UpdateState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``offered``: what the city said last; ``refused``: versions never to be tried again, and why; ``trouble``: why the last
    check brought nothing; ``fell_back``: a version that did not come up, until the city was told; ``notes``: what is new in
    the version that waits, by language; ``seen``: the version that was at work last; ``mended``: one that had lost files and
    was laid anew, which is done once."""

    checked_at: str = ""
    offered: str = ""
    refused: dict[str, str] = {}
    trouble: Label | None = None
    trouble_code: str = ""
    fell_back: str = ""
    notes: dict[str, tuple[str, ...]] = {}
    notes_of: str = ""
    seen: str = ""
    mended: str = ""


def read_state(folder: Path) -> UpdateState:
    """What is wrong with the file is as if there were none."""
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=UpdateState)
    except (OSError, msgspec.MsgspecError):
        return UpdateState()


def write_state(folder: Path, state: UpdateState) -> None:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    put_whole(folder / _STATE, msgspec.json.encode(state))
