"""Versions given out from a repository with keys of its own, as ``tasks.py release`` does it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from pathlib import Path

from installer import release
from installer.trying.trial import must
from sync.updates.publishing import Laid, publish_version
from sync.updates.repository import ROLES, Repository

QUICK, WEIGHED = 3, 12
"""How hard is packed: from 12 on a patch has all that two versions share. A release packs at 19, for the whole versions' sake."""


class Giving:
    """``folder``: the repository, ready to be taken from; ``root``: what a program must have inside to believe it."""

    def __init__(self, place: Path, platform: str) -> None:
        self.folder = place / "updates"
        self._platform = platform
        keys = {name: place / "keys" / f"{name}.pem" for name in ("root-1", "root-2", "root-3", *ROLES)}
        (place / "keys").mkdir(parents=True)
        holders = [name for name in keys if name.startswith("root-")]
        online = [word for role in ROLES for word in (f"--{role}", f"{keys[role]}.pub")]
        self._say("keys", *map(str, keys.values()))
        self._say("root", str(self.folder), "--root", *(f"{keys[name]}.pub" for name in holders), *online)
        self._say("sign", str(self.folder), "--key", *(str(keys[name]) for name in holders[:2]))
        self.root = (self.folder / "metadata" / "1.root.json").read_bytes()
        self._keys = [keys[role] for role in ROLES]

    def give(self, number: str, bundle: Path, older: Mapping[str, Path], level: int = QUICK) -> Laid:
        """``older``: version → its folder; from each there is a patch."""
        notes = {"vi": [f"Bản {number} để thử."], "en": [f"Version {number}, for trying."]}
        folders, before = {self._platform: bundle}, {self._platform: older}
        signers = release.signers(self._keys)
        repository = Repository(self.folder)
        return publish_version(repository, number, folders, before, notes, signers=signers, level=level)[0]

    def _say(self, *words: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()) as said:
            code = release.main(words)
        must(code == 0, f"release {words[0]}", said.getvalue())
