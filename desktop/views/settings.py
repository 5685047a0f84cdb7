"""What can be chosen for this PC, and whose device it is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.app import App
from desktop.language import LANGUAGES, say, tr
from desktop.models.dates import when
from desktop.models.standing import line_sentence
from desktop.rollout import read_rollout
from desktop.settings import SCALES, THEMES
from desktop.theme import LARGE, MEDIUM, SMALL
from desktop.views.backup_card import BackupCard
from desktop.views.line_card import LineRows
from desktop.views.office_card import OfficeCard
from desktop.views.pack_card import PackCard
from desktop.views.page import Page
from desktop.views.printer_card import PrinterRows
from desktop.views.selftest_card import SelfTestCard
from desktop.views.update_card import UpdateCard
from desktop.widgets.basics import Card, button, text_label


class SettingsPage(Page):
    """Every choice takes effect at once; there is nothing to save."""

    def __init__(self, app: App, parent: QWidget | None = None) -> None:
        super().__init__(app, tr("frame.settings"), parent)
        self._given = read_rollout(app.folder)
        body = QWidget()
        body.setObjectName("pageBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, app.look.px(SMALL), 0)
        column.setSpacing(app.look.px(MEDIUM))
        looks, city = self._look_card(), self._city_card()
        office = [OfficeCard(app, self._given)] if self._given.read else []
        self._backups = BackupCard(app, self._given)
        for card in (  # made in the order in which they stand: Tab goes by it
            looks,
            city,
            *office,
            self._backups,
            PackCard(app),
            UpdateCard(app),
            self._officers_card(),
            self._printer_card(),
        ):
            column.addWidget(card)
        column.addWidget(SelfTestCard(app))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab would stop there and nobody would see where
        area.setWidget(body)
        self.column.addWidget(area, 1)
        app.line.changed.connect(self._say_line)
        self._say_line()

    def focus_first(self) -> None:
        checked = self._languages.checkedButton()
        if checked is not None:
            checked.setFocus()

    def refresh(self) -> None:
        self._say_line()
        self._backups.refresh()

    def _card(self, heading: str) -> tuple[Card, QFormLayout]:
        card = Card(self.app.look, padding=LARGE - 4)
        card.body.addWidget(text_label(heading, "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(self.app.look.px(LARGE))
        form.setVerticalSpacing(self.app.look.px(SMALL))
        form.setRowWrapPolicy(
            QFormLayout.RowWrapPolicy.WrapLongRows
        )  # with large letters, rather than a page to be scrolled sideways
        card.body.addLayout(form)
        return card, form

    def _choices(self, options: dict[str, str], present: str, name: str) -> tuple[QHBoxLayout, QButtonGroup]:
        """A row of chips, one of them checked; arrow keys move within the group."""
        row = QHBoxLayout()
        row.setSpacing(self.app.look.px(SMALL))
        group = QButtonGroup(self)
        for code, text in options.items():
            chip = button(text, partial(self._choose_soon, name, code), kind="chip")
            chip.setCheckable(True)
            chip.setChecked(code == present)
            group.addButton(chip)
            row.addWidget(chip)
        row.addStretch(1)
        return row, group

    def _choose_soon(self, name: str, code: str) -> None:
        """Once Qt is done with the key: an arrow presses the next chip before the focus is on it, and choosing makes the
        page anew, where the focus is to be on that chip again."""
        QTimer.singleShot(0, self, partial(self._choose, name, code))

    def _choose(self, name: str, code: str) -> None:
        self.app.change_settings(**{name: float(code) if name == "scale" else code})

    def _look_card(self) -> Card:
        card, form = self._card(tr("frame.settings_look"))
        settings = self.app.settings
        languages, self._languages = self._choices(LANGUAGES, settings.language, "language")
        themes, _ = self._choices({name: tr(f"frame.theme_{name}") for name in THEMES}, settings.theme, "theme")
        sizes, _ = self._choices({f"{s:g}": f"{s:.0%}" for s in SCALES}, f"{settings.scale:g}", "scale")
        if self._given.is_locked("language"):
            for chip in self._languages.buttons():
                chip.setEnabled(False)
                chip.setToolTip(tr("office.locked_tip"))
        form.addRow(text_label(tr("frame.language"), "quiet"), languages)
        form.addRow(text_label(tr("frame.theme"), "quiet"), themes)
        form.addRow(text_label(tr("frame.size"), "quiet"), sizes)
        return card

    def _city_card(self) -> Card:
        card, form = self._card(tr("frame.settings_city"))
        enrolment = self.app.enrolment
        self._line = text_label("", wrap=True)
        form.addRow(text_label(tr("frame.line"), "quiet"), self._line)
        if enrolment is not None:
            wards = ", ".join(f"{name} ({code})" for code, name in enrolment.wards.items())
            form.addRow(text_label(tr("frame.ward"), "quiet"), text_label(wards, wrap=True))
            form.addRow(text_label(tr("frame.address"), "quiet"), text_label(enrolment.url))
            form.addRow(text_label(tr("frame.device"), "quiet"), text_label(enrolment.device))
        form.addRow(text_label(tr("frame.folder"), "quiet"), text_label(str(self.app.folder), wrap=True))
        self._line_rows = LineRows(self.app, form)
        if self._given.is_locked("proxy"):
            self._line_rows.proxy.setReadOnly(True)
            self._line_rows.proxy.setToolTip(tr("office.locked_tip"))
        now = button(tr("frame.sync_now"), self.app.sync_now)
        now.setEnabled(self.app.sync is not None)
        row = QHBoxLayout()
        row.setSpacing(self.app.look.px(SMALL))
        row.addWidget(now)
        stick = button(tr("bundle.open"), self._show_bundle, tip=tr("bundle.open_tip"))
        stick.setEnabled(enrolment is not None)
        row.addWidget(stick)
        row.addStretch(1)
        card.body.addSpacing(self.app.look.px(SMALL))
        card.body.addLayout(row)
        return card

    def _show_bundle(self) -> None:
        from desktop.views.bundle_sheet import BundleSheet

        BundleSheet(self.app, self.window()).open()

    def _officers_card(self) -> Card:
        card, form = self._card(tr("frame.settings_officers"))
        labels = {role.id: say(role.label) for role in self.app.catalog.roles}
        enrolment = self.app.enrolment
        for officer in enrolment.officers if enrolment else ():
            here = self.app.officer is not None and officer.id == self.app.officer.id
            name = text_label(f"✓ {officer.name}" if here else officer.name, "")
            form.addRow(
                name, text_label(", ".join(labels.get(role, role) for role in officer.roles), "quiet", wrap=True)
            )
        card.body.addWidget(text_label(tr("frame.officers_about"), "quiet", wrap=True))
        return card

    def _printer_card(self) -> Card:
        card, form = self._card(tr("frame.settings_printer"))
        card.body.insertWidget(1, text_label(tr("frame.printer_about"), "quiet", wrap=True))
        self._printers = PrinterRows(self.app, form)
        return card

    def _say_line(self) -> None:
        now = self.app.clock.now()
        _, sign, words = line_sentence(self.app.line, self.app.enrolment is not None, now)
        parts = [f"{sign} {words}"]
        if self.app.line.last_sync is not None:
            parts.append(tr("frame.last_sync", time=when(self.app.line.last_sync, now)))
        if self.app.line.reason:
            parts.append(self.app.line.reason)
        self._line.setText("\n".join(parts))
