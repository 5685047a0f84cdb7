"""The style sheet holds wherever the program lies: in the folder of an officer with a Vietnamese name, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QFrame, QVBoxLayout, QWidget

import resources
from desktop import theme
from desktop.theme import LIGHT


@pytest.mark.parametrize("name", ["so-phuong", "Nguyễn Thị Ánh", "Phường Hoàn Kiếm (CNTT) & 'bạn'; 100%"])
def test_every_rule_is_read_from_any_folder(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name / "resources"
    shutil.copytree(Path(resources.__file__).parent, folder, ignore=shutil.ignore_patterns("data", "*.ttf"))
    monkeypatch.setattr(resources, "__file__", str(folder / "__init__.py"))
    sheet = theme.style_sheet(theme.Look())
    assert name in sheet
    window = QWidget()
    window.setStyleSheet(sheet + "QFrame#last { background: #010203; }")
    column = QVBoxLayout(window)
    parts = {"header": QFrame(), "last": QFrame()}
    for object_name, part in parts.items():
        part.setObjectName(object_name)
        part.setFixedSize(40, 40)
        column.addWidget(part)
    arrow = QComboBox()
    column.addWidget(arrow)
    window.show()
    drawn = {object_name: part.grab().toImage().pixelColor(20, 20).name() for object_name, part in parts.items()}
    assert drawn == {"header": LIGHT.header, "last": "#010203"}
    picture = arrow.grab().toImage()
    right = {
        picture.pixelColor(x, y).name() for x in range(picture.width() - 24, picture.width() - 4) for y in range(8, 24)
    }
    assert len(right) > 2, "the arrow's picture is found"
    window.close()
