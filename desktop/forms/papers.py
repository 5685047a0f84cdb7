"""A record's printouts: which are offered, their HTML, and the log that makes the second copy say so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from desktop.following import entry_of_record
from desktop.forms.entries import entry_context, ward_facts
from desktop.signers import Signer, signer_name
from forms.definition import Printout, RecordType
from forms.label import Label
from forms.paper_offers import why_not_for
from forms.printing import PrintContext, render
from sync.store.model import PrintRow, Record

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.book_selection import Selection


LeftOpen = Callable[[Signer], object]


def _nobody(signer: Signer) -> None:
    """Nobody wants to know."""


def offered(app: App, record_type: RecordType, record: Record | None) -> list[Printout]:
    """Printouts that are for the record as it is."""
    return [printout for printout, reason in _in_this_state(app, record_type, record) if reason is None]


def withheld(app: App, record_type: RecordType, record: Record | None) -> list[tuple[Printout, Label]]:
    """Printouts that the record's state allows and what it says does not, each with the reason."""
    return [(printout, reason) for printout, reason in _in_this_state(app, record_type, record) if reason is not None]


def _in_this_state(app: App, record_type: RecordType, record: Record | None) -> list[tuple[Printout, Label | None]]:
    if record is None:
        return []
    papers = [p for p in record_type.printouts if p.over != "list" and p.is_for_state(record.state)]
    if all(printout.when is None for printout in papers):
        return [(printout, None) for printout in papers]
    entry = entry_of_record(record, app.catalog, entry_context(app))
    return [(printout, why_not_for(printout, entry)) for printout in papers]


def of_lists(record_type: RecordType, record: Record, printout_ids: Sequence[str]) -> list[Printout]:
    """Those that are printed for several records together, from the list where the officer chooses them."""
    lists = (p for p in record_type.printouts if p.id in printout_ids and p.over == "list")
    return [p for p in lists if p.is_for_state(record.state)]


def next_copy(rows: Sequence[PrintRow], printout: Printout) -> int:
    """Which copy the next print is; prints that failed do not count, proofs are never counted."""
    done = [row.copy for row in rows if row.printout == printout.id and not row.failed and not row.spoiled]
    return 1 if printout.proof else max(done, default=0) + 1


def is_temporary(record_type: RecordType, record: Record) -> bool:
    """Whether the paper must say that the number is not the final one."""
    takes = record_type.register is not None and any(a.takes_number for a in record_type.actions)
    register = record_type.register
    shown = record.number or (record.fields.get(register.field) if register else None)
    return takes and not shown


def make_html(app: App, record: Record, printout: Printout, copy: int, left_open: LeftOpen = _nobody) -> str:
    """One paper. Reads the store: runs in the background. ``left_open`` is told of those whose post it leaves to be filled
    in. Raises PrintError."""
    record_type = app.catalog.record_type(record.type)
    records = records_of(app, record, printout)
    told = _told_of_signers(app, records, left_open)
    context = _context(app, copy_number=copy, temporary=is_temporary(record_type, record), **told)
    return render(record_type, printout.id, app.catalog, records, context=context)


def make_list_html(
    app: App,
    record_type: RecordType,
    printout: Printout,
    selection: Selection,
    left_open: LeftOpen = _nobody,
) -> str:
    """A paper over a list; ``left_open`` as of ``make_html``. Runs in the background. Raises PrintError."""
    told = _told_of_signers(app, selection.records, left_open)
    context = _context(app, selection.ward, book=selection.book, **told)
    return render(record_type, printout.id, app.catalog, selection.records, context=context)


def print_surroundings(app: App, ward: str = "") -> PrintContext:
    """What surrounds a paper that no tool has a template for. ``ward``: whose paper it is, "": this PC's own."""
    return _context(app, ward)


def _context(app: App, ward: str = "", **more: Any) -> PrintContext:
    def related(type_id: str, field: str, record_id: str) -> Sequence[Any]:
        return app.store.records.pointing_at(type_id, field, record_id) if type_id in app.seen else ()

    return PrintContext(
        ward=ward_facts(app, ward),
        officer=app.officer,
        now=app.clock.now,
        resolve=app.resolve,
        related=related,
        **more,
    )


def _told_of_signers(app: App, records: Sequence[Record], left_open: LeftOpen) -> dict[str, Any]:
    return {
        "name_of": lambda officer_id: signer_name(app.store, records, officer_id),
        "left_open": lambda officer_id, name: left_open(Signer(officer_id, name)),
    }


def next_serial(serial: str) -> str:
    """The blank after one: KS-0041207 → KS-0041208; "" where no number ends it."""
    digits = re.search(r"[0-9]+$", serial)
    return f"{serial[: digits.start()]}{int(digits[0]) + 1:0{len(digits[0])}d}" if digits else ""


def records_of(app: App, record: Record, printout: Printout) -> Sequence[Record]:
    """The record alone, or with ``over: visit`` every line of its visit, oldest first."""
    if printout.over != "visit":
        return [record]
    return visit_lines(app, record) or [record]


def visit_lines(app: App, record: Record) -> list[Record]:
    """All records of the visit a record belongs to, in the order they were made. A query: in the background."""
    record_type = app.catalog.record_type(record.type)
    visit = record.fields.get(record_type.visit) if record_type.visit else None
    if not record_type.visit or visit in (None, ""):
        return []
    wanted: Mapping[str, Any] = {record_type.visit: visit}
    return sorted(app.store.records.find(record.type, **wanted), key=lambda line: line.id)
