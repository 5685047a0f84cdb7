"""How a new version comes to a PC: offered, fetched, laid beside the present one, pointed to. Nothing that is in use is
touched; the version that runs goes on until it is closed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from forms.label import Label
from sync.clock import Clock, moment_text
from sync.lock import SyncLock
from sync.protocol import SyncError
from sync.updates.errors import UpdateError
from sync.updates.fetching import fetch
from sync.updates.installation import Installation, UpdateState, read_state, write_state
from sync.updates.laying import is_whole, lay, no_room, tidy
from sync.updates.model import Manifest, UpdateOffer, patch_name, version_key, whole_name
from sync.updates.parcel import Parcel, Stopped
from sync.updates.pointer import Pointer, write_pointer
from sync.updates.repository_list import listed_versions, manifest_of
from sync.updates.sources import FolderSource, Source
from sync.updates.standing import back_to, settle, waiting
from sync.updates.trust import Trust

Ask = Callable[[dict[str, str]], UpdateOffer]
"""Asks the city what it has for this device; raises SyncError."""
_ELSEWHERE = {"expired", "older", "signature", "damaged", "nothing"}
"""Of one source's files: another source may have better ones."""


class Taking:
    """One at a time for an account. Raises UpdateError ("busy") where another program is at it."""

    def __init__(self, here: Installation, clock: Clock, stopped: Stopped = lambda: False) -> None:
        self._here = here
        self._clock = clock
        self._stopped = stopped

    def offered(self, ask: Ask, sources: Sequence[Source], ring: str = "") -> str:
        """Take what the city offers, if anything; the version that waits now ("": none). ``sources``: in the order they are
        asked. Raises UpdateError, SyncError, OSError; ``read_state`` tells why afterwards, too."""
        with self._noted():
            state = settle(self._here)
            pointer = self._here.pointer
            told = {"platform": self._here.platform, "version": self._here.version, "ring": ring}
            told["failed"] = state.fell_back
            told["waiting"] = pointer.version if pointer and pointer.version != self._here.version else ""
            try:
                offer = ask(told)
            except SyncError:
                if not self._wants(state.offered):
                    raise
                offer = UpdateOffer(version=state.offered)  # it was begun; the ward's hub may have the rest
            else:
                self._keep(replace(read_state(self._here.versions), offered=offer.version, fell_back=""))
                self._drop(offer.withdrawn)
            if self._wants(offer.version):
                self._from_any(sources, offer.version)
            return waiting(self._here)

    def from_folder(self, folder: Path) -> str:
        """Take the newest version of a folder, whatever the city offers: whoever holds the stick decides. As ``offered``."""
        with self._noted():
            settle(self._here)
            self._take(FolderSource(folder), "")
            return waiting(self._here)

    def _noted(self) -> contextlib.AbstractContextManager[None]:
        return _Noted(self._here.versions, self._clock)

    def _keep(self, state: UpdateState) -> None:
        write_state(self._here.versions, state)

    def _wants(self, version: str, *, again: bool = False) -> bool:
        """Only what is newer than all that was at work here, and did not fail; once more what was laid here and lost files since
        (``again``: however often, for somebody holds it in his hand)."""
        state, pointer = read_state(self._here.versions), self._here.pointer
        if not version or version in state.refused:
            return False
        if version_key(version) <= version_key(self._here.version):
            return False
        if pointer is None or version_key(version) > version_key(pointer.version):
            return True
        if version != pointer.version or is_whole(self._here.versions / version):
            return False
        return again or state.mended != version

    def _from_any(self, sources: Sequence[Source], version: str) -> None:
        """From the first source that has it; the others' troubles are told when none has."""
        for last, source in enumerate(sources, 1 - len(sources)):
            try:
                return self._take(source, version)
            except SyncError:
                if not last:
                    raise
            except UpdateError as error:
                if not last or error.code not in _ELSEWHERE:
                    raise
        return None

    def _take(self, source: Source, version: str) -> None:
        """``version`` "": the newest there is."""
        here = self._here
        if not here.root:
            vi = "Chương trình này chưa có khóa bản mới của thành phố; cài bằng bộ cài do thành phố phát."
            raise UpdateError(
                "key", vi, "This program was built without the city's update keys; use the city's installer."
            )
        trust = Trust(here.versions / "metadata", here.root, source)
        trust.refresh()
        if not version:
            version = next(reversed(listed_versions(trust, source, here.platform)), "")
            if not self._wants(version, again=True):
                return
        manifest = manifest_of(trust, source, here.platform, version)
        if manifest is None:
            vi, en = f"Chưa có bản {version} cho loại máy này.", f"There is no {version} for this kind of PC."
            raise UpdateError("nothing", vi, en)
        self._lay(trust, source, manifest)
        before = here.pointer
        other = before is not None and before.good and before.version != version
        good = before.version if before and other and (here.versions / before.version).is_dir() else here.version
        mended = version if before is not None and before.version == version else ""
        self._keep(replace(read_state(here.versions), notes=manifest.notes, notes_of=version, mended=mended))
        write_pointer(here.versions, Pointer(version=version, before=good))
        self._tidy()

    def _lay(self, trust: Trust, source: Source, manifest: Manifest) -> Path:
        """By the patch from the running version where there is one and it fits, else whole."""
        here = self._here
        parts = here.versions / "parts"
        old = [place for place in (here.running, here.versions / here.version) if place.is_dir()]
        names = (patch_name(here.platform, manifest.version, here.version), whole_name(here.platform, manifest.version))
        for name in names:
            target = trust.target(name)
            if target is None:
                continue
            path = fetch(source, target, parts, self._stopped)
            try:
                laid = lay(here.versions, manifest, Parcel(path), old, self._stopped)
            except UpdateError as error:
                if error.code == "base" and name != names[-1]:
                    continue
                raise
            shutil.rmtree(parts, ignore_errors=True)
            return laid
        vi, en = f"Bản {manifest.version} thiếu tệp ở nơi phát.", f"Version {manifest.version} lacks its files."
        raise UpdateError("nothing", vi, en)

    def _drop(self, withdrawn: Sequence[str]) -> None:
        """A version that waits and was withdrawn is not begun."""
        pointer = self._here.pointer
        if pointer is None or pointer.good or pointer.tried or pointer.version not in withdrawn:
            return
        write_pointer(self._here.versions, back_to(self._here, pointer))
        self._tidy()

    def _tidy(self) -> None:
        pointer = self._here.pointer
        tidy(self._here.versions, [self._here.version, *((pointer.version, pointer.before) if pointer else ())])


class _Noted:
    """Alone with the account's versions, and what went wrong is kept for whoever asks."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = SyncLock(folder)

    def __enter__(self) -> None:
        try:
            self._lock.__enter__()
        except SyncError as error:
            vi = "Một cửa sổ khác đang nhận bản mới trên máy này."
            raise UpdateError("busy", vi, "Another window is taking an update on this PC.") from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        label, code = _trouble(error)
        if code != "stopped":
            with contextlib.suppress(OSError):
                now = moment_text(self._clock.now())
                state = read_state(self._folder)
                write_state(self._folder, replace(state, checked_at=now, trouble=label, trouble_code=code))
        self._lock.__exit__(None, None, None)
        if isinstance(error, OSError):
            raise no_room(error) from error


def _trouble(error: BaseException | None) -> tuple[Label | None, str]:
    if isinstance(error, UpdateError):
        return error.label, error.code
    if isinstance(error, SyncError):
        return error.label, error.code
    if isinstance(error, OSError):
        return no_room(error).label, "disk"
    return None, ""
