"""The city, put together: one database, one catalogue, and what is done with them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping

import msgspec

from forms.definition import Catalog
from sync.clock import Clock, SystemClock, moment_text
from sync.gateway.access import Access, Device
from sync.gateway.bell import Bell
from sync.gateway.deliveries import Deliveries
from sync.gateway.enrolment import Enrolment, GuessLimit
from sync.gateway.feed import Feed
from sync.gateway.inbound import Inbound
from sync.gateway.intake import Intake
from sync.gateway.leases import Leases
from sync.gateway.packs import Definitions, Packs
from sync.gateway.storage import Session, Storage, Stream, open_storage
from sync.gateway.wards import WardNames
from sync.protocol import PROTOCOL_VERSION, EnrolAnswer, EnrolRequest, Hello


class City:
    """Everything the gateway can do, without HTTP. Raises StorageError when the database cannot be opened, or holds no
    city and none is to be created."""

    def __init__(
        self, storage_url: str, catalog: Catalog | None = None, clock: Clock | None = None, *, create: bool = True
    ) -> None:
        self.clock = clock or SystemClock()
        self.storage = open_storage(storage_url, create=create)
        self.wards = WardNames()
        self.bell = Bell()
        self.guesses = GuessLimit()
        self.feed = Feed(self.storage)
        self._refreshing = threading.Lock()
        try:
            self._base = catalog or _own_catalog()
            self.packs = Packs(self.storage, self._base, self.clock)
            self._mark = self.packs.mark()
            definitions = self.packs.definitions()
            self.deliveries = Deliveries(self.storage, definitions.catalog, self.clock, self._news)
            self._use(definitions)
            self.epoch = _epoch(self.storage)
        except BaseException:
            self.storage.close()
            raise

    def _use(self, definitions: Definitions) -> None:
        """Work by these definitions from now on; requests under way end with those they began with."""
        self.catalog = catalog = definitions.catalog
        first = definitions.first
        self.access = Access(self.storage, catalog)
        self.enrolment = Enrolment(self.storage, catalog, self.clock, self.wards)
        self.leases = Leases(self.storage, first, self.clock)
        self.deliveries.parcels.use(catalog)
        self.intake = Intake(self.storage, first, self.clock, self._news, definitions.by_version)
        self.inbound = Inbound(self.storage, catalog, self.clock, self._news)

    def refresh(self) -> None:
        """Take up packs that were added since, also by the command line beside a running gateway."""
        mark = self.packs.mark()
        with self._refreshing:
            if mark != self._mark:
                self._use(self.packs.definitions())
                self._mark = mark

    def _news(self, streams: set[Stream]) -> None:
        self.bell.ring(streams)
        self.deliveries.wake()

    def hello(self, device: Device) -> Hello:
        """First answer of a sync."""
        self.refresh()
        self.leases.renew(device.id)
        with self.storage.read() as session:
            leases = self.leases.of(session, device.id)
        return Hello(
            protocol=PROTOCOL_VERSION,
            epoch=self.epoch,
            time=moment_text(self.clock.now()),
            device=device.id,
            ward_names={code: self.wards.name(code) for code in device.wards},
            streams=device.streams,
            officers=device.officers,
            pack=self.catalog.version,
            leases=leases,
            offer=self.packs.offered(device.wards) if self._mark[1] else None,
        )

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        return msgspec.structs.replace(self.enrolment.enrol(request, self.epoch), pack_keys=self.packs.keys())

    def set_services(self, urls: Mapping[str, str]) -> None:
        """Where services are reached; kept in the database. Raises ValueError for one the catalogue does not have."""
        known = {service.id for service in self.catalog.services}
        for service in urls:
            if service not in known:
                raise ValueError(f"Không có dịch vụ {service}; có: / no such service, use: {', '.join(sorted(known))}")
        with self.storage.write() as session:
            session.upsert("services", list(urls.items()))

    def restored(self) -> str:
        """Begin a new epoch: the database came back from a backup, and devices are to offer again what it may lack."""
        with self.storage.write() as session:
            self.epoch = _new_epoch(session)
        return self.epoch

    def close(self) -> None:
        self.bell.stop()
        self.deliveries.stop()
        self.storage.close()


def _own_catalog() -> Catalog:
    from forms.loader import load_catalog  # YAML is read only when no catalogue is handed in

    return load_catalog()


def _epoch(storage: Storage) -> str:
    with storage.write([("", "epoch")]) as session:
        row = session.one("SELECT value FROM meta WHERE key = 'epoch'")
        return str(row[0]) if row else _new_epoch(session)


def _new_epoch(session: Session) -> str:
    epoch = secrets.token_hex(8)
    session.upsert("meta", [("epoch", epoch)])
    return epoch
