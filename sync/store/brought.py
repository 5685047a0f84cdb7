"""Numbers that stand in this PC's books and that it did not give by what it remembers: history from a file, here or on another
PC, and what it gave itself before its store came back from a backup. The book goes on above them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from forms.definition import RecordType
from forms.register_numbers import register_of, series_name
from sync.locked_fields import NUMBERED
from sync.number_reader import FARTHEST
from sync.protocol import Fields, RecordVersion
from sync.store.context import read_enrolment, read_meta, write_meta
from sync.store.plan import Plans

_KEY = "brought"
"""In ``meta``: ward → name of the series → period → the highest number."""
EVERY_WARD = ""
"""In place of the ward, for a PC's own series: its numbers name the PC."""
Known = dict[str, dict[str, dict[str, int]]]


def note_pulled(connection: Any, plans: Plans, versions: Sequence[RecordVersion]) -> None:
    """Of what the city sent, history in a book held here, and numbers of this device's own series. What another PC numbered in
    the book it held before, the city knew when it lent the book here."""
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
    known: Known | None = None
    before: Known = {}
    for v in versions:
        plan = plans.of(v.type)
        read = plan.number_reader.read(v.number or "", v.fields, _given_at(v)) if plan.number_reader else None
        if read is None or plan.record_type is None:
            continue
        if known is None:
            before, known = read_meta(connection, _KEY, {}), read_meta(connection, _KEY, {})
        ward = EVERY_WARD if _kind(plans, v.type) == "local" else v.ward
        book = known.setdefault(ward, {}).setdefault(series_name(plan.record_type, v.fields), {})
        if read.n <= FARTHEST or read.n <= FARTHEST + _place(connection, ward, plan.record_type, v.fields, read.period):
            book[read.period] = max(book.get(read.period, 0), read.n)
    if known is not None and known != before:
        write_meta(connection, _KEY, known)


def last_brought(connection: Any, ward: str, series: str, period: str) -> int:
    """The highest number of the book that came so, in the series or in its register from before that was parted; 0: none."""
    known = read_meta(connection, _KEY, {})
    names = {series, register_of(series)}
    return max(int(known.get(w, {}).get(name, {}).get(period, 0)) for w in (ward, EVERY_WARD) for name in names)


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
