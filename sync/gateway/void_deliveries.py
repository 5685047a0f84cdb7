"""A record is voided: every service that may have it learns so, whatever states the record type delivers in; one that never got
it is not sent it any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from forms.definition import Catalog
from sync.gateway.storage import Session
from sync.protocol import RecordVersion

NOT_SENT = "not_sent"
"""The state of a delivery whose record was voided before any courier had it; on the line it is told as waiting, which every PC
knows."""
NOT_SENT_WORDS = "Hồ sơ đã dừng hoặc bị hủy trước khi gửi, nên không gửi nữa."


def in_void_state(catalog: Catalog, version: RecordVersion) -> bool:
    return catalog.record_type(version.type).state(version.state).kind == "void"


def services_with(session: Session, ward: str, ids: Iterable[str]) -> dict[str, dict[str, bool]]:
    """Of each record: the services it was meant for, and whether one may have it. A courier that had it may have been cut off
    before it wrote down what came of it: then the service is told once too often rather than never."""
    sql = "SELECT record_id, service, status, attempts, holder, number FROM deliveries WHERE ward = ? AND record_id = ANY(?)"
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for record_id, service, status, attempts, holder, number in session.all(sql, ward, list(ids)):
        found[record_id][service] = bool(status not in ("waiting", NOT_SENT) or attempts or holder or number)
    return found
