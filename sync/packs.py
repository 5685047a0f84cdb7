"""The first step of a sync: fetch the pack the city offers, check it, and keep it for the next opening.

Whatever goes wrong, the pack in use stays and the sync goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from forms.definition_problems import DefinitionError
from forms.disk_words import disk_words
from forms.loader import load_catalog
from forms.pack import PROGRAM_VERSION, check_program, open_pack
from forms.pack_format import LARGEST_PACK, PackError
from resources import FOLDER
from sync.clock import moment_text
from sync.pack_patch import apply_patch
from sync.pack_use import PACK_KEYS, KeptPack, folder_of, packs_folder, read_state, take_next, write_state
from sync.protocol import PackOffer, Transport
from sync.store import Store
from sync.store.safe_files import write_atomically

PART = 512 * 1024  # bytes asked for at once: what a cut line costs at most
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOR_GOOD = {"signature", "not_a_pack", "damaged", "too_large", "definitions", "program"}


def shipped_keys() -> list[str]:
    """Public keys that came with the program."""
    return [path.read_text("ascii") for path in sorted((FOLDER / "data" / "pack_keys").glob("*.pem"))]


class PackStep:
    def __init__(self, store: Store, line: Transport) -> None:
        self._store = store
        self._line = line

    def take(self, offer: PackOffer | None) -> KeptPack | None:
        """The pack that was newly taken, or None when there is nothing new. Raises PackError when the one offered cannot be
        used, once for each, and SyncError when the line was lost: the next sync goes on where this one stopped."""
        profile = self._store.path
        state = read_state(profile)
        newest = state.newest
        if offer is None or (newest and offer.sha256 == newest.sha256):
            return None
        if not _SHA256.fullmatch(offer.sha256):  # it names files here
            raise PackError(
                "damaged", "Gói mẫu biểu không đúng như thành phố báo.", "The city's offer of a pack makes no sense."
            )
        mark = f"{offer.sha256} {PROGRAM_VERSION}"
        if mark in state.refused:
            return None
        try:
            return self._taken(offer, newest)
        except PackError as error:
            if error.code in _FOR_GOOD | {"older"}:
                with contextlib.suppress(OSError):
                    write_state(profile, replace(state, refused={**state.refused, mark: error.code}))
            raise
        except OSError as error:
            raise _no_room(error) from error

    def _taken(self, offer: PackOffer, newest: KeptPack | None) -> KeptPack:
        profile = self._store.path
        if newest is not None and offer.serial <= newest.serial:
            vi = f"Thành phố đưa ra bộ mẫu biểu cũ hơn ({offer.version}); máy này giữ bộ {newest.version}."
            raise PackError("older", vi, f"The city offers an older pack ({offer.version}); {newest.version} stays.")
        keys = [*self._store.meta(PACK_KEYS, []), *shipped_keys()]
        if not keys:
            vi = "Máy này chưa có khóa của thành phố nên chưa nhận mẫu biểu mới; đăng ký lại máy với mã mới."
            raise PackError(
                "key", vi, "This PC has no key of the city and takes no pack; enrol it again with a new code."
            )
        path = packs_folder(profile) / f"{offer.sha256}.part"
        content = self._patched(offer) or self._fetched(offer, path)
        try:
            pack = open_pack(content, keys)
            if (pack.manifest.serial, pack.manifest.version) != (offer.serial, offer.version):
                raise PackError(
                    "damaged", "Gói mẫu biểu không đúng như thành phố báo.", "The pack is not what was offered."
                )
            check_program(pack.manifest)
        except PackError:
            path.unlink(missing_ok=True)
            raise
        kept = KeptPack(
            serial=offer.serial,
            version=offer.version,
            sha256=offer.sha256,
            taken_at=moment_text(self._store.clock.now()),
        )
        folder = folder_of(profile, kept)
        shutil.rmtree(folder, ignore_errors=True)
        pack.unpack(folder)
        self._check_definitions(folder)
        take_next(profile, kept)
        with contextlib.suppress(OSError):  # the next pack comes as what it changes of this one
            write_atomically(packs_folder(profile) / f"{kept.sha256}.pack", content)
        path.unlink(missing_ok=True)
        self._tidy()
        return kept

    def _patched(self, offer: PackOffer) -> bytes | None:
        """The pack made of the newest one here by what changed; None: it has to be fetched whole."""
        newest = read_state(self._store.path).newest
        ask: Callable[[str, str], bytes | None] | None = getattr(self._line, "pack_patch", None)
        if newest is None or ask is None or not 0 < offer.size <= LARGEST_PACK + 4096:
            return None
        try:
            old = (packs_folder(self._store.path) / f"{newest.sha256}.pack").read_bytes()
        except OSError:
            return None
        if hashlib.sha256(old).hexdigest() != newest.sha256 or (patch := ask(offer.sha256, newest.sha256)) is None:
            return None
        content = apply_patch(old, patch, offer.size)
        return content if content is not None and hashlib.sha256(content).hexdigest() == offer.sha256 else None

    def _fetched(self, offer: PackOffer, path: Path) -> bytes:
        """The file of the pack; what an earlier sync brought of it is not asked for again."""
        if not 0 < offer.size <= LARGEST_PACK + 4096:
            raise PackError("too_large", "Gói mẫu biểu của thành phố quá lớn.", "The city's pack is too large.")
        path.parent.mkdir(parents=True, exist_ok=True)
        have = path.stat().st_size if path.exists() else 0
        if have > offer.size:
            path.unlink()
            have = 0
        with path.open("ab") as file:
            while have < offer.size:
                part = self._line.pack_part(offer.sha256, have, min(PART, offer.size - have))
                if not part:
                    break
                file.write(part)
                file.flush()
                have += len(part)
            os.fsync(file.fileno())
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != offer.sha256:
            path.unlink()
            vi = "Gói mẫu biểu nhận về không nguyên vẹn; sẽ tải lại ở lần đồng bộ sau."
            raise PackError("line", vi, "The pack did not arrive whole; it is fetched again at the next sync.")
        return content

    def _check_definitions(self, folder: Path) -> None:
        """The pack's definitions, compiled here so that the next opening does not have to."""
        try:
            load_catalog(folder)
        except DefinitionError as error:
            shutil.rmtree(folder, ignore_errors=True)
            vi = f"Bộ mẫu biểu mới có lỗi ({error}); bộ đang dùng vẫn giữ nguyên."
            raise PackError(
                "definitions", vi, f"The new pack has mistakes ({error}); the present one stays."
            ) from error

    def _tidy(self) -> None:
        """Packs nobody will open again go."""
        profile = self._store.path
        state = read_state(profile)
        wanted = {str(kept.serial) for kept in (state.active, state.next, state.before) if kept}
        files = {state.newest.sha256} if state.newest else set()
        with contextlib.suppress(OSError):
            for path in packs_folder(profile).iterdir():
                if path.is_dir() and path.name not in wanted:
                    shutil.rmtree(path, ignore_errors=True)
                elif path.suffix == ".part" or (path.suffix == ".pack" and path.stem not in files):
                    path.unlink(missing_ok=True)


def _no_room(error: OSError) -> PackError:
    vi = f"Không lưu được mẫu biểu mới ({disk_words(error).vi}); bộ đang dùng vẫn giữ nguyên. Dọn bớt đĩa rồi đồng bộ lại."
    return PackError(
        "disk", vi, f"The new pack cannot be stored ({error}); the present one stays. Free some disk and sync."
    )
