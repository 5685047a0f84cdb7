"""A legal book in words, number by number: for the page, the verb, paper and spreadsheet. No Qt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from desktop.language import say, tr
from forms.book_notes import book_label
from forms.definition import Catalog, RecordType
from forms.exchange import whole_file
from forms.list_paper import ListPaper
from forms.vietnamese_dates import show_moment
from sync.store.audit import AuditNote, AuditRow, BookAudit

FILTERS = ("all", "odd", "unused", "void", "missing")
_WIDTHS = (8, 13, 12, 17, 8, 24, 18)


def columns() -> tuple[str, ...]:
    return tuple(tr(f"book.column_{name}") for name in ("n", "stand", "at", "by", "device", "record", "why"))


def is_shown(row: AuditRow, wanted: str, text: str = "") -> bool:
    """Whether a filter and a typed text let the row through."""
    if wanted == "odd" and not row.odd:
        return False
    if wanted in ("unused", "void", "missing") and row.status != wanted:
        return False
    needle = text.strip().casefold()
    if not needle:
        return True
    if needle.isdigit():  # somebody looks for a number, not for a digit in a title
        return row.n <= int(needle) <= row.to or row.number.casefold() == needle
    words = (row.number, row.title, row.officer, row.device, row.reason)
    return any(needle in word.casefold() for word in words)


def cells(row: AuditRow) -> tuple[str, ...]:
    """As ``columns``."""
    return (numbers(row), stand(row), moment(row.at), row.officer, row.device, record_words(row), why(row))


def numbers(row: AuditRow) -> str:
    if row.number:
        return row.number
    return f"{row.n}–{row.to}" if row.to > row.n else str(row.n)


def stand(row: AuditRow) -> str:
    return tr(f"book.stand_{row.status}")


def record_words(row: AuditRow) -> str:
    return row.title if row.status in ("given", "void") else ""


def why(row: AuditRow) -> str:
    """Why it is unused, and everything odd about it, in words."""
    parts = []
    if row.note:
        parts.append(tr(f"book.note_{row.note}"))
    if row.reason:
        parts.append(row.reason)
    if row.status == "void" and not row.reason:
        parts.append(tr("book.void_no_reason"))
    parts += [tr(f"book.odd_{odd}") for odd in row.odd]
    return "; ".join(parts)


def what(row: AuditRow) -> str:
    """For a narrow screen: what is odd first, then the record or why there is none."""
    odd = "; ".join(tr(f"book.odd_{each}") for each in row.odd)
    if row.status == "given":
        return " – ".join(part for part in (odd, row.title) if part)
    return " – ".join(part for part in (why(row), record_words(row)) if part)


def moment(at: str) -> str:
    return show_moment(at) if at else ""


def summary(audit: BookAudit) -> str:
    """The line below the book: how many of each, and whether it is whole."""
    counts = {name: audit.count(name) for name in ("given", "void", "unused", "missing")}
    twice = sum("twice" in row.odd for row in audit.rows)
    text = tr("book.sum", last=audit.last, **counts)
    if audit.is_whole:
        return f"{text} {tr('book.whole')}"
    faults = [tr("book.lacks", n=counts["missing"])] if counts["missing"] else []
    faults += [tr("book.twice", n=twice)] if twice else []
    return f"{text} {tr('book.not_whole', faults=', '.join(faults))}"


def note_line(note: AuditNote) -> str:
    """ "02/11/2026 08:05 – Giao sổ sang máy khác, Q1 → Q2: nghỉ phép (Trần Thị Mẫu)" """
    moved = " → ".join(part for part in (note.device_before, note.device_after) if part)
    numbers_ = ""
    if note.first and note.kind == "handover":
        numbers_ = tr("book.from_number", n=note.first)
    elif note.first:
        numbers_ = f"{note.first}–{note.last}" if note.last != note.first else str(note.first)
    head = ", ".join(part for part in (tr(f"book.note_{note.kind}"), moved, numbers_) if part)
    return f"{moment(note.at)} – {head}: {note.reason} ({note.by})"


def title(audit: BookAudit, catalog: Catalog, record_type: RecordType) -> str:
    name = say(record_type.label)
    if audit.series:
        name = book_label(catalog, audit.register)
    return f"{name} · {audit.period}" if audit.period else name


def paper(
    audit: BookAudit, catalog: Catalog, record_type: RecordType, wanted: str = "all", text: str = "", *, whose: str = ""
) -> ListPaper:
    """``whose``: the ward, where it has to be said."""
    shown = [row for row in audit.rows if is_shown(row, wanted, text)]
    note = tr(f"book.filter_{wanted}") if wanted != "all" else ""
    foot = [summary(audit), *(note_line(each) for each in audit.notes)]
    if audit.unread:
        foot.append(tr("book.unread", n=len(audit.unread)))
    return ListPaper(
        heading=tr("book.paper_title"),
        sub=" · ".join(filter(None, (title(audit, catalog, record_type), whose))),
        note=note,
        columns=list(zip(columns(), _WIDTHS, strict=True)),
        lines=[cells(row) for row in shown],
        foot=foot,
    )


def write_sheet(path: Path, made: ListPaper) -> None:
    """One .xlsx, whole or not at all. Raises OSError."""
    import xlsxwriter

    with whole_file(path) as beside:
        book = xlsxwriter.Workbook(str(beside), {"strings_to_formulas": False, "strings_to_urls": False})
        try:
            _fill(book, made)
        finally:
            book.close()


def _fill(book: Any, made: ListPaper) -> None:
    sheet = book.add_worksheet(str(tr("book.sheet"))[:31])
    bold = book.add_format({"bold": True})
    head = book.add_format({"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter"})
    text = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, f"{made.heading} – {made.sub}", bold)
    sheet.write_string(1, 0, made.note)
    for at, (name, width) in enumerate(made.columns):
        sheet.write_string(3, at, name, head)
        sheet.set_column(at, at, width * 1.6)
    sheet.freeze_panes(4, 1)
    for row, line in enumerate(made.lines, start=4):
        for at, cell in enumerate(line):
            sheet.write_string(row, at, cell, text)
    for row, sentence in enumerate(made.foot, start=5 + len(made.lines)):
        sheet.write_string(row, 0, sentence)


def as_json(audit: BookAudit) -> dict[str, Any]:
    import msgspec

    return {
        **msgspec.to_builtins(audit),
        "last": audit.last,
        "whole": audit.is_whole,
        "counts": {name: audit.count(name) for name in ("given", "void", "unused", "missing")},
    }
