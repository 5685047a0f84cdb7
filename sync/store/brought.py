"""Numbers that stand in this PC's books and that it did not give by what it remembers: history from a file, here or on another
PC, and what it gave itself before its store came back from a backup. The book goes on above them, unless the city refuses their record.
They stand among ``numbers``, with the status "brought"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forms.definition import RecordType
from forms.register_numbers import register_of, series_name
from sync.locked_fields import NUMBERED
from sync.number_reader import FARTHEST
from sync.protocol import Fields, RecordVersion
from sync.store.context import read_enrolment
from sync.store.plan import Plans
from sync.versions import Versions

EVERY_WARD = ""
"""In place of the ward, for a PC's own series: its numbers name the PC."""
OWN_FARTHEST = 1_000_000
"""As ``FARTHEST``, of a PC's own series: nobody types its numbers, and it may run through many years."""
_ANY = (1 << 63) - 1
# of two records with one number the one the city has stays noted, or the one that came later
_NOTE = (
    "INSERT INTO numbers (series, period, n, number, record_id, at, officer, status) VALUES (?, ?, ?, ?, ?, '', '', 'brought') "
    "ON CONFLICT (series, period, n) DO UPDATE SET record_id = excluded.record_id "
    "WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = numbers.record_id AND r.revision > 0)"
)


def note_pulled(connection: Any, plans: Plans, versions: Versions) -> None:
    """Of what the city sent, history in a book held here, and numbers of this device's own series. What another PC numbered in
    the book it held before, the city knew when it lent the book here."""
    if not any(versions.numbers):
        return
    numbered = [v for v in versions if v.number is not None]
    types = {v.type for v in numbered}
    own = {t for t in types if _kind(plans, t) == "local"}
    held = {t for t in types if _kind(plans, t) == "leased"}
    if held:
        sql = "SELECT register FROM leases UNION SELECT register FROM handovers"  # one given back may be taken back
        held &= {register.partition("/")[0] for (register,) in connection.execute(sql)}
    enrolment = read_enrolment(connection) if own else None
    device = enrolment.device if enrolment else ""
    wanted = {**dict.fromkeys(held, ""), **dict.fromkeys(own, device)}
    note(connection, plans, (v for v in numbered if v.type in wanted and _giver(v) == wanted[v.type]))


def note(connection: Any, plans: Plans, versions: Iterable[RecordVersion]) -> None:
    """Read and remember the numbers of these. One whose period cannot be told is left out."""
    rows = []
    for v in versions:
        plan = plans.of(v.type)
        read = plan.number_reader.read(v.number or "", v.fields, _given_at(v)) if plan.number_reader else None
        if read is None or plan.record_type is None:
            continue
        is_own = _kind(plans, v.type) == "local"
        far = OWN_FARTHEST if is_own else FARTHEST
        if read.n > far and (
            is_own or read.n > far + _place(connection, v.ward, plan.record_type, v.fields, read.period)
        ):
            continue
        series = _kept_as(EVERY_WARD if is_own else v.ward, series_name(plan.record_type, v.fields))
        rows.append((series, read.period, read.n, v.number, v.id))
    if rows:
        connection.executemany(_NOTE, rows)


def forget(connection: Any, record_id: str) -> None:
    """The city refused its beginning: the book goes on as if it had never come."""
    connection.execute("DELETE FROM numbers WHERE record_id = ? AND status = 'brought'", (record_id,))


def last_brought(connection: Any, ward: str, series: str, period: str, upper: int = 0) -> int:
    """The highest number of the book that came so, up to ``upper`` (0: any), in the series or in its register from before that
    was parted; 0: none."""
    sql = "SELECT n FROM numbers WHERE series = ? AND period = ? AND n <= ? ORDER BY n DESC LIMIT 1"
    names = {_kept_as(w, name) for w in (ward, EVERY_WARD) for name in (series, register_of(series))}
    rows = [connection.execute(sql, (name, period, upper or _ANY)).fetchone() for name in names]
    return max((int(row[0]) for row in rows if row), default=0)


def _kept_as(ward: str, series: str) -> str:
    """How ``numbers`` names them: no series that this PC numbers is called so."""
    return f"brought {ward} {series}"


def _place(connection: Any, ward: str, record_type: RecordType, fields: Fields, period: str) -> int:
    """Where a book that is held here stands; 0: it is not held."""
    sql = "SELECT next FROM leases WHERE register = ? AND period = ? AND ward = ?"
    row = connection.execute(sql, (series_name(record_type, fields), period, ward)).fetchone()
    return int(row[0]) if row else 0


def _kind(plans: Plans, type_id: str) -> str:
    record_type = plans.of(type_id).record_type
    return record_type.register.kind if record_type and record_type.register else ""


def _giver(version: RecordVersion) -> str:
    mark = version.fields.get(NUMBERED)
    return str(mark.get("device") or "") if isinstance(mark, dict) else ""


def _given_at(version: RecordVersion) -> str | None:
    mark = version.fields.get(NUMBERED)
    at = mark.get("at") if isinstance(mark, dict) else None
    return at if isinstance(at, str) else None
