"""The gate's pages of a PC that is being set up, or whose store cannot be opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop.language import say_error, tr
from desktop.theme import LARGE, SMALL, Look
from desktop.views.sign_in import GateCard
from desktop.widgets.basics import button, text_label
from sync.store.model import StoreError

_HEADINGS = {
    "damaged_store": "office.trouble_damaged",
    "disk_full": "office.trouble_full",
    "full": "office.trouble_full",
    "read_only": "office.trouble_read_only",
    "newer_store": "office.trouble_newer",
    "upgrade_failed": "office.trouble",
    "wrong_key": "office.trouble_key",
}


class _Roomy(GateCard):
    """Its lines wrap and change, so that the card makes room for them itself."""

    def make_room(self) -> None:
        inner = self.card.width() - 2 * self.look.px(LARGE + 6)
        for text in self.card.findChildren(QLabel):
            text.ensurePolished()
            text.setMinimumHeight(text.heightForWidth(inner) if text.wordWrap() and text.text() else 0)


class EnrolItself(_Roomy):
    """Says what is being done and why it is not done yet; ``now``: try at once; ``by_hand``: another code is typed."""

    now = Signal()
    by_hand = Signal()

    def __init__(self, look: Look, url: str, wards: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(look, tr("office.enrolling"), tr("office.enrolling_about"), parent)
        lines = [url] + ([tr("office.enrolling_ward", wards=", ".join(wards))] if wards else [])
        self.where = text_label("\n".join(lines), "label", wrap=True)
        self.state = text_label("", "", wrap=True)
        self.card.body.addWidget(self.where)
        self.card.body.addWidget(self.problem)
        self.card.body.addWidget(self.state)
        row = QHBoxLayout()
        self.other = button(tr("office.other_code"), self.by_hand.emit, kind="flat")
        self.do = button(tr("office.try_now"), self.now.emit, kind="main")
        row.addWidget(self.other)
        row.addStretch(1)
        row.addWidget(self.do)
        self.card.body.addSpacing(look.px(SMALL))
        self.card.body.addLayout(row)
        self.say_trying()

    def focus_first(self) -> None:
        self.do.setFocus()

    def say_trying(self) -> None:
        self.do.setEnabled(False)
        self.state.setText(tr("office.trying"))
        self.make_room()

    def say_waiting(self, why: str, time: str) -> None:
        self.do.setEnabled(True)
        self.say_problem(why)
        self.state.setText(tr("office.waiting", time=time))
        self.make_room()


class Trouble(_Roomy):
    """A store that cannot be opened. ``restore`` carries the backup that is to take its place."""

    again = Signal()
    closing = Signal()
    restore = Signal(object)  # sync.store.backup.Backup

    def __init__(
        self, look: Look, error: StoreError, backups: Sequence[tuple[str, object]] = (), parent: QWidget | None = None
    ) -> None:
        """``backups``: when each was made, in words, and itself; newest first."""
        heading = _HEADINGS.get(error.code, "office.trouble")
        super().__init__(look, tr(heading), tr("office.trouble_advice"), parent)
        self.card.setFixedWidth(look.px(560))
        at = self.card.body.indexOf(self.about)
        self.card.body.insertWidget(at, self.problem)
        self.say_problem(say_error(error))
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.offers = [
            button(tr("office.restore", when=when), partial(self.restore.emit, backup)) for when, backup in backups
        ]
        for offer in self.offers:
            self.card.body.addWidget(offer)
        row = QHBoxLayout()
        row.addWidget(button(tr("office.close"), self.closing.emit, kind="flat"))
        row.addStretch(1)
        self.do = button(tr("office.again"), self.again.emit, kind="main")
        row.addWidget(self.do)
        self.card.body.addSpacing(look.px(SMALL))
        self.card.body.addLayout(row)
        self.make_room()

    def focus_first(self) -> None:
        self.do.setFocus()

    def wait(self) -> None:
        """While a backup is put in its place."""
        for each in (*self.offers, self.do):
            each.setEnabled(False)
        self.say_problem(tr("office.restoring"))
        self.make_room()

    def refuse(self, text: str) -> None:
        for each in (*self.offers, self.do):
            each.setEnabled(True)
        self.say_problem(text)
        self.make_room()
