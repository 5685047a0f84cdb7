"""The one door to a PC's records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs, to_builtins

from forms.definition import Catalog
from sync.clock import Clock
from sync.ids import IdSource
from sync.protocol import Officer
from sync.store import connection, home_ward, overview, rebuild, schema, suspension, waiting
from sync.store.access import Readers, Writer
from sync.store.alikes import Alikes
from sync.store.audit import Audits
from sync.store.changes import Changes
from sync.store.context import DEVICES, StoreContext, devices_of, read_enrolment, read_meta, write_meta
from sync.store.drafts import Drafts
from sync.store.errors import translated
from sync.store.files import Files
from sync.store.files_queue import FileQueue
from sync.store.filling import Fills
from sync.store.histories import Histories
from sync.store.indexing import Indexing
from sync.store.model import DueAhead, Enrolment, Overview, Record, Save, StoreError, TodayRow, Touched
from sync.store.numbers import Numbers
from sync.store.plan import Plans
from sync.store.prints import Prints
from sync.store.proposals import Proposals
from sync.store.provisional import Provisional
from sync.store.records import Records
from sync.store.rowcodec import record_of, rows_by_id
from sync.store.rows import Touch
from sync.store.search import Search

if TYPE_CHECKING:
    from sync.store.backup import Backup
    from sync.store.copying import Told

AUTOCHECKPOINT_PAGES = 128_000
"""Only a net: the sync moves the WAL into the file, so that an officer's save never has to."""


class Store:
    """An open store. Safe to use from several threads, and beside other processes that have it open."""

    def __init__(
        self, folder: Path, writer: Writer, readers: Readers, catalog: Catalog, clock: Clock, *, key: bytes
    ) -> None:
        self._folder = folder
        self._key = key
        self._subscribers: list[Callable[[Touched], None]] = []
        self._context = StoreContext(
            path=folder / connection.FILE_NAME,
            writer=writer,
            readers=readers,
            plans=Plans(catalog, clock.now()),
            catalog=catalog,
            clock=clock,
            ids=IdSource(clock),
            emit=self._emit,
        )
        self.records = Records(self._context)
        self.changes = Changes(self._context)
        self.histories = Histories(self._context)
        self.fills = Fills(self._context)
        self.drafts = Drafts(self._context)
        self.search = Search(self._context)
        self.indexing = Indexing(self._context)
        self.numbers = Numbers(self._context)
        self.audits = Audits(self._context)
        self.alikes = Alikes(self._context)
        self.prints = Prints(self._context)
        self.proposals = Proposals(self._context)
        self.provisional = Provisional(self._context)
        self.files = Files(self._context)
        self.file_queue = FileQueue(self._context)
        self._version_lock = threading.Lock()
        self._data_version = self._read_data_version()

    @classmethod
    def create(cls, folder: Path, key: bytes, catalog: Catalog, clock: Clock) -> Store:
        """A new empty store in ``folder``. Raises StoreError when there is one, or the folder cannot be written."""
        path = connection.begin_file(folder, key)
        return cls._start(folder, path, key, catalog, clock)

    @classmethod
    def open(
        cls,
        folder: Path,
        key: bytes,
        catalog: Catalog,
        clock: Clock,
        *,
        prepared: rebuild.Prepared = lambda percent: None,
    ) -> Store:
        """The store in ``folder``. Raises NoStore, WrongKey, NewerStore or DamagedStore, and then nothing in the folder
        was touched. ``prepared`` is told what per cent of a large store has been made ready for another catalogue; it may
        raise, and the next opening goes on there."""
        path = connection.probe(folder, key, schema.NEWEST)
        return cls._start(folder, path, key, catalog, clock, prepared=prepared)

    @classmethod
    def _start(
        cls,
        folder: Path,
        path: Path,
        key: bytes,
        catalog: Catalog,
        clock: Clock,
        *,
        prepared: rebuild.Prepared = lambda percent: None,
    ) -> Store:
        with translated(path):
            first = connection.connect(path, key)
            upgrade = None
            try:
                version = int(first.execute("PRAGMA user_version").fetchone()[0])
                connection.refuse_newer(version, schema.NEWEST, path)
                first.execute("PRAGMA journal_mode = WAL")
                first.execute(f"PRAGMA journal_size_limit = {connection.JOURNAL_BYTES}")
                first.execute(f"PRAGMA wal_autocheckpoint = {AUTOCHECKPOINT_PAGES}")
                if version < schema.NEWEST:
                    from sync.store.upgrade import Upgrade  # one start in a hundred

                    upgrade = Upgrade(path, key, prepared)
                    upgrade.run(first)
                    first.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                    prepared = upgrade.tell_rest
                rebuild.rebuild_outdated(first, Plans(catalog, clock.now()), catalog, prepared)
            except BaseException as error:
                first.close()
                if upgrade is not None and (undone := upgrade.failed(error)) is not None:
                    raise undone from error
                raise
        readers = Readers(lambda: connection.connect(path, key, query_only=True), path)
        return cls(folder, Writer(first, path), readers, catalog, clock, key=key)

    @property
    def path(self) -> Path:
        """The store's folder."""
        return self._folder

    @property
    def clock(self) -> Clock:
        return self._context.clock

    @property
    def catalog(self) -> Catalog:
        return self._context.catalog

    def back_up(self, into: Path, *, keep: int, program: str = "", told: Told = lambda percent: None) -> Backup:
        """An encrypted backup in a folder, while work goes on. Raises BackupError and other StoreErrors."""
        from sync.store.backup import make_backup

        return make_backup(self._folder, self._key, into, now=self.clock.now(), program=program, keep=keep, told=told)

    def close(self) -> None:
        """End all connections; whoever still reads ends first. Closing twice is fine."""
        self._context.readers.close()
        self._context.writer.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def gentle(self) -> bool:
        """Whether an officer works beside what comes in bulk: it then comes in small steps."""
        return self._context.writer.gentle

    @gentle.setter
    def gentle(self, gentle: bool) -> None:
        self._context.writer.gentle = gentle

    def save(self, saves: Sequence[Save], officer: Officer, *, draft: str | None = None) -> tuple[Record, ...]:
        """Save records: all of them or, on SaveRefused and every other StoreError, none. When this returns they and
        their changes are on the disk, and the draft is gone."""
        from sync.store.saving import SaveTransaction  # a start saves nothing yet

        touch = Touch()
        with self._context.writer.transaction() as db:
            ids = SaveTransaction(db, self._context, officer, touch).run(saves)
            if draft is not None:
                db.execute("DELETE FROM drafts WHERE id = ?", (draft,))
            rows = rows_by_id(db, ids)
        self._emit(touch.frozen())
        return tuple(record_of(rows[record_id]) for record_id in ids)

    def overview(self, now: datetime, within: Collection[str] | None = None) -> Overview:
        """``within``: the types that may be seen (None: all); here and wherever it stands, nothing else is counted."""
        return overview.read_overview(self._context, now, within)

    def today(self, now: datetime, limit: int = 50, within: Collection[str] | None = None) -> tuple[TodayRow, ...]:
        return overview.read_today(self._context, now, limit, within)

    def ahead(
        self, now: datetime, until: datetime, limit: int = 200, within: Collection[str] | None = None
    ) -> DueAhead:
        """What will be late by ``until`` if nothing happens."""
        return overview.read_ahead(self._context, now, until, limit, within)

    def types_here(self) -> tuple[str, ...]:
        """The record types of which there is any record on this PC."""
        return waiting.standing_types(self._context)

    def standing(self, wanted: Mapping[str, Collection[str]], limit: int) -> tuple[Record, ...]:
        """The latest records that stand in the states ``wanted`` of each type."""
        return waiting.read_standing(self._context, wanted, limit)

    def subscribe(self, callback: Callable[[Touched], None]) -> None:
        """``callback`` hears of every committed write of this process, in the thread that wrote."""
        self._subscribers.append(callback)

    def unsubscribe(self, callback: Callable[[Touched], None]) -> None:
        if callback in self._subscribers:
            self._subscribers.remove(callback)

    def changed_elsewhere(self) -> bool:
        """Whether another process wrote since the last call; cheap enough for a timer. The window then reads anew."""
        version = self._read_data_version()
        with self._version_lock:
            changed, self._data_version = version != self._data_version, version
        if changed:
            self.records.forget(None)
        return changed

    def _read_data_version(self) -> int:
        with self._context.writer.quiet() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    def _emit(self, touched: Touched) -> None:
        self.records.forget(touched)
        if touched.records or touched.outbox or touched.deliveries or touched.files:
            for callback in tuple(self._subscribers):
                callback(touched)

    def meta(self, key: str, default: Any = None) -> Any:
        """A small JSON value of this store."""
        with self._context.readers.connection() as db:
            return read_meta(db, key, default)

    def set_meta(self, key: str, value: Any) -> None:
        with self._context.writer.transaction() as db:
            write_meta(db, key, value)

    @property
    def devices(self) -> frozenset[str]:
        """The names this PC has had with the city: whose changes are its own."""
        with self._context.readers.connection() as db:
            return devices_of(db)

    @property
    def enrolment(self) -> Enrolment | None:
        with self._context.readers.connection() as db:
            return read_enrolment(db)

    def set_enrolment(self, enrolment: Enrolment) -> None:
        """Say whose device this is. Raises StoreError when it would move to another ward with work unsent; what is unsent of
        a further ward waits here for an officer of that."""
        with self._context.writer.transaction() as db:
            before = read_enrolment(db)
            waiting = db.execute("SELECT 1 FROM changes WHERE settled = 0 AND status <> 'hub' LIMIT 1").fetchone()
            if before is not None and waiting and before.ward not in enrolment.wards:
                raise StoreError(
                    "Còn thay đổi chưa gửi của phường cũ; hãy đồng bộ trước khi đổi phường. (Unsent work remains)"
                )
            if before is not None:
                enrolment = structs.replace(enrolment, wards=before.home_first(enrolment.wards))
            if before is not None and before.epoch:
                # the city may have been restored since: the next sync compares with the epoch this store's work was sent in
                enrolment = structs.replace(enrolment, epoch=before.epoch)
            if before is not None:
                home_ward.moved(db, self.catalog, before, enrolment)
            write_meta(db, DEVICES, sorted({*devices_of(db), enrolment.device}))
            write_meta(db, "enrolment", to_builtins(enrolment))
            if before is not None:
                suspension.enrolled(db)

    def update_enrolment(
        self,
        *,
        officers: Iterable[Officer] | None = None,
        epoch: str | None = None,
        wards: Mapping[str, str] | None = None,
        serves: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Take in what the city says of this device; an empty list of officers or wards says nothing."""
        with self._context.writer.transaction() as db:
            before = read_enrolment(db)
            if before is None:
                raise StoreError("Máy này chưa được đăng ký. (This device is not enrolled)")
            after = structs.replace(
                before,
                officers=tuple(officers or ()) or before.officers,
                epoch=before.epoch if epoch is None else epoch,
                wards=before.home_first(wards or before.wards),
                serves=before.serves if serves is None else dict(serves),
            )
            if after != before:
                home_ward.moved(db, self.catalog, before, after)
                write_meta(db, "enrolment", to_builtins(after))
