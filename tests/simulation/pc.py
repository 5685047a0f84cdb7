"""One PC in a run: a real store in a folder, a process that dies and comes back, its sync and its line."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from msgspec import Struct

from sync.bundle.on_pc import device_keys, keep_keys
from sync.engine import Engine, SyncReport
from sync.file_step import FileStep
from sync.http import HttpTransport
from sync.hub.reach import Found
from sync.hub.step import SyncsOnce, over_hub
from sync.pack_use import PACK_KEYS, PackUse
from sync.protocol import EnrolAnswer, EnrolRequest, Officer, SyncError
from sync.store import Store
from sync.store.connection import FILE_NAME
from sync.store.histories import Look
from sync.store.model import Enrolment, Record, StoreError
from tests.simulation import prepared
from tests.simulation.accounts import Accounts, Broken
from tests.simulation.city_side import CitySide
from tests.simulation.hub_side import HubSide
from tests.simulation.network import Faults, Line
from tests.simulation.scheduler import Beside, ClockOf, Crash, Scheduler

URL = "http://127.0.0.1:1"
_PAGE, _FRAME, _HEADER = 4096, 4096 + 24, 32


class Grant(Struct, frozen=True):
    officer: str
    wards: tuple[str, ...]
    roles: tuple[str, ...]


class Pc:
    """``crash_at_commit``: the share of commits at which the process dies, just before or just after."""

    def __init__(
        self,
        name: str,
        folder: Path,
        scheduler: Scheduler,
        city: CitySide,
        accounts: Accounts,
        grants: tuple[Grant, ...],
        counts: dict[str, int],
    ) -> None:
        self.name, self.grants = name, grants
        self._folder, self._scheduler, self._city, self._counts = folder, scheduler, city, counts
        self.accounts = accounts
        self.clock = ClockOf(scheduler)
        self.faults = Faults(scheduler, counts)
        self.house = Faults(scheduler, counts)  # of the cable to the ward's hub
        self.hubs: Sequence[HubSide] = ()
        self.crash_at_commit = 0.0
        self.process: object | None = None
        self.opened: list[Record] = []  # forms that stand open on the screen
        self.looks: list[Look] = []  # histories that stand open on the screen, of this opening of the store
        self.restores = 0
        self.page = 0  # records of the first page of a first fill; 0: as the program has it
        self.devices: set[str] = set()  # what the city has called it
        self.reports: list[SyncReport] = []
        self._life = 0
        self._engine: SyncsOnce | None = None
        self._durable = (b"", 0)
        self._dead: list[tuple[Store, PackUse, Path]] = []
        prepared.new_store(self.folder)
        self._open()

    @property
    def folder(self) -> Path:
        return self._folder / f"{self.name}-{self._life}"

    @property
    def up(self) -> bool:
        return self.process is not None

    @property
    def officers(self) -> tuple[Officer, ...]:
        enrolment = self.store.enrolment
        return enrolment.officers if enrolment else ()

    def _open(self) -> None:
        """As a program that starts: the pack that is next becomes the one in use."""
        self.looks = []
        self._use = PackUse(self.folder)
        catalog = self._use.catalog() if self._use.state.active else prepared.catalog()
        self.store = Store.open(self.folder, prepared.KEY, catalog, self.clock)
        self.process = object()
        self._engine = None
        self._durable = self._journal()  # a program that ended left its log to the system, which wrote it down
        self._watch()

    def _watch(self) -> None:
        """Others may act, and the process may die, around every transaction."""
        writer = self.store._context.writer
        transaction = writer.transaction
        process = self.process

        @contextmanager
        def watched(*, urgent: bool = True) -> Iterator[Any]:
            self._scheduler.pause(0.02)
            with transaction(urgent=urgent) as db:
                yield db
                self._may_die("before a commit", process)
            if urgent:
                self._durable = self._journal()
            self._may_die("after a commit", process)
            self._scheduler.pause(0.02)

        writer.transaction = watched  # type: ignore[method-assign]

    def _may_die(self, when: str, process: object) -> None:
        if self.crash_at_commit and process is self.process and self._scheduler.random.random() < self.crash_at_commit:
            self._counts[f"PC dies {when}"] += 1
            self.crash(when)
            raise Crash

    def look_at(self, *record_ids: str) -> None:
        """The histories of these stand open from now on."""
        self.looks = [*self.looks[-9:], *map(self.store.histories.look, record_ids)]

    def newest_records(self, most: int) -> list[str]:
        with self.store._context.readers.connection() as db:
            return [i for (i,) in db.execute("SELECT id FROM records ORDER BY id DESC LIMIT ?", (most,))]

    # the line

    def line(self) -> HttpTransport:
        enrolment = self.store.enrolment
        return HttpTransport(URL, enrolment.token if enrolment else "", session=self._session())

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", Line(self._scheduler, self.name, self.process, self._city.serve, self.faults))
        return session

    def enrol(self, grant: Grant, *, anew: bool = False) -> None:
        """One more officer, or the whole device once its token is worth nothing. Raises SyncError."""
        code = self._city.city.enrolment.new_code(list(grant.wards), grant.officer, "H26", grant.roles)
        known = self.store.enrolment
        token = known.token if known else ""
        line = HttpTransport(URL, "", session=self._session())
        keys = device_keys(self.store)
        request = EnrolRequest(
            code=code, device_name=self.name, token=token, wards=tuple(known.wards) if known else (),
            public_key=keys.public.text,
        )  # fmt: skip
        answer: EnrolAnswer = line._line.ask("POST", "/v1/enrol", request, EnrolAnswer)
        others = tuple(o for o in known.officers if o.id != answer.officer.id) if known else ()
        self.store.set_enrolment(Enrolment.of_answer(URL, answer, others))
        keep_keys(self.store, keys, answer.bundle_key)
        self.devices.add(answer.device)
        self._engine = None
        self.store.set_meta(PACK_KEYS, answer.pack_keys)
        self._scheduler.note(self.name, f"enrolled as {answer.device} for {grant.officer}{' anew' if anew else ''}")

    def sync(self) -> SyncReport | None:
        """One sync; None when it failed on the way."""
        self.faults.cut = self.faults.cut and self.up
        restores = self._city.restores
        if (
            self._engine is None or self._scheduler.random.random() < 0.2
        ):  # the window's own, or one of a single command
            self._engine = self._new_engine()
        before = self.store.changes.news_places() if self.hubs else ()
        try:
            report = self._engine.sync_once()
        except SyncError as error:
            if self.hubs:
                self._note_hub(before)
            self._counts[f"sync failed: {error.code}"] += 1
            self._scheduler.note(self.name, f"sync failed: {error.code}: {error}")
            if error.code == "unknown_device":
                self.enrol_anew()
            return None
        except StoreError as error:
            self._counts[f"sync failed: {error.code}"] += 1
            self._scheduler.note(self.name, f"sync failed: {error.code}")
            return None
        self.reports.append(report)
        self._counts["synced through a hub"] += self.faults.cut
        for kind in ("files_sent", "files_fetched"):
            self._counts[kind.replace("_", " ")] += getattr(report, kind)
        told = [f"{k} {v}" for k in ("pushed", "pulled", "conflicts", "refused", "repaired", "numbered", "files_sent",
                                     "files_fetched")
                if (v := getattr(report, k))]  # fmt: skip
        self._scheduler.note(
            self.name, f"synced: {', '.join(told) or 'nothing new'} {'; '.join(p.vi for p in report.problems)}"
        )
        if report.repaired:
            self._counts["repaired"] += 1
            if self.hubs and not (self.restores or self._city.restores or self.accounts.withdrawn):
                raise Broken(f"{self.name} lacked something of a stream it had read: {report.problems}")
        if self._city.restores == restores:
            self.accounts.check_claim(self, self._city)
        return report

    def _note_hub(self, before: tuple[tuple[str, str, int], ...]) -> None:
        """What the hubs brought while the city was out of reach."""
        shown = self.store.provisional.count()
        self._counts["shown at the hub"] += bool(shown)
        moved = self.store.changes.news_places() != before
        self._counts["the city's news by the hub"] += moved
        if shown or moved:
            self._scheduler.note(self.name, f"by the hub: {shown} of others, {'news' if moved else 'no news'}")

    def begin_anew(self) -> None:
        """The next sync is one of a program that has just started."""
        self._engine = None

    def _new_engine(self) -> SyncsOnce:
        process = self.process
        enrolment = self.store.enrolment

        def ahead(name: str) -> Beside:
            return Beside(self._scheduler, f"{self.name} {name}", process)

        engine = Engine(self.store, self.line(), ahead=ahead)
        self._files_by_the_scheduler(engine._files)
        if self.page:
            engine._first_fill._page.size = self.page
        if not self.hubs:
            return engine
        return over_hub(
            engine, self.store, enrolment.token if enrolment else "", ahead=ahead,
            search=lambda trust: tuple(found for hub in self.hubs for found in hub.found()),
            session=self._to_hub,
        )  # fmt: skip

    def _to_hub(self, place: Found) -> requests.Session:
        hub = next(hub for hub in self.hubs if hub.url == place.url)
        session = requests.Session()
        session.mount("http://", Line(self._scheduler, f"{self.name} LAN", self.process, hub.serve, self.house))
        return session

    def _files_by_the_scheduler(self, step: FileStep) -> None:
        """In small parts, by the clock that only the scheduler moves."""
        step._now = lambda: self._scheduler.now
        step._part.size = 700

    def enrol_anew(self) -> None:
        for grant in self.grants:
            try:
                self.enrol(grant, anew=True)
            except (SyncError, StoreError) as error:  # or the second ward's code alone came
                self._scheduler.note(self.name, f"enrolment failed: {error.code}")

    # disasters

    def crash(self, why: str, *, power: bool = False, reboot_after: float | None = None) -> None:
        """The process ends as by ``kill -9``, or with ``power`` the whole PC: then what was not fsynced is gone too.
        Called by an actor of the PC itself, that one has to raise ``Crash``."""
        if self.process is None:
            return
        self._scheduler.note(self.name, f"{'loses power' if power else 'dies'} {why}")
        process, self.process = self.process, None
        before, self._life = self.folder, self._life + 1
        self._dead.append((self.store, self._use, before))
        _copy(before, self.folder)
        if power:
            self._lose_unsynced(before)
        self.opened = []
        self._scheduler.kill(process)
        wait = self._scheduler.random.choice((5.0, 30.0, 200.0)) if reboot_after is None else reboot_after
        self._scheduler.spawn("reboot", self.boot, None, wait)

    def boot(self) -> None:
        """Start the program on what is on the disk."""
        self._bury()
        if self.process is None:
            self._open()
            self._scheduler.note(self.name, f"starts, pack {self.store.catalog.version}")
            self.begin_work()

    def begin_work(self) -> None:
        """For the world to set: the officer and the sync of a process."""

    def _bury(self) -> None:
        """Close what dead processes held; their folder is nobody's."""
        for store, use, folder in self._dead:
            store.close()
            use.close()
            shutil.rmtree(folder, ignore_errors=True)
        self._dead = []

    def backup(self) -> Path | None:
        if self.process is None:
            return None
        kept = self._folder / f"{self.name}-backup-{self._scheduler.now:.3f}"
        _copy(self.folder, kept)
        self._scheduler.note(self.name, "is backed up")
        return kept

    def restore(self, kept: Path) -> None:
        """Somebody puts an old copy of the profile in place of the present one, and says nothing."""
        if self.process is None:
            return
        self.crash("for a restore", reboot_after=1e9)
        shutil.rmtree(self.folder)
        _copy(kept, self.folder)
        self.restores += 1
        self._scheduler.note(self.name, "works with its backup")
        self.boot()

    def fill_disk(self, full: bool) -> None:
        if self.process is None:
            return
        with self.store._context.writer.quiet() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0] if full else 2**30
            db.execute(f"PRAGMA max_page_count = {pages}")

    def _journal(self) -> tuple[bytes, int]:
        """The write-ahead log's salt and frames: at an urgent commit both are on the disk."""
        path = self.folder / f"{FILE_NAME}-shm"
        if not path.exists():  # nothing has been written since the file was opened
            return b"", 0
        with path.open("rb") as file:
            head = file.read(100)
        return head[32:40], struct.unpack_from("<I", head, 16)[0]

    def _lose_unsynced(self, before: Path) -> None:
        """Cut the log behind what the last urgent commit, or a checkpoint, made durable."""
        path = before / f"{FILE_NAME}-shm"
        if not path.exists():
            return
        head = path.read_bytes()[:100]
        salt, frames = head[32:40], struct.unpack_from("<I", head, 16)[0]
        checkpointed = struct.unpack_from("<I", head, 96)[0]
        kept = max(self._durable[1] if self._durable[0] == salt else 0, checkpointed)
        journal = self.folder / f"{FILE_NAME}-wal"
        if kept < frames and journal.exists():
            self._counts["unsynced commits lost"] += 1
            with journal.open("r+b") as file:
                file.truncate(_HEADER + kept * _FRAME if kept else 0)

    def close(self) -> None:
        if self.process is not None:
            self._scheduler.kill(self.process)
            self.process = None
        self._bury()
        self.store.close()
        self._use.close()


def _copy(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-shm", "*.lock"))


__all__ = ["URL", "Grant", "Pc"]
