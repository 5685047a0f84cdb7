"""A paper over a list from question to log: sheet, preview, and what is said when it does not come out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.language import say, say_error, tr
from forms.definition import Printout, RecordType
from sync.store.model import ListQuery

if TYPE_CHECKING:  # a start shows lists and prints none
    from desktop.app import App
    from desktop.book_selection import Wanted
    from desktop.forms.print_preview import PrintPreview
    from desktop.signers import Signer
    from desktop.views.book_sheet import BookSheet
    from desktop.views.page import Page


class BookPrinting(QObject):
    def __init__(self, app: App, record_type: RecordType, page: Page) -> None:
        super().__init__(page)
        self._app, self._type, self._page = app, record_type, page
        self.sheet: BookSheet | None = None
        self.preview: PrintPreview | None = None

    def can_print(self) -> bool:
        return any(printout.over == "list" for printout in self._type.printouts)

    def ask(self, query: ListQuery, shown: int) -> None:
        """``query``: what the list shows now, ``shown`` records."""
        if not self.can_print():
            return
        from desktop.views.book_sheet import BookSheet

        sheet = BookSheet(self._app, self._type, query, shown, self._page.window())
        sheet.chosen.connect(self.show)
        sheet.destroyed.connect(self._forget)
        self.sheet = sheet
        sheet.open()

    def _forget(self) -> None:
        self.sheet = None

    def show(self, printout: Printout, wanted: Wanted) -> None:
        """Selects and lays out in the background, then opens the preview."""
        from desktop.book_selection import select

        app, record_type = self._app, self._type

        def make() -> tuple[str, tuple[Signer, ...]]:
            from desktop.forms.papers import make_list_html
            from desktop.signers import Signer

            selection, unknown = select(record_type, printout, app.store, wanted), list[Signer]()
            return make_list_html(app, record_type, printout, selection, unknown.append), tuple(unknown)

        task = app.background.run(make, self._page)
        task.then(lambda made: self._open(printout, wanted, *made))
        task.failed(lambda error: self._say_failed(say_error(error)))

    def _open(self, printout: Printout, wanted: Wanted, html: str, unknown: tuple[Signer, ...]) -> None:
        from desktop.forms.print_preview import PrintPreview

        preview = PrintPreview(self._app, printout, html, 1, self._page)
        preview.tell_left_open(unknown)
        preview.printed.connect(partial(self._log, printout, wanted, False))
        preview.failed.connect(partial(self._log, printout, wanted, True))
        self.preview = preview
        preview.open()

    def _log(self, printout: Printout, wanted: Wanted, failed: bool, why: str = "") -> None:
        from desktop.book_selection import about

        officer, store = self._app.officer, self._app.store
        if failed:
            self._say_failed(why)
        else:
            self._app.notice(tr("frame.book_done", paper=say(printout.label)), "blue")
        if officer is not None and not printout.proof:
            type_id, words = self._type.id, about(wanted)
            self._app.background.run(
                lambda: store.prints.log(type_id, printout.id, officer, failed=failed, about=words), self._page
            )

    def _say_failed(self, why: str) -> None:
        self._app.notice(tr("form.print.failed", reason=why), "red")
