"""Where the store's raw key is kept: the operating system's vault, or a side file under an officer's passphrase.

The vault (Windows Credential Locker, the Secret Service) lets the sync run before anybody signs in. Where none works, or
when a passphrase is given, the key is wrapped in ``vault.json``: Argon2id (RFC 9106) makes 64 bytes from passphrase and
a fresh salt; the first half is the pad of the 32-byte key, used for this one message and never again, the second half
the key of an HMAC-SHA-256 over everything in the file (encrypt, then authenticate).
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from pathlib import Path
from typing import Any

import msgspec

from forms.disk_words import disk_words
from sync.store.model import DamagedStore, NoStore, StoreError, WrongKey
from sync.store.quick_vault import read_item
from sync.store.safe_files import write_atomically

FILE_NAME = "vault.json"
SERVICE = "so-phuong"
KEY_BYTES = 32
MEMORY_KIB, ROUNDS, LANES = 64 * 1024, 3, 2
LARGEST_MEMORY_KIB = 1024 * 1024  # a tampered file cannot ask for more
_UNUSABLE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file")


class NoVault(StoreError):
    """The system offers no vault that works: a passphrase is needed."""

    code = "no_vault"


def create_key(folder: Path, passphrase: str | None = None) -> bytes:
    """Make the raw key of a new store and put it away. Raises NoVault when there is no passphrase and no vault that
    works, StoreError when the folder has a store already or cannot be written."""
    if (folder / "store.db").exists():
        raise StoreError(f"Đã có kho dữ liệu ở {folder}; khóa của nó được giữ nguyên. (A store exists already)")
    key = secrets.token_bytes(KEY_BYTES)
    keep_key(folder, key, passphrase)
    return key


def keep_key(folder: Path, key: bytes, passphrase: str | None = None) -> None:
    """Put a raw key away for the store in ``folder``, whatever key was kept there. Raises as ``create_key``."""
    item = secrets.token_hex(16)
    content: dict[str, Any] = {"format": 1, "item": item}
    if passphrase is None:
        _put_into_system_vault(item, key)
    else:
        content["wrapped"] = _wrap(key, _bare(passphrase), item)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE_NAME, msgspec.json.encode(content))
    except OSError as error:
        why = disk_words(error)
        raise StoreError(
            f"Không ghi được vào thư mục {folder}: {why.vi}. (Cannot write to the folder: {why.en})"
        ) from error


def open_key(folder: Path, passphrase: str | None = None) -> bytes:
    """The raw key of the store in ``folder``. Raises NoStore, WrongKey (a wrong or missing passphrase, or an item gone
    from the vault), DamagedStore when ``vault.json`` cannot be read."""
    content = _content(folder)
    wrapped = content.get("wrapped")
    if wrapped is None:
        return _from_system_vault(str(content["item"]))
    if passphrase is None:
        raise WrongKey("Kho này cần mật khẩu để mở. (A passphrase is needed)")
    bare, item = _bare(passphrase), str(content["item"])
    try:
        return _unwrap(wrapped, bare, item)
    except WrongKey:
        if bare == passphrase:
            raise
        return _unwrap(wrapped, passphrase, item)  # put away when its outer spaces still counted


def _bare(passphrase: str) -> str:
    """Spaces at either end are typed without being seen: they count for nothing, unless there is nothing else."""
    return passphrase.strip() or passphrase


def needs_passphrase(folder: Path) -> bool:
    """Whether the store's key lies under a passphrase; False where there is no store."""
    try:
        return "wrapped" in _content(folder)
    except NoStore:
        return False


def forget_key(folder: Path) -> None:
    """Take the key of a throwaway store out of the system's vault: nobody opens that store again. Raises NoStore,
    DamagedStore, and what the vault raises."""
    content = _content(folder)
    if "wrapped" not in content:
        _keyring().delete_password(SERVICE, str(content["item"]))


def vault_works() -> bool:
    """Whether the system has a vault that keeps what is put into it."""
    item = f"probe-{secrets.token_hex(8)}"
    try:
        _put_into_system_vault(item, b"\0" * KEY_BYTES)
        _keyring().delete_password(SERVICE, item)
    except Exception:  # backends raise what they like; any failure means "no"
        return False
    return True


def _content(folder: Path) -> dict[str, Any]:
    path = folder / FILE_NAME
    try:
        content = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        raise NoStore(
            f"Chưa có kho dữ liệu ở {folder}; hãy đăng ký máy này trước. (No store yet: enrol first)"
        ) from None
    except OSError as error:
        why = disk_words(error)
        raise DamagedStore(f"Không đọc được {path}: {why.vi}. (The key file cannot be read: {why.en})") from error
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("item"), str):
        raise DamagedStore(f"Tệp {path} bị hỏng; hãy khôi phục từ bản sao lưu. (The key file is damaged)")
    return content


def _wrap(key: bytes, passphrase: str, item: str) -> dict[str, Any]:
    salt = secrets.token_bytes(16)
    wrapped: dict[str, Any] = {
        "kdf": "argon2id", "memory_kib": MEMORY_KIB, "rounds": ROUNDS, "lanes": LANES, "salt": salt.hex()
    }  # fmt: skip
    pad, seal = _derive(passphrase, wrapped)
    wrapped["key"] = bytes(a ^ b for a, b in zip(key, pad, strict=True)).hex()
    wrapped["seal"] = _seal(seal, wrapped, item)
    return wrapped


def _unwrap(wrapped: dict[str, Any], passphrase: str, item: str) -> bytes:
    try:
        pad, seal = _derive(passphrase, wrapped)
        masked = bytes.fromhex(wrapped["key"])
        genuine = hmac.compare_digest(_seal(seal, wrapped, item), str(wrapped["seal"]))
        key = bytes(a ^ b for a, b in zip(masked, pad, strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedStore(f"Tệp khóa {FILE_NAME} bị hỏng. (The key file is damaged: {error})") from error
    if not genuine:
        raise WrongKey("Mật khẩu không đúng; hãy nhập lại. (Wrong passphrase)")
    return key


def _seal(key: bytes, wrapped: dict[str, Any], item: str) -> str:
    sealed = {k: v for k, v in wrapped.items() if k != "seal"} | {"item": item}
    import json  # its very bytes are sealed; most starts need none

    return hmac.digest(key, json.dumps(sealed, sort_keys=True).encode(), "sha256").hex()


def _derive(passphrase: str, parameters: dict[str, Any]) -> tuple[bytes, bytes]:
    """Pad and sealing key. The passphrase is NFC, since input methods compose Vietnamese letters in two ways."""
    from argon2.low_level import Type, hash_secret_raw

    if not 8 <= int(parameters["memory_kib"]) <= LARGEST_MEMORY_KIB or not 1 <= int(parameters["rounds"]) <= 64:
        raise ValueError("key derivation parameters out of bounds")
    made = hash_secret_raw(
        secret=unicodedata.normalize("NFC", passphrase).encode(),
        salt=bytes.fromhex(parameters["salt"]),
        time_cost=int(parameters["rounds"]),
        memory_cost=int(parameters["memory_kib"]),
        parallelism=min(16, max(1, int(parameters["lanes"]))),
        hash_len=2 * KEY_BYTES,
        type=Type.ID,
    )
    return made[:KEY_BYTES], made[KEY_BYTES:]


def _keyring() -> Any:
    import keyring

    return keyring


def _put_into_system_vault(item: str, key: bytes) -> None:
    """Store and read back; a backend that forgets, or keeps secrets in plain files, is no vault."""
    keyring = _keyring()
    try:
        backend = keyring.get_keyring()
        if type(backend).__module__.startswith(_UNUSABLE):
            raise NoVault(_NO_VAULT)
        keyring.set_password(SERVICE, item, key.hex())
        kept = keyring.get_password(SERVICE, item)
    except StoreError:
        raise
    except Exception as error:
        raise NoVault(f"{_NO_VAULT} [{error}]") from error
    if kept != key.hex():
        raise NoVault(_NO_VAULT)


_NO_VAULT = "Máy này không có kho khóa của hệ điều hành; hãy đặt mật khẩu. (No system key vault: set a passphrase)"


def _from_system_vault(item: str) -> bytes:
    try:
        kept = read_item(SERVICE, item) or _keyring().get_password(SERVICE, item)
        key = bytes.fromhex(kept or "")
    except Exception as error:
        raise WrongKey(
            f"Không lấy được khóa từ kho khóa của hệ điều hành; hãy đăng xuất máy, đăng nhập lại rồi mở. (Vault unreachable: {error})"
        ) from error
    if len(key) != KEY_BYTES:
        raise WrongKey("Kho khóa của hệ điều hành không còn khóa của kho này. (The key is gone from the system vault)")
    return key
