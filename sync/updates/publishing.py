"""A built folder made a version of the repository: its manifest, the whole of it, and patches from versions before."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from securesystemslib.signer._crypto_signer import CryptoSigner

from sync.updates.errors import UpdateError
from sync.updates.model import (
    Manifest,
    UpdateFile,
    Versions,
    get_manifest,
    manifest_name,
    patch_name,
    put_manifest,
    version_key,
    versions_name,
    whole_name,
)
from sync.updates.parcel import write_parcel
from sync.updates.repository import Repository

Notes = Mapping[str, Sequence[str]]


class Laid(Struct, frozen=True, kw_only=True):
    """Bytes of what was added for one platform."""

    platform: str
    manifest: int
    whole: int
    patches: dict[str, int]


def manifest_of_folder(folder: Path, platform: str, version: str, notes: Notes) -> Manifest:
    files = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            files.append(UpdateFile(name, 0, b"", link=path.readlink().as_posix()))
        elif path.is_file():
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").digest()
            runs = bool(path.stat().st_mode & 0o100) and platform.startswith("linux")
            files.append(UpdateFile(name, path.stat().st_size, sha256, runs))
    told = {language: tuple(lines) for language, lines in notes.items()}
    return Manifest(version=version, platform=platform, files=tuple(files), notes=told)


def publish_version(
    repository: Repository,
    version: str,
    folders: Mapping[str, Path],
    before: Mapping[str, Mapping[str, Path]],
    notes: Notes,
    *,
    signers: Sequence[CryptoSigner],
    level: int = 19,
) -> list[Laid]:
    """``folders``: platform → the built folder; ``before``: platform → older version → its folder. A version that was
    published is never changed, and its number is above those before: raises UpdateError ("input")."""
    version_key(version)
    there = repository.targets()
    files: dict[str, Path | bytes] = {}
    laid = []
    with tempfile.TemporaryDirectory(prefix="sophuong-update-", dir=repository.folder) as work:
        for platform, folder in folders.items():
            _check_number(there, platform, version)
            manifest = manifest_of_folder(folder, platform, version, notes)
            packed = put_manifest(manifest)
            get_manifest(packed)  # what a PC would refuse is not published
            files[manifest_name(platform, version)] = packed
            new = {f.path: folder / f.path for f in manifest.files if not f.link}
            whole = Path(work) / f"{platform}-whole"
            size = write_parcel(whole, ((path, None) for path in new.values()), level=level)
            files[whole_name(platform, version)] = whole
            patches = {}
            for older, old in before.get(platform, {}).items():
                patch = Path(work) / f"{platform}-from-{older}"
                patches[older] = _write_patch(patch, manifest, folder, old, level)
                files[patch_name(platform, version, older)] = patch
            files[versions_name(platform)] = _listed(repository, platform, version)
            laid.append(Laid(platform=platform, manifest=len(packed), whole=size, patches=patches))
        repository.publish(files, signers)
    return laid


def _check_number(there: Collection[str], platform: str, version: str) -> None:
    """The number is above those of the platform's versions: which PC has a newer one takes no other."""
    published = {parts[1] for name in there if (parts := name.split("/"))[0] == platform and len(parts) == 3}
    if version in published:
        vi, en = f"Bản {version} đã phát rồi; đặt số mới.", f"{version} is published; take a new number."
        raise UpdateError("input", vi, en)
    newest = max(published, key=version_key, default="")
    if newest and version_key(version) <= version_key(newest):
        raise UpdateError(
            "input",
            f"Kho đã có bản {newest}; máy không lùi về {version}. Đặt số cao hơn {newest}.",
            f"The repository has {newest}; no PC goes back to {version}. Take a number above {newest}.",
        )


def _write_patch(path: Path, manifest: Manifest, folder: Path, old: Path, level: int) -> int:
    """What ``old`` does not have anywhere, each file told by the old one of its name."""
    had = {f.sha256 for f in manifest_of_folder(old, manifest.platform, manifest.version, {}).files}
    changed = [f for f in manifest.files if not f.link and f.sha256 not in had]
    pairs = [(folder / f.path, old / f.path if (old / f.path).is_file() else None) for f in changed]
    return write_parcel(path, pairs, level=level)


def _listed(repository: Repository, platform: str, version: str) -> bytes:
    names = [name.split("/") for name in repository.targets()]
    known = {parts[1] for parts in names if parts[0] == platform and len(parts) == 3}
    versions = tuple(sorted(known | {version}, key=version_key))
    return msgspec.json.encode(Versions(versions=versions))


def drop_version(repository: Repository, version: str, signers: Sequence[CryptoSigner]) -> None:
    """Take a version out of the repository, with its patches and those from it."""
    targets = repository.targets()
    gone = [name for name in targets if name.split("/")[1] == version or name.endswith(f"/from-{version}")]
    if not gone:
        raise UpdateError("input", f"Kho không có bản {version}.", f"The repository has no {version}.")
    lists: dict[str, Path | bytes] = {}
    for platform in {name.split("/")[0] for name in gone}:
        left = {n.split("/")[1] for n in targets if n.startswith(f"{platform}/") and n.count("/") == 2} - {version}
        lists[versions_name(platform)] = msgspec.json.encode(Versions(versions=tuple(sorted(left, key=version_key))))
    repository.publish(lists, signers, drop=gone)
    repository.sweep()
