"""Below the header: the form with its side cards, the history, the papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from desktop.forms.form_view import FormView
from desktop.forms.history_view import HistoryView
from desktop.forms.next_card import NextCard
from desktop.forms.papers import offered, visit_lines
from desktop.forms.papers_view import PapersView
from desktop.forms.side_cards import SideCards
from desktop.forms.visit_table import VisitTable
from desktop.language import tr
from desktop.widgets.basics import Card
from forms.definition import RecordType
from forms.entry import RecordEntry
from sync.protocol import DeliveryState
from sync.store.histories import HistoryStanding
from sync.store.model import HistoryRow, PrintRow, Record

if TYPE_CHECKING:
    from desktop.app import App
    from forms.flows import Proposal

SIDE_WIDTH = 224  # px of the side column
LEAST_SIDE = 150  # px it keeps when the form needs the room (large letters on a small screen)
SIDE_SHARE = 3  # at most a third of the page


TABS = ("form", "history", "papers")


class Around(Struct, frozen=True):
    """What is read beside the record itself."""

    rows: Sequence[HistoryRow] = ()
    history: HistoryStanding = "whole"
    deliveries: Sequence[DeliveryState] = ()
    prints: Sequence[PrintRow] = ()
    visit: Sequence[Record] = ()
    proposals: Sequence[Proposal] = ()


class RecordBody(QWidget):
    """Three tabs; history and papers belong to saved records only, so a new one shows no tabs at all."""

    def __init__(self, app: App, record_type: RecordType, entry: RecordEntry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app, self._type = app, record_type
        px = app.look.px
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(12))
        left = QVBoxLayout()
        left.setSpacing(px(6))
        self.tabs = QTabBar(self)
        for key in TABS:
            self.tabs.addTab(tr(f"form.tab.{key}"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.hide()
        left.addWidget(self.tabs)
        self.stack = QStackedWidget(self)
        left.addWidget(self.stack, 1)
        row.addLayout(left, 1)
        self.view = FormView(app, entry)
        self.history = HistoryView(app, record_type)
        self.papers = PapersView(app, record_type)
        for page in (self._carded(self.view), self.history, self.papers):
            self.stack.addWidget(scrolled(page))
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        side = QWidget()
        side.setObjectName("pageBody")
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(10))
        self.visit = VisitTable(app, record_type, side)
        self.next = NextCard(app, side)
        self.cards = SideCards(app, record_type, side)
        column.addWidget(self.visit)
        column.addWidget(self.next)
        column.addWidget(self.cards, 1)
        area = scrolled(side)
        area.setFixedWidth(px(SIDE_WIDTH))
        row.addWidget(area)
        self._side = area

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        """The form comes first: beside it the cards get narrower, down to what their words need."""
        super().resizeEvent(event)
        px = self._app.look.px
        self._side.setFixedWidth(min(px(SIDE_WIDTH), max(px(LEAST_SIDE), self.width() // SIDE_SHARE)))

    def read(self, record: Record | None) -> Around:
        """Queries: in the background."""
        if record is None:
            return Around()
        store = self._app.store
        return Around(
            history=store.histories.standing(record.id),  # before the rows: what comes between is only shown early
            rows=store.changes.history(record.id),
            deliveries=store.records.deliveries(record.id),
            prints=store.prints.of(record.id),
            visit=visit_lines(self._app, record) if self._type.visit else (),
            # of the record as it is now: the page may not have taken it in yet
            proposals=[
                p for p in store.proposals.of(store.records.load(record.id) or record) if p.to in self._app.seen
            ],
        )

    def show_around(self, record: Record | None, found: Around) -> None:
        self.tabs.setVisible(record is not None)
        if record is None:
            self.tabs.setCurrentIndex(0)
        self.history.show_rows(found.rows, found.history, record.id if record else "")
        self.papers.show_papers(offered(self._app, self._type, record), found.prints)
        self.cards.show_standing(record, found.rows, found.deliveries)
        self.visit.show_lines(found.visit, record.id if record else "")
        self.next.show_proposals(found.proposals)

    def show_tab(self, place: int) -> None:
        """By key: with the focus in what is shown, so that the arrows scroll it."""
        self.tabs.setCurrentIndex(place)
        if place == 0:
            self.view.walk.go_to_first()
        else:
            self.tabs.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def turn_page(self, down: bool) -> None:
        """A page on, wherever the focus stands: a record that is only read has no field to go through."""
        area = self.stack.currentWidget()
        if isinstance(area, QScrollArea):
            bar = area.verticalScrollBar()
            bar.setValue(bar.value() + (bar.pageStep() if down else -bar.pageStep()))

    def go_to_field(self, path: str) -> None:
        self.tabs.setCurrentIndex(0)
        self.view.walk.go_to(path)

    def _carded(self, view: FormView) -> QWidget:
        card = Card(self._app.look, padding=14)
        card.body.addWidget(view)
        card.body.addStretch(1)
        return card


def scrolled(page: QWidget) -> QScrollArea:
    """A page that scrolls by itself, without a frame."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
