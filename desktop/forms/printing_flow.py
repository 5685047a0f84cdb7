"""Save first, then print: which paper, its preview, the log of copies, and what is said when it does not come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from desktop.forms.papers import make_html, next_copy, offered, withheld
from desktop.forms.print_preview import PrintPreview
from desktop.language import say, tr
from forms.definition import Printout
from forms.label import Label
from sync.store.model import Record

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


class PrintingFlow(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        self.preview: PrintPreview | None = None

    def choose(self) -> None:
        """Ctrl+P: the one paper, or a list of them."""
        page = self._page
        papers = offered(page.app, page.record_type, page.record)
        others = withheld(page.app, page.record_type, page.record)
        if page.is_changed:
            page.notice.say(tr("form.print.save_first"), "amber", (tr("form.save"), page.save))
        elif not papers:
            page.notice.say(say(others[0][1]) if others else tr("form.print.none"), "amber")
        elif len(papers) == 1 and not others:
            self.show(papers[0].id)
        else:
            self._list(papers, others)

    def show(self, printout_id: str) -> None:
        """Renders in the background, then opens the preview."""
        page, record = self._page, self._page.record
        printout = next((p for p in offered(page.app, page.record_type, record) if p.id == printout_id), None)
        if record is None or printout is None:
            return
        app, paper, saved = page.app, printout, record

        def make() -> tuple[str, int]:
            copy = next_copy(app.store.prints.of(saved.id), paper)
            return make_html(app, saved, paper, copy), copy

        task = app.background.run(make, page)
        task.then(lambda made: self._open(saved, paper, *made))
        task.failed(lambda error: self._say_failed(str(error)))

    def _list(self, papers: list[Printout], others: list[tuple[Printout, Label]]) -> None:
        """Those that are not for this record stand below, grey, with the reason."""
        button = self._page.header.print_button
        menu = QMenu(self._page)
        for printout in papers:
            menu.addAction(say(printout.label), self._shower(printout.id))
        if others:
            menu.addSeparator()
        for printout, reason in others:
            menu.addAction(f"{say(printout.label)}: {say(reason)}").setEnabled(False)
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _shower(self, printout_id: str) -> Callable[[], None]:
        return lambda: self.show(printout_id)

    def _open(self, record: Record, printout: Printout, html: str, copy: int) -> None:
        preview = PrintPreview(self._page.app, printout, html, copy, self._page)
        preview.printed.connect(lambda: self.log(record, printout, copy, failed=False))
        preview.failed.connect(lambda why: self.log(record, printout, copy, failed=True, why=why))
        preview.spoiled.connect(lambda serial, why: self.spoil(record, printout, serial, why))
        self.preview = preview
        preview.open()

    def log(self, record: Record, printout: Printout, copy: int, *, failed: bool, why: str = "") -> None:
        """Every paper that left, and every one that did not; proofs are neither."""
        page, officer = self._page, self._page.app.officer
        if failed:
            self._say_failed(why)
        if printout.proof or officer is None:
            return
        store = page.app.store
        blank = self.preview.blank if self.preview is not None else None
        serial = blank.serial if blank is not None else ""
        if serial:  # at once: whether it is spoiled is asked next
            self._logged(
                record,
                printout,
                store.prints.log(record.id, printout.id, officer, failed, serial=serial),
                failed=failed,
            )
            return
        task = page.app.background.run(lambda: store.prints.log(record.id, printout.id, officer, failed=failed), page)
        task.then(lambda logged: self._logged(record, printout, logged, failed=failed))

    def spoil(self, record: Record, printout: Printout, serial: str, reason: str) -> None:
        """The blank printed last did not come out well."""
        page, officer = self._page, self._page.app.officer
        prints = page.app.store.prints
        rows = (row for row in prints.of(record.id) if row.serial == serial and row.printout == printout.id)
        row = next(rows, None)
        if row is not None and officer is not None:
            prints.spoil(row.seq, reason, officer)
            page.read_around()

    def _logged(self, record: Record, printout: Printout, copy: int, *, failed: bool) -> None:
        page = self._page
        if not failed:
            page.notice.say(tr("form.print.done", paper=say(printout.label), n=copy), "blue")
        if page.record is not None and page.record.id == record.id:
            page.read_around()

    def _say_failed(self, why: str) -> None:
        self._page.notice.say(tr("form.print.failed", reason=why), "red")
