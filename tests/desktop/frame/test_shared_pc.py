"""Two officers on one PC, in the window: changing who sits there changes everything that is shown, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.language import use_language
from desktop.settings import Settings
from desktop.sight import all_types, seen_types
from desktop.views.main_window import MainWindow
from desktop.views.today import Today
from forms.definition import Catalog
from sync.clock import FixedClock
from sync.protocol import Officer
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]
HIS = {"onestop.dossier", "residence.citizen"}


def narrow_catalog() -> Catalog:
    """The reception reads dossiers and people only."""
    made = ward.catalog()
    roles = tuple(
        msgspec.structs.replace(role, scopes=("onestop", "people")) if role.id == "reception" else role
        for role in made.roles
    )
    return msgspec.structs.replace(made, roles=roles)


@pytest.fixture
def app(qtbot: QtBot, store: Store, clock: FixedClock, tmp_path: Path) -> Iterator[App]:
    made = App(store, narrow_catalog(), clock, folder=tmp_path, settings=Settings(), officer=ward.NAM)
    made.dress()
    yield made
    made.close()
    use_language("vi")


def test_the_next_officer_sees_nothing_of_the_other_registers(
    window: MainWindow, app: App, store: Store, settle: Settle, qtbot: QtBot
) -> None:
    ward.add_dossier(store, "Đăng ký khai sinh", due_hours=3)
    birth = ward.add(store, "civil_status.birth", ward.NAM, subject="Khánh", due_on="2026-11-20T02:00:00Z")
    window.pages.go("list:civil_status.birth")
    settle()
    app.sign_in(ward.HA)
    settle()
    assert window.pages.key == "today"
    page = window.pages.page
    assert isinstance(page, Today)
    assert page.table.table.rowCount() == 1 and page.subtitle.text().startswith("1 việc cần làm hôm nay")
    rows = {row.key: row for row in window.rail.view.rows.rows}
    assert "tool:civil_status" not in rows and rows["today"].count == 1 and not rows["today"].late
    app.open_record(birth.id)
    window.pages.go("list:civil_status.birth")
    settle()
    assert window.pages.key == "today" and not window.pages.has_past
    assert app.resolve(birth.id) is None and app.load(birth.id) is None
    offered = [offer.title for offer in window._offers()]
    assert not any("Khai sinh" in title for title in offered)
    assert "chưa kể của cán bộ khác" in window.status._waiting.text(), "the PC is not empty, and that is said"
    app.sign_in(ward.NAM)
    settle()
    assert window.pages.page.table.table.rowCount() == 2  # type: ignore[attr-defined]
    assert len(store.changes.outbox()) == 2, "nothing was dropped"


def test_roles_decide_and_an_unknown_one_opens_nothing_on_a_shared_pc() -> None:
    catalog = narrow_catalog()
    stranger = Officer("o-x", "Lê Văn X", ("role_of_tomorrow",))
    assert seen_types(catalog, ward.HA, (ward.HA, ward.NAM)) == HIS
    assert seen_types(catalog, ward.NAM, (ward.HA, ward.NAM)) == all_types(catalog)
    assert seen_types(catalog, stranger, (stranger, ward.NAM)) == frozenset()
    assert seen_types(catalog, stranger, (stranger,)) == all_types(catalog), "all that is there came by his grants"
    assert seen_types(catalog, None) == all_types(catalog)
