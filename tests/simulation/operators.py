"""The city's operator: the gateway's own verbs, said as at his command line, each a process beside the one that serves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sync.clock import Clock
from sync.gateway import commands, delivery_commands, device_commands, lease_commands
from sync.gateway.city import City
from sync.gateway.moved_books import read_book
from sync.gateway.storage import Session
from tests.simulation import prepared
from tests.simulation.accounts import Broken
from tests.simulation.scheduler import Crash

_MODULES = (commands, lease_commands, device_commands, delivery_commands)


class Operator:
    """``list``: what was withdrawn and moved, outside of the database; ``told``: what the verbs said on stderr."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._clock = clock
        self.list = folder / "city.withdrawn"
        self.list.touch()
        self.told = io.StringIO()

    def says(self, url: str, *words: str, dies: bool = False) -> bool:
        """Whether it was done. No other actor has a turn meanwhile. ``dies``: the process ends just before it commits."""
        with ExitStack() as stack:
            for module in _MODULES:
                stack.enter_context(patch.object(module, "city_of", lambda _: self._city(url, dies)))
            stack.enter_context(redirect_stdout(io.TextIOWrapper(io.BytesIO())))
            stack.enter_context(redirect_stderr(self.told))
            try:
                listed = ("--withdrawn", str(self.list)) if words[0] != "retry" else ()
                return commands.run([*words, "--database", url, *listed]) == 0
            except Crash:
                return False

    def forget_the_list(self) -> None:
        """It was on the disk that was lost."""
        self.list.write_text("")

    def restored(self, url: str) -> None:
        """Says that the database came back from a backup. Raises Broken where a book is not where the list says it was moved to,
        or later on."""
        if not self.says(url, "restored"):
            raise Broken(self.told.getvalue())
        listed = {moved.book: moved for moved in filter(None, map(read_book, self.list.read_text().splitlines()))}
        with closing(self._city(url, dies=False)) as city:
            for book, moved in listed.items():
                sql = "SELECT device, at FROM leases WHERE ward = ? AND register = ? AND period = ?"
                held = city.storage.once(sql, *book)
                known = city.storage.once("SELECT id FROM devices WHERE token_hash = ?", moved.token)
                if not held or (held[0][1] < moved.at and held[0][0] not in (row[0] for row in known)):
                    raise Broken(f"{book} was moved to {moved.device} at {moved.at}, and after a restore is {held}")

    def _city(self, url: str, dies: bool) -> City:
        city = City(url, prepared.catalog(), self._clock, create=False)
        vars(city.wards)["_names"] = prepared.ward_names()
        if dies:
            city.storage.write = _ending(city.storage.write)  # type: ignore[method-assign]
        return city


def _ending(write: Any) -> Any:
    @contextmanager
    def ending(streams: Any = ()) -> Iterator[Session]:
        with write(streams) as session:
            yield session
            raise Crash

    return ending
