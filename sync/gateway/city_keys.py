"""The city's own keys, by which devices know its bundles and seal theirs for it."""

from __future__ import annotations

from sync.bundle.keys import Keys, keys_of_text, new_keys
from sync.gateway.storage import Session, Storage

_SQL = "SELECT value FROM meta WHERE key = 'bundle_keys'"


def city_keys(storage: Storage) -> Keys:
    """Made when they are first asked for; they stay for good, also when the database comes back from a backup."""
    with storage.read() as session:
        known = _known(session)
    if known is None:
        with storage.write([("", "bundle_keys")]) as session:
            known = _known(session)
            if known is None:
                known = new_keys()
                session.upsert("meta", [("bundle_keys", known.text)])
    return known


def _known(session: Session) -> Keys | None:
    row = session.one(_SQL)
    return keys_of_text(str(row[0])) if row else None
