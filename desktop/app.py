"""The only place that wires objects together.

:class:`App` is what every page gets: the store, the catalogue, the clock, who is signed in, and the doors to background
work and to other pages. It draws nothing. ``open_workspace`` in ``desktop.start`` makes one; tests make their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from desktop import theme
from desktop.background import Background
from desktop.language import say_error, tr, use_language
from desktop.line import Line
from desktop.line_settings import is_spared
from desktop.models.rows import RowContext
from desktop.rubbish import EVERY_MS, collect_due, collect_here
from desktop.settings import Settings, load_settings, save_settings
from desktop.sight import may_begin, seen_types, works_at_home
from desktop.sync_worker import SyncsOnce, SyncWorker
from desktop.telling import Telling
from forms.definition import Catalog, RecordType
from sync.protocol import Fields, Officer, SyncError, Transport
from sync.store.model import Enrolment, Record, Touched

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from desktop.backup_timer import BackupTimer
    from desktop.rehearsal import Rehearsal
    from desktop.updating import Updating
    from forms.calendar import WorkCalendar
    from forms.units import AdministrativeUnits
    from sync.clock import Clock
    from sync.store import Store
    from sync.store.filling import FillProgress
    from sync.sync_report import SyncReport


COLLECTED_IN_SYNC = 30  # while a sync works, rubbish is collected every so many times that it would be otherwise
ELSEWHERE_MS = 2000  # how soon the window sees what another process wrote


class NotEnrolledError(Exception):
    """The store belongs to no ward yet, so there is no city to sync with."""


TransportFactory = Callable[[str, str], Transport]
"""(address of the city, token) -> a line to it."""


def over_http(url: str, token: str) -> Transport:
    from sync.http import HttpTransport

    return HttpTransport(url, token)


class App(QObject):
    """One opened store and the officer who works on it."""

    _filling = Signal(object)  # FillProgress | None, from the sync thread
    _heard = Signal()  # the city answered where it was not known to; from the sync thread
    touched = Signal(object)  # Touched: what a committed write changed, on the window's thread
    day_passed = Signal()  # midnight: what is told of today and of days left is told anew
    files_moved = Signal(object)  # Touched, of attached files alone: it comes with every part of one
    officer_changed = Signal()
    look_changed = Signal()  # language, theme or scale
    open_requested = Signal(str)  # record id
    begin_requested = Signal(str, object)  # record type id, values to begin with
    page_requested = Signal(str)  # key of a page
    report_requested = Signal(str, str)  # tool.report, its period as written ("2026-Q3")
    draft_requested = Signal(object)  # Draft: its form is to be continued
    scan_requested = Signal()  # the window opens the card scan
    updates_changed = Signal()  # a new version of the program is looked for, or waits
    noticed = Signal(str, str)  # a sentence for the officer; kind: "blue", "green", "amber" or "red"
    _arrived = Signal(object)

    def __init__(
        self,
        store: Store,
        catalog: Catalog,
        clock: Clock,
        *,
        folder: Path,
        settings: Settings | None = None,
        officer: Officer | None = None,
        transport: TransportFactory = over_http,
        rehearsal: Rehearsal | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.catalog = catalog
        self.clock = clock
        self.folder = folder
        self.settings = settings or load_settings(folder)
        self.officer = officer
        self.transport = transport
        self.rehearsal = rehearsal  # the demo's line can be cut
        self.background = Background(self)
        self.background.failed.connect(self._say_error)
        self.line = Line(clock.now)
        self._temporary: TemporaryDirectory[str] | None = None
        self.sync: SyncWorker | None = None
        self.backups: BackupTimer | None = None  # once the start is over
        self.updates: Updating | None = None  # once the window stands
        self._turning = False
        self._closing = False
        self._fill: FillProgress | None = None  # as last told by the sync thread
        self._filling.connect(self.line.filling)
        self._heard.connect(self.line.heard)
        use_language(self.settings.language)
        self.look = theme.Look(self.settings.theme, self.settings.scale)
        self._seen: tuple[object, frozenset[str]] = (None, frozenset())  # and whom it was worked out for
        self.enrolment = store.enrolment  # read once: pages ask often, and it changes only by a sync
        self._telling = Telling(self._tell, self)
        self._arrived.connect(self._telling.hear, Qt.ConnectionType.QueuedConnection)
        store.subscribe(self._arrived.emit)
        store.gentle = True  # an officer works beside what is synced
        collect_here()
        self._put_off = 0
        self._rubbish = QTimer(self)
        self._rubbish.setInterval(EVERY_MS)
        self._rubbish.timeout.connect(self._collect)
        self._rubbish.start()
        self._elsewhere = QTimer(self)
        self._elsewhere.setInterval(ELSEWHERE_MS)
        self._elsewhere.timeout.connect(self._look_elsewhere)
        self._elsewhere.start()

    @property
    def language(self) -> str:
        return self.settings.language

    @property
    def theme(self) -> str:
        return self.settings.theme

    @property
    def ward(self) -> str:
        """Code of the ward that new records belong to; empty before enrolment."""
        enrolment = self.enrolment
        return enrolment.ward if enrolment else ""

    @property
    def ward_name(self) -> str:
        enrolment = self.enrolment
        return enrolment.wards[enrolment.ward] if enrolment else ""

    @cached_property
    def calendar(self) -> WorkCalendar:
        from forms.calendar import calendar_of

        return calendar_of(self.catalog)

    @cached_property
    def units(self) -> AdministrativeUnits:
        from forms.units import AdministrativeUnits

        return AdministrativeUnits()

    @cached_property
    def rows(self) -> RowContext:
        """What turning records into rows of a list needs."""
        return RowContext(self.catalog, self.clock.now, self.calendar, self.named)

    @cached_property
    def temporary(self) -> Path:
        """A private folder for copies that other programs show; it is gone when this one ends."""
        from tempfile import TemporaryDirectory  # not before something is shown by another program

        self._temporary = TemporaryDirectory(prefix="sophuong-")
        return Path(self._temporary.name)

    def resolve(self, record_id: str) -> Fields | None:
        """The fields of a record that another one refers to, for rules and titles; None where it may not be seen."""
        return self.store.records.resolve(record_id, self.seen)

    def named(self, record_id: str) -> Fields | None:
        """The same where a reference is only shown: an officer of this PC whose own record nobody has made has a name too.
        Not for rules: what they take down of him would stand in place of his record."""
        officers = self.enrolment.officers if self.enrolment else ()
        by_name = ({"_title": each.name} for each in officers if each.id == record_id and each.name)
        return self.resolve(record_id) or next(by_name, None)

    @property
    def seen(self) -> frozenset[str]:
        """Ids of the record types the signed-in officer may see; every question to the store about records names them."""
        officers = self.enrolment.officers if self.enrolment else ()
        key = (self.officer, officers)
        if self._seen[0] != key:
            self._seen = (key, seen_types(self.catalog, self.officer, officers))
        return self._seen[1]

    def load(self, record_id: str) -> Record | None:
        """A record by its id, if it is here and the officer may see it."""
        return self.store.records.load(record_id, self.seen)

    def may_begin(self, record_type: RecordType) -> bool:
        """Whether the signed-in officer may begin such a record."""
        return may_begin(record_type, self.officer, self.begun)

    @property
    def begun(self) -> frozenset[str]:
        """Ids of the record types of which he may begin some, as far as his ward goes."""
        return self.seen if works_at_home(self.officer, self.enrolment) else frozenset()

    def may_write(self, record_type: RecordType) -> bool:
        """Whether the signed-in officer's roles reach the register: the city refuses what others write."""
        return record_type.id in self.seen

    def open_record(self, record_id: str) -> None:
        """Asks the window for the record's page."""
        self.open_requested.emit(record_id)

    def begin(self, type_id: str, values: Mapping[str, Any] | None = None) -> None:
        """Asks the window for the page of a new record that starts with ``values``."""
        self.begin_requested.emit(type_id, dict(values or {}))

    def notice(self, text: str, kind: str = "blue") -> None:
        """Shows one sentence for some seconds."""
        self.noticed.emit(text, kind)

    def sign_in(self, officer: Officer | None) -> None:
        """Changing officer never drops unsent work: changes carry who made them."""
        self.officer = officer
        if officer is not None:
            self.change_settings(last_officer=officer.id)
        self.officer_changed.emit()

    def change_settings(self, **changes: Any) -> None:
        """Takes effect at once, and is written to the profile."""
        before = self.settings
        self.settings = msgspec.structs.replace(before, **changes)
        save_settings(self.folder, self.settings)
        if any(getattr(before, name) != getattr(self.settings, name) for name in ("language", "theme", "scale")):
            self.dress()
            self.look_changed.emit()
        line = ("line_kb_per_second", "line_proxy")
        if self.sync is not None and any(getattr(before, name) != getattr(self.settings, name) for name in line):
            self.sync.renew()

    def dress(self) -> None:
        """Puts language and look on the application."""
        use_language(self.settings.language)
        application = QApplication.instance()
        assert isinstance(application, QApplication)  # noqa: S101 - an App without an application has no look
        self.look = theme.apply(application, self.settings.theme, self.settings.scale)

    def engine(self) -> SyncsOnce:
        """A new engine on this store, with the ward's hub behind it where there is one; called on the sync thread, which
        alone imports it."""
        from sync.engine import Engine
        from sync.hub.step import over_hub

        enrolment = self.store.enrolment
        if enrolment is None:
            raise NotEnrolledError
        if self.transport is over_http:
            line: Transport = self._over_http(enrolment)
        else:
            line = self.transport(enrolment.url, enrolment.token)
        engine = Engine(self.store, line, progress=self._note_progress)
        return over_hub(
            engine, self.store, enrolment.token, progress=self._note_progress, language=self.language,
            office=self.settings.hub,
        )  # fmt: skip

    def _note_progress(self, report: SyncReport) -> None:
        """On the sync thread, between two batches. A window that closes does not wait for whole registers to come."""
        if self._closing:
            raise SyncError("stopped", tr("frame.sync_stopped"))
        if report.fill != self._fill:
            self._fill = report.fill
            self._filling.emit(report.fill)
        if report.answered and self.line.state != "up":
            self._heard.emit()

    def _over_http(self, enrolment: Enrolment) -> Transport:
        from desktop.line_settings import line_settings
        from sync.http import HttpTransport

        settings = line_settings(self.folder, self.settings)
        return HttpTransport(enrolment.url, enrolment.token, language=self.language, settings=settings)

    def start_sync(self) -> None:
        """Begins to sync in the background; without an enrolment there is nobody to sync with."""
        if self.sync is not None or self.enrolment is None:
            return
        use_language(self.settings.language)
        spared = lambda: is_spared(self.settings, self.clock.now())  # noqa: E731
        self.line.never_read = self.store.meta("last_sync") is None
        self.line.fill = self.store.fills.progress()
        self.sync = SyncWorker(self.engine, self.settings.sync_seconds, self, spared=spared)
        self.sync.started.connect(self.line.syncing)
        self.sync.finished.connect(self._synced)
        self.sync.failed.connect(self.line.lost)
        self.sync.start()

    def _synced(self, report: object) -> None:
        """Officers and their roles may have come with the sync."""
        self.read_enrolment()
        self.line.reached(report)
        if getattr(report, "files_left", False):
            self.sync_now()  # the files go on, after what was saved meanwhile
        if version := getattr(report, "pack", ""):
            self.notice(tr("pack.received", version=version), "green")

    def read_enrolment(self) -> None:
        """The city was heard of: who may work here, and with which roles, may be another."""
        self.background.run(lambda: self.store.enrolment).then(self._keep_enrolment)

    def _keep_enrolment(self, enrolment: Enrolment | None) -> None:
        before = (self.officer, self.seen, self.begun)
        self.enrolment = enrolment
        mine = [one for one in (enrolment.officers if enrolment else ()) if self.officer and one.id == self.officer.id]
        if mine:
            self.officer = mine[0]
        if before != (self.officer, self.seen, self.begun):
            self.officer_changed.emit()

    def sync_now(self) -> None:
        if self.sync is not None:
            self.sync.request()

    def fetch_soon(self) -> None:
        """Somebody looks at what the city has more of; where syncs are spared nothing else is carried for that."""
        if self.sync is not None:
            self.sync.request(asked=False)

    def turn_line(self) -> None:
        """Cuts the demo's line to the city, or restores it, and finds out at once."""
        rehearsal = self.rehearsal
        if rehearsal is None or self._turning:
            return
        self._turning = True

        def turned(_none: object) -> None:
            self._turning = False
            self.line.changed.emit()
            self.sync_now()

        self.background.run(rehearsal.turn).then(turned).failed(self._not_turned)

    def _not_turned(self, error: Exception) -> None:
        self._turning = False
        self._say_error(error)

    def close(self, is_wanted: Callable[[], bool] = lambda: False) -> None:
        """Ends the threads, then closes the store. ``is_wanted``: somebody waits for that; the last backup is given up then."""
        self._closing = True
        self._elsewhere.stop()
        self.store.unsubscribe(self._arrived.emit)
        if self.backups is not None:
            self.backups.stop()
        if self.updates is not None:
            self.updates.stop()
        if self.sync is not None:
            self.sync.stop()
        self.background.close()
        if self.settings.backup_to:
            from desktop.backup_timer import at_quit

            at_quit(self, is_wanted)
        self.store.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _tell(self, touched: Touched) -> None:
        """Who shows files alone hears of every part of one; nobody else is to read anew for that."""
        only_files = bool(touched.files) and not (touched.records or touched.outbox or touched.deliveries)
        (self.files_moved if only_files else self.touched).emit(touched)

    def _collect(self) -> None:
        """What a sync brings in is walked over each time, 20 ms of a large page, and goes by itself: meanwhile seldom."""
        self._put_off = (self._put_off + 1) % COLLECTED_IN_SYNC if self.line.busy else 0
        if not self._put_off:
            collect_due()

    def _look_elsewhere(self) -> None:
        """Verbs of the command line write to the same store; the window then reads anew."""
        self.background.run(self.store.changed_elsewhere).then(self._tell_elsewhere).failed(lambda _error: None)

    def _tell_elsewhere(self, changed: bool) -> None:
        if changed:
            types = frozenset(record_type.id for record_type in self.catalog.record_types)
            self.touched.emit(Touched(types=types, outbox=True))

    def _say_error(self, error: Exception) -> None:
        self.notice(say_error(error), "red")
