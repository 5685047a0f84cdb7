"""What can be done from anywhere in the window, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from desktop.actions import ActionRow
from desktop.language import say, tr
from desktop.models.quick import quick_starts

if TYPE_CHECKING:
    from desktop.views.main_window import MainWindow

IN_MENU = (
    ("sync", "usb", "line", "outbox", "conflicts", "duplicates"),
    ("settings", "keys", "about"),
    ("officer", "quit"),
)


def menu_rows(rows: Iterable[ActionRow]) -> list[ActionRow | None]:
    """The officer's menu: some rows in three groups; None is a line between two."""
    by_id = {row.id: row for row in rows}
    made: list[ActionRow | None] = []
    for group in IN_MENU:
        made += [None] if made else []
        made += [by_id[name] for name in group if name in by_id]
    return made


class WindowActions:
    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._app = window.app

    def rows(self) -> list[ActionRow]:
        return [*self._starts(), *self._pages(), *self._others()]

    def _starts(self) -> list[ActionRow]:
        group = tr("frame.keys_work")
        starts = quick_starts(self._app.catalog, self._app.officer, self._app.begun)
        rows = [
            ActionRow(
                id=f"begin.{record_type.id}",
                title=tr("frame.begin", name=say(record_type.label)),
                icon="plus",
                shortcut="F2",
                run=partial(self._app.begin, record_type.id),
                group=group,
            )
            for record_type in starts[:1]
        ]
        rows.append(
            ActionRow(id="scan", title=tr("frame.scan"), icon="card", shortcut="F8", run=self.scan, group=group)
        )
        return rows

    def _pages(self) -> list[ActionRow]:
        group, go, pages = tr("frame.keys_pages"), self._window.pages.go, self._window.pages

        def row(name: str, icon: str, shortcut: str, run: Callable[[], object], words: str = "") -> ActionRow:
            title = tr(f"frame.{name}")
            return ActionRow(id=name, title=title, icon=icon, shortcut=shortcut, run=run, group=group, words=words)

        return [
            row("find", "search", "Ctrl+K", self.find),
            row("today", "today", "Alt+Home", partial(go, "today")),
            ActionRow(
                id="back",
                title=tr("frame.back"),
                icon="back",
                shortcut="Alt+Left",
                run=pages.back,
                enabled=lambda: pages.has_past,
                group=group,
            ),
            row("reports", "chart", "", partial(go, "reports")),
            row("outbox", "outbox", "", partial(go, "outbox")),
            row("conflicts", "conflict", "", partial(go, "conflicts")),
            ActionRow(
                id="duplicates", title=tr("double.title"), icon="people", run=partial(go, "duplicates"), group=group
            ),
            row("settings", "settings", "Ctrl+,", partial(go, "settings"), tr("frame.settings_words")),
            row("next_part", "panel", "F6", partial(self.move_focus, 1)),
            row("previous_part", "panel", "Shift+F6", partial(self.move_focus, -1)),
        ]

    def _others(self) -> list[ActionRow]:
        group = tr("frame.keys_other")
        return [
            ActionRow(
                id="sync",
                title=tr("frame.sync_now"),
                icon="sync",
                shortcut="F5",
                run=self.sync_now,
                enabled=lambda: self._app.sync is not None,
                group=group,
            ),
            ActionRow(
                id="usb",
                title=tr("bundle.open"),
                icon="export",
                run=self.show_bundle,
                enabled=lambda: self._app.enrolment is not None,
                group=group,
            ),
            *self._rehearsal(group),
            ActionRow(id="selftest", title=tr("selftest.open"), icon="help", run=self.show_selftest, group=group),
            ActionRow(
                id="keys", title=tr("frame.keys"), icon="keyboard", shortcut="F1", run=self.show_keys, group=group
            ),
            ActionRow(id="about", title=tr("frame.about"), icon="help", run=self.show_about, group=group),
            ActionRow(
                id="officer",
                title=tr("frame.switch_officer"),
                icon="lock",
                run=self.switch_officer,
                group=group,
                words=tr("frame.switch_words"),
            ),
            ActionRow(
                id="quit", title=tr("frame.quit"), icon="quit", shortcut="Ctrl+Q", run=self._window.close, group=group
            ),
        ]

    def _rehearsal(self, group: str) -> list[ActionRow]:
        """In the demo: cutting the line, and restoring it."""
        rehearsal = self._app.rehearsal
        if rehearsal is None:
            return []
        return [ActionRow(id="line", title=tr(rehearsal.next_step), icon="sync", run=self._app.turn_line, group=group)]

    def find(self) -> None:
        self._window.palette_box.open()

    def sync_now(self) -> None:
        self._app.sync_now()
        self._app.notice(tr("frame.sync_asked"))

    def scan(self) -> None:
        from desktop.views.scan import ScanDialog

        ScanDialog(self._app, self._window).open()

    def show_bundle(self) -> None:
        from desktop.views.bundle_sheet import BundleSheet

        BundleSheet(self._app, self._window).open()

    def show_selftest(self) -> None:
        from desktop.views.selftest_sheet import SelfTestSheet

        SelfTestSheet(self._app, self._window).open()

    def show_keys(self) -> None:
        from desktop.views.keys import KeysSheet

        KeysSheet(self._app.look, self._window.rows(), self._window).open()

    def show_about(self) -> None:
        from desktop.views.keys import AboutBox

        AboutBox(self._app, self._window).open()

    def switch_officer(self) -> None:
        from desktop.views.sign_in import OfficerDialog

        OfficerDialog(self._app, self._window).open()

    def move_focus(self, step: int) -> None:
        """F6: rail, page, status bar, and round again."""
        window = self._window
        parts: list[QWidget] = [window.rail, window.pages, window.status]
        focus = QApplication.focusWidget()
        here = next((n for n, part in enumerate(parts) if focus is not None and part.isAncestorOf(focus)), -step)
        goal = parts[(here + step) % len(parts)]
        if goal is window.rail:
            window.rail.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        elif goal is window.pages:
            first = getattr(window.pages.page, "focus_first", window.pages.page.setFocus)
            first()
            stands = QApplication.focusWidget()
            if stands is not None and window.pages.isAncestorOf(stands):  # the form may be scrolled away from it
                from desktop.forms.layout import bring_into_sight  # a start shows no form

                bring_into_sight(stands, stands)
        else:
            window.status.focus_first()
