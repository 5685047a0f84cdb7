"""Wakes the long polls of a stream when something new is in it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from sync.gateway.storage import Stream


class Bell:
    """Rung from any thread; listened to in the server's event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: dict[Stream, set[asyncio.Event]] = defaultdict(set)
        self.stopped = False

    def ring(self, streams: Iterable[Stream]) -> None:
        """Tell the listeners of these streams. Without a running server nobody listens, and nothing happens."""
        names = tuple(streams)
        if self._loop is not None and names:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._wake, names)

    def ring_all(self) -> None:
        """Tell every listener to look: what was missed is not known."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(lambda: self._wake(tuple(self._listeners)))

    def stop(self) -> None:
        """Let every listener go: the server is ending."""
        self.stopped = True
        self.ring_all()

    def _wake(self, streams: tuple[Stream, ...]) -> None:
        for stream in streams:
            for event in self._listeners.get(stream, ()):
                event.set()

    @contextmanager
    def listening(self, *streams: Stream) -> Iterator[asyncio.Event]:
        """An event that is set when one of the streams has news from now on."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        for stream in streams:
            self._listeners[stream].add(event)
        try:
            yield event
        finally:
            for stream in streams:
                self._listeners[stream].discard(event)
                if not self._listeners[stream]:
                    del self._listeners[stream]
