"""Settings: how much of the office's line the sync may take, and through which proxy it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QFormLayout, QLineEdit

from desktop.language import tr
from desktop.widgets.basics import text_label

if TYPE_CHECKING:
    from desktop.app import App

FASTEST = 100_000  # thousand bytes a second: above that no cap is felt


class LineRows:
    """Rows of the city's card; kept alive by the page."""

    def __init__(self, app: App, form: QFormLayout) -> None:
        self._app = app
        self.spare = QCheckBox(tr("frame.line_spare"))
        self.spare.setToolTip(tr("frame.line_spare_tip"))
        self.spare.setChecked(app.settings.spare_line)
        self.spare.toggled.connect(lambda on: app.change_settings(spare_line=on))
        form.addRow(self.spare)
        self.cap = QDoubleSpinBox()
        self.cap.setRange(0, FASTEST)
        self.cap.setDecimals(0)
        self.cap.setSingleStep(10)
        self.cap.setSuffix(" KB/s")
        self.cap.setSpecialValueText(tr("frame.line_uncapped"))
        self.cap.setKeyboardTracking(False)
        self.cap.setMaximumWidth(app.look.px(180))
        self.cap.setAccessibleName(tr("frame.line_cap"))
        self.cap.setValue(app.settings.line_kb_per_second)
        self.cap.valueChanged.connect(lambda value: app.change_settings(line_kb_per_second=value))
        form.addRow(text_label(tr("frame.line_cap"), "quiet"), self.cap)
        self.proxy = QLineEdit(app.settings.line_proxy)
        self.proxy.setPlaceholderText(tr("frame.line_proxy_none"))
        self.proxy.setAccessibleName(tr("frame.line_proxy"))
        self.proxy.setMaximumWidth(app.look.px(360))
        self.proxy.editingFinished.connect(self._change_proxy)
        form.addRow(text_label(tr("frame.line_proxy"), "quiet"), self.proxy)

    def _change_proxy(self) -> None:
        address = self.proxy.text().strip()
        if address != self._app.settings.line_proxy:
            self._app.change_settings(line_proxy=address)
