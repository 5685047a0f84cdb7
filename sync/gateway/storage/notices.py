"""News of one gateway process told to all others on the same PostgreSQL, by NOTIFY and LISTEN.

They are sent after the commit, gathered, and by a connection of their own: NOTIFY inside the writing transaction would
make the whole city's commits wait for each other. One that is lost costs a held request some seconds, for it looks again.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator

import psycopg

from sync.gateway.storage.base import Stream

_CHANNEL = "sophuong_news"
_GATHER = 0.02  # seconds
_LARGEST = 7000  # bytes of a notice; PostgreSQL takes 8000
_WAIT_AGAIN = 2.0  # seconds until a lost connection is tried again
_LOOK = 1.0  # seconds between two looks whether all is to end
log = logging.getLogger("sync.gateway")


class Notices:
    """``tell`` from any thread; ``heard`` is called, in a thread of this object, with what other processes tell, and with
    nothing in particular after a break, during which anything may have come."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._mine = secrets.token_hex(4)
        self._news: set[Stream] = set()
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.listening = False

    def tell(self, streams: Iterable[Stream]) -> None:
        """Sent soon by a program that listens too; by any other when it stops."""
        with self._lock:
            self._news.update(streams)
        self._something.set()

    def listen(self, heard: Callable[[set[Stream] | None], None]) -> None:
        """Begin to hear, and to send at once. ``heard(None)``: there was a break."""
        self._threads = [
            threading.Thread(target=self._send, name="notices", daemon=True),
            threading.Thread(target=self._listen, args=(heard,), name="notices-heard", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send what is left, and end."""
        self._ended.set()
        self._something.set()
        for thread in self._threads:
            thread.join()
        self._send()

    def _connect(self) -> psycopg.Connection[tuple[str, ...]]:
        return psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="sophuong-notices")

    def _send(self) -> None:
        """Until the end, and then what is left, once."""
        while self._news or not self._ended.is_set():
            try:
                with self._connect() as connection:
                    connection.execute("SET synchronous_commit = off")
                    self._send_by(connection)
            except psycopg.Error as error:
                log.warning("notices: %s", error)
                self._ended.wait(_WAIT_AGAIN)

    def _send_by(self, connection: psycopg.Connection[tuple[str, ...]]) -> None:
        while self._news or not self._ended.is_set():
            self._something.wait()
            self._something.clear()
            self._ended.wait(_GATHER)
            with self._lock:
                news, self._news = self._news, set()
            for notice in _notices(self._mine, news):
                connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, notice))

    def _listen(self, heard: Callable[[set[Stream] | None], None]) -> None:
        while not self._ended.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self.listening = True
                    heard(None)
                    self._hear(connection, heard)
            except psycopg.Error as error:
                log.warning("notices: %s", error)
                self.listening = False
                self._ended.wait(_WAIT_AGAIN)
        self.listening = False

    def _hear(
        self, connection: psycopg.Connection[tuple[str, ...]], heard: Callable[[set[Stream] | None], None]
    ) -> None:
        while not self._ended.is_set():
            for notice in connection.notifies(timeout=_LOOK):
                sender, _, told = notice.payload.partition("\n")
                if sender != self._mine:
                    heard({(ward, scope) for ward, _, scope in (line.partition(" ") for line in told.split("\n"))})
                if self._ended.is_set():
                    return


def _notices(sender: str, streams: Iterable[Stream]) -> Iterator[str]:
    lines: list[str] = []
    size = 0
    for ward, scope in sorted(streams):
        line = f"{ward} {scope}"
        size += len(line.encode()) + 1
        if size > _LARGEST and lines:
            yield "\n".join([sender, *lines])
            lines, size = [], len(line.encode()) + 1
        lines.append(line)
    if lines:
        yield "\n".join([sender, *lines])
