"""``print ID PRINTOUT FILE.pdf``: a printout of a record. The print is logged first, so that no paper goes unrecorded."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.commands.desk import Desk
from desktop.commands.display import draw_papers
from desktop.commands.entries import entry_context, ward_facts
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.following import entry_of_record
from desktop.signers import signer_name
from forms.definition import Printout, RecordType
from forms.paper_offers import why_not

if TYPE_CHECKING:
    from forms.printing import PrintContext
    from sync.store.model import Record


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("id", metavar="ID", help=parser.say("mã bản ghi", "the record's id"))
    parser.add_argument("printout", metavar=parser.say("MẪU", "PRINTOUT"))
    parser.add_argument("file", metavar=parser.say("TỆP.pdf", "FILE.pdf"))
    parser.add_argument(
        "--serial",
        default="",
        metavar=parser.say("SỐ PHÔI", "SERIAL"),
        help=parser.say("số phôi in sẵn, ghi vào sổ phôi", "serial number of the pre-printed blank, for its log"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    record = desk.record(given.id)
    record_type = desk.catalog.record_type(record.type)
    printout = find_printout(record_type, given.printout)
    if given.serial and not printout.blank:
        raise usage_error(f"“{printout.label.vi}” không in trên phôi.", f"“{printout.label.en}” goes on no blank.")
    copy = print_record(desk, record, printout, Path(given.file), given.serial)
    if desk.as_json:
        desk.put_json({"id": record.id, "printout": printout.id, "copy": copy, "file": given.file})
    again_vi, again_en = (f", in lại lần {copy - 1}", f", reprint {copy - 1}") if copy > 1 else ("", "")
    desk.say(f"{printout.label.vi}: {given.file}{again_vi}", f"{printout.label.en}: {given.file}{again_en}")
    return 0


def print_record(desk: Desk, record: Record, printout: Printout, path: Path, serial: str = "") -> int:
    """Write the PDF; which copy it is (1: the first, 0: a proof, which is not logged).

    Raises PrintError, PrintFailed, CommandError or OSError. The log comes first: a print that failed after it only makes
    the next one say "IN LẠI", while a paper that went out without a trace could not be explained.
    """
    if reason := why_not(printout, entry_of_record(record, desk.catalog, entry_context(desk))):
        raise CommandError(reason.vi, reason.en)
    check_writable(path)
    if printout.proof:
        write_paper(printed_html(desk, record, printout, 0), printout, path)
        return 0
    copy = desk.store.prints.log(record.id, printout.id, desk.officer, serial=serial)
    write_paper(printed_html(desk, record, printout, copy), printout, path)
    return copy


def check_writable(path: Path) -> None:
    """Raises CommandError before anything is logged."""
    if (path.exists() and not path.is_file()) or not path.absolute().parent.is_dir():
        raise CommandError(f"Không ghi được {path}.", f"Cannot write {path}.")


def find_printout(record_type: RecordType, printout_id: str) -> Printout:
    for printout in record_type.printouts:
        if printout.id == printout_id:
            return printout
    names = ", ".join(p.id for p in record_type.printouts) or "—"
    raise usage_error(f"Không có mẫu in “{printout_id}”. Có: {names}.", f"No printout “{printout_id}”. Known: {names}.")


def printed_html(desk: Desk, record: Record, printout: Printout, copy: int) -> str:
    """The paper as HTML, with the records the printout covers."""
    from forms.printing import render

    record_type = desk.catalog.record_type(record.type)
    register = record_type.register
    temporary = register is not None and not (record.number or record.fields.get(register.field))
    records = _covered(desk, record, record_type, printout)
    context = print_context(
        desk,
        copy_number=copy,
        temporary=temporary,
        name_of=lambda officer_id: signer_name(desk.store, records, officer_id),
    )
    return render(record_type, printout.id, desk.catalog, records, context=context)


def print_context(desk: Desk, ward: str = "", **more: Any) -> PrintContext:
    """What surrounds a print of the command line; references within what may be seen. ``ward``: whose paper it is, "": this
    PC's own ward's."""
    from forms.printing import PrintContext

    def related(type_id: str, field: str, record_id: str) -> tuple[Record, ...]:
        seen = desk.seen is None or type_id in desk.seen
        return desk.store.records.pointing_at(type_id, field, record_id) if seen else ()

    return PrintContext(
        ward=ward_facts(desk, ward),
        officer=desk.officer,
        now=desk.clock.now,
        resolve=desk.resolve,
        related=related,
        **more,
    )


def _covered(desk: Desk, record: Record, record_type: RecordType, printout: Printout) -> list[Record]:
    """The record alone, or all lines of its visit in the order they were taken in."""
    visit = record_type.visit
    if printout.over != "visit" or visit is None or record.fields.get(visit) is None:
        return [record]
    found = desk.store.records.find(record.type, **{visit: record.fields[visit]})
    return sorted(found, key=lambda line: line.id) or [record]


def write_paper(html: str, printout: Printout, path: Path) -> None:
    """The PDF. Raises PrintFailed."""
    draw_papers()
    from PySide6.QtWidgets import QApplication

    from desktop.forms.printing_qt import write_pdf

    application = QApplication.instance() or QApplication(["sophuong"])
    write_pdf(html, path, printout)
    del application
