"""“In sổ…”: which paper over a list, which stretch of the book or of the list, and how many lines that makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from desktop.book_places import series_kept, series_label
from desktop.book_selection import Selection, Wanted, has_book, list_printouts, periods, select
from desktop.language import language, say, say_error, tr
from desktop.views.dialogs import Sheet
from desktop.widgets.basics import button, restyle, text_label
from forms.definition import Printout, RecordType
from forms.field_definition import Field
from forms.label import Label
from forms.register_numbers import date_field
from sync.store.model import ListQuery, StoreError

if TYPE_CHECKING:
    from desktop.app import App

TYPING_PAUSE_MS = 250
MOST_NUMBERS = 999_999
W = TypeVar("W", bound=QWidget)


class BookSheet(Sheet):
    """Emits ``chosen`` with the paper and what is wanted; counts in the background while it is open."""

    chosen = Signal(object, object)  # Printout, Wanted

    def __init__(self, app: App, record_type: RecordType, query: ListQuery, shown: int, window: QWidget) -> None:
        super().__init__(app.look, tr("frame.book_title", name=say(record_type.label)), window, width=520)
        self._app, self._type, self._query = app, record_type, query
        self._asked = 0
        self.form = QFormLayout()
        self.form.setHorizontalSpacing(app.look.px(14))
        self.form.setVerticalSpacing(app.look.px(8))
        self.body.addLayout(self.form)
        self.paper = self._combo("frame.book_paper")
        for printout in list_printouts(record_type):
            self.paper.addItem(say(printout.label), printout)
        self.which = self._combo("frame.book_which")
        if has_book(record_type):
            self.which.addItem(tr("frame.book_by_number"), "book")
        self.which.addItem(tr("frame.book_shown", n=shown), "list")
        self._make_book_rows()
        self.since, self.until = self._pair("frame.book_days", QLineEdit(), QLineEdit())
        for box in (self.since, self.until):
            box.setPlaceholderText(tr("frame.book_day_hint"))
        self.count = text_label("", "quiet", wrap=True)
        self.body.addWidget(self.count)
        self.body.addStretch(1)
        self.add_button(tr("frame.close"), self.reject)
        self.go = button(tr("frame.book_preview"), self._go, kind="main")
        self.go.setDefault(True)
        self.foot.addWidget(self.go)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._count)
        self._listen()
        self._changed()

    def _make_book_rows(self) -> None:
        self.ward = self._combo("frame.book_ward")
        wards = self._app.enrolment.wards if self._app.enrolment else {}
        for code in sorted(wards, key=lambda each: each != self._app.ward):
            self.ward.addItem(wards[code], code)
        self.period = self._combo("frame.book_period")
        register = self._type.register
        self.series = self._combo("frame.book_series")
        self.volume = QSpinBox()
        self.first, self.last = self._pair("frame.book_numbers", QSpinBox(), QSpinBox())
        for box in (self.volume, self.first, self.last):
            box.setRange(0, MOST_NUMBERS)
            box.setSpecialValueText("—")
        if register is not None and register.book_size:
            self.form.insertRow(5, text_label(tr("frame.book_volume"), "quiet"), self.volume)
            self.volume.setMaximumWidth(self.look.px(120))
        self._fill_book_rows()

    def _fill_book_rows(self) -> None:
        """Which series and periods the chosen ward's book has."""
        store, record_type, ward = self._app.store, self._type, self._ward()
        if self._has_series():
            task = self._app.background.run(lambda: series_kept(record_type, store, ward), self)
            task.then(lambda found: self._show_series(found, ward))
        if self._has_years():
            now = self._app.clock.now()
            years = self._app.background.run(lambda: periods(record_type, store, now, ward), self)
            years.then(lambda found: self._show_periods(found, ward))

    def _ward(self) -> str:
        """Whose book; "": this PC's own ward's."""
        chosen = str(self.ward.currentData() or "")
        return "" if chosen == self._app.ward else chosen

    def _has_wards(self) -> bool:
        return self._type.register is not None and self.ward.count() > 1

    def _has_years(self) -> bool:
        """A book of one day is found by its day."""
        return self._type.register is not None and self._type.register.period == "year"

    def _has_series(self) -> bool:
        return self._type.register is not None and self._type.register.series_by is not None

    def _show_series(self, found: list[str], ward: str) -> None:
        if ward != self._ward():
            return
        self.series.clear()
        for value in found:
            self.series.addItem(say(series_label(self._type, self._app.catalog, value)), value)
        self._changed()

    def _show_periods(self, found: list[str], ward: str) -> None:
        if ward != self._ward():
            return
        self.period.clear()
        self.period.addItem(tr("frame.book_all_periods"), "")
        for period in found:
            self.period.addItem(period, period)
        self.period.setCurrentIndex(1 if found else 0)

    def _combo(self, key: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(tr(key))
        made.setMinimumWidth(self.look.px(280))
        self.form.addRow(text_label(tr(key), "quiet"), made)
        return made

    def _pair(self, key: str, first: W, last: W) -> tuple[W, W]:
        """Two boxes on one line: from … to …"""
        line = QHBoxLayout()
        line.setSpacing(self.look.px(8))
        for box, name in ((first, "frame.book_from"), (last, "frame.book_to")):
            box.setAccessibleName(f"{tr(key)}: {tr(name)}")
            line.addWidget(text_label(tr(name), "quiet"))
            line.addWidget(box, 1)
        self.form.addRow(text_label(tr(key), "quiet"), line)
        return first, last

    def _show_row(self, box: QWidget, shown: bool) -> None:
        self.form.setRowVisible(box, shown)

    def _listen(self) -> None:
        self.paper.currentIndexChanged.connect(self._changed)
        self.which.currentIndexChanged.connect(self._changed)
        self.ward.currentIndexChanged.connect(self._fill_book_rows)
        self.ward.currentIndexChanged.connect(self._changed)
        self.period.currentIndexChanged.connect(self._changed)
        self.series.currentIndexChanged.connect(self._changed)
        for number in (self.volume, self.first, self.last):
            number.valueChanged.connect(self._changed)
        for day in (self.since, self.until):
            day.textChanged.connect(self._changed)

    def _changed(self) -> None:
        by_number = self.which.currentData() == "book"
        register = self._type.register
        self._show_row(self.ward, by_number and self._has_wards())
        self._show_row(self.period, by_number and self._has_years())
        self._show_row(self.series, by_number and self._has_series())
        for row in range(self.form.rowCount()):
            item = self.form.itemAt(row, QFormLayout.ItemRole.FieldRole)
            if item is not None and self.first in _widgets(item.layout()):
                self.form.setRowVisible(row, by_number)
        if register is not None and register.book_size:
            self._show_row(self.volume, by_number)
        self._pause.start()

    def wanted(self) -> Wanted | None:
        """None while a day cannot be read; the box says so."""
        days = [self._day(box) for box in (self.since, self.until)]
        if None in days:
            return None
        since, until = (day or "" for day in days)
        if self.which.currentData() != "book":
            return Wanted(since=since, until=until, states=self._query.states, query=self._query)
        return Wanted(
            period=str(self.period.currentData() or ""),
            series=self.series.currentData(),
            volume=self.volume.value() if self._type.register and self._type.register.book_size else 0,
            first=self.first.value(),
            last=self.last.value(),
            since=since,
            until=until,
            ward=self._ward(),
        )

    def _day(self, box: QLineEdit) -> str | None:
        """ISO, "" for an empty box, None for what is no day."""
        from forms.field_types import FieldError, parse

        try:
            day = parse(Field(name="day", type="date", label=Label("Ngày", "Day")), box.text())
        except FieldError as error:
            self._say(error.label.get(language()), "problem")
            return None
        return str(day or "")

    def _count(self) -> None:
        wanted = self.wanted()
        self.go.setEnabled(False)
        if wanted is None:
            return
        self._asked += 1
        asked, store, record_type = self._asked, self._app.store, self._type
        printout: Printout = self.paper.currentData()
        task = self._app.background.run(lambda: select(record_type, printout, store, wanted), self)
        task.then(lambda found: self._show_count(found, asked))
        task.failed(lambda error: self._say_trouble(error, asked))

    def _show_count(self, found: Selection, asked: int) -> None:
        if asked != self._asked:
            return
        self.go.setEnabled(bool(found.records))
        if not found.records:
            self._say(tr("frame.book_nothing"), "quiet")
        elif found.void:
            self._say(tr("frame.book_lines_void", n=found.lines, void=found.void), "quiet")
        else:
            self._say(tr("frame.book_lines", n=found.lines), "quiet")

    def _say_trouble(self, error: Exception, asked: int) -> None:
        if asked == self._asked:
            self._say(say_error(error) if isinstance(error, StoreError) else repr(error), "problem")

    def _say(self, text: str, role: str) -> None:
        of = date_field(self._type)
        hint = tr("frame.book_day_of", name=say(of.label)) if of is not None and role == "quiet" else ""
        self.count.setText(" ".join(part for part in (text, hint) if part))
        self.count.setObjectName(role)
        restyle(self.count)

    def _go(self) -> None:
        wanted = self.wanted()
        if wanted is not None:
            self.chosen.emit(self.paper.currentData(), wanted)
            self.accept()


def _widgets(layout: object) -> list[QWidget]:
    if not isinstance(layout, QHBoxLayout):
        return []
    items = [layout.itemAt(n) for n in range(layout.count())]
    return [widget for item in items if item is not None and (widget := item.widget()) is not None]
