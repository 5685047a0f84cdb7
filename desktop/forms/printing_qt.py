"""Paper from HTML: one QTextDocument for preview, printer and PDF, so that all three show the same.

Needs a QGuiApplication and no window, so that the command line prints too. Margins and the page number (from the
second page on, centred above the text) follow Decree 30/2020/NĐ-CP, appendix I.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout as TextLayout
from PySide6.QtGui import (
    QFont,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)

from desktop.forms.whole_rows import foot_of_text, keep_whole
from desktop.theme import SIGNS_FAMILY, own_fonts
from forms.definition import Printout
from forms.disk_words import disk_words
from forms.exchange.writing import whole_file

DPI = 96.0  # the unit of every length here: CSS px
MM = DPI / 25.4
PDF_DPI = 1200
SERIF = ("Times New Roman", "Tinos", "Liberation Serif", "Noto Serif", SIGNS_FAMILY)
LETTER_MARGINS = QMarginsF(30, 20, 15, 20)  # mm: left, top, right, bottom
SMALL_MARGINS = QMarginsF(12, 8, 12, 8)  # A5 slips
REGISTER_MARGINS = QMarginsF(15, 15, 15, 15)  # landscape tables


class PrintFailed(Exception):
    """The paper did not come out; ``str()`` says why."""


@dataclass(frozen=True)
class Paper:
    """Size and margins of one printout."""

    layout: QPageLayout

    @property
    def size(self) -> QSizeF:
        """Of the whole page, px."""
        return self.layout.fullRect(QPageLayout.Unit.Millimeter).size() * MM

    @property
    def text(self) -> QRectF:
        """Where the text stands on the page, px."""
        rect = self.layout.paintRect(QPageLayout.Unit.Millimeter)
        return QRectF(rect.x() * MM, rect.y() * MM, rect.width() * MM, rect.height() * MM)


def paper_of(printout: Printout) -> Paper:
    """The paper a printout goes on."""
    size = QPageSize(QPageSize.PageSizeId.A5 if printout.paper == "A5" else QPageSize.PageSizeId.A4)
    turned = QPageLayout.Orientation.Landscape if printout.landscape else QPageLayout.Orientation.Portrait
    margins = SMALL_MARGINS if printout.paper == "A5" else REGISTER_MARGINS if printout.landscape else LETTER_MARGINS
    return Paper(QPageLayout(size, turned, margins, QPageLayout.Unit.Millimeter))


class Document:
    """HTML laid out in pages. Lengths are px at 96 a inch whatever the screen, so that every PC breaks pages alike."""

    def __init__(self, html: str, printout: Printout) -> None:
        own_fonts()
        self.paper = paper_of(printout)
        self._device = QImage(1, 1, QImage.Format.Format_RGB32)
        self._device.setDotsPerMeterX(round(DPI / 0.0254))
        self._device.setDotsPerMeterY(round(DPI / 0.0254))
        self.text = QTextDocument()
        self.text.documentLayout().setPaintDevice(self._device)
        self.text.setUseDesignMetrics(True)
        self.text.setDocumentMargin(0)
        font = QFont()
        font.setFamilies(list(SERIF))
        font.setPointSizeF(13)
        self._number_font = QFont(font)
        self._number_font.setPixelSize(
            round(13 * DPI / 72)
        )  # px: a painter scaled to a printer would scale points twice
        self.text.setDefaultFont(font)
        self.text.setHtml(html)
        self.text.setPageSize(self.paper.text.size())
        keep_whole(self.text, self.paper.text.height())

    @property
    def pages(self) -> int:
        return max(min(self.text.pageCount(), int((foot_of_text(self.text) - 2) // self.paper.text.height()) + 1), 1)

    def paint(self, painter: QPainter, page: int) -> None:
        """Draws page ``page`` (from 0); the painter's unit is 1 px at 96 dpi, its origin the corner of the paper."""
        area = self.paper.text
        painter.save()
        painter.translate(area.x(), area.y() - page * area.height())
        clip = QRectF(0, page * area.height(), area.width(), area.height())
        painter.setClipRect(clip)
        context = TextLayout.PaintContext()
        context.clip = clip  # type: ignore[attr-defined]
        context.palette.setColor(context.palette.ColorRole.Text, Qt.GlobalColor.black)  # type: ignore[attr-defined]
        self.text.documentLayout().draw(painter, context)
        painter.restore()
        if page > 0:
            painter.setFont(self._number_font)
            painter.setPen(Qt.GlobalColor.black)
            above = QRectF(area.x(), area.y() - 12 * MM, area.width(), 8 * MM)
            painter.drawText(above, int(Qt.AlignmentFlag.AlignCenter), str(page + 1))

    def image(self, page: int, zoom: float, ratio: float = 1.0) -> QImage:
        """One page as a picture, ``zoom`` times its size at 96 dpi; ``ratio`` is the screen's pixel ratio."""
        size = self.paper.size * zoom * ratio
        image = QImage(round(size.width()), round(size.height()), QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(zoom * ratio, zoom * ratio)
        self.paint(painter, page)
        painter.end()
        image.setDevicePixelRatio(ratio)
        return image


def write_pdf(html: str, path: Path, printout: Printout) -> None:
    """One PDF. Written beside and renamed, so that no half file stands under the name. Raises PrintFailed."""
    document = Document(html, printout)
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    writer = QPdfWriter(str(beside))
    writer.setResolution(PDF_DPI)
    writer.setPageLayout(QPageLayout(document.paper.layout))
    writer.setTitle(printout.label.vi)
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter()
    if not painter.begin(writer):
        raise PrintFailed(f"Không ghi được tệp {path}: hãy chọn thư mục khác.")
    painter.scale(PDF_DPI / DPI, PDF_DPI / DPI)
    for page in range(document.pages):
        if page:
            writer.newPage()
        document.paint(painter, page)
    painter.end()
    del writer
    if not _is_whole(beside):  # the writer says nothing of a full disk
        beside.unlink(missing_ok=True)
        raise PrintFailed(f"Không ghi trọn được tệp {path}: ổ đĩa đã đầy?")
    try:
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise PrintFailed(f"Không ghi được tệp {path}: {disk_words(error).vi}.") from error


def write_odt(html: str, path: Path, printout: Printout) -> None:
    """The same paper as an OpenDocument text. Raises PrintFailed."""
    from desktop.forms.odt import odt_bytes

    document = Document(html, printout)
    path = Path(path)
    try:
        with whole_file(path) as beside:
            beside.write_bytes(odt_bytes(document.text, document.paper.layout))
    except OSError as error:
        raise PrintFailed(f"Không ghi được tệp {path}: {disk_words(error).vi}.") from error


def _is_whole(path: Path) -> bool:
    """Whether the file ends as a PDF does (ISO 32000-1, 7.5.5)."""
    try:
        return path.read_bytes()[-32:].rstrip().endswith(b"%%EOF")
    except OSError:
        return False


def paint_on_printer(document: Document, printer: object, *, right: float = 0.0, down: float = 0.0) -> None:
    """Sends every page to a QPrinter, shifted by mm for pre-printed blanks. Raises PrintFailed."""
    from PySide6.QtPrintSupport import QPrinter

    assert isinstance(printer, QPrinter)  # noqa: S101 - typed as object so that the command line needs no printer parts
    printer.setFullPage(True)
    printer.setPageLayout(QPageLayout(document.paper.layout))
    painter = QPainter()
    if not painter.begin(printer):
        raise PrintFailed(f"Máy in {printer.printerName() or '?'} không nhận việc: kiểm tra dây, giấy rồi in lại.")
    scale = printer.resolution() / DPI
    painter.scale(scale, scale)
    painter.translate(right * MM, down * MM)
    for page in range(document.pages):
        if page:
            printer.newPage()
        document.paint(painter, page)
    if not painter.end() or printer.printerState() == QPrinter.PrinterState.Error:
        raise PrintFailed(f"Máy in {printer.printerName() or '?'} báo lỗi: kiểm tra máy rồi in lại.")
