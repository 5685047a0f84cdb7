"""A record that only the ward's hub has told of: seen, told as such, and not to be typed into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtWidgets import QLabel

from desktop.app import App
from desktop.forms.record_page import RecordPage
from desktop.language import tr
from desktop.views.main_window import MainWindow
from sync.clock import FixedClock
from sync.protocol import Change, PullAnswer, RecordVersion
from tests.desktop.frame import ward


@pytest.fixture
def told(tmp_path: Path, clock: FixedClock) -> Iterator[Change]:
    """What another PC of the ward has begun."""
    folder = tmp_path / "other"
    folder.mkdir()
    with ward.make_store(folder, clock) as other:
        other.set_enrolment(structs.replace(other.enrolment, device="Q3"))
        ward.add_dossier(other, "Khai sinh cháu Lê Hoàng Bích")
        yield other.changes.pending(1)[0]


def test_it_is_shown_and_cannot_be_changed_until_the_city_has_it(
    app: App, window: MainWindow, settle: Callable[[], None], told: Change
) -> None:
    assert app.store.provisional.take([told]) == 1
    window.pages.open_record(told.record_id)
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    assert not page.header.save_button.isVisible()
    assert tr("form.only_at_hub") in page.notice.text.text()
    assert not page.view.can_type("subject")
    assert app.store.overview(app.clock.now()).waiting == 0

    version = RecordVersion(
        id=told.record_id, type=told.type, ward=told.ward, scope="onestop", revision=1, state=told.to_state or "",
        fields=told.after,
    )  # fmt: skip
    app.store.changes.apply_pull(PullAnswer(records=(version,), cursor=1), told.ward, "onestop")
    settle()
    assert page.notice.isHidden()
    assert page.header.save_button.isVisible()
    assert page.view.can_type("subject")


def test_what_the_city_refused_is_said_to_be_put_right_where_it_was_made(
    app: App, window: MainWindow, settle: Callable[[], None], told: Change
) -> None:
    """Else it would look for ever as if the city were about to take it."""
    app.store.provisional.take([told])
    window.pages.open_record(told.record_id)
    settle()
    page = window.pages.page
    assert isinstance(page, RecordPage)
    words = tr("form.status.sent_back_there", officer=told.officer.name)
    notice = tr("form.sent_back_there", officer=told.officer.name)
    assert tr("form.status.at_hub") in shown(page)
    assert words not in shown(page)
    app.store.provisional.take([], [("Q4", told.change_id)])
    settle()
    assert words not in shown(page), "another PC has no word in that"
    app.store.provisional.take([], [(told.device, told.change_id)])
    settle()
    assert words in shown(page)
    assert tr("form.status.at_hub") not in shown(page)
    assert notice in page.notice.text.text()
    assert not page.view.can_type("subject")
    app.store.provisional.take([told])  # sent once more
    settle()
    assert tr("form.status.at_hub") in shown(page)
    assert tr("form.only_at_hub") in page.notice.text.text()


def shown(page: RecordPage) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel))
