"""A delivery waits for the record's files: until they are at the city it says which, and it goes on when they came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forms.attached import AttachedFile, files_of
from forms.definition import RecordType
from sync.gateway.storage import Session


def missing_files(
    session: Session, record_type: RecordType, ward: str, fields: Mapping[str, Any]
) -> list[AttachedFile]:
    """The files among ``fields`` that the record's stream does not have."""
    named = list({file.sha256: file for file in files_of(record_type, fields)}.values())
    if not named:
        return []
    sql = "SELECT sha256 FROM files WHERE ward = ? AND scope = ? AND sha256 = ANY(?)"
    there = {sha256 for (sha256,) in session.all(sql, ward, record_type.scope, [file.sha256 for file in named])}
    return [file for file in named if file.sha256 not in there]


def sentence(missing: list[AttachedFile]) -> str:
    """Why the delivery waits."""
    more = f" và {len(missing) - 1} tệp khác" if len(missing) > 1 else ""
    return f"Chờ tệp “{missing[0].name[:120]}”{more} được gửi lên thành phố."


def hold(session: Session, ward: str, record_id: str, service: str, sha256s: Iterable[str]) -> None:
    """Have the delivery woken when one of the files comes."""
    for sha256 in sha256s:
        session.run(
            "INSERT INTO awaited_files (ward, sha256, record_id, service) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            ward, sha256, record_id, service,
        )  # fmt: skip


def release(session: Session, ward: str, sha256: str, due_at: float) -> None:
    """A file came: what waits for it is looked at again."""
    rows = session.all(
        "SELECT record_id, service FROM awaited_files WHERE ward = ? AND sha256 = ? ORDER BY record_id", ward, sha256
    )
    for record_id, service in rows:
        session.run(
            "UPDATE deliveries SET due_at = ? WHERE ward = ? AND record_id = ? AND service = ? AND status = 'waiting'",
            due_at, ward, record_id, service,
        )  # fmt: skip
    if rows:
        session.run("DELETE FROM awaited_files WHERE ward = ? AND sha256 = ?", ward, sha256)
