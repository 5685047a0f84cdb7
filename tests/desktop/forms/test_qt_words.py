"""What Qt itself says in its menus and dialogs is Vietnamese too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QApplication,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.qt_words import QtWords, speak

NEVER_SEEN = {"QT_LAYOUT_DIRECTION", "Form", "Alt+Left", "Alt+Right", "Alt+Up", "Pica (P̸)", "Didot (DD)", "Cicero (CC)"}
WORDS = re.compile(r"[A-Za-z]{2}")
UNTRANSLATED = {"QShortcut", "QPageSize", "QMimeType"}  # keys, paper sizes; kinds of files, as the system names them


class Listening(QTranslator):
    """Installed last, so asked first: notes every text Qt wants and leaves the answer to the others."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[tuple[str, str]] = set()

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(
        self, context: str | bytes, source_text: str | bytes, disambiguation: str | bytes | None = None, n: int = -1
    ) -> str:
        self.asked.add((str(context), str(source_text)))
        return None  # type: ignore[return-value]


@pytest.fixture
def in_vietnamese(qapp: QApplication) -> Iterator[QApplication]:
    speak(qapp, "vi")
    yield qapp
    speak(qapp, "vi")


def menu_of(widget: QLineEdit | QPlainTextEdit) -> list[str]:
    texts = [
        action.text().partition("\t")[0].replace("&", "") for action in widget.createStandardContextMenu().actions()
    ]
    return [text for text in texts if text]


def test_the_menu_of_a_line_is_in_the_officer_s_language(in_vietnamese: QApplication, qtbot: QtBot) -> None:
    for widget in (QLineEdit("abc"), QPlainTextEdit("abc")):
        qtbot.addWidget(widget)
        assert menu_of(widget) == ["Hoàn tác", "Làm lại", "Cắt", "Sao chép", "Dán", "Xóa", "Chọn tất cả"]
        speak(in_vietnamese, "en")
        assert menu_of(widget) == ["Undo", "Redo", "Cut", "Copy", "Paste", "Delete", "Select All"]
        speak(in_vietnamese, "vi")
    assert len(in_vietnamese.findChildren(QtWords)) == 1


def test_every_text_of_the_print_and_file_dialogs_and_the_buttons_has_its_vietnamese(
    in_vietnamese: QApplication, qtbot: QtBot
) -> None:
    listening = Listening()
    QCoreApplication.installTranslator(listening)
    try:
        for made in dialogs():
            qtbot.addWidget(made)
            made.show()
            in_vietnamese.processEvents()
    finally:
        QCoreApplication.removeTranslator(listening)
    wanted = {(c, t) for c, t in listening.asked if c not in UNTRANSLATED and t not in NEVER_SEEN and WORDS.search(t)}
    assert len(wanted) > 80
    missing = {(c, t) for c, t in wanted if QCoreApplication.translate(c, t) == t}
    assert missing == set()


def test_a_question_s_buttons_and_nothing_else_change(in_vietnamese: QApplication, qtbot: QtBot) -> None:
    box = QMessageBox(
        QMessageBox.Icon.Question,
        "Sổ",
        "Xóa nháp này?",
        QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel,
    )
    qtbot.addWidget(box)
    assert {button.text().replace("&", "") for button in box.findChildren(QPushButton)} == {"Có", "Thôi"}
    plain = QLabel("Cancel")  # a text of a record is never translated
    qtbot.addWidget(plain)
    assert plain.text() == "Cancel"
    assert in_vietnamese.layoutDirection().name == "LeftToRight"


def dialogs() -> Iterator[QWidget]:
    every = QDialogButtonBox.StandardButton
    yield QDialogButtonBox(every.Ok | every.Save | every.SaveAll | every.Open | every.Yes | every.YesToAll | every.No)
    yield QDialogButtonBox(every.NoToAll | every.Abort | every.Retry | every.Ignore | every.Close | every.Cancel)
    yield QDialogButtonBox(every.Discard | every.Help | every.Apply | every.Reset | every.RestoreDefaults)
    for mode in (QFileDialog.AcceptMode.AcceptOpen, QFileDialog.AcceptMode.AcceptSave):
        files = QFileDialog()
        files.setOption(QFileDialog.Option.DontUseNativeDialog)
        files.setAcceptMode(mode)
        yield files
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    yield QPrintDialog(printer)
