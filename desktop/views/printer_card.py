"""Settings: how far each printer's print is moved, so that data fall into the lines of a pre-printed blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QSizePolicy

from desktop.language import tr
from desktop.widgets.basics import button, text_label

if TYPE_CHECKING:
    from desktop.app import App

FURTHEST_MM = 30.0  # further than this a pre-printed form is in the wrong tray


class PrinterRows:
    """Rows of the printers' card; kept alive by the page."""

    def __init__(self, app: App, form: QFormLayout) -> None:
        self._app = app
        self.which = QComboBox()
        self.which.setAccessibleName(tr("frame.printer_which"))
        self.which.setMinimumWidth(app.look.px(240))
        self.which.setMaximumWidth(app.look.px(360))
        self.which.addItem(tr("frame.printer_any"), "")
        for name in self._names():
            self.which.addItem(name, name)
        form.addRow(text_label(tr("frame.printer_which"), "quiet"), self.which)
        self.right, self.down = (self._box(form, name) for name in ("printer_right", "printer_down"))
        self.which.currentIndexChanged.connect(self._show)
        self._show()
        show = button(tr("frame.blanks_show"), self._show_blanks)
        show.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        form.addRow(text_label(tr("frame.blanks"), "quiet"), show)

    def _names(self) -> list[str]:
        """Printers of this PC, and those with a shift of their own that are switched off now."""
        from PySide6.QtPrintSupport import QPrinterInfo

        return sorted({*QPrinterInfo.availablePrinterNames(), *self._app.settings.printers})

    def _box(self, form: QFormLayout, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(-FURTHEST_MM, FURTHEST_MM)
        box.setSingleStep(0.5)
        box.setDecimals(1)
        box.setSuffix(" mm")
        box.setMaximumWidth(self._app.look.px(120))
        box.setAccessibleName(tr(f"frame.{name}"))
        box.valueChanged.connect(self._change)
        form.addRow(text_label(tr(f"frame.{name}"), "quiet"), box)
        return box

    def _show(self) -> None:
        right, down = self._app.settings.shift_of(self.which.currentData())
        for box, value in ((self.right, right), (self.down, down)):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)

    def _change(self) -> None:
        right, down, name = self.right.value(), self.down.value(), self.which.currentData()
        if name:
            self._app.change_settings(printers={**self._app.settings.printers, name: (right, down)})
        else:
            self._app.change_settings(printer_right=right, printer_down=down)

    def _show_blanks(self) -> None:
        from desktop.views.blanks_sheet import BlanksSheet

        BlanksSheet(self._app, self.which.window()).open()
