"""``python -m desktop.demo.papers DIR``: every printout of every record type with its examples, as PDF and PNG.

Also tells what no eye should have to find: text wider than its page, and papers that cannot be made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QRectF

from desktop.forms.printing_qt import Document, write_odt, write_pdf
from forms.calendar import calendar_of
from forms.definition import Catalog, Printout, RecordType
from forms.entry import EntryContext, RecordEntry
from forms.examples import Example, ExampleWorld
from forms.loader import load_catalog
from forms.paper_offers import why_not
from forms.printing import PrintContext, PrintError, render
from forms.wards import ward_facts

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
WARD = ward_facts("00070", "Phường Hoàn Kiếm")
OFFICER = {"id": "mau-can-bo-1", "name": "Trần Thu Hà"}
ZOOM = 0.75
_SLACK = 10.0  # px, under 3 mm: the lines of a bordered table stand outside its width


class Paper(Struct):
    """One paper made of examples. ``problem``: why it could not be made, or what is wrong with it."""

    type: str
    printout: Printout
    name: str
    html: str = ""
    problem: str = ""


def papers(catalog: Catalog, types: tuple[RecordType, ...] | None = None) -> Iterator[Paper]:
    """Every printout with each example it is for; one over a list or a visit with all of them."""
    world = ExampleWorld(catalog)
    for record_type in catalog.record_types if types is None else types:
        for printout in record_type.printouts:
            fitting = [e for e in world.of(record_type.id) if _is_for(world, record_type, printout, e)]
            if not fitting:
                yield Paper(record_type.id, printout, printout.id, problem="no example is in a state it is printed in")
            groups = [[e] for e in fitting] if printout.over == "record" else [fitting] if fitting else []
            for place, group in enumerate(groups, start=1):
                yield _paper(world, record_type, printout, group, f"{printout.id}-{place}")


def _is_for(world: ExampleWorld, kind: RecordType, printout: Printout, example: Example) -> bool:
    if printout.when is None:
        return printout.is_for_state(example.state)
    context = EntryContext(
        now=lambda: NOW, ward=WARD, officer=None, resolve=world.resolve, calendar=calendar_of(world.catalog)
    )
    entry = RecordEntry(
        kind, world.catalog, context, fields=example.fields, state=example.state, number=example.number, id=example.id
    )
    return why_not(printout, entry) is None


def _paper(world: ExampleWorld, kind: RecordType, printout: Printout, group: list[Example], name: str) -> Paper:
    context = PrintContext(
        ward=WARD,
        officer=OFFICER,
        now=NOW,
        resolve=world.resolve,
        related=world.related,
        temporary=kind.register is not None and printout.over == "record" and not _has_number(kind, group[0]),
    )
    paper = Paper(kind.id, printout, name)
    try:
        paper.html = render(kind, printout.id, world.catalog, group, context=context)
    except PrintError as error:
        paper.problem = str(error)
    return paper


def _has_number(kind: RecordType, example: Example) -> bool:
    return bool(example.number or (kind.register and example.fields.get(kind.register.field)))


def overflow(document: Document) -> str:
    """What does not fit its place, in words; "" when all does: something beyond the margin, a word broken in two because
    its column is too narrow for it."""
    room = document.paper.text.width()
    wide = max(document.text.size().width(), *(box.right() for box in _boxes(document)), 0.0)
    if wide > room + _SLACK:
        return f"{wide - room:.0f} px too wide"
    broken = next(_broken_words(document), "")
    return f"broken word: {broken}" if broken else ""


def _boxes(document: Document) -> Iterator[QRectF]:
    layout = document.text.documentLayout()
    yield from (layout.frameBoundingRect(frame) for frame in document.text.rootFrame().childFrames())


def _broken_words(document: Document) -> Iterator[str]:
    block = document.text.begin()
    while block.isValid():
        text, layout = block.text(), block.layout()
        for number in range(layout.lineCount() - 1):
            line = layout.lineAt(number)
            end = line.textStart() + line.textLength()
            if 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
                yield text[max(end - 12, 0) : end] + "|" + text[end : end + 12]
        block = block.next()


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication(["papers"])
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/papers").absolute()
    wanted = sys.argv[2:]
    catalog = load_catalog()
    kinds = tuple(kind for kind in catalog.record_types if not wanted or kind.id.startswith(tuple(wanted)))
    made, wrong = 0, []
    for paper in papers(catalog, kinds):
        problem = paper.problem or _draw(paper, target / paper.type)
        made += 1
        if problem:
            wrong.append(f"{paper.type} {paper.name}: {problem}")
    lines: list[Any] = [f"{made} papers in {target}", *wrong]
    sys.stdout.write("\n".join(lines) + "\n")
    del application
    return 1 if wrong else 0


def _draw(paper: Paper, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    document = Document(paper.html, paper.printout)
    for page in range(document.pages):
        document.image(page, ZOOM).save(str(folder / f"{paper.name}-p{page + 1}.png"))
    write_pdf(paper.html, folder / f"{paper.name}.pdf", paper.printout)
    write_odt(paper.html, folder / f"{paper.name}.odt", paper.printout)
    return overflow(document)


if __name__ == "__main__":
    sys.exit(main())
