"""The bar of lasting notices, where an earlier version finds what a later one kept."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.app import App
from desktop.lasting_notices import LastingNotice, keep_notice, lasting_notices
from desktop.widgets.lasting_bar import LastingBar

AT = "2026-11-23T01:00:00Z"
STRANGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("office.from_a_newer_version", {}),
    ("a_room_of_later", {}),
    ("new_room.sentence", {"count": 2}),
    ("office.restored_unsent", {"figure_of_later": 1}),
)


@pytest.mark.parametrize(("name", "values"), STRANGE)
def test_what_this_version_cannot_say_is_left_out(app: App, qtbot: QtBot, name: str, values: dict[str, Any]) -> None:
    strange = LastingNotice(name, AT, values)
    keep_notice(app.folder, strange)
    bar = LastingBar(app)
    qtbot.addWidget(bar)
    assert bar.isHidden()
    keep_notice(app.folder, LastingNotice("office.restored", AT))
    bar = LastingBar(app)
    qtbot.addWidget(bar)
    (told,) = bar.findChildren(QLabel)
    assert not bar.isHidden() and "khôi phục" in told.text()
    assert strange in lasting_notices(app.folder), "the version that knows it will say it"
