"""The program itself: its versions, how large it is, and whether this PC has room for it."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from desktop.selftest.bench import Bench, Done, Trouble, done
from desktop.version import VERSION

LEAST_FREE_MB = 500
"""A ward's store after some years, and a copy of it."""


def program(bench: Bench) -> Done:
    """Versions for a report to the IT staff; the profile's folder can be written to and has room."""
    figures: dict[str, Any] = {"versions": versions(), "installed_mb": installed_mb(), "packaged": is_packaged()}
    folder = bench.profile
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    figures["profile"], figures["free_mb"] = str(bench.profile), shutil.disk_usage(folder).free // 1_000_000
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
    except OSError as error:
        raise Trouble("not_writable", figures, folder=folder, reason=error.strerror or error) from error
    if figures["free_mb"] < LEAST_FREE_MB:
        raise Trouble("no_room", figures, folder=folder, free=figures["free_mb"], least=LEAST_FREE_MB)
    return done("program", figures, version=VERSION, free=figures["free_mb"] // 1000)


def versions() -> dict[str, str]:
    """Of what the program stands on."""
    import ssl

    from sqlcipher3 import dbapi2 as cipher

    found = {
        "so_phuong": VERSION,
        "python": platform.python_version(),
        "system": _system(),
        "sqlite": cipher.sqlite_version,
        "openssl": ssl.OPENSSL_VERSION,
    }
    if wine := wine_version():
        found["wine"] = wine
    with suppress(ImportError):
        from PySide6.QtCore import qVersion

        found["qt"] = qVersion()
    return found


def _system() -> str:
    """Of Windows without asking its management service, which takes seconds where it answers at all."""
    if os.name == "nt":
        told: Any = getattr(sys, "getwindowsversion")()  # noqa: B009 - there on Windows alone
        return f"Windows {told.major}.{told.minor}.{told.build} {os.environ.get('PROCESSOR_ARCHITECTURE', '')}".strip()
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def is_packaged() -> bool:
    return bool(getattr(sys, "frozen", False))


def installed_mb() -> float:
    """Of the packaged program's folder, million bytes; 0 from source."""
    if not is_packaged():
        return 0.0
    folder = Path(sys.executable).parent
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


def wine_version() -> str:
    """Of Wine, where the Windows program runs on it; "" on Windows itself."""
    if os.name != "nt":
        return ""
    with suppress(AttributeError, OSError):
        get = ctypes.CDLL("ntdll").wine_get_version
        get.restype = ctypes.c_char_p
        return str(get().decode())
    return ""


def peak_memory_mb() -> float:
    """The most memory this process has had, million bytes; 0 where it is not told."""
    if os.name == "nt":
        return _windows_peak() / 1e6
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _windows_peak() -> int:
    class Counters(ctypes.Structure):
        _fields_ = [("size", ctypes.c_ulong), ("faults", ctypes.c_ulong), ("peak", ctypes.c_size_t)] + [
            (f"rest{place}", ctypes.c_size_t) for place in range(7)
        ]

    counters = Counters()
    counters.size = ctypes.sizeof(Counters)
    with suppress(AttributeError, OSError):
        kernel: Any = ctypes.CDLL("kernel32")
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.K32GetProcessMemoryInfo.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong]
        if kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size):
            return int(counters.peak)
    return 0
