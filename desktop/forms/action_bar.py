"""The actions of a record as buttons: the main one filled and last, what does not fit behind "More"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from desktop.forms.layout import clear_layout
from desktop.language import say, tr
from desktop.widgets.basics import button
from forms.entry import ActionOffer, OfficerLike, RecordEntry

if TYPE_CHECKING:
    from desktop.app import App

MOST_BUTTONS = 2  # beside the main one, one fewer where the page is narrow


class ActionBar(QWidget):
    """An offer with problems stays clickable: the click lists what is missing, which says more than a grey button."""

    chosen = Signal(str)

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(app.look.px(8))
        self.buttons: dict[str, QPushButton] = {}
        self.after: QWidget | None = None  # what Tab leaves for the first of them
        self._shown: tuple[tuple[str, bool, bool, str], ...] = ()
        self._offers: Sequence[ActionOffer] = ()
        self._most = MOST_BUTTONS
        self._cramped = False  # only the main action has room
        self._whole = 0  # px of the buttons when none is put away

    def set_roomy(self, roomy: bool) -> None:
        most = MOST_BUTTONS if roomy else MOST_BUTTONS - 1
        if most != self._most:
            self._most = most
            self._cramped, self._shown = False, ()
            self.show_offers(self._offers)

    def fit(self, room: int) -> None:
        """Puts every action but the main one behind "More" where the buttons would be wider than ``room``, in px, and back
        where there is room again."""
        if not self._cramped:
            self._whole = self.wanted_width()
        main = any(offer.action.main for offer in self._offers)
        can_give = self._cramped or (len(self.buttons) > (1 if main else 0) and len(self._offers) > 1)
        cramped = can_give and self._whole > room
        if cramped != self._cramped:
            self._cramped, self._shown = cramped, ()
            self.show_offers(self._offers)

    def wanted_width(self) -> int:
        """px of all buttons, also of those just made: the layout counts none that is not shown yet, and before the style
        sheet has reached it a button is too narrow."""
        items = [self._line.itemAt(place) for place in range(self._line.count())]
        buttons = [made for item in items if item is not None and (made := item.widget()) is not None]
        for made in buttons:
            made.ensurePolished()
        return sum(made.sizeHint().width() for made in buttons) + self._line.spacing() * max(len(buttons) - 1, 0)

    def show_offers(self, offers: Sequence[ActionOffer]) -> None:
        """Rebuilds only when the offers themselves changed; else a keystroke would cost a row of buttons."""
        shown = tuple((o.action.id, _blocked(o), o.done, _why(o)) for o in offers)
        if shown == self._shown:
            return
        if [each[0] for each in shown] != [each[0] for each in self._shown] and self._shown:
            self._cramped = False
        self._shown, self._offers = shown, offers
        clear_layout(self._line)
        self.buttons = {}
        main = main_offer(offers, self._app.officer)
        others = [o for o in offers if o is not main]
        own = [o for o in others if is_own(o, self._app.officer)]
        foreign = [o for o in others if not is_own(o, self._app.officer)]  # to be found, but out of the way
        most = MOST_BUTTONS if len(others) <= MOST_BUTTONS else self._most
        most = 0 if self._cramped else most
        for offer in own[:most]:
            self._line.addWidget(self._button(offer))
        if rest := [*own[most:], *foreign]:
            self._line.addWidget(self._more(rest))
        if main is not None:
            self._line.addWidget(self._button(main, main=True))
        self._join_tab_order()
        self.setVisible(self._line.count() > 0)  # empty it would keep a gap at the end of the line

    def _join_tab_order(self) -> None:
        """Made anew while a form is being built, they would stand between its fields."""
        before = self.after
        for place in range(self._line.count()):
            item = self._line.itemAt(place)
            made = item.widget() if item is not None else None
            if before is not None and made is not None:
                QWidget.setTabOrder(before, made)
                before = made

    def _button(self, offer: ActionOffer, main: bool = False) -> QPushButton:
        action = offer.action
        own = is_own(offer, self._app.officer)  # of somebody else's work the button is not the filled one
        kind = "main" if main and own else "danger" if action.danger else ""
        text = say(action.label) + ("  F9" if main else "")
        made = button(text, lambda: self.chosen.emit(action.id), kind=kind, tip=_why(offer))
        made.setAccessibleDescription(_why(offer))
        made.installEventFilter(self)
        self.buttons[action.id] = made
        return made

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """The second half of a double click falls on whatever button stands there by then: it presses none."""
        return event.type() == QEvent.Type.MouseButtonDblClick

    def _more(self, offers: Sequence[ActionOffer]) -> QPushButton:
        made = QPushButton(f"{tr('form.more')} ▾", self)
        made.setObjectName("moreButton")
        menu = QMenu(made)
        menu.setToolTipsVisible(True)
        for offer in offers:
            row = menu.addAction(say(offer.action.label))
            row.setToolTip(_why(offer))
            row.triggered.connect(lambda _=False, action_id=offer.action.id: self.chosen.emit(action_id))
        made.setMenu(menu)
        return made


def offered(entry: RecordEntry, officer: OfficerLike | None, *, begun: bool) -> list[ActionOffer]:
    """What can be done on a page. ``begun``: of a record that is not there yet only what is this officer's own, and nothing to
    be withdrawn or refused: whoever asks for something has first to ask."""
    offers = entry.actions(officer) if officer is not None else []
    return [o for o in offers if is_own(o, officer) and not o.action.danger] if begun else offers


def main_offer(offers: Sequence[ActionOffer], officer: OfficerLike | None) -> ActionOffer | None:
    """What F9 does: the first main action this officer's roles may take; else the first, which says whose work it is. What
    is done gives way to the next step."""
    mains = [offer for offer in offers if offer.action.main and not offer.done]
    return next((offer for offer in mains if is_own(offer, officer)), mains[0] if mains else None)


def is_own(offer: ActionOffer, officer: OfficerLike | None) -> bool:
    """Whether the officer's roles may take it."""
    held = set(officer.roles) if officer is not None else set()
    return not offer.action.roles or bool(held & set(offer.action.roles))


def _blocked(offer: ActionOffer) -> bool:
    return any(p.blocks for p in offer.problems)


def _why(offer: ActionOffer) -> str:
    """Why an action cannot be taken yet; empty when it can."""
    return "\n".join(f"• {say(p.message)}" for p in offer.problems if p.blocks)
