"""The stick in the window: what is written out waits, the answer settles it, mistakes are sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from desktop.app import App
from desktop.language import tr
from desktop.views.bundle_sheet import BundleSheet
from desktop.views.main_window import MainWindow
from sync.bundle.keys import new_keys
from sync.bundle.on_pc import keep_keys
from sync.gateway.bundles import Bundles
from sync.gateway.city import City
from sync.protocol import EnrolRequest
from tests.desktop.frame import ward


@pytest.fixture
def city(app: App, tmp_path: Path) -> Iterator[City]:
    """A city that knows this PC, as after an enrolment."""
    made = City(f"sqlite:///{tmp_path}/city.db", app.catalog, app.clock)
    keys = new_keys()
    code = made.enrolment.new_code([app.ward], app.officer.name, "", app.officer.roles)
    answer = made.enrol(EnrolRequest(code=code, device_name="PC", public_key=keys.public.text))
    enrolment = structs.replace(app.store.enrolment, device=answer.device, officers=(answer.officer,), epoch="")
    app.store.set_enrolment(enrolment)
    app.enrolment = enrolment
    app.sign_in(answer.officer)
    keep_keys(app.store, keys, answer.bundle_key)
    yield made
    made.close()


def test_out_to_the_city_and_back(
    app: App, window: MainWindow, city: City, settle: Callable[[], None], tmp_path: Path
) -> None:
    record = ward.add(app.store, "residence.citizen", app.officer, full_name="Lê Hoàng Bích")
    sheet = BundleSheet(app, window)
    sheet.open()
    settle()
    out, back = tmp_path / "ra.sopb", tmp_path / "về.sopb"
    sheet.export_to(out)
    settle()
    assert "ra.sopb" in sheet.outcome.text.text()
    assert "ra.sopb" in sheet.last.text()
    assert app.store.records.load(record.id).standing == "here"
    assert Bundles(city).answer(out, back).accepted == 1
    sheet.import_from(back)
    settle()
    assert tr("bundle.imported") in sheet.outcome.text.text()
    assert app.store.records.load(record.id).standing == "city"
    assert sheet.last.text() == tr("bundle.second_about")
    sheet.import_from(back)
    settle()
    assert sheet.outcome.text.text() == tr("bundle.again")


def test_a_wrong_file_is_told_in_a_sentence(
    app: App, window: MainWindow, city: City, settle: Callable[[], None], tmp_path: Path
) -> None:
    sheet = BundleSheet(app, window)
    sheet.open()
    letter = tmp_path / "thư.pdf"
    letter.write_bytes(b"%PDF")
    sheet.import_from(letter)
    settle()
    assert "không phải gói USB" in sheet.outcome.text.text()
    assert sheet.outcome.property("kind") == "red"
    sheet.import_from(tmp_path / "không có.sopb")
    settle()
    assert "không có.sopb" in sheet.outcome.text.text()
