"""The paper before it is printed: zoom, PDF, printer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, QStandardPaths, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPaintEvent, QPixmap, QShortcut
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.forms.blank_bar import BlankBar
from desktop.forms.printing_qt import Document, PrintFailed, paint_on_printer, write_pdf
from desktop.forms.record_header import NoticeLine
from desktop.language import say, say_error, tr
from desktop.signers import Signer, make_own, may_make_own
from forms.definition import Printout

if TYPE_CHECKING:
    from desktop.app import App

ZOOMS = (0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0)


def pdf_name(paper: str) -> str:
    """The paper's name as every file system takes it."""
    return re.sub(r'[\\/:*?"<>|\s]+', " ", paper).strip(" .")[:80] + ".pdf"


class PrintPreview(QDialog):
    """Shows a document; ``printed`` tells which way it went out, ``failed`` why it did not."""

    printed = Signal()
    failed = Signal(str)
    spoiled = Signal(str, str)  # serial number of the blank, why

    def __init__(self, app: App, printout: Printout, html: str, copy: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blank: BlankBar | None = None
        self.setObjectName("printPreview")
        self._app, self._printout, self._html = app, printout, html
        self.document = Document(html, printout)
        self.zoom = 0.0
        self._is_seen = False
        self.setWindowTitle(tr("form.preview.title", paper=say(printout.label)))
        self.resize(min(900, 980), 700)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_bar(copy))
        self.notice = NoticeLine(app, self)
        column.addWidget(self.notice)
        if printout.blank:
            self.blank = BlankBar(app, printout, self)
            self.blank.spoiled.connect(self.spoiled)
            self.blank.good.connect(self.accept)
            column.addWidget(self.blank)
        self._scroll = QScrollArea(self)
        self._scroll.setObjectName("previewScroll")
        self._scroll.setWidgetResizable(True)
        self._sheets = QWidget(self._scroll)
        self._sheets.setObjectName("previewSheets")
        self._stack = QVBoxLayout(self._sheets)
        self._stack.setSpacing(16)
        self._stack.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._pages = [self._sheet(n) for n in range(self.document.pages)]
        self._scroll.setWidget(self._sheets)
        column.addWidget(self._scroll, 1)
        for key, action in (("Ctrl++", self.zoom_in), ("Ctrl+-", self.zoom_out), ("Ctrl+0", self.fit)):
            QShortcut(QKeySequence(key), self, action)
        self.set_zoom(0.8)

    def tell_left_open(self, signers: Iterable[Signer]) -> None:
        """Whose post the paper leaves as a dotted line, since their own record is not here; nobody: says nothing. Who may make
        such records is led to the first of them."""
        others = dict.fromkeys(signers)
        if not others:
            return
        who = ", ".join(dict.fromkeys(each.name or tr("form.preview.somebody") for each in others))
        first = next((each for each in others if may_make_own(self._app, each)), None)
        if first is None:
            self.notice.say(tr("form.preview.left_open", names=who), "amber")
        else:
            do = tr("form.preview.make_own", name=first.name)
            text = tr("form.preview.left_open_make", names=who, do=do)
            self.notice.say(text, "amber", (do, lambda: self._make_own(first)))

    def _make_own(self, signer: Signer) -> None:
        """The paper is not printed now: it is to be made again once the record is there."""
        self.reject()
        make_own(self._app, signer)

    def sizeHint(self) -> QSize:
        return QSize(880, 700)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        super().paintEvent(event)
        self._is_seen = True

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """Keys that came before the window was seen, or that belong to somebody's typing, do not print: the button then is
        no longer what Enter presses."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if not self._is_seen or event.isAutoRepeat():
            return True
        if event.text().isprintable() and event.text().strip():
            self._printer.setDefault(False)
            self._printer.setAutoDefault(False)
            self._scroll.setFocus()
            return True
        return False

    def zoom_in(self) -> None:
        self.set_zoom(next((z for z in ZOOMS if z > self.zoom + 0.01), ZOOMS[-1]))

    def zoom_out(self) -> None:
        self.set_zoom(next((z for z in reversed(ZOOMS) if z < self.zoom - 0.01), ZOOMS[0]))

    def fit(self) -> None:
        """The width of the page fills the window."""
        self.set_zoom(max(0.3, (self._scroll.viewport().width() - 60) / self.document.paper.size.width()))

    def set_zoom(self, zoom: float) -> None:
        self.zoom = zoom
        ratio = self.devicePixelRatioF()
        for number, sheet in enumerate(self._pages):
            image = self.document.image(number, zoom, ratio)
            sheet.setPixmap(QPixmap.fromImage(image))
            sheet.setFixedSize(image.deviceIndependentSize().toSize() + QSize(2, 2))
        self._zoom_label.setText(f"{zoom * 100:.0f} %")

    def save_pdf(self, path: Path | None = None) -> None:
        if path is None:
            folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
            offered = str(Path(folder) / pdf_name(say(self._printout.label)))
            name, _ = QFileDialog.getSaveFileName(self, tr("form.preview.pdf"), offered, "PDF (*.pdf)")
            if not name:
                return
            path = Path(name)
        target = path
        if self.blank is not None:  # a file is no blank: nothing to account for
            try:
                write_pdf(self._html, target, self._printout)
            except PrintFailed as error:
                self.failed.emit(say_error(error))
            return
        self._out(lambda: write_pdf(self._html, target, self._printout))

    def send_to_printer(self) -> None:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        if self.blank is not None and not self.blank.is_ready():
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if QPrintDialog(printer, self).exec() != QDialog.DialogCode.Accepted:
            return
        right, down = self._app.settings.shift_of(printer.printerName())
        self._out(lambda: paint_on_printer(self.document, printer, right=right, down=down))

    def _out(self, way: Callable[[], None]) -> None:
        try:
            way()
        except PrintFailed as error:
            self.failed.emit(say_error(error))
            return
        self.printed.emit()
        if self.blank is not None:
            self.blank.ask_after()
        else:
            self.accept()

    def _make_bar(self, copy: int) -> QWidget:
        bar = QWidget(self)
        bar.setObjectName("previewBar")
        line = QHBoxLayout(bar)
        line.setContentsMargins(12, 8, 12, 8)
        line.setSpacing(6)
        again = copy > 1
        tag = QLabel(tr("form.preview.reprint", n=copy - 1) if again else tr("form.preview.first"), bar)
        tag.setObjectName("tag")
        tag.setProperty("kind", "amber" if again else "grey")
        line.addWidget(tag)
        line.addStretch(1)
        self._button(line, "−", tr("form.preview.zoom_out"), self.zoom_out)
        self._zoom_label = QLabel(bar)
        self._zoom_label.setMinimumWidth(46)
        self._zoom_label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        line.addWidget(self._zoom_label)
        self._button(line, "+", tr("form.preview.zoom_in"), self.zoom_in)
        self._button(line, tr("form.preview.fit"), "", self.fit)
        line.addSpacing(12)
        self._button(line, tr("form.preview.pdf"), "", self.save_pdf)
        self._printer = self._button(line, tr("form.preview.printer"), "", self.send_to_printer)
        self._printer.setProperty("kind", "main")
        self._printer.setDefault(True)
        self._printer.installEventFilter(self)
        return bar

    def _button(self, line: QHBoxLayout, text: str, name: str, action: Callable[[], None]) -> QPushButton:
        button = QPushButton(
            text, self
        )  # Enter presses the one that has the focus; elsewhere the default, which prints
        if name:
            button.setToolTip(name)
            button.setAccessibleName(name)
            button.setFixedWidth(36)
        button.clicked.connect(lambda _checked: action())
        line.addWidget(button)
        return button

    def _sheet(self, number: int) -> QLabel:
        sheet = QLabel(self._sheets)
        sheet.setObjectName("previewSheet")
        sheet.setAccessibleName(f"{number + 1}/{self.document.pages}")
        self._stack.addWidget(sheet, 0, Qt.AlignmentFlag.AlignHCenter)
        return sheet
