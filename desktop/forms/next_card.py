"""The card “Việc tiếp theo”: what comes next after this record, what has been done of it, and what is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop.forms.side_cards import SideCard
from desktop.language import say, tr
from desktop.widgets.basics import LineButton, button

if TYPE_CHECKING:
    from desktop.app import App
    from forms.flows import Proposal


KEY = "Ctrl+4"  # after the tabs' Ctrl+1 to Ctrl+3


class NextCard(SideCard):
    listed = Signal()  # what it offers is other than before
    follow_requested = Signal(object)  # a Proposal
    not_needed_requested = Signal(object)
    again_requested = Signal(object)
    open_requested = Signal(str)

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, f"{tr('form.card.next')}   {KEY}", parent)
        self._shown: tuple[Proposal, ...] | None = None
        self.hide()

    def show_proposals(self, proposals: Sequence[Proposal]) -> None:
        """The officer's own work first, then others', what may be done besides, and what is settled."""
        wanted = tuple(sorted(proposals, key=self._place))
        if wanted == self._shown:
            return
        self._shown = wanted
        lines: list[tuple[str, str] | QWidget] = []
        for proposal in wanted:
            lines += self._lines_of(proposal)
        self.say(*lines)
        self.listed.emit()

    def open_offers(self) -> list[tuple[str, Proposal]]:
        """What this officer may begin or do from here, by its name: for the palette."""
        shown = self._shown or ()
        return [(say(each.flow.label), each) for each in shown if each.is_open and self._may(each)]

    def focus_first(self) -> None:
        """Into its first button; Tab goes on to the others."""
        first = next((made for line in self._lines for made in _buttons_in(line) if made.isEnabled()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _place(self, proposal: Proposal) -> int:
        from desktop.following import is_work_of

        if not proposal.is_open:
            return 3
        if proposal.flow.mode == "offer":
            return 2
        return int(not is_work_of(proposal, self._app.officer, self._app.catalog))

    def _lines_of(self, proposal: Proposal) -> list[tuple[str, str] | QWidget]:
        label = say(proposal.flow.label)
        if proposal.done is not None:
            return [LineButton(f"✓ {label}", partial(self.open_requested.emit, proposal.done), self)]
        if proposal.dismissed is not None:
            told = tr("form.next.dismissed", label=label, reason=proposal.dismissed.get("reason", ""))
            return [
                (told, "quiet"),
                self._quiet_button(tr("form.next.again"), partial(self.again_requested.emit, proposal)),
            ]
        mine = self._place(proposal) == 0
        if not mine:
            return self._besides(proposal, label)
        return [(label, "strong"), self._buttons(proposal, label)]

    def _besides(self, proposal: Proposal, label: str) -> list[tuple[str, str] | QWidget]:
        """Others' work, which this officer may do too, and what is only offered: a line each."""
        from desktop.following import role_names

        may = self._may(proposal)
        named = bool(proposal.flow.roles) and proposal.flow.mode != "offer"
        lines: list[tuple[str, str] | QWidget] = []
        if may:
            lines.append(LineButton(f"+ {label}", partial(self.follow_requested.emit, proposal), self))
        elif named:
            lines.append((label, ""))
        if named:
            lines.append((tr("form.next.for", roles=role_names(proposal, self._app.catalog, say)), "hint"))
        return lines

    def _buttons(self, proposal: Proposal, label: str) -> QWidget:
        row = QWidget(self)
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, self._app.look.px(6))
        across.setSpacing(self._app.look.px(2))
        buttons = [(tr("form.next.not_needed"), self.not_needed_requested, "flat")]
        if self._may(proposal):
            words = tr("form.next.act") if proposal.target else tr("form.next.begin")
            buttons.insert(0, (words, self.follow_requested, ""))
        for words, signal, kind in buttons:
            made = button(words, partial(signal.emit, proposal), kind=kind)
            made.setAccessibleName(f"{words}: {label}")
            across.addWidget(made)
        across.addStretch(1)
        return row

    def _may(self, proposal: Proposal) -> bool:
        """Whether this officer's roles let him begin it, or take the action."""
        app = self._app
        to = app.catalog.record_type(proposal.to)
        if proposal.target is None:
            return app.may_begin(to)
        roles = to.action(proposal.flow.action or "").roles
        officer = app.officer
        return officer is not None and app.may_write(to) and (not roles or not set(roles).isdisjoint(officer.roles))

    def _quiet_button(self, words: str, run: object) -> QWidget:
        made = button(words, run, kind="flat")  # type: ignore[arg-type]
        made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        return made


def _buttons_in(line: QWidget) -> list[QPushButton]:
    return [line] if isinstance(line, QPushButton) else line.findChildren(QPushButton)
