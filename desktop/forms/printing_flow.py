"""Save first, then print: which paper, its preview, the log of copies, and what is said when it does not come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QApplication, QMenu

from desktop.forms.papers import make_html, next_copy, offered, withheld
from desktop.forms.print_preview import PrintPreview
from desktop.language import say, say_error, tr
from desktop.signers import Signer
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
        self.is_busy = False  # a paper is being made
        self._place = ""  # the field one stood in when it was asked for
        self._is_moved = False  # something was typed since
        page.view.changed.connect(self._note_typing)
        page.view.typed.connect(self._note_typing)

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
        """Renders in the background, then opens the preview, unless the officer has gone on with something else."""
        self._begin()
        self._make(printout_id)

    def show_soon(self, *printout_ids: str) -> None:
        """After an action: the first of its papers that is for the record, when its save has been shown. From here on F9
        waits for the paper."""
        self._begin()
        QTimer.singleShot(0, self._page, lambda: self._make(*printout_ids))

    def _make(self, *printout_ids: str) -> None:
        page, record = self._page, self._page.record
        papers = {p.id: p for p in offered(page.app, page.record_type, record)}
        printout = next((papers[each] for each in printout_ids if each in papers), None)
        if record is None or printout is None:
            self.is_busy = False
            return
        app, paper, saved = page.app, printout, record

        def make() -> tuple[str, int, tuple[Signer, ...]]:
            copy, unknown = next_copy(app.store.prints.of(saved.id), paper), list[Signer]()
            return make_html(app, saved, paper, copy, unknown.append), copy, tuple(unknown)

        task = app.background.run(make, page)
        task.then(lambda made: self._made(saved, paper, *made))
        task.failed(self._not_made)

    def _begin(self) -> None:
        self.is_busy, self._is_moved = True, False
        self._place = self._page.view.walk.here

    def _note_typing(self, *_: object) -> None:
        self._is_moved = True

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

    def _not_made(self, error: Exception) -> None:
        self.is_busy = False
        self._say_failed(say_error(error))

    def _made(self, record: Record, printout: Printout, html: str, copy: int, unknown: tuple[Signer, ...]) -> None:
        self.is_busy = False
        if self._is_elsewhere():
            self._say_ready(record, printout)
        else:
            self._open(record, printout, html, copy, unknown)

    def _is_elsewhere(self) -> bool:
        """Whether keys now belong to something else: a window opening there would take them, and Enter in it prints."""
        page, focus = self._page, QApplication.focusWidget()
        if QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return True
        gone = not page.isVisible() or (focus is not None and focus is not page and not page.isAncestorOf(focus))
        return gone or self._is_moved or page.view.walk.here != self._place

    def _say_ready(self, record: Record, printout: Printout) -> None:
        """The paper waits: its number of copies may be another one by the time it is looked at."""
        page = self._page
        text = tr("form.print.ready", paper=say(printout.label))
        if not page.isVisible():
            page.app.notice(text)
        if page.record is None or page.record.id != record.id:
            return
        before = f"{page.notice.text.text()} " if page.notice.isVisible() and page.notice.do is None else ""
        page.notice.say(before + text, "blue", (tr("form.print.look"), self._shower(printout.id)))

    def _open(self, record: Record, printout: Printout, html: str, copy: int, unknown: tuple[Signer, ...]) -> None:
        self._page.main_key.free()
        preview = PrintPreview(self._page.app, printout, html, copy, self._page)
        preview.tell_left_open(unknown)
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
