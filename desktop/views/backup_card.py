"""Settings: the folders backups go to, how each stands, and a backup at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.app import App
from desktop.backups import Target, read_targets, sentence
from desktop.language import tr
from desktop.rollout import Given
from desktop.theme import LARGE, SMALL
from desktop.widgets.basics import Card, button, text_label


class BackupCard(Card):
    def __init__(self, app: App, given: Given) -> None:
        super().__init__(app.look, padding=LARGE - 4)
        self.app = app
        self._locked = given.is_locked("backup_to")
        self.body.addWidget(text_label(tr("office.backups"), "heading"))
        self.about = text_label("", "quiet", wrap=True)
        self.body.addWidget(self.about)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(app.look.px(SMALL))
        self.body.addLayout(self._rows)
        self.standing: list[QLabel] = []
        row = QHBoxLayout()
        row.setSpacing(app.look.px(SMALL))
        self.now = button(tr("office.backup_now"), self._begin)
        self.add = button(tr("office.backup_add"), self._ask)
        self.add.setEnabled(not self._locked)
        if self._locked:
            self.add.setToolTip(tr("office.locked_tip"))
        row.addWidget(self.now)
        row.addWidget(self.add)
        row.addStretch(1)
        self.body.addLayout(row)
        if app.backups is not None:
            app.backups.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """As the folders stand now."""
        folders = self.app.settings.backup_to
        self.about.setText(tr("office.backups_about" if folders else "office.backups_none"))
        while self._rows.count():
            self._rows.takeAt(0).widget().deleteLater()
        known = read_targets(self.app.folder)
        self.standing = []
        for folder in folders:
            self._rows.addWidget(self._row(folder, known.get(folder, Target())))
        backups = self.app.backups
        running = backups.percent if backups is not None else None
        self.now.setEnabled(bool(folders) and backups is not None and running is None)
        self.now.setText(tr("office.backup_now") if running is None else tr("office.backup_running", percent=running))

    def _row(self, folder: str, target: Target) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(text_label(folder, "", wrap=True))
        standing = text_label(
            sentence(folder, target, self.app.clock.now()), "problem" if target.trouble else "quiet", wrap=True
        )
        column.addWidget(standing)
        self.standing.append(standing)
        row.addLayout(column, 1)
        remove = button(tr("office.backup_remove"), partial(self._remove, folder), kind="flat")
        remove.setEnabled(not self._locked)
        row.addWidget(remove)
        return made

    def _begin(self) -> None:
        if self.app.backups is not None:
            self.app.backups.now()

    def _ask(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, tr("office.backup_pick")):
            self.take(str(Path(folder)))

    def take(self, folder: str) -> None:
        """One more folder, and a backup there at once."""
        if folder not in self.app.settings.backup_to:
            self.app.change_settings(backup_to=(*self.app.settings.backup_to, folder))
        self.refresh()
        self._begin()

    def _remove(self, folder: str) -> None:
        self.app.change_settings(backup_to=tuple(f for f in self.app.settings.backup_to if f != folder))
        self.refresh()
