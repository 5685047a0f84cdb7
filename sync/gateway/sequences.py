"""The numbers of each device's changes: seen twice, they tell of two stores that speak as one device.

A PC restored from a backup, or a profile copied to a second PC, gives numbers to new changes that others had. Register
numbers would follow, so that such a device numbers nothing until somebody has enrolled it again. Which change had which
number is remembered of the latest ones; a PC that has fallen further behind finds out by ``Hello.device_seq``.
"""

from __future__ import annotations

import hashlib

import msgspec

from sync.gateway.storage import Session, Storage
from sync.protocol import Change

REMEMBERED = 32
_LARGEST = 1 << 62


class DeviceChanges:
    """How far the changes of one device have come, within one transaction."""

    def __init__(self, session: Session, device: str) -> None:
        self._session = session
        self._device = device
        self._new: dict[int, str] = {}

    def note(self, change: Change) -> None:
        """Take note of a change the city had not had before."""
        if 0 < change.device_seq < _LARGEST:
            self._new[change.device_seq] = change.change_id

    def write(self) -> None:
        """Suspends the device when one of the numbers had been another change's."""
        while self._new and not self._written():
            pass

    def _written(self) -> bool:
        """False: another transaction, of the same device in another stream, was quicker, and its word is to be read first."""
        row = self._session.one("SELECT seq, recent, suspended FROM devices WHERE id = ?", self._device)
        if row is None:
            return True
        known = msgspec.json.decode(row[1], type=dict[int, str])
        seq = max(int(row[0]), *self._new)
        new = {n: _mark(change_id) for n, change_id in self._new.items() if n in known or n > seq - REMEMBERED}
        twice = [n for n, mark in new.items() if known.get(n, mark) != mark]
        recent = {n: mark for n, mark in {**new, **known}.items() if n > seq - REMEMBERED}
        touched = self._session.run(
            "UPDATE devices SET seq = ?, recent = ?, suspended = ? WHERE id = ? AND seq = ? AND recent = ? AND suspended = ?",
            seq,
            msgspec.json.encode(recent).decode(),
            row[2] or (str(min(twice)) if twice else ""),
            self._device,
            *row,
        )
        return touched > 0


def _mark(change_id: str) -> str:
    return hashlib.blake2b(change_id.encode(), digest_size=3).hexdigest()


def standing(storage: Storage, device: str) -> tuple[int, bool]:
    """The highest number seen, and whether the device is suspended."""
    rows = storage.once("SELECT seq, suspended FROM devices WHERE id = ?", device)
    return (int(rows[0][0]), bool(rows[0][1])) if rows else (0, False)


def is_suspended(session: Session, device: str) -> bool:
    row = session.one("SELECT suspended FROM devices WHERE id = ?", device)
    return row is not None and bool(row[0])


def trust_again(session: Session, device: str) -> None:
    """Somebody has enrolled it again: a person stands by it."""
    session.run("UPDATE devices SET suspended = '', recent = '{}' WHERE id = ?", device)
