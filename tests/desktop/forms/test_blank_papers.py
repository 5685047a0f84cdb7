"""Pre-printed blanks in the window: the number is asked for, a spoiled one is explained, the next one offered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from desktop.app import App
from desktop.forms.papers import next_serial
from desktop.forms.print_preview import PrintPreview
from desktop.forms.record_page import RecordPage
from forms.definition import Printout
from sync.store.model import Record
from tests.desktop.forms.catalogue import DOSSIER
from tests.desktop.forms.conftest import settle


@pytest.fixture
def blank(app: App, dossier: Record) -> Printout:
    kind = app.catalog.record_type(DOSSIER)
    return replace(kind.printouts[0], blank=True)


def opened(page: RecordPage, record: Record, printout: Printout, app: App, qtbot: Any) -> PrintPreview:
    page.printing._open(record, printout, "<p>Nguyễn Minh Khôi</p>", 1, ())
    settle(app, qtbot)
    assert page.printing.preview is not None
    return page.printing.preview


def test_a_blank_is_numbered_spoiled_and_replaced(
    open_page: Any, app: App, dossier: Record, blank: Printout, qtbot: Any
) -> None:
    preview = opened(open_page(DOSSIER, dossier.id), dossier, blank, app, qtbot)
    bar = preview.blank
    assert bar is not None
    assert not bar.is_ready()  # no number yet
    bar.box.setText("KS-0041209")
    assert bar.is_ready()
    preview._out(lambda: None)
    assert preview.isVisible()  # whether it came out well is asked first
    bar.note_spoiled("mực lem")
    assert bar.serial == "KS-0041210"
    preview._out(lambda: None)
    bar.good.emit()
    assert not preview.isVisible()
    rows = app.store.prints.of(dossier.id)
    assert [(row.serial, row.spoiled, row.copy) for row in rows] == [
        ("KS-0041210", "", 1),
        ("KS-0041209", "mực lem", 1),
    ]


def test_a_used_blank_is_refused_before_the_printer_is_asked(
    open_page: Any, app: App, dossier: Record, blank: Printout, qtbot: Any
) -> None:
    assert app.officer is not None
    app.store.prints.log(dossier.id, blank.id, app.officer, serial="7")
    preview = opened(open_page(DOSSIER, dossier.id), dossier, blank, app, qtbot)
    assert preview.blank is not None
    assert preview.blank.serial == "8"  # offered
    preview.blank.box.setText("7")
    preview.send_to_printer()  # comes back at once: no dialog
    assert "đã dùng" in preview.blank.words.text()
    preview.reject()


def test_ordinary_paper_asks_for_no_number(open_page: Any, app: App, dossier: Record, qtbot: Any) -> None:
    kind = app.catalog.record_type(DOSSIER)
    preview = opened(open_page(DOSSIER, dossier.id), dossier, kind.printouts[0], app, qtbot)
    assert preview.blank is None
    preview._out(lambda: None)
    assert not preview.isVisible()


@pytest.mark.parametrize(
    ("serial", "after"), [("KS-0041209", "KS-0041210"), ("099", "100"), ("9", "10"), ("A", ""), ("", "")]
)
def test_the_next_number_keeps_its_zeros(serial: str, after: str) -> None:
    assert next_serial(serial) == after


def test_each_printer_has_a_shift_of_its_own(app: App) -> None:
    app.change_settings(printer_right=1.0, printer_down=-0.5)
    app.change_settings(printers={"Brother HL": (2.0, 3.0)})
    assert app.settings.shift_of("Brother HL") == (2.0, 3.0)
    assert app.settings.shift_of("Canon") == (1.0, -0.5)
