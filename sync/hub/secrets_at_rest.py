"""A few bytes kept so that only this machine's service reads them.

On Windows the Data Protection API binds them to the machine (the service has no account of its own that could sign in), and
the folder's permissions to the service and the administrators (``installer/hub_service.py`` sets them). Elsewhere the
folder and the file are the service account's alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sync.store.safe_files import write_atomically

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _LOCAL_MACHINE, _NO_WINDOW = 0x4, 0x1

    class _Blob(ctypes.Structure):
        _fields_ = (("size", wintypes.DWORD), ("data", ctypes.POINTER(ctypes.c_char)))

    def _through(function: str, content: bytes) -> bytes:
        given, made = _Blob(len(content), ctypes.create_string_buffer(content, len(content))), _Blob()
        call = getattr(ctypes.windll.crypt32, function)
        if not call(ctypes.byref(given), None, None, None, None, _LOCAL_MACHINE | _NO_WINDOW, ctypes.byref(made)):
            raise OSError(ctypes.GetLastError(), f"{function} failed")
        try:
            return ctypes.string_at(made.data, made.size)
        finally:
            ctypes.windll.kernel32.LocalFree(made.data)

    def _protected(content: bytes) -> bytes:
        return _through("CryptProtectData", content)

    def _unprotected(content: bytes) -> bytes:
        return _through("CryptUnprotectData", content)

    def private_folder(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
else:

    def _protected(content: bytes) -> bytes:
        return content

    def _unprotected(content: bytes) -> bytes:
        return content

    def private_folder(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)


def keep(path: Path, content: bytes) -> None:
    """On the disk, whole or not at all. Raises OSError."""
    private_folder(path.parent)
    write_atomically(path, _protected(content))


def kept(path: Path) -> bytes | None:
    """What was kept; None: nothing. Raises OSError: it is of another machine, or damaged."""
    try:
        return _unprotected(path.read_bytes())
    except FileNotFoundError:
        return None
