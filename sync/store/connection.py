"""Opening the encrypted file, and finding out what is wrong with it before anything is touched.

The raw key opens SQLCipher directly (no key derivation: 2 ms instead of 200). A wrong key and a damaged first page look
the same to SQLCipher, so ``store.json`` beside the file holds a keyed checksum that tells them apart.
"""

from __future__ import annotations

import hmac
import secrets
import time
from pathlib import Path
from typing import Any

import msgspec
from sqlcipher3 import dbapi2 as sqlite

from forms.disk_words import disk_words
from sync.long_paths import sqlite_address
from sync.store.errors import ReadOnlyStore, translate
from sync.store.model import DamagedStore, NewerStore, NoStore, StoreError, WrongKey
from sync.store.safe_files import write_atomically

FILE_NAME = "store.db"
SIDE_NAME = "store.json"
BUSY_SECONDS = 10.0
CACHE_KIB = 32_000  # a 4 GB PC can spare it, and it holds the upper levels of every index of a million records
CACHED_STATEMENTS = 1000
"""sqlcipher3 drops the statement used least often: once the cache is full of a migration's or a day's single ones, the
next two that alternate drop each other for ever, and every save is parsed and planned anew."""
_QUIET = "PRAGMA cipher_log_level = NONE"
"""SQLCipher writes what it finds damaged to stderr by itself; the typed error says it once."""
_LOOKS = 4
_PAUSE = 0.05  # seconds between them: a checkpoint of what a start or an end leaves takes less
JOURNAL_BYTES = 64 * 1024 * 1024  # the WAL file shrinks back to this after a bulk load

# A value of these types is asked for an adapter whenever it is bound, and to find that it needs none costs as much as the
# rest of a row: each is given one that says so at once.
sqlite.register_adapter(type(None), {}.get)
sqlite.register_adapter(bytes, bytes)
sqlite.register_adapter(bool, int)


def connect(path: Path, key: bytes, *, query_only: bool = False) -> Any:
    """A connection to an existing or new file. It may cross threads; callers see to it that one uses it at a time."""
    connection = sqlite.connect(
        str(path),
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )
    _unlock(connection, key)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    if query_only:
        connection.execute("PRAGMA query_only = 1")
    return connection


def open_keyed(address: str, key: bytes) -> Any:
    """A bare connection to an address (``file:…?…``) under the store's key. Raises sqlite.Error."""
    connection = sqlite.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    _unlock(connection, key)
    return connection


def _unlock(connection: Any, key: bytes) -> None:
    connection.execute(_QUIET)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")


def begin_file(folder: Path, key: bytes) -> Path:
    """Make a new empty store file with its side file. Raises StoreError when one is there already."""
    if len(key) != 32:
        raise ValueError("the raw key has 32 bytes")
    path = folder / FILE_NAME
    if path.exists() and path.stat().st_size > 0:  # an empty file is a creation that was cut
        raise StoreError(f"Đã có kho dữ liệu ở {path}; hãy mở kho đó. (A store exists already)")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        salt = secrets.token_hex(16)
        side = {"format": 1, "salt": salt, "check": _check_value(key, salt)}
        write_atomically(folder / SIDE_NAME, msgspec.json.encode(side))
    except OSError as error:
        why = disk_words(error)
        raise ReadOnlyStore(
            f"Không ghi được vào thư mục {folder}: {why.vi}. (Cannot write to the folder: {why.en})"
        ) from error
    return path


def probe(folder: Path, key: bytes, newest: int) -> Path:
    """Check that the store can be opened with ``key``, without changing a byte in its folder.

    Raises NoStore, WrongKey, DamagedStore or NewerStore. The file is read as immutable, so that neither a journal nor a
    recovery of one is begun.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise NoStore(f"Chưa có kho dữ liệu ở {folder}; hãy đăng ký máy này trước. (No store yet: enrol first)")
    if path.stat().st_size == 0:
        raise DamagedStore(f"Tệp {path} trống; hãy khôi phục từ bản sao lưu. (The store file is empty)")
    verdict = _key_verdict(folder / SIDE_NAME, key)
    if verdict is False:
        raise _other_key(folder)
    try:
        version = _version_of(path, key)
    except sqlite.Error as error:
        if verdict is None and path.stat().st_size >= 4096:
            raise _other_key(folder) from error
        if "open" in str(error):
            raise translate(error, path) from error
        raise DamagedStore(f"Tệp {path} bị hỏng; hãy khôi phục từ bản sao lưu. (Damaged store)") from error
    refuse_newer(version, newest, path)
    return path


def _other_key(folder: Path) -> WrongKey:
    """Of a raw key, which nobody types: a passphrase over it was right before it came here."""
    return WrongKey(
        f"Kho ở {folder} không mở được bằng khóa của máy này: tệp store.db là của máy khác chép vào, hoặc bị hỏng; hãy khôi phục từ "
        "bản sao lưu. (The store does not open by this PC's key: store.db was copied from another PC, or is damaged)"
    )


def refuse_newer(version: int, newest: int, path: Path) -> None:
    """Raises NewerStore when the file's schema is not known to this program yet."""
    if version > newest:
        raise NewerStore(
            f"Kho ở {path} do bản phần mềm mới hơn ghi (dạng {version}); hãy cập nhật phần mềm. "
            f"(Written by a newer version: update this program)"
        )


def _version_of(path: Path, key: bytes) -> int:
    """The schema's version. Read without its journal, the file may make no sense while another program brings the journal into
    it: it is looked at again before it counts as damaged. Raises sqlite.Error."""
    for _ in range(_LOOKS - 1):
        try:
            return _version_once(path, key)
        except sqlite.Error:
            time.sleep(_PAUSE)
    return _version_once(path, key)


def _version_once(path: Path, key: bytes) -> int:
    """A power cut or a full disk can stop a checkpoint half-way: then the file alone makes no sense and is whole only together
    with its journal, so that it is read once more with that. Raises sqlite.Error."""
    try:
        return _version(path, key, "mode=ro&immutable=1")
    except sqlite.Error:
        journal = path.with_name(f"{path.name}-wal")
        if not journal.is_file() or journal.stat().st_size == 0:
            raise
        return _version(path, key, "mode=ro")


def _version(path: Path, key: bytes, how: str) -> int:
    connection = open_keyed(sqlite_address(path, how), key)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _key_verdict(side: Path, key: bytes) -> bool | None:
    """Whether the key belongs to the store; None when the side file is lost or unreadable."""
    try:
        content = msgspec.json.decode(side.read_bytes())
        return hmac.compare_digest(content["check"], _check_value(key, content["salt"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _check_value(key: bytes, salt: str) -> str:
    return hmac.digest(key, b"so-phuong store " + salt.encode(), "sha256").hex()
