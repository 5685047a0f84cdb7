"""A hand at the keyboard of the real window: fills forms, presses their buttons, answers their dialogs, takes pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop.app import App
from desktop.forms.dialogs import AskDialog
from desktop.forms.print_preview import PrintPreview
from desktop.forms.record_page import RecordPage
from desktop.screens import save_picture, wait_until, wait_until_drawn
from forms.definition import Action
from forms.entry import RecordEntry
from sync.protocol import Officer
from sync.store.model import Record

if TYPE_CHECKING:
    from desktop.views.main_window import MainWindow

_LOOK_MS = 30  # how often the hand looks whether a dialog has opened


class HandError(Exception):
    """The window did not do what an officer would expect; ``str()`` says where."""


class Hand:
    """Works one window. Every picture is numbered in the order taken."""

    def __init__(self, window: MainWindow, pictures: Path) -> None:
        self.window = window
        self.app: App = window.app
        self._pictures = pictures
        self._count = 0
        self._answers: Mapping[str, Any] = {}
        self._look = QTimer(window)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._answer_dialog)

    def picture(self, name: str) -> None:
        """The window as it stands now."""
        wait_until_drawn(self.app)
        self._count += 1
        save_picture(self.window, self._pictures / f"{self._count:02d}-{name}.png")

    def go(self, page: str) -> None:
        self.window.pages.go(page)
        wait_until_drawn(self.app)

    def sign_in(self, officer: Officer) -> None:
        if self.app.officer is None or self.app.officer.id != officer.id:
            self.app.sign_in(officer)
            wait_until_drawn(self.app)

    def begin(self, type_id: str) -> RecordPage:
        self.app.begin(type_id)
        return self._page()

    def open(self, record_id: str) -> RecordPage:
        self.app.open_record(record_id)
        return self._page()

    def next_of_visit(self, page: RecordPage) -> RecordPage:
        page.begin_next_of_visit()
        wait_until_drawn(self.app)
        return self._page()

    def _page(self) -> RecordPage:
        wait_until(lambda: isinstance(self.window.pages.page, RecordPage), longest=5)
        page = self.window.pages.page
        if not isinstance(page, RecordPage):
            raise HandError(f"no form was opened, but {self.window.pages.key}")
        page.view.build_all()
        wait_until_drawn(self.app)
        return page

    def fill(self, page: RecordPage, values: Mapping[str, Any]) -> None:
        """Puts values into the fields that are empty and open, in the order of the form."""
        for field in page.record_type.fields:
            if field.name in values and is_open(page.entry, field.name):
                page.view.put(field.name, values[field.name])

    def press(self, page: RecordPage, action: Action | None, answers: Mapping[str, Any]) -> Record:
        """Presses an action's button (None: save) and waits until it is on the disk."""
        before = page.record.updated_at if page.record else None
        state = page.entry.state
        self._answers = answers
        self._look.start()
        page.save(action.id if action else None)
        done = wait_until(lambda: not page.saving.is_busy and not self.app.background.busy, quiet=0.1)
        self._look.stop()
        record = page.record
        if not done or record is None or (action and action.to not in ("=", state) and record.state == state):
            problems = "; ".join(p.message.vi for p in page.entry.problems(action.to if action else None) if p.blocks)
            raise HandError(f"{page.record_type.id}: {action.id if action else 'save'}: {problems or before}")
        return record

    def print_pdf(self, page: RecordPage, printout_id: str, target: Path, picture: str = "") -> None:
        """The preview of a paper (as the action opened it, or asked for now) and from there a PDF."""
        preview = self._open_preview()
        if preview is None:
            page.print_paper(printout_id)
            wait_until(lambda: self._open_preview() is not None, longest=10)
            preview = self._open_preview()
        if preview is None:
            raise HandError(f"{page.record_type.id}: no preview of {printout_id}")
        if picture:
            self._count += 1
            save_picture(preview, self._pictures / f"{self._count:02d}-{picture}.png")
        preview.save_pdf(target)
        wait_until_drawn(self.app)

    def close_preview(self) -> None:
        if (preview := self._open_preview()) is not None:
            preview.reject()
            wait_until_drawn(self.app)

    def _open_preview(self) -> PrintPreview | None:
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, PrintPreview) and w.isVisible()]
        return found[-1] if found else None

    def _answer_dialog(self) -> None:
        """What an action asks for is given; a question whether to go on is answered with yes."""
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, AskDialog):
            for name, value in self._answers.items():
                if dialog.view.cell(name) is not None and dialog.entry.get(name) in (None, "", []):
                    dialog.view.put(name, value)
            dialog.accept_button.click()
        elif isinstance(dialog, QMessageBox):
            for button in dialog.buttons():
                if dialog.buttonRole(button) == QMessageBox.ButtonRole.AcceptRole:
                    button.click()
                    return


def is_open(entry: RecordEntry, name: str) -> bool:
    """Whether an officer would type into the field: it applies, is empty, and is neither locked nor calculated."""
    return (
        entry.is_relevant(name)
        and entry.get(name) in (None, "", [])
        and not entry.is_locked(name)
        and not entry.is_calculated(name)
    )
