"""``screenshot``: every page as a picture of the size, language, theme and scale asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, run

PAGES = ["today", "outbox", "conflicts", "settings", "palette", f"list:{COPY}", f"form:{COPY}", "sign_in", "unlock"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("qapp")
def test_each_page_has_its_picture(page: str, counter: Counter, tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    counter.must("screenshot", page, str(path), "--size", "1024x768")
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1024, 768)
    assert len({image.pixel(x, y) for x in range(0, 1024, 16) for y in range(0, 768, 16)}) > 3  # something is drawn


@pytest.mark.usefixtures("qapp")
def test_theme_language_and_scale_change_the_picture_and_not_the_settings(counter: Counter, tmp_path: Path) -> None:
    plain, other, again = (tmp_path / f"{name}.png" for name in ("plain", "other", "again"))
    counter.must("screenshot", "settings", str(plain))
    words = ("--theme", "dark", "--language", "en", "--scale", "1.5", "--size", "1366x768")
    counter.must("screenshot", "settings", str(other), *words)
    counter.must("screenshot", "settings", str(again))
    assert QImage(str(other)).size().width() == 1366
    assert QImage(str(other)).pixel(700, 700) != QImage(str(plain)).pixel(700, 700)
    assert QImage(str(again)) == QImage(str(plain))


@pytest.mark.usefixtures("qapp")
def test_a_record_and_its_paper(counter: Counter, tmp_path: Path) -> None:
    record = counter.takes_in(COPY, copy_of("Bằng đại học"))
    for page in (f"record:{record}", f"print:{record}:visit_receipt"):
        counter.must("screenshot", page, str(tmp_path / "page.png"))
    again = counter.must("print", record, "visit_receipt", str(tmp_path / "paper.pdf"))
    assert again["copy"] == 1  # a picture is no print


@pytest.mark.usefixtures("qapp")
def test_pages_that_are_not_there(counter: Counter, tmp_path: Path) -> None:
    target = str(tmp_path / "page.png")
    for page, code in (
        ("moon", 2),
        ("list", 2),
        ("list:no.such", 2),
        ("today:x", 2),
        ("record:x", 1),
        ("print:x:y", 1),
    ):
        assert counter.run("screenshot", page, target).code == code, page
    assert counter.run("screenshot", "today", str(tmp_path / "none" / "x.png")).code == 1
    assert run("--profile", str(tmp_path / "none"), "screenshot", "today", target).code == 1
    assert not Path(target).exists()
    assert QApplication.instance() is not None
