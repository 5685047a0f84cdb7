"""The page of conflicts shows every record that waits for a choice, whatever else the day brings."""

from __future__ import annotations

from collections.abc import Callable

from desktop.views.conflicts import PAGE, Conflicts
from desktop.views.main_window import MainWindow
from sync.protocol import Candidate, PullAnswer, RecordVersion
from sync.store import Store
from tests.desktop.frame import ward

Settle = Callable[[], None]


def test_all_open_conflicts_are_listed_also_beyond_one_page(window: MainWindow, store: Store, settle: Settle) -> None:
    scope = ward.catalog().record_type("onestop.dossier").scope
    waits = {"subject": (Candidate("B", "A", "c1", "Vũ Đức Nam", "Q3", "2026-11-23T01:00:00Z"),)}
    clashing = tuple(
        RecordVersion(
            id=f"d{n:04d}",
            type="onestop.dossier",
            ward="00070",
            scope=scope,
            revision=n + 1,
            state=ward.catalog().record_type("onestop.dossier").initial_state,
            fields={"subject": f"Việc {n}"},
            conflicts=waits,
        )
        for n in range(PAGE + 1)
    )
    store.changes.apply_pull(PullAnswer(records=clashing, cursor=1), "00070", scope)
    window.pages.go("conflicts")
    settle()
    page = window.pages.page
    assert isinstance(page, Conflicts)
    assert page.table.table.rowCount() == PAGE + 1
