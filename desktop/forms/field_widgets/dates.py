"""Dates are typed freely (5/1/1990, 050190, 1950); a small calendar opens by the button or Alt+Down."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QLocale, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCalendarWidget, QFrame, QToolButton, QVBoxLayout, QWidget

from desktop.forms.field_widgets.line import LineField, is_open_key
from desktop.forms.host import FormHost
from forms.field_definition import Field


class CalendarPopup(QFrame):
    """A month to pick a day from. A window of its own, since the calendar needs the keyboard."""

    def __init__(self, owner: DateField) -> None:
        super().__init__(owner, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._owner = owner
        self.calendar = QCalendarWidget(self)
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.calendar.setGridVisible(False)
        vietnamese = owner.host.language == "vi"
        self.calendar.setLocale(QLocale(QLocale.Language.Vietnamese if vietnamese else QLocale.Language.English))
        self.calendar.activated.connect(self._picked)
        self.calendar.clicked.connect(self._picked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.calendar)

    def open_at(self, day: date) -> None:
        self.calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        corner = self._owner.mapToGlobal(QPoint(0, self._owner.height() + 2))
        screen = self._owner.screen().availableGeometry()
        size = self.sizeHint()
        corner.setX(max(screen.left(), min(corner.x(), screen.right() - size.width())))
        if corner.y() + size.height() > screen.bottom():
            corner.setY(self._owner.mapToGlobal(QPoint(0, 0)).y() - size.height() - 2)
        self.move(corner)
        self.show()
        self.calendar.setFocus()

    def _picked(self, day: QDate) -> None:
        self.close()
        self._owner.take(date(day.year(), day.month(), day.day()))


class DateField(LineField):
    """Date, partial date and moment."""

    def __init__(self, field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> None:
        super().__init__(field, host, path, parent)
        self.line.setPlaceholderText(host.say("date.format") if field.type == "date" else "")
        self._button = QToolButton(self.line)
        self._button.setObjectName("fieldButton")
        self._button.setText("▾")
        self._button.setToolTip(host.say("calendar.open"))
        self._button.setAccessibleName(host.say("calendar.open"))
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.setFixedSize(24, 24)
        self._button.setCursor(Qt.CursorShape.ArrowCursor)
        self.line.setTextMargins(0, 0, 18, 0)
        self._button.clicked.connect(self.open_calendar)
        self._calendar: CalendarPopup | None = None

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        """The button stands inside the line, at its right end."""
        super().resizeEvent(event)
        self._button.move(self.width() - 26, (self.line.height() - 24) // 2)

    def set_locked(self, locked: bool) -> None:
        super().set_locked(locked)
        self._button.setVisible(not locked)

    def on_key(self, event: QKeyEvent) -> None:
        if is_open_key(event):
            event.accept()
            self.open_calendar()
            return
        super().on_key(event)

    def open_calendar(self) -> None:
        if self.line.isReadOnly():
            return
        self.flush()
        if self._calendar is None:
            self._calendar = CalendarPopup(self)
        self._calendar.open_at(self._day())

    def take(self, day: date) -> None:
        """A day picked in the calendar; a moment keeps its hour, or takes the present one."""
        text = day.strftime("%d/%m/%Y")
        if self.field.type == "datetime":
            hour = self.line.text().partition(" ")[2] or self.host.app.clock.now().astimezone().strftime("%H:%M")
            text = f"{text} {hour}"
        self.line.setModified(False)
        self._dirty = False
        self.committed.emit(text)
        self.line.setFocus()
        self.present(self.host.entry.get(self.path))

    def _day(self) -> date:
        value = self.host.entry.get(self.path)
        if isinstance(value, str) and len(value) >= 10:
            try:
                return date.fromisoformat(value[:10])
            except ValueError:
                pass
        return self.host.app.clock.now().date()
