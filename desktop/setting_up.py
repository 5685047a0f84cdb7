"""What stands in the gate while a PC is no ward's yet, or its store cannot be opened."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from desktop.language import language, say_error, tr
from sync.clock import moment_text

if TYPE_CHECKING:
    from desktop.rollout import Given
    from desktop.self_enrolment import SelfEnrolment
    from desktop.start import Start
    from sync.store.backup import Backup
    from sync.store.model import StoreError


def not_its_store(folder: Path) -> StoreError:
    """The key that was kept for it is right, and the store does not open by it: no passphrase that is typed again helps."""
    from sync.store.model import DamagedStore

    return DamagedStore(
        f"Sổ ở {folder} không mở được bằng khóa của máy này: tệp store.db bị hỏng, hoặc là của máy khác chép vào. Khôi phục bản "
        "sao lưu, hoặc trả lại tệp cũ. (The store does not open by this PC's key: store.db is damaged, or was copied from another PC)"
    )


class SettingUp:
    """Pages of ``Start`` that lead back to its ``begin``."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._enrolling: SelfEnrolment | None = None
        self._by_hand = False  # somebody types a code, whatever the office gave

    def end(self) -> None:
        if self._enrolling is not None:
            self._enrolling.end()

    def finish_restoring(self) -> None:
        """A backup that was being put back when the power went."""
        folder = self._start.folder
        if (folder / "restored.ready").is_dir() or (folder / "restored.placing").is_dir():
            from sync.store.restoring import finish

            finish(folder)
            self._say_restored()

    def offer_enrolment(self) -> None:
        """By itself, where the office gave address and code; else what is not given is asked for."""
        from desktop.commands.errors import NoVault, one_line
        from desktop.rollout import log_findings, read_rollout
        from desktop.views.sign_in import OfferEnrolment
        from sync.protocol import SyncError
        from sync.strangers import NOT_THE_CITY

        start = self._start
        start.let_go_of_pack()  # enrolling makes the profile, and another ward's has packs of its own
        given = read_rollout(start.folder)
        log_findings(start.folder, given, moment_text(start.clock.now()))
        if given.enrols and not self._by_hand:
            self._enrol_itself(given)
            return
        page = OfferEnrolment(start.look, given.get("url", ""))

        def try_it(url: str, code: str) -> None:
            passphrase = page.passphrase
            task = start.background.run(lambda: self._enrol(url, code, given, passphrase), page)
            task.then(lambda _none: start.begin(passphrase)).failed(refused)

        def refused(error: Exception) -> None:
            if isinstance(error, NoVault):
                page.ask_passphrase()
            elif not isinstance(error, SyncError):
                page.refuse(one_line(error, language())[0])
            elif error.code in ("bad_url", "not_safe", "tls", NOT_THE_CITY):
                page.refuse(say_error(error), page.url)
            elif (
                error.retry and error.code != "too_many_guesses"
            ):  # its own words promise another try, and nobody makes one here
                page.refuse(tr("frame.enrol_no_line" if error.code == "unreachable" else "frame.enrol_not_now"))
            else:
                page.refuse(say_error(error), page.code)

        page.given.connect(try_it)
        start.show(page)

    def _enrol_itself(self, given: Given) -> None:
        from desktop.self_enrolment import SelfEnrolment
        from desktop.settings import load_settings
        from desktop.views.gates import EnrolItself

        start = self._start
        page = EnrolItself(start.look, given.get("url"), given.get("wards", ()))
        self._enrolling = enrolling = SelfEnrolment(
            start.folder, start.background, lambda now: self._enrol(now.get("url"), now.secret, now), start.clock, start
        )

        def by_hand() -> None:
            enrolling.end()
            self._by_hand = True
            self.drop(page)
            self.offer_enrolment()

        def done() -> None:
            start.settings = load_settings(start.folder)
            self.drop(page)
            start.begin()

        enrolling.trying.connect(page.say_trying)
        enrolling.waiting.connect(page.say_waiting)
        enrolling.done.connect(done)
        enrolling.gone.connect(by_hand)
        page.now.connect(enrolling.try_now)
        page.by_hand.connect(by_hand)
        start.show(page)
        enrolling.try_now()

    def _enrol(self, url: str, code: str, given: Given, passphrase: str | None = None) -> None:
        """The same enrolment as the command line's, in the background."""
        from desktop.commands.desk import Desk
        from desktop.commands.enrolment import enrol_desk

        start = self._start
        ca = Path(given.get("ca")) if given.get("ca") else None
        with Desk(start.folder, language=start.settings.language, clock=start.clock, passphrase=passphrase) as desk:
            enrol_desk(desk, url, code, platform.node() or "PC", ca, tuple(given.get("wards", ())))

    def tell_trouble(self, error: StoreError, passphrase: str | None = None) -> None:
        """The store cannot be opened: why, and what can be done here. ``passphrase``: as it was typed, which opens the
        backups too."""
        from desktop.backups import offers
        from desktop.views.gates import Trouble

        start = self._start
        start.let_go_of_pack()
        newest = offers(start.folder, start.settings, start.clock.now()) if error.code == "damaged_store" else []
        page = Trouble(start.look, error, newest)

        def again() -> None:
            self.drop(page)
            start.begin()

        def restore(backup: Backup) -> None:
            page.wait()
            task = start.background.run(lambda: self._restore(backup, passphrase), page)
            task.then(lambda _none: again()).failed(lambda failed: page.refuse(say_error(failed)))

        page.again.connect(again)
        page.closing.connect(QCoreApplication.quit)
        page.restore.connect(restore)
        start.show(page)

    def _restore(self, backup: Backup, passphrase: str | None) -> None:
        from desktop.commands.desk import PASSPHRASE
        from sync.long_paths import shown
        from sync.store.restoring import FORMER, key_of_backup, restore_backup, unsent_here

        start = self._start
        key = key_of_backup(backup.path, start.folder, passphrase or os.environ.get(PASSPHRASE) or None)
        unsent = unsent_here(start.folder, key)
        restore_backup(backup.path, start.folder, key, start.clock.now())
        apart = shown(max((start.folder / FORMER).iterdir())) if unsent else ""  # named by the moment
        self._say_restored(unsent, apart)

    def _say_restored(self, unsent: int = 0, apart: str = "") -> None:
        """Stands in the window until somebody has read it: whoever restores goes to lunch while it runs."""
        from desktop.lasting_notices import keep_restored

        keep_restored(self._start.folder, moment_text(self._start.clock.now()), unsent, apart)

    def drop(self, page: QWidget) -> None:
        if self._start.gate is not None:
            self._start.gate.removeWidget(page)
            page.deleteLater()
