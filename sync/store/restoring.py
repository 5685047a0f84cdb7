"""A backup put in the place of a profile's store. What was there is kept apart; a cut is finished at the next start.

A store that comes back is behind what its PC did since: it numbers nothing until it has synced and was enrolled again
(``suspension.py``), for somebody must have looked at which numbers stand on paper. Those that the store which is replaced
had given are carried over, so that none of them is given twice.
"""

from __future__ import annotations

import contextlib
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from sync.clock import HANOI
from sync.long_paths import shown, usable
from sync.pack_use import alone_with
from sync.store import schema, vault
from sync.store.backup import ALONG, PACKS, Backup, BackupError, read_backup
from sync.store.connection import FILE_NAME, connect, refuse_newer
from sync.store.context import devices_of, read_enrolment, whole
from sync.store.copying import PART, check_copy
from sync.store.errors import translated
from sync.store.home_ward import home_of, named_for
from sync.store.model import WrongKey
from sync.store.suspension import suspend

READY, PLACING = "restored.ready", "restored.placing"
_APART = "apart"
"""In what stands ready: the name of the folder that what was there goes into."""
FORMER = "former"
_OF_THE_STORE = (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", *ALONG, PACKS)
_KEPT_SETTINGS = "settings.json"  # how this PC looks is no part of what was lost
_NUMBER = "series, period, n, number, record_id, at, officer, status, reason"
_CARRY_OVER = (
    f"INSERT INTO numbers ({_NUMBER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (series, period, n) DO UPDATE "
    "SET status = excluded.status, reason = excluded.reason WHERE excluded.status = 'void'"  # which never ends
)


def key_of_backup(backup: Path, profile: Path, passphrase: str | None) -> bytes:
    """The key of a backup made by this account, or under a passphrase. Raises WrongKey and other StoreErrors."""
    try:
        return vault.open_key(backup, passphrase)
    except WrongKey:
        if passphrase is None and vault.needs_passphrase(backup):
            raise
        with contextlib.suppress(Exception):  # its own key file may be the damaged part
            key = vault.open_key(profile, passphrase)
            check_copy(backup / FILE_NAME, key)
            return key
        raise


def restore_backup(
    source: Path, profile: Path, key: bytes, now: datetime, *, own_vault: bool = True, passphrase: str | None = None
) -> Backup:
    """Work with the backup from now on; what it says of itself. ``own_vault`` False: the key came from elsewhere and is put
    away here anew (under ``passphrase`` or in the system's vault). Raises BackupError and StoreErrors, and then the profile is
    as it was."""
    about = read_backup(source)
    with translated(about.path):
        refuse_newer(check_copy(about.path / FILE_NAME, key), schema.NEWEST, about.path / FILE_NAME)
    profile = usable(profile)
    profile.mkdir(parents=True, exist_ok=True)
    with alone_with(profile) as alone:
        if not alone:
            raise BackupError("in_use", "Sổ Phường đang mở: đóng mọi cửa sổ rồi khôi phục. (Close the program first)")
        finish(profile)
        _make_ready(about.path, profile, key, now, None if own_vault else passphrase or "")
        finish(profile)
    return about


def unsent_here(profile: Path, key: bytes) -> int:
    """How many changes of the store that stands here the city has not settled; 0 also where it cannot be read."""
    with contextlib.suppress(Exception), contextlib.closing(_read_only(profile, key)) as db:
        sql = "SELECT count(*) FROM changes WHERE settled = 0 AND status <> 'hub'"  # which are other PCs'
        return int(db.execute(sql).fetchone()[0])
    return 0


def _read_only(profile: Path, key: bytes) -> Any:
    """A connection to the store that stands here. Raises OSError and sqlite's errors."""
    path = profile / FILE_NAME
    path.stat()  # none is made here
    return connect(path, key, query_only=True)


def _opens(profile: Path, key: bytes) -> bool:
    with contextlib.suppress(Exception), contextlib.closing(_read_only(profile, key)) as db:
        return bool(db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    return False


def _numbers_here(profile: Path, key: bytes, backup: Any) -> list[tuple[Any, ...]]:
    """What the store that stands here has numbered, where it is one of the backup's devices' and can be read; by the names that
    the books have in the backup, which may be of before the PC moved to another ward."""
    devices, other = devices_of(backup), home_of(read_enrolment(backup))
    with contextlib.suppress(Exception), contextlib.closing(_read_only(profile, key)) as db:
        if devices_of(db) & devices:
            sql = f"SELECT {_NUMBER} FROM numbers WHERE status <> 'brought'"  # these come again with their records
            home = home_of(read_enrolment(db))
            return [(name, *row[1:]) for row in db.execute(sql).fetchall() for name in named_for(row[0], home, other)]
    return []


def _make_ready(backup: Path, profile: Path, key: bytes, now: datetime, vault_of: str | None) -> None:
    """``vault_of``: the passphrase the key is put away under anew ("": the system's vault); None: it is kept already."""
    part = profile / (READY + PART)
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        for name in (FILE_NAME, *ALONG):
            if name == _KEPT_SETTINGS and (profile / name).is_file():
                continue
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(backup / name, part / name)
        if (backup / PACKS).is_dir():
            shutil.copytree(backup / PACKS, part / PACKS, copy_function=shutil.copyfile)
        check_copy(part / FILE_NAME, key)
        with translated(part / FILE_NAME):
            db = connect(part / FILE_NAME, key)
            try:
                given = _numbers_here(profile, key, db)
                with whole(db):
                    suspend(db, now)
                    db.executemany(_CARRY_OVER, given)
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                db.close()
        apart = f"replaced-{now.astimezone(HANOI):%Y%m%d-%H%M%S}"
        (part / _APART).write_text(apart, encoding="ascii")
        if vault_of is not None:
            if _opens(profile, key):  # the vault alone was lost: what is put aside is to open by itself too
                vault.keep_key(profile, key, vault_of or None)
            (part / vault.FILE_NAME).unlink(missing_ok=True)
            vault.keep_key(part, key, vault_of or None)
        part.replace(profile / READY)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def finish(profile: Path) -> bool:
    """Put what stands ready into its place; whether there was any. Looked at before a store is opened: each of the two steps
    goes on where a cut left it."""
    ready, placing = profile / READY, profile / PLACING
    if ready.is_dir():
        apart = profile / FORMER / (ready / _APART).read_text(encoding="ascii")
        apart.mkdir(parents=True, exist_ok=True)
        for name in _OF_THE_STORE:
            if (profile / name).exists() and (name != _KEPT_SETTINGS or (ready / name).exists()):
                (profile / name).replace(apart / name)
        with contextlib.suppress(OSError):
            apart.rmdir()  # nothing was there
        ready.replace(placing)
    if not placing.is_dir():
        return False
    (placing / _APART).unlink(missing_ok=True)
    for path in sorted(placing.iterdir(), key=lambda p: p.name == FILE_NAME):  # the store is the last to come
        path.replace(profile / path.name)
    placing.rmdir()
    return True


def stands_apart(profile: Path) -> str:
    """Where stores lie that were replaced, for a person."""
    return shown(profile / FORMER)
