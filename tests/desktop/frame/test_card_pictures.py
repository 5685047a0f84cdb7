"""The QR code of an ID card, out of pictures as an office has them."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import segno
from PySide6.QtCore import QMarginsF, Qt
from PySide6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTransform
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.code_reader import PictureUnreadable, card_text
from desktop.views.main_window import MainWindow
from desktop.views.scan import ScanDialog
from sync.store import Store
from tests.desktop.frame import ward

CARD = "001190012345|011234567|Nguyễn Thị Ánh Tuyết|05011990|Nữ|12 Hàng Bài, Hoàn Kiếm, Hà Nội|01012022"
Settle = Callable[[], None]


def code(text: str, scale: int = 4) -> QImage:
    content = io.BytesIO()
    segno.make(text, error="m", micro=False).save(content, kind="png", scale=scale, border=4)
    return QImage.fromData(content.getvalue())


def card(scale: int = 4, *others: str) -> QImage:
    """A card lying on a table: the code in a corner, and whatever other codes lie beside it."""
    picture = QImage(1400, 900, QImage.Format.Format_RGB32)
    picture.fill(QColor("#7b8f9a"))
    painter = QPainter(picture)
    painter.fillRect(120, 120, 1100, 690, QColor("#dfe9e3"))
    painter.drawImage(940, 140, code(CARD, scale))
    for place, text in enumerate(others):
        painter.drawImage(150 + 260 * place, 500, code(text, 4))
    painter.end()
    return picture


def saved(picture: QImage, path: Path) -> Path:
    assert picture.save(str(path), None, 85)  # type: ignore[call-overload]
    return path


def grainy(picture: QImage) -> QImage:
    """Turned a little, too small and too dark, with grain: a photograph by telephone."""
    turned = QTransform().rotate(11)
    photo = picture.transformed(turned, Qt.TransformationMode.SmoothTransformation)
    photo = photo.convertToFormat(QImage.Format.Format_Grayscale8)
    chance = random.Random(7)
    for y in range(0, photo.height(), 2):
        for x in range(0, photo.width(), 2):
            grey = QColor(photo.pixel(x, y)).red()
            photo.setPixelColor(x, y, QColor.fromHsv(0, 0, max(0, min(255, int(grey * 0.7) + chance.randint(-25, 25)))))
    return photo


@pytest.mark.parametrize("name", ["ảnh.png", "chụp thẻ.jpg", "thẻ.bmp"])
def test_a_card_is_read_from_a_picture(qapp: object, tmp_path: Path, name: str) -> None:
    assert card_text(saved(card(), tmp_path / name)) == CARD


def test_a_turned_dark_grainy_photograph_is_read(qapp: object, tmp_path: Path) -> None:
    assert card_text(saved(grainy(card()), tmp_path / "chụp.jpg")) == CARD


def test_a_code_on_a_see_through_ground_is_read(qapp: object, tmp_path: Path) -> None:
    picture = code(CARD).convertToFormat(QImage.Format.Format_ARGB32)
    for y in range(picture.height()):
        for x in range(picture.width()):
            if picture.pixelColor(x, y).red() > 128:
                picture.setPixelColor(x, y, QColor(0, 0, 0, 0))
    assert card_text(saved(picture, tmp_path / "mã.png")) == CARD


def test_of_several_codes_the_cards_is_taken(qapp: object, tmp_path: Path) -> None:
    picture = card(4, "https://example.vn/tra-cuu", "H26.14-261122-0001")
    assert card_text(saved(picture, tmp_path / "bàn.png")) == CARD


@pytest.mark.parametrize("turned_to_jpeg", [False, True])
def test_a_scanned_pdf_is_read(qapp: object, tmp_path: Path, turned_to_jpeg: bool) -> None:
    path = tmp_path / "bản quét.pdf"
    writer = QPdfWriter(str(path))
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))
    )
    painter = QPainter(writer)
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering, not turned_to_jpeg)
    painter.drawImage(writer.width() // 10, writer.height() // 10, card())
    painter.end()
    del painter, writer
    assert (b"/DCTDecode" in path.read_bytes()) == turned_to_jpeg
    assert card_text(path) == CARD


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("thư.png", b"no picture at all", "không phải ảnh"),
        ("trống.jpg", b"", "không phải ảnh"),
        (
            "hỏng.pdf",
            b"%PDF-1.4\n1 0 obj<</Subtype/Image/Width 9/Height 9/Filter/FlateDecode>>stream\nxx",
            "Không thấy mã",
        ),
        (
            "bom.pdf",
            b"%PDF-1.4\n1 0 obj<</Subtype/Image/Width 999999/Height 999999/Filter/FlateDecode>>stream\nx",
            "mã QR",
        ),
    ],
)
def test_what_is_no_picture_of_a_code_is_told(
    qapp: object, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PictureUnreadable, match=said):
        card_text(tmp_path / name)


def test_a_picture_without_a_code_and_one_that_is_gone(qapp: object, tmp_path: Path) -> None:
    blank = QImage(300, 200, QImage.Format.Format_RGB32)
    blank.fill(Qt.GlobalColor.white)
    with pytest.raises(PictureUnreadable, match=r"Không thấy mã QR trong trắng\.png"):
        card_text(saved(blank, tmp_path / "trắng.png"))
    with pytest.raises(PictureUnreadable, match=r"Không đọc được mất\.png"):
        card_text(tmp_path / "mất.png")


def test_the_scan_dialog_finds_the_person_of_a_picture(
    window: MainWindow, app: App, store: Store, settle: Settle, tmp_path: Path, qtbot: QtBot
) -> None:
    person = ward.add(store, "residence.citizen", full_name="Nguyễn Thị Ánh Tuyết", personal_id="001190012345")
    dialog = ScanDialog(app, window)
    dialog.open()
    with qtbot.waitSignal(app.open_requested) as opened:
        dialog.read_picture(saved(card(), tmp_path / "thẻ.jpg"))
    assert opened.args == [person.id]
    settle()


def test_the_scan_dialog_says_what_was_wrong_and_stays(
    window: MainWindow, app: App, settle: Settle, tmp_path: Path
) -> None:
    dialog = ScanDialog(app, window)
    dialog.open()
    (tmp_path / "thư.png").write_bytes(b"no picture")
    dialog.read_picture(tmp_path / "thư.png")
    settle()
    assert dialog.isVisible() and "không phải ảnh" in dialog.problem.text()
    assert dialog.from_picture.isEnabled()
    dialog.reject()
    settle()
