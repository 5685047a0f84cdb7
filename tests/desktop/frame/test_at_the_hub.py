"""A record that only the ward's hub has told of: seen, told as such, and not to be typed into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

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
