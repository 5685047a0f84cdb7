"""An operator has deliveries tried again: those that were given up, those that wait, and by wish those that were refused."""

from __future__ import annotations

from collections.abc import Callable

from sync.clock import Clock, moment_text
from sync.gateway.ledger import stream_head
from sync.gateway.parcels import STOPPED
from sync.gateway.service_lines import open_again
from sync.gateway.storage import Session, Storage, Stream

News = Callable[[set[Stream]], None]


def retry(
    storage: Storage, clock: Clock, news: News, service: str, record_id: str | None = None, *, refused: bool = False
) -> int:
    """Make the service's deliveries due now, and have the service itself tried at once; how many they are. ``record_id``:
    of this record alone. A refused one gets another key, for under the old one the service would say the same again."""
    wanted = ["waiting", "sent", STOPPED, *(["refused"] if refused else [])]
    with storage.write() as session:
        open_again(session, service)
        sql = "SELECT DISTINCT ward, scope FROM deliveries WHERE service = ? AND status = ANY(?)"
        streams = sorted((str(ward), str(scope)) for ward, scope in session.all(sql, service, wanted))
    count = 0
    told: set[Stream] = set()
    for stream in streams:
        with storage.write([stream]) as session:
            ids = _ids(session, stream, service, wanted, record_id)
            if ids:
                _make_due(session, stream, service, ids, clock)
                told.add(stream)
                count += len(ids)
    news(told)
    return count


def _ids(session: Session, stream: Stream, service: str, wanted: list[str], record_id: str | None) -> list[str]:
    sql = "SELECT record_id FROM deliveries WHERE ward = ? AND scope = ? AND service = ? AND status = ANY(?)"
    if record_id is None:
        rows = session.all(sql, *stream, service, wanted)
    else:
        rows = session.all(f"{sql} AND record_id = ?", *stream, service, wanted, record_id)
    return [str(row[0]) for row in rows]


def _make_due(session: Session, stream: Stream, service: str, ids: list[str], clock: Clock) -> None:
    """``attempts`` begin anew, so that the faults do too. PCs see what was refused wait again."""
    now = clock.now()
    position = stream_head(session, *stream) + 1
    session.upsert("streams", [(*stream, position)])
    session.run(
        "UPDATE deliveries SET resent = resent + CASE WHEN status = 'refused' THEN 1 ELSE 0 END, "
        "message = CASE WHEN status = 'sent' THEN message ELSE '' END, problems = NULL, attempts = 0, "
        "status = CASE WHEN status = 'sent' THEN status ELSE 'waiting' END, due_at = ?, at = ?, position = ? "
        "WHERE ward = ? AND service = ? AND record_id = ANY(?)",
        *(now.timestamp(), moment_text(now), position, stream[0], service, ids),
    )
