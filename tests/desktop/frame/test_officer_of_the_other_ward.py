"""A PC of two wards: who serves only the second begins nothing in the first, and is told so."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from desktop.app import App
from desktop.language import tr
from desktop.views.main_window import MainWindow
from desktop.views.today import Today
from sync.protocol import Officer
from sync.store.filling import FillProgress
from tests.desktop.frame.test_books_and_doubles import COPY, HEAD, THERE, TWO_WARDS, app, window

__all__ = ["app", "window"]
ELSEWHERE = Officer("o2", "Vũ Đức Thử", HEAD.roles, "UBND")


def _serving(app: App, wards: tuple[str, ...]) -> None:
    app.store.update_enrolment(officers=(HEAD, ELSEWHERE), serves={HEAD.id: ("00070",), ELSEWHERE.id: wards})
    app.enrolment = app.store.enrolment
    app.sign_in(ELSEWHERE)


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
def test_who_serves_only_the_other_ward_begins_nothing_and_is_told(window: MainWindow, app: App) -> None:
    said: list[str] = []
    app.noticed.connect(lambda text, _kind: said.append(text))
    _serving(app, (THERE,))
    assert not app.may_begin(app.catalog.record_type(COPY))
    app.begin(COPY)
    assert len(said) == 1 and "Phường Hoàn Kiếm" in said[0] and "không được phân công" in said[0]
    page = window.pages.page
    assert isinstance(page, Today)
    words = [label.text() for label in page.findChildren(QLabel) if "không được phân công" in label.text()]
    assert words == [tr("frame.other_ward", ward="Phường Hoàn Kiếm")]
    assert app.may_write(app.catalog.record_type(COPY))  # what is there he goes on with


def _empty_day(window: MainWindow) -> str:
    page = window.pages.page
    assert isinstance(page, Today)
    return " ".join(label.text() for label in page.empty.findChildren(QLabel))


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
@pytest.mark.parametrize(("wards", "begins"), [((THERE,), False), (("00070",), True)])
def test_an_empty_day_names_the_key_that_begins_only_to_who_may_begin(
    window: MainWindow, app: App, wards: tuple[str, ...], begins: bool
) -> None:
    _serving(app, wards)
    for filling in (False, True):
        app.line.filling(FillProgress(usable=False, percent=5) if filling else None)
        words = _empty_day(window)
        assert ("F2" in words) is begins and tr("frame.filling" if filling else "frame.nothing_due") in words


@pytest.mark.parametrize("app", [TWO_WARDS], indirect=True)
@pytest.mark.parametrize("wards", [("00070",), tuple(TWO_WARDS)])
def test_who_serves_the_first_begins_as_ever(window: MainWindow, app: App, wards: tuple[str, ...]) -> None:
    _serving(app, wards)
    assert app.may_begin(app.catalog.record_type(COPY))
