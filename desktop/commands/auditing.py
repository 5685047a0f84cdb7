"""``book TOOL.RECORD --audit [FILE]``: every number of a book, continuous from 1 to the last; on the screen, as .pdf or .xlsx."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.book_audit import as_json, note_line, numbers, paper, stand, summary, title, why, write_sheet
from desktop.book_keeping import current_period
from desktop.commands.desk import Desk
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.printing import check_writable, print_context, write_paper
from forms.definition import RecordType
from sync.clock import zoned_text
from sync.store.audit import BookAudit


def audit_book(desk: Desk, record_type: RecordType, given: argparse.Namespace) -> int:
    if record_type.register is None:
        raise CommandError(
            f"“{record_type.label.vi}” không phải sổ có số.", f"“{record_type.label.en}” is not a numbered book."
        )
    file = given.printout or given.file
    path = Path(file) if file else None
    if path is not None and path.suffix.lower() not in (".pdf", ".xlsx"):
        raise usage_error("Tệp kiểm sổ là .pdf hoặc .xlsx.", "The check of a book is written as .pdf or .xlsx.")
    audit = _find(desk, record_type, given)
    if path is not None:
        _write(desk, record_type, audit, path, given.ward)
    if desk.as_json:
        desk.put_json({"type": record_type.id, **as_json(audit)})
    elif path is None:
        _show(desk, record_type, audit)
    desk.say(summary(audit), summary(audit))
    return 0


def _find(desk: Desk, record_type: RecordType, given: argparse.Namespace) -> BookAudit:
    """The book asked for; where the period is left open this period's, else the newest."""
    books = desk.store.audits.books(record_type.id, given.ward)
    wanted = given.period or current_period(record_type, desk.clock.now())
    series = given.series
    if series is None:
        known = [s for s, period in books if period == wanted]
        if len(known) > 1:
            names = ", ".join(sorted(known))
            raise usage_error(f"Sổ có nhiều loạt số, chọn --series: {names}.", f"Choose a --series: {names}.")
        series = known[0] if known else ""
    if not given.period and (series, wanted) not in books and books:
        series, wanted = books[0]
    return desk.store.audits.audit(record_type.id, wanted, series, given.ward)


def _write(desk: Desk, record_type: RecordType, audit: BookAudit, path: Path, ward: str) -> None:
    check_writable(path)
    made = paper(audit, desk.catalog, record_type, whose=desk.enrolment.wards[ward] if ward else "")
    if path.suffix.lower() == ".xlsx":
        write_sheet(path, made)
        return
    from forms.list_paper import LIST_PRINTOUT, render_list

    write_paper(render_list(made, desk.catalog, print_context(desk, ward)), LIST_PRINTOUT, path)


def _show(desk: Desk, record_type: RecordType, audit: BookAudit) -> None:
    desk.line(title(audit, desk.catalog, record_type))
    for row in audit.rows:
        words = why(row)
        what = row.title if row.status in ("given", "void") else ""
        tail = f"  ({words})" if words else ""
        desk.line(
            f"{numbers(row):>12}  {stand(row):<12} {zoned_text(row.at):<26}  {row.officer}  {what}{tail}".rstrip()
        )
    for note in audit.notes:
        desk.line(note_line(note))
