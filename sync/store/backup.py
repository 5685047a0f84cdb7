"""Backups of a profile: what one is, making one in a folder, listing them.

A backup is a folder named ``SoPhuong-<device>-<when>``: the store, encrypted as ever, with what belongs to it, so that it is a
profile itself. It gets its name when all of it was written and read back; until then it ends in ``.part``.
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from sync.bundle.keys import public_of_text
from sync.bundle.recovery import seal_key
from sync.clock import HANOI, moment_text
from sync.lock import lock_file
from sync.long_paths import shown, sqlite_address, usable
from sync.store.before import restore_before, tidy
from sync.store.connection import FILE_NAME, SIDE_NAME, open_keyed
from sync.store.context import read_enrolment, read_meta
from sync.store.copying import PART, Told, check_copy, copy_store
from sync.store.errors import DiskFull, ReadOnlyStore, translated
from sync.store.model import NoStore, StoreError
from sync.store.vault import FILE_NAME as VAULT_NAME

ABOUT = "backup.json"
RECOVERY = "recovery-key.json"
ALONG = (SIDE_NAME, VAULT_NAME, "settings.json", "city-ca.pem", "hub-ca.pem")
"""What of a profile goes along with the store; ``packs`` too."""
PACKS = "packs"
LOCK = "backup.lock"
KEPT = 7
_NAME = re.compile(r"SoPhuong-(?P<device>[\w-]+)-(?P<at>\d{8}-\d{6})")
_CITY_KEYS = "city_bundle_keys"
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), 112, 39)  # the last two: what Windows calls a full disk


class BackupError(StoreError):
    """``code``: "away", "full", "read_only", "inside", "busy", "no_backup", "in_use" or "newer"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Backup(Struct, frozen=True, kw_only=True):
    """One backup. ``size`` in bytes; ``waiting``: changes in it that the city had not settled."""

    folder: str
    at: str
    device: str = ""
    wards: dict[str, str] = {}
    schema: int = 0
    size: int = 0
    records: int = 0
    waiting: int = 0
    program: str = ""

    @property
    def path(self) -> Path:
        return Path(self.folder)


def make_backup(
    profile: Path,
    key: bytes,
    into: Path,
    *,
    now: datetime,
    program: str = "",
    keep: int = KEPT,
    told: Told = lambda percent: None,
) -> Backup:
    """A backup of the profile in the folder ``into`` (its last part is made where it is missing), and the oldest ones of this
    device removed so that ``keep`` remain. Work goes on meanwhile. Raises BackupError, DiskFull and other StoreErrors; what
    ``told`` raises ends it, and nothing half stays."""
    into = usable(into)
    if into.is_relative_to(usable(profile)):
        raise BackupError(
            "inside", f"Thư mục sao lưu phải nằm ngoài {shown(profile)}. (The target is the profile itself)"
        )
    about = _about(profile / FILE_NAME, key, now, program)
    with _one_at_a_time(profile), _plain_words(into):
        into.mkdir(exist_ok=True)
        name = _free_name(into, about.device, now)
        _drop_parts(into, _safe(about.device))
        part = into / (name + PART)
        try:
            part.mkdir()
            size = copy_store(profile / FILE_NAME, key, part / FILE_NAME, told)
            _copy_along(profile, part)
            _seal_for_the_city(part, key, about)
            made = msgspec.structs.replace(about, folder=str(into / name), size=size)
            (part / ABOUT).write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2))
            part.replace(into / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        for old in _older(list_backups(into, _safe(made.device)), made)[max(1, keep) - 1 :]:
            shutil.rmtree(old.path, ignore_errors=True)
    return made


def list_backups(into: Path, device: str = "") -> list[Backup]:
    """The backups in a folder, newest first; ``device``: this one's alone. None where the folder is away."""
    found = []
    with contextlib.suppress(OSError):
        for path in usable(into).iterdir():
            named = _NAME.fullmatch(path.name)
            if named and (not device or named["device"] == _safe(device)):
                with contextlib.suppress(BackupError, OSError):
                    found.append(read_backup(path))
    return sorted(found, key=lambda each: each.at, reverse=True)


def read_backup(path: Path) -> Backup:
    """What a backup says of itself; ``path`` is its folder or a file in it. Raises BackupError."""
    folder = usable(path)
    folder = folder if folder.is_dir() else folder.parent
    if not (folder / FILE_NAME).is_file():
        raise BackupError(
            "no_backup",
            f"{shown(path)} không phải bản sao lưu: cần thư mục SoPhuong-… có {FILE_NAME}. (Not a backup folder)",
        )
    try:
        about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=Backup)
    except (OSError, msgspec.MsgspecError):
        about = Backup(folder=str(folder), at="")  # the store is what counts
    return msgspec.structs.replace(about, folder=str(folder), size=(folder / FILE_NAME).stat().st_size)


def _free_name(into: Path, device: str, now: datetime) -> str:
    while (into / (name := f"SoPhuong-{_safe(device)}-{now.astimezone(HANOI):%Y%m%d-%H%M%S}")).exists():
        now += timedelta(seconds=1)
    return name


def _older(found: list[Backup], made: Backup) -> list[Backup]:
    """All but the one just made, newest first. What bears a later moment was made while the clock was wrong, and is older."""
    others = [each for each in found if each.path.name != made.path.name]
    return sorted(others, key=lambda each: (each.at <= made.at, each.at), reverse=True)


def _about(path: Path, key: bytes, now: datetime, program: str) -> Backup:
    if not path.is_file():
        raise NoStore(f"Chưa có kho dữ liệu ở {shown(path.parent)}, không có gì để sao lưu. (No store yet)")
    with translated(path):
        db = open_keyed(sqlite_address(path, "mode=ro"), key)
    try:
        enrolment = read_enrolment(db)
        waiting = db.execute("SELECT count(*) FROM changes WHERE settled = 0 AND status <> 'hub'").fetchone()[0]
        return Backup(
            folder="",
            at=moment_text(now),
            device=enrolment.device if enrolment else "",
            wards=enrolment.wards if enrolment else {},
            schema=int(db.execute("PRAGMA user_version").fetchone()[0]),
            records=int(db.execute("SELECT count(*) FROM records").fetchone()[0]),
            waiting=int(waiting),
            program=program,
        )
    finally:
        db.close()


def _copy_along(profile: Path, part: Path) -> None:
    for name in ALONG:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(profile / name, part / name)
    if (profile / PACKS).is_dir():
        shutil.copytree(profile / PACKS, part / PACKS, copy_function=shutil.copyfile)


def _seal_for_the_city(part: Path, key: bytes, about: Backup) -> None:
    db = open_keyed(sqlite_address(part / FILE_NAME, "mode=ro&immutable=1"), key)
    try:
        city = public_of_text(read_meta(db, _CITY_KEYS, ""))
    finally:
        db.close()
    if city is not None:
        (part / RECOVERY).write_bytes(seal_key(key, about.device, about.at, city))


def _safe(device: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", device) or "may"


def _drop_parts(into: Path, device: str) -> None:
    """What an earlier backup of this device left when it was cut."""
    for left in into.glob(f"SoPhuong-{device}-*{PART}"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _one_at_a_time(profile: Path) -> Iterator[None]:
    try:
        handle = lock_file(profile / LOCK)
    except OSError as error:
        raise ReadOnlyStore(f"Không ghi được vào {shown(profile)}. (The profile is read-only)") from error
    if handle is None:
        raise BackupError("busy", "Một lần sao lưu khác đang chạy trên máy này. (Another backup is running)")
    with handle:
        yield


@contextlib.contextmanager
def _plain_words(into: Path) -> Iterator[None]:
    """Of the target: full, away or not to be written; all else as it is."""
    try:
        yield
    except DiskFull as error:
        raise _full(into) from error
    except BackupError:
        raise
    except StoreError as error:
        if not _is_there(into):
            raise _away(into) from error
        raise
    except OSError as error:
        if error.errno in _FULL or getattr(error, "winerror", None) in _FULL:
            raise _full(into) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise BackupError(
                "read_only", f"Không được ghi vào {shown(into)}. (No permission to write there)"
            ) from error
        raise _away(into) from error


def _is_there(into: Path) -> bool:
    with contextlib.suppress(OSError):
        return into.is_dir()
    return False


def _full(into: Path) -> BackupError:
    return BackupError("full", f"{shown(into)} đã đầy: xóa bớt hoặc chọn ổ khác. (The backup folder's disk is full)")


def _away(into: Path) -> BackupError:
    return BackupError("away", f"Không thấy {shown(into)}: cắm ổ hoặc nối mạng chia sẻ. (The backup folder is away)")


__all__ = [
    "Backup",
    "BackupError",
    "check_copy",
    "list_backups",
    "make_backup",
    "read_backup",
    "restore_before",
    "tidy",
]
