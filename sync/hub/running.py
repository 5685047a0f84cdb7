"""The hub as a program that stays: until it is told to end, whatever the city's line does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from sync.clock import Clock
from sync.ending import End
from sync.hub.announcing import Announcement
from sync.hub.identity import HubNotReadyError, read_identity
from sync.hub.server import EVERY, HubServer
from sync.protocol import SyncError

_TRIED_AGAIN = 30.0  # seconds


def machine_folder() -> Path:
    """Where the hub of this machine keeps its own, whoever is signed in."""
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "SoPhuong" / "hub"
    return Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or "/var/lib/so-phuong-hub")


def announced(server: HubServer) -> Announcement:
    def about() -> tuple[int, Sequence[str], str]:
        return server.port, server.names, server.identity.fingerprint

    return Announcement(server.identity.device, about)


def serve(
    folder: Path,
    port: int,
    host: str,
    clock: Clock,
    ended: End,
    *,
    say: Callable[[str], None] = lambda text: None,
    announce: bool = True,
    every: float = EVERY,
    patient: bool = False,
) -> None:
    """``say`` is told the address, or in two languages why it does not serve yet. ``patient``: a PC that nobody made a hub
    waits until somebody does; else raises HubNotReadyError."""
    if not patient:
        read_identity(folder)
    told = ""
    while not ended.wait(0):
        try:
            server = HubServer(
                folder, port, host=host, clock=clock, every=every, announce=announced if announce else None
            )
            with server:
                say(f"Máy trung gian sẵn sàng / hub ready: {server.url}")
                ended.wait()
                return
        except (HubNotReadyError, SyncError, OSError) as error:
            if str(error) != told:
                told = str(error)
                say(told)
            ended.wait(_TRIED_AGAIN)
