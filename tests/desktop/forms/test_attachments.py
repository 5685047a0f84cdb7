"""Files are kept by content and refused when they are attached, not a day later."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from desktop.app import App
from desktop.forms import attachments
from desktop.forms.attachments import AttachmentRefused, attach, open_copy, shown_size
from desktop.forms.field_widgets.file_row import FileRow
from desktop.forms.field_widgets.files import FilesField
from desktop.forms.record_page import RecordPage
from sync.store.model import FileStanding, Save
from tests.desktop.cut_words import cut_words
from tests.desktop.forms.catalogue import EVERYTHING
from tests.desktop.forms.conftest import HA


def test_the_same_scan_is_kept_once_and_encrypted(app: App, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7 scan of a card")
    files = app.store.files
    first, second = (attach(tmp_path / name, files) for name in ("a.pdf", "b.pdf"))
    assert first["sha256"] == second["sha256"] == hashlib.sha256(b"%PDF-1.7 scan of a card").hexdigest()
    shown = open_copy(first, files, app.temporary)
    assert shown is not None and shown.read_bytes() == b"%PDF-1.7 scan of a card"
    assert not any(b"scan of a card" in path.read_bytes() for path in app.store.path.rglob("store.db*"))
    assert open_copy({"sha256": "0" * 64}, files, app.temporary) is None


@pytest.mark.parametrize(("name", "size", "words"), [("a.exe", 3, "không phải tệp"), ("a.pdf", 50, "quá 20 B")])
def test_a_wrong_type_and_a_large_file_are_refused(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int, words: str
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", 20)
    (tmp_path / name).write_bytes(b"x" * size)
    with pytest.raises(AttachmentRefused, match=words):
        attach(tmp_path / name, app.store.files)


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return content.getvalue()


JPEG = b"\xff\xd8\xff\xe0 picture"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "content", "media_type", "kept"),
    [
        ("IMG_2031", JPEG, "image/jpeg", "IMG_2031.jpg"),
        ("anh.JPEG", JPEG, "image/jpeg", "anh.JPEG"),
        ("quét.pdf", JPEG, "image/jpeg", "quét.pdf.jpg"),  # the name said something else
        ("đơn.docx", zipped("[Content_Types].xml", "word/document.xml"), WORD, "đơn.docx"),
        ("ghi chú.txt", "Ghi chú".encode(), "text/plain", "ghi chú.txt"),
        ("phiếu.xml", b"<?xml version='1.0'?><a/>", "application/xml", "phiếu.xml"),
    ],
)
def test_the_kind_is_told_from_what_is_inside(
    app: App, tmp_path: Path, name: str, content: bytes, media_type: str, kept: str
) -> None:
    (tmp_path / name).write_bytes(content)
    value = attach(tmp_path / name, app.store.files)
    assert (value["media_type"], value["name"]) == (media_type, kept)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("quét.pdf", b"MZ\x90\x00 a program", "bên trong không phải PDF"),
        ("chạy.bat", b"del *.*", "không phải tệp nhận được"),
        ("ảnh.png", b"just words", "không phải tệp nhận được"),
        ("nén.docx", zipped("other.txt"), "không phải tệp nhận được"),
        ("vỡ.docx", b"PK\x03\x04 broken", "không phải tệp nhận được"),
        ("macro.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "macro"),
        ("trống.pdf", b"", "trống"),
    ],
)
def test_what_only_its_name_makes_a_file_of_ours_is_refused(
    app: App, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AttachmentRefused, match=words):
        attach(tmp_path / name, app.store.files)
    assert app.store.files.read(hashlib.sha256(content).hexdigest()) is None


def test_a_file_that_is_not_here_is_fetched_and_then_opens(
    open_page: Callable[..., RecordPage], app: App, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"%PDF-1.7 at the city"
    digest = hashlib.sha256(content).hexdigest()
    file = {"sha256": digest, "name": "quyết định.pdf", "size": 2048, "media_type": "application/pdf"}
    record = app.store.save([Save(type=EVERYTHING, fields={"f_text": "có tệp", "f_files": [file]})], HA)[0]
    opened: list[Path] = []
    monkeypatch.setattr(
        "desktop.forms.field_widgets.files.QDesktopServices.openUrl", lambda url: opened.append(Path(url.toLocalFile()))
    )
    page = open_page(EVERYTHING, record.id)
    field = page.view.cells["f_files"].input
    assert isinstance(field, FilesField)
    (row,) = field.findChildren(FileRow)
    qtbot.waitUntil(lambda: "chưa tải về" in row.state_text)
    press = next(b for b in row.findChildren(QPushButton) if b.text() == "Mở")
    assert press.isVisibleTo(page)
    press.click()
    qtbot.waitUntil(lambda: "đang tải" in row.state_text)
    assert not opened
    app.store.files.put(content)  # as the sync does when all of it came
    qtbot.waitUntil(lambda: bool(opened))
    assert opened[0].read_bytes() == content
    assert opened[0].suffix == ".pdf"


def test_a_file_that_cannot_be_read_says_why(app: App, tmp_path: Path) -> None:
    with pytest.raises(AttachmentRefused, match="Không đọc được"):
        attach(tmp_path / "none.pdf", app.store.files)


def test_a_file_that_is_gone_is_told_in_the_language_of_the_window(app: App, tmp_path: Path) -> None:
    with pytest.raises(AttachmentRefused) as caught:
        attach(tmp_path / "scan.pdf", app.store.files)
    assert str(caught.value) == "Không đọc được “scan.pdf”: không còn ở đó (đã xóa, đổi tên hoặc rút USB)"


def test_attaching_in_the_form(open_page: Callable[..., RecordPage], app: App, qtbot: Any, tmp_path: Path) -> None:
    page = open_page(EVERYTHING)
    (tmp_path / "tờ khai.pdf").write_bytes(b"%PDF-1.7 1")
    (tmp_path / "ảnh.png").write_bytes(b"\x89PNG\r\n\x1a\n picture")
    field = page.view.cells["f_files"].input
    assert isinstance(field, FilesField)
    field.take([tmp_path / "tờ khai.pdf", tmp_path / "ảnh.png"])
    qtbot.waitUntil(lambda: bool(page.entry.get("f_files")))
    assert [f["name"] for f in page.entry.get("f_files")] == ["tờ khai.pdf", "ảnh.png"]


def test_in_a_row_of_a_table_the_window_says_why(
    open_page: Callable[..., RecordPage], app: App, qtbot: Any, tmp_path: Path
) -> None:
    """The column is a few letters wide: a sentence in it would stand one word a line."""
    outside = open_page(EVERYTHING).view.cells["f_files"].input
    assert isinstance(outside, FilesField)
    field = FilesField(outside.field, outside.host, "papers/a/scan")
    qtbot.addWidget(field)
    (tmp_path / "chạy.pdf").write_bytes(b"MZ program")
    told: list[str] = []
    app.noticed.connect(lambda text, _kind: told.append(text))
    field.take([tmp_path / "chạy.pdf"])
    qtbot.waitUntil(lambda: bool(told))
    (sign,) = [label for label in field.findChildren(QLabel) if label.objectName() == "problem"]
    assert "chạy.pdf" in told[0] and sign.text() == "⚠" and "chạy.pdf" in sign.toolTip()


@pytest.mark.parametrize("state", ["here", "waiting", "sending", "there", "missing"])
def test_where_a_file_stands_is_whole_in_a_narrow_column(
    open_page: Callable[..., RecordPage], qtbot: Any, state: str
) -> None:
    field = open_page(EVERYTHING).view.cells["f_files"].input
    row = FileRow({"name": "tờ khai.pdf", "size": 11_999_999}, field.host, field, locked=False)
    qtbot.addWidget(row)
    row.show_standing(FileStanding(state, percent=34))
    for width in (72, 110, 400):  # as in a dossier's papers at 1024, in other tables, outside of them
        row.setFixedSize(width, row.heightForWidth(width))
        row.show()
        qtbot.waitExposed(row)
        labels = [label for label in row.findChildren(QLabel) if label.isVisible() and label.text()]
        assert " ".join(label.text() for label in labels).startswith("11,4 MB · ")
        assert cut_words(row) == []
        assert all(row.rect().contains(label.geometry().translated(label.parentWidget().pos())) for label in labels)


def test_one_wrong_file_does_not_take_the_others_with_it(
    open_page: Callable[..., RecordPage], app: App, qtbot: Any, tmp_path: Path
) -> None:
    field = open_page(EVERYTHING).view.cells["f_files"].input
    assert isinstance(field, FilesField)
    (tmp_path / "quét.jpg").write_bytes(JPEG)
    (tmp_path / "ảnh thẻ.jpg").write_bytes(JPEG + b" of a face")
    (tmp_path / "biên lai.jpg").write_bytes(b"MZ program")
    field.take([tmp_path / "quét.jpg", tmp_path / "biên lai.jpg", tmp_path / "ảnh thẻ.jpg"])
    qtbot.waitUntil(lambda: len(field.findChildren(FileRow)) == 2)
    (told,) = [label.text() for label in field.findChildren(QLabel) if label.objectName() == "problem"]
    assert "biên lai.jpg" in told and "quét.jpg" not in told
    field.take([tmp_path / "ảnh thẻ.jpg"])
    said = next(label for label in field.findChildren(QLabel) if label.objectName() == "problem")
    qtbot.waitUntil(lambda: "đã đính kèm rồi: ảnh thẻ.jpg" in said.text())
    assert len(field.findChildren(FileRow)) == 2


@pytest.mark.parametrize(("size", "text"), [(12, "12 B"), (2048, "2 KB"), (1_572_864, "1,5 MB")])
def test_sizes_as_people_read_them(size: int, text: str) -> None:
    assert shown_size(size) == text
