"""Which epochs this database has been through: each ended when it came back from a backup."""

from __future__ import annotations

import msgspec

from sync.gateway.storage import Session

_KEY = "ended_epochs"


def ended_epochs(session: Session) -> dict[str, int]:
    """Of each the least revision given after it; a PC that read in one of them may hold what the backup lacks."""
    row = session.one("SELECT value FROM meta WHERE key = ?", _KEY)
    return msgspec.json.decode(row[0], type=dict[str, int]) if row else {}


def end_epoch(session: Session, revisions_from: int) -> None:
    """The database is in the state of a backup: what was given in its epoch and is not here lies below ``revisions_from``."""
    row = session.one("SELECT value FROM meta WHERE key = 'epoch'")
    if row is not None:
        ended = ended_epochs(session) | {str(row[0]): revisions_from}
        session.upsert("meta", [(_KEY, msgspec.json.encode(ended).decode())])
