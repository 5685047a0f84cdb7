"""A line that does what lines do: it is cut, it hangs, it crawls, it loses its end. What passes is never altered, since TCP
would not let it be."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

_CHUNK = 4096


class BadLine:
    """Forwards ``port`` to ``target`` on this machine. Safe to command from another thread while it carries."""

    def __init__(self, target: int, dice: random.Random) -> None:
        self._target = target
        self._dice = dice
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._rate = 0
        self._delay = 0.0
        self.port = int(self._listener.getsockname()[1])
        self.cut = 0  # connections that were cut while they were open
        self._accepting = threading.Thread(target=self._accept, name="bad-line", daemon=True)
        self._accepting.start()

    # what can be done to it

    def heal(self) -> None:
        """A good line again."""
        self._rate, self._delay = 0, 0.0
        self._open.set()

    def crawl(self, bytes_a_second: int) -> None:
        self._rate = bytes_a_second

    def lag(self, seconds: float) -> None:
        self._delay = seconds

    def go_down(self) -> None:
        """Cut everything, and refuse what comes until ``heal``."""
        self._open.clear()
        self.cut_all()

    def cut_all(self) -> None:
        """Reset every connection, wherever its request or answer just is."""
        with self._lock:
            ends, self._ends = self._ends, set()
        self.cut += len(ends) // 2
        for end in ends:
            _reset(end)

    def half_close(self) -> None:
        """The near or the far side of a connection ends; the other side does not hear of it yet."""
        with self._lock:
            ends = sorted(self._ends, key=id)
        if ends:
            with contextlib.suppress(OSError):
                self._dice.choice(ends).shutdown(self._dice.choice((socket.SHUT_RD, socket.SHUT_WR)))

    def close(self) -> None:
        _reset(self._listener)  # a mere close would not wake who waits for the next connection
        self._accepting.join()
        self.cut_all()

    # carrying

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(near,), name="bad-line", daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        if not self._open.is_set():
            _reset(near)
            return
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        with self._lock:
            self._ends |= {near, far}
        ways = []
        for source, sink in ((near, far), (far, near)):
            with contextlib.suppress(OSError):  # a strike may have closed it already
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ways.append(threading.Thread(target=self._carry, args=(source, sink), name="bad-line", daemon=True))
            ways[-1].start()
        for way in ways:
            way.join()
        with self._lock:
            self._ends -= {near, far}
        for end in (near, far):
            end.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(_CHUNK):
                if self._delay:
                    time.sleep(self._delay)
                if rate := self._rate:
                    time.sleep(len(data) / rate)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _reset(sink)


def _reset(end: socket.socket) -> None:
    """Closes as a broken line does: without a farewell."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
