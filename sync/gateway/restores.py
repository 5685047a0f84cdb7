"""Which epochs this database has been through: each ended when it came back from a backup."""

from __future__ import annotations

from datetime import datetime

import msgspec

from sync.gateway.storage import Session
from sync.held_copy import HEARD_FOR

_KEY = "ended_epochs"
_BEGINNING = 1_577_836_800  # 2020, in seconds since 1970


def revisions_from(now: datetime) -> int:
    """The least revision given after a restore at that moment, the seconds since 2020: no record was changed more often than
    once a second since the city was last restored."""
    return max(1, int(now.timestamp()) - _BEGINNING)


def ended_epochs(session: Session, now: datetime) -> dict[str, int]:
    """Of each that ended not too long ago the least revision given after it; a PC that read in it may hold what the backup
    lacks."""
    since = revisions_from(now - HEARD_FOR)
    return {epoch: least for epoch, least in _all(session).items() if least > since}


def end_epoch(session: Session, least: int) -> None:
    """The database is in the state of a backup: what was given in its epoch and is not here lies below ``least``."""
    row = session.one("SELECT value FROM meta WHERE key = 'epoch'")
    if row is not None:
        ended = _all(session) | {str(row[0]): least}
        session.upsert("meta", [(_KEY, msgspec.json.encode(ended).decode())])


def _all(session: Session) -> dict[str, int]:
    row = session.one("SELECT value FROM meta WHERE key = ?", _KEY)
    return msgspec.json.decode(row[0], type=dict[str, int]) if row else {}
