"""F9 on a record's page: one press, one step.

After a step the same button often stands for the next one. A key that is held, or pressed again in impatience, must not
take that too, and neither a clock nor the key's own events tell such a press from a meant one (X11 hands a held key out
as presses). So F9 alone never takes two steps in a row: the second press says what the next step is and goes to its
button, where Enter takes it. Whoever has meanwhile typed, moved on or looked at a paper is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from desktop.forms.action_bar import main_offer, offered
from desktop.language import say, tr
from forms.entry import ActionOffer

if TYPE_CHECKING:
    from desktop.forms.record_page import RecordPage


class MainKey(QObject):
    def __init__(self, page: RecordPage) -> None:
        super().__init__(page)
        self._page = page
        self._begun = False  # a save that this key began is under way
        self._must_tell = False  # the step before was this key's, and nothing was done since
        self._place = ""  # the field one stood in then
        page.view.changed.connect(self.free)
        page.view.typed.connect(self.free)

    def press(self) -> None:
        """The form's main action, or a plain save where there is none."""
        page = self._page
        if page.saving.is_busy or page.printing.is_busy:
            return
        main = self._offer()
        same_place = page.view.walk.here == self._place
        if self._must_tell and same_place and main is not None and main.enabled:
            self._tell(main)
            return
        self._must_tell = False
        if main is None and page.record is None and not page.is_given and not page.is_changed:
            page.app.notice(tr("form.save.nothing"))  # an empty record would help nobody
            return
        page.save(main.action.id if main else None)
        self._begun = main is not None and page.saving.is_busy

    def acted(self) -> None:
        """A step was taken and the page shows it; to be called when the focus is where it stays."""
        self._must_tell, self._begun = self._begun, False
        self._place = self._page.view.walk.here

    def failed(self) -> None:
        self._begun = False

    def free(self, *_: object) -> None:
        """Something else was done: the next press means what it says."""
        self._must_tell = False

    def _tell(self, main: ActionOffer) -> None:
        page = self._page
        told = tr("form.main_again", action=say(main.action.label))
        before = page.notice.text.text() if page.notice.isVisible() else ""
        if not before.endswith(told):
            page.notice.say(f"{before} {told}".strip(), "blue", page.notice.do)
        page.header.action_bar.buttons[main.action.id].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _offer(self) -> ActionOffer | None:
        page, officer = self._page, self._page.app.officer
        return main_offer(offered(page.entry, officer, begun=page.record is None), officer)
