"""The hub under Windows' Service Control Manager, spoken to through ``ctypes``: no library of its own is needed for so little.

Windows starts ``… hub serve --service`` with the machine, as LocalService, with nobody signed in, starts it again when it
died (``installer/hub_service.py``), and tells it to stop; nothing of it has a window.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

NAME = "SoPhuongHub"

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _OWN_PROCESS = 0x10
    _STOPPED, _STARTING, _STOPPING, _RUNNING = 1, 2, 3, 4
    _STOP, _SHUTDOWN, _ASKED = 1, 5, 4
    _ACCEPTS = 0x1 | 0x4  # stop, shutdown
    _FAILED = 1066  # the service's own code says more
    _NOT_A_SERVICE = 1063
    _PATIENCE = 30_000  # milliseconds

    class _Status(ctypes.Structure):
        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in ("kind", "state", "accepts", "exit_code", "own_code", "checkpoint", "patience")
        )

    _Main = ctypes.WINFUNCTYPE(None, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR))
    _Handler = ctypes.WINFUNCTYPE(wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p)

    class _Entry(ctypes.Structure):
        _fields_ = (("name", wintypes.LPWSTR), ("main", _Main))

    def _library() -> ctypes.WinDLL:
        made = ctypes.WinDLL("advapi32", use_last_error=True)
        made.RegisterServiceCtrlHandlerExW.argtypes = (wintypes.LPCWSTR, _Handler, ctypes.c_void_p)
        made.RegisterServiceCtrlHandlerExW.restype = ctypes.c_void_p
        made.SetServiceStatus.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Status))
        made.StartServiceCtrlDispatcherW.argtypes = (ctypes.POINTER(_Entry),)
        return made

    class _Service:
        def __init__(self, work: Callable[[threading.Event], None]) -> None:
            self._work = work
            self._windows = _library()
            self._ended = threading.Event()
            self._handle: int | None = None
            self.error: BaseException | None = None
            # kept: Windows calls them while this object lives
            self._main, self._handler = _Main(self._begun), _Handler(self._told)

        def run(self) -> None:
            """Returns when Windows has stopped it. Raises OSError: nobody of the service manager started this program."""
            table = (_Entry * 2)(_Entry(NAME, self._main), _Entry(None, _Main()))
            if not self._windows.StartServiceCtrlDispatcherW(table):
                code = ctypes.get_last_error()
                if code == _NOT_A_SERVICE:
                    raise OSError("--service is for the service manager of Windows alone")
                raise ctypes.WinError(code)
            if self.error is not None:
                raise self.error

        def _begun(self, count: int, words: object) -> None:
            self._handle = self._windows.RegisterServiceCtrlHandlerExW(NAME, self._handler, None)
            self._say(_RUNNING)
            try:
                self._work(self._ended)
            except BaseException as error:
                self.error = error
            self._say(_STOPPED)

        def _told(self, what: int, kind: int, about: object, context: object) -> int:
            if what in (_STOP, _SHUTDOWN):
                self._say(_STOPPING)
                self._ended.set()
            elif what == _ASKED:
                self._say(_STOPPING if self._ended.is_set() else _RUNNING)
            return 0

        def _say(self, state: int) -> None:
            waits = state in (_STARTING, _STOPPING)
            failed = state == _STOPPED and self.error is not None
            status = _Status(
                kind=_OWN_PROCESS,
                state=state,
                accepts=_ACCEPTS if state == _RUNNING else 0,
                exit_code=_FAILED if failed else 0,
                own_code=1 if failed else 0,
                checkpoint=1 if waits else 0,
                patience=_PATIENCE if waits else 0,
            )
            self._windows.SetServiceStatus(self._handle, ctypes.byref(status))

    def run_service(work: Callable[[threading.Event], None]) -> None:
        """``work`` until the event is set. Raises OSError where this is no service, and what ``work`` raised."""
        _Service(work).run()
else:

    def run_service(work: Callable[[threading.Event], None]) -> None:
        raise OSError("--service is for Windows; elsewhere systemd runs hub serve")


__all__ = ["NAME", "run_service"]
