"""The repository of updates as its keepers see it: a folder that is copied as it is to the gateway, a hub or a USB stick.

``metadata/`` has the signed lists, ``targets/`` the files under the hash of their content. Root keys sign who else may sign
(2 of 3), the targets key what may be run, the snapshot key which lists belong together, the timestamp key that all this
is of today. Nothing here holds a private key for longer than a signature.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer._crypto_signer import CryptoSigner
from securesystemslib.signer._key import Key
from tuf.api._payload import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata
from tuf.api.serialization import DeserializationError

from sync.updates.errors import UpdateError
from sync.updates.model import stored_path
from sync.updates.pointer import put_whole

ROLES = ("targets", "snapshot", "timestamp")
GOOD_FOR = {
    "root": timedelta(days=3 * 365),
    "targets": timedelta(days=400),
    "snapshot": timedelta(days=400),
    "timestamp": timedelta(days=30),
}
"""How long each list holds without being signed anew. The last is how long a PC can be kept from hearing of an update."""
ROOT_THRESHOLD = 2
DRAFT = "root-draft.json"


class Repository:
    """``now``: the moment from which lists hold."""

    def __init__(self, folder: Path, now: datetime | None = None) -> None:
        self.folder = folder
        self._now = (now or datetime.now(UTC)).replace(microsecond=0)

    # the root: who may sign

    def draft_root(self, keys: Mapping[str, Sequence[Key]], threshold: int = ROOT_THRESHOLD) -> int:
        """Draw up the next root with these keys by role ("root", "targets", "snapshot", "timestamp"; a role that is left
        out keeps its keys); its version. It is published when enough have signed it (``sign_root``)."""
        before = self._root()
        root = Root(consistent_snapshot=True) if before is None else Root.from_dict(before.signed.to_dict())
        root.version = 1 if before is None else before.signed.version + 1
        root.expires = self._now + GOOD_FOR["root"]
        for role, wanted in keys.items():
            for key_id in list(root.roles[role].keyids):
                root.revoke_key(key_id, role)
            for key in wanted:
                root.add_key(key, role)
            root.roles[role].threshold = threshold if role == "root" else 1
        if any(len(role.keyids) < role.threshold for role in root.roles.values()):
            raise UpdateError("input", "Thiếu khóa cho một vai trò.", "A role has fewer keys than it needs.")
        self._draft.parent.mkdir(parents=True, exist_ok=True)
        put_whole(self._draft, Metadata(root).to_bytes())
        return root.version

    def sign_root(self, signers: Sequence[CryptoSigner]) -> bool:
        """Add signatures to the draft; whether it is published now: signed by enough keys of the root before and by enough
        of its own."""
        try:
            draft: Metadata[Root] = Metadata.from_bytes(self._draft.read_bytes())
        except (OSError, DeserializationError) as error:
            raise UpdateError("input", "Chưa có bản gốc nào chờ ký.", "No root waits for signatures.") from error
        before = self._root()
        for signer in signers:
            draft.sign(signer, append=True)
        try:
            (before or draft).verify_delegate("root", draft)
            draft.verify_delegate("root", draft)
        except (UnsignedMetadataError, ValueError):
            put_whole(self._draft, draft.to_bytes())
            return False
        self._put(f"{draft.signed.version}.root.json", draft)
        self._draft.unlink()
        return True

    # what may be run

    def begin(self, signers: Sequence[CryptoSigner]) -> None:
        """Empty lists under the first root."""
        self.publish({}, signers)

    def publish(
        self, files: Mapping[str, Path | bytes], signers: Sequence[CryptoSigner], drop: Sequence[str] = ()
    ) -> None:
        """Add targets by name, leave those in ``drop`` out, and sign all lists anew. The files come first, the timestamp
        last: whoever reads meanwhile sees the lists of before."""
        targets = self._targets() or Metadata(Targets())
        for name in drop:
            targets.signed.targets.pop(name, None)
        for name, content in files.items():
            targets.signed.targets[name] = self._store(name, content)
        snapshot = self._snapshot() or Metadata(Snapshot())
        self._next(targets, "targets", signers)
        snapshot.signed.meta["targets.json"] = MetaFile(version=targets.signed.version)
        self._next(snapshot, "snapshot", signers)
        self._put(f"{targets.signed.version}.targets.json", targets)
        self._put(f"{snapshot.signed.version}.snapshot.json", snapshot)
        self._stamp(snapshot.signed.version, signers)

    def refresh(self, signers: Sequence[CryptoSigner]) -> datetime:
        """Sign the timestamp anew, so that what is published goes on holding; until when. Needs the timestamp key alone."""
        stamp = self._timestamp()
        if stamp is None:
            raise UpdateError("nothing", "Kho bản mới còn trống.", "The repository is empty.")
        return self._stamp(stamp.signed.snapshot_meta.version, signers)

    def targets(self) -> dict[str, TargetFile]:
        """What is published, by name."""
        found = self._targets()
        return dict(found.signed.targets) if found else {}

    def path_of(self, target: TargetFile) -> Path:
        return self.folder / stored_path(target.path, target.hashes["sha256"])

    def sweep(self) -> None:
        """Files that no list names any more go."""
        wanted = {self.path_of(target) for target in self.targets().values()}
        for path in (self.folder / "targets").rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()

    def _store(self, name: str, content: Path | bytes) -> TargetFile:
        if isinstance(content, bytes):
            digest, size = hashlib.sha256(content).hexdigest(), len(content)
        else:
            with content.open("rb") as file:
                digest, size = hashlib.file_digest(file, "sha256").hexdigest(), content.stat().st_size
        path = self.folder / stored_path(name, digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            put_whole(path, content)
        elif content != path:
            beside = path.with_name(f".{path.name}")
            shutil.copyfile(content, beside)
            beside.replace(path)
        path.chmod(0o644)
        return TargetFile(size, {"sha256": digest}, name)

    def _stamp(self, snapshot: int, signers: Sequence[CryptoSigner]) -> datetime:
        stamp = self._timestamp() or Metadata(Timestamp())
        stamp.signed.snapshot_meta = MetaFile(version=snapshot)
        self._next(stamp, "timestamp", signers)
        self._put("timestamp.json", stamp)
        return stamp.signed.expires

    def _next(self, metadata: Metadata[Any], role: str, signers: Sequence[CryptoSigner]) -> None:
        root = self._root()
        if root is None:
            raise UpdateError("key", "Kho chưa có bản gốc đã ký.", "The repository has no signed root yet.")
        if metadata.signatures:
            metadata.signed.version += 1
        metadata.signed.expires = self._now + GOOD_FOR[role]
        metadata.signatures.clear()
        allowed = root.signed.roles[role].keyids
        for signer in signers:
            if signer.public_key.keyid in allowed:
                metadata.sign(signer, append=True)
        try:
            root.verify_delegate(role, metadata)
        except RepositoryError as error:
            vi, en = f"Thiếu khóa để ký phần {role}.", f"The key for {role} is missing."
            raise UpdateError("key", vi, en) from error

    @property
    def _draft(self) -> Path:
        return self.folder / DRAFT

    def _put(self, name: str, metadata: Metadata[Any]) -> None:
        place = self.folder / "metadata"
        place.mkdir(parents=True, exist_ok=True)
        put_whole(place / name, metadata.to_bytes())
        (place / name).chmod(0o644)

    def _get(self, name: str) -> Metadata[Any] | None:
        path = self.folder / "metadata" / name
        return Metadata.from_bytes(path.read_bytes()) if path.is_file() else None

    def _root(self) -> Metadata[Root] | None:
        versions = [int(path.name.partition(".")[0]) for path in (self.folder / "metadata").glob("*.root.json")]
        return self._get(f"{max(versions)}.root.json") if versions else None

    def _timestamp(self) -> Metadata[Timestamp] | None:
        return self._get("timestamp.json")

    def _snapshot(self) -> Metadata[Snapshot] | None:
        stamp = self._timestamp()
        return self._get(f"{stamp.signed.snapshot_meta.version}.snapshot.json") if stamp else None

    def _targets(self) -> Metadata[Targets] | None:
        snapshot = self._snapshot()
        return self._get(f"{snapshot.signed.meta['targets.json'].version}.targets.json") if snapshot else None
