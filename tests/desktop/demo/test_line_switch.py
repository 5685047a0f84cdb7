"""The demo's line can be cut and restored from the window, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from desktop.app import App
from desktop.rehearsal import Rehearsal
from desktop.settings import Settings
from desktop.views.main_window import MainWindow
from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.gateway.server import GatewayServer
from sync.http import enrol
from sync.store import Store
from sync.store.model import Enrolment, Save

WARD, CITIZEN = "00070", "residence.citizen"


def test_cut_work_restore_and_it_arrives(qapp: QApplication, qtbot: Any, tmp_path: Path) -> None:
    catalog, clock = load_catalog(), SystemClock()
    with GatewayServer(f"sqlite:///{tmp_path / 'city.db'}", catalog=catalog, clock=clock) as city:
        code = city.enrolment_code(WARD, "Trần Thu Hà", ("reception",))
        made = enrol(city.url, code, "Quầy 1")
        store = Store.create(tmp_path / "pc", bytes(range(32)), catalog, clock)
        store.set_enrolment(Enrolment.of_answer(city.url, made))
        settings = Settings(sync_seconds=60)
        line = Rehearsal(city.stop, city.start)
        officer = made.officer
        app = App(store, catalog, clock, folder=tmp_path, settings=settings, officer=officer, rehearsal=line)
        app.dress()
        window = MainWindow(app)
        qtbot.addWidget(window)
        window.show()
        app.start_sync()
        try:
            qtbot.waitUntil(lambda: app.line.state == "up" and not app.line.busy)
            assert window.status.switch.isVisible() and "Ngắt" in window.status.switch.text()
            window.status.switch.click()
            qtbot.waitUntil(lambda: app.line.state == "down")
            assert line.is_cut and "Nối lại" in window.status.switch.text()
            row = next(row for row in window.window_rows() if row.id == "line")
            assert "Nối lại" in row.title, "the menu and the palette say the same"
            store.save([Save(type=CITIZEN, fields={"full_name": "Lê Văn Khánh"})], officer)
            assert len(store.changes.pending(9)) == 1
            row.run()
            qtbot.waitUntil(lambda: app.line.state == "up" and not store.changes.pending(9))
            assert not line.is_cut
        finally:
            app.close()


def test_outside_the_demo_there_is_no_switch(qapp: QApplication, qtbot: Any, tmp_path: Path) -> None:
    from tests.desktop.forms.conftest import make_app

    app = make_app(tmp_path)
    app.dress()
    window = MainWindow(app)
    qtbot.addWidget(window)
    window.show()
    assert not window.status.switch.isVisible()
    assert all(row.id != "line" for row in window.window_rows())
    app.close()
