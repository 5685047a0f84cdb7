"""What a version is made of, and the names its parts have in the repository. Both sides use it."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from pathlib import PurePosixPath

import msgspec
from msgspec import Struct

from sync.updates.errors import UpdateError

PLATFORMS = ("windows-x86_64", "linux-x86_64")
LARGEST_MANIFEST = 16 * 1024 * 1024  # bytes, once decompressed
LARGEST_LIST = 1024 * 1024
_VERSION = re.compile(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){1,3}")
_FILE_PART = re.compile(r'[^<>:"/\\|?*\x00-\x1f]{1,255}')
_REPOSITORY_PATH = re.compile(
    r"metadata/(\d{1,9}\.)?(root|targets|snapshot|timestamp)\.json"
    r"|targets/[a-z0-9_-]{1,40}/(\d[\d.]{0,30}/)?[0-9a-f]{64}\.[a-z0-9][a-z0-9.-]{0,60}"
)


def version_key(version: str) -> tuple[int, ...]:
    """By which versions are put in order: "1.10.0" after "1.9". Raises UpdateError for what is no version."""
    if not _VERSION.fullmatch(version):
        raise UpdateError("input", f"Không phải số phiên bản: {version}", f"Not a version: {version}")
    numbers = [int(part) for part in version.split(".")]
    while numbers[-1:] == [0]:
        numbers.pop()
    return tuple(numbers)


def is_version(text: str) -> bool:
    return bool(_VERSION.fullmatch(text))


def platform_name() -> str:
    """Of this PC, as in ``PLATFORMS`` where there are packages for it."""
    machine = {"amd64": "x86_64", "x64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{'windows' if sys.platform == 'win32' else 'linux'}-{machine}"


def is_repository_path(path: str) -> bool:
    """Whether ``path`` can name a file of a repository; nothing else is ever opened for it."""
    return bool(_REPOSITORY_PATH.fullmatch(path))


def is_for(version: str, device: str, percent: int) -> bool:
    """The same devices for a version at every question, and more of them, never others, for a higher share."""
    place = int.from_bytes(hashlib.blake2b(f"{version}:{device}".encode(), digest_size=4).digest(), "big")
    return place % 100 < percent


class UpdateFile(Struct, frozen=True, omit_defaults=True, array_like=True):
    """One file of a version. ``path`` has slashes; ``link``: where a symbolic link points, within the version."""

    path: str
    size: int
    sha256: bytes
    runs: bool = False
    link: str = ""


class Manifest(Struct, frozen=True, kw_only=True):
    """All files of a version on one platform. ``notes``: language → what is new, a sentence each."""

    version: str
    platform: str
    files: tuple[UpdateFile, ...]
    notes: dict[str, tuple[str, ...]] = {}


class Versions(Struct, frozen=True, kw_only=True):
    """The versions of a platform that the repository has, as signed as all else; the newest last."""

    versions: tuple[str, ...]


class UpdateOffer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The gateway's word to one device. ``version``: to work with from now on ("": none); ``withdrawn``: versions that
    are not to be begun."""

    version: str = ""
    ring: str = ""
    withdrawn: tuple[str, ...] = ()


def versions_name(platform_: str) -> str:
    return f"{platform_}/versions.json"


def manifest_name(platform_: str, version: str) -> str:
    return f"{platform_}/{version}/manifest"


def whole_name(platform_: str, version: str) -> str:
    return f"{platform_}/{version}/whole"


def patch_name(platform_: str, version: str, before: str) -> str:
    return f"{platform_}/{version}/from-{before}"


def stored_path(name: str, sha256: str) -> str:
    """Where a target's file lies in the repository: under its content's hash, so that it never changes."""
    folder, _, last = name.rpartition("/")
    return f"targets/{folder}/{sha256}.{last}"


def put_manifest(manifest: Manifest) -> bytes:
    import zstandard  # a start asks only for versions

    return zstandard.ZstdCompressor(level=19).compress(msgspec.msgpack.encode(manifest))


def get_manifest(content: bytes) -> Manifest:
    """Raises UpdateError ("damaged"): also for a path that leads out of the version's folder."""
    import zstandard

    try:
        plain = zstandard.ZstdDecompressor().decompress(content, max_output_size=LARGEST_MANIFEST)
        manifest = msgspec.msgpack.decode(plain, type=Manifest)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise damaged() from error
    seen: set[str] = set()
    for file in manifest.files:
        folded = file.path.casefold()
        if folded in seen or not _is_inside(file.path) or len(file.sha256) not in (0, 32):
            raise damaged()
        if file.link and not _is_inside(str(PurePosixPath(file.path).parent / file.link), of_link=True):
            raise damaged()
        seen.add(folded)
    if not is_version(manifest.version) or not manifest.files:
        raise damaged()
    return manifest


def damaged() -> UpdateError:
    return UpdateError(
        "damaged", "Bản mới nhận về không nguyên vẹn; sẽ tải lại.", "The new version did not arrive whole."
    )


def _is_inside(path: str, *, of_link: bool = False) -> bool:
    depth = 0
    parts = path.split("/")
    for part in parts:
        if of_link and part in ("..", "."):
            depth -= part == ".."
        elif not _FILE_PART.fullmatch(part) or part in ("..", ".") or part.endswith((" ", ".")):
            return False
        else:
            depth += 1
        if depth < 0:
            return False
    return depth > 0
