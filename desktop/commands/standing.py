"""``status`` and ``outbox``: where this device stands, what waits, and why."""

from __future__ import annotations

import argparse
from typing import Any

from msgspec import to_builtins

from desktop.book_keeping import standstill, standstill_words
from desktop.commands.desk import Desk
from desktop.commands.parser import Parser
from sync.clock import local_text
from sync.store.model import HistoryRow


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.verb == "outbox":
        _outbox(desk)
    else:
        _status(desk)
    return 0


def status(desk: Desk) -> dict[str, Any]:
    """The counts of ``status --json``. ``pending`` is the device's whoever looks: what it holds must not be carried away;
    the others are of what may be seen."""
    store, seen = desk.store, desk.seen_of_device
    overview = store.overview(desk.clock.now(), seen)
    waiting = overview.waiting if seen is None else store.overview(desk.clock.now()).waiting
    records = {t: n for t, n in store.records.types().items() if seen is None or t in seen}
    awaiting = [r for r in store.numbers.awaiting() if seen is None or r.type in seen]
    enrolment = store.enrolment
    return {
        "pending": waiting,
        "conflicts": overview.conflicts,
        "refused": overview.refused,
        "last_sync": store.meta("last_sync"),
        "records": records,
        "overdue": overview.overdue,
        "due_today": overview.due_today,
        "new": overview.new,
        "drafts": overview.drafts,
        "awaiting_number": len(awaiting),
        "numbering_stopped": _stopped(desk),
        "files": to_builtins(store.files.counts(seen)),
        "clock_skew": store.meta("clock_skew"),
        "device": enrolment.device if enrolment else None,
        "wards": enrolment.wards if enrolment else {},
        "officers": enrolment.officers if enrolment else (),
        "url": enrolment.url if enrolment else None,
    }


def _stopped(desk: Desk) -> str | None:
    """Why this PC gives no numbers of its books: "restored", "skew", "set_back"; None: it does, or has none."""
    found = standstill(desk.store, desk.catalog)
    return found[1] if found else None


def _status(desk: Desk) -> None:
    found = status(desk)
    if desk.as_json:
        desk.put_json(found)
        return
    wards = ", ".join(f"{name} ({code})" for code, name in found["wards"].items())
    last = local_text(found["last_sync"] or "")
    desk.say(f"Máy {found['device']}: {wards}", f"Device {found['device']}: {wards}")
    desk.say(f"Đồng bộ lần cuối: {last or 'chưa lần nào'}", f"Last sync: {last or 'never'}")
    desk.say(
        f"Chờ gửi: {found['pending']}  ·  bị trả lại: {found['refused']}  ·  ghi khác nhau: {found['conflicts']}",
        f"Waiting: {found['pending']}  ·  refused: {found['refused']}  ·  conflicts: {found['conflicts']}",
    )
    desk.say(
        f"Quá hạn: {found['overdue']}  ·  đến hạn hôm nay: {found['due_today']}  ·  chờ số: {found['awaiting_number']}",
        f"Overdue: {found['overdue']}  ·  due today: {found['due_today']}  ·  no number: {found['awaiting_number']}",
    )
    if found["numbering_stopped"]:
        desk.line(f"! {desk.label(standstill_words(found['numbering_stopped']))}")
    files = found["files"]
    if files["to_send"] or files["not_here"]:
        desk.say(
            f"Tệp chờ gửi: {files['to_send']}  ·  chưa ở máy này: {files['not_here']}",
            f"Files to be sent: {files['to_send']}  ·  not on this PC: {files['not_here']}",
        )
    for type_id, count in sorted(found["records"].items()):
        desk.line(f"  {type_id:<32} {count}")


def _outbox(desk: Desk) -> None:
    seen = desk.seen_of_device
    rows = desk.store.changes.outbox(seen)
    unseen = seen is not None and desk.store.overview(desk.clock.now(), seen).unseen_waiting
    if desk.as_json:
        desk.put_json({"changes": [_waiting(row) for row in rows]} | ({"unseen": True} if unseen else {}))
        return
    for row in rows:
        change = row.change
        desk.line(
            f"{local_text(change.at)}  {change.type}  {change.record_id}  {change.action or change.kind}  [{row.status}]"
        )
        for problem in row.problems:
            desk.line(f"    ! {problem.field}: {desk.label(problem.label)}")
    if unseen:
        desk.say("Máy này còn việc chưa gửi của cán bộ khác.", "This device still holds unsent work of other officers.")
    elif not rows:
        desk.say("Không có gì chờ gửi.", "Nothing waits.")


def _waiting(row: HistoryRow) -> dict[str, Any]:
    change = row.change
    return {
        "change_id": change.change_id,
        "record_id": change.record_id,
        "type": change.type,
        "kind": change.kind,
        "action": change.action,
        "status": row.status,
        "at": change.at,
        "officer": change.officer.name,
        "fields": sorted(change.after),
        "problems": row.problems,
    }
