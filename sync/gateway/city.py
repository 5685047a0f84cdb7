"""The city, put together: one database, one catalogue, and what is done with them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

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
from sync.gateway.storage import Session, Storage, Stream, open_storage
from sync.gateway.wards import WardNames
from sync.protocol import PROTOCOL_VERSION, EnrolAnswer, EnrolRequest, Hello


class City:
    """Everything the gateway can do, without HTTP. Raises StorageError when the database cannot be opened."""

    def __init__(self, storage_url: str, catalog: Catalog | None = None, clock: Clock | None = None) -> None:
        self.catalog = catalog or _own_catalog()
        self.clock = clock or SystemClock()
        self.storage = open_storage(storage_url)
        self.wards = WardNames()
        self.bell = Bell()
        self.access = Access(self.storage, self.catalog)
        self.enrolment = Enrolment(self.storage, self.catalog, self.clock, self.wards)
        self.guesses = GuessLimit()
        self.feed = Feed(self.storage)
        self.leases = Leases(self.storage, self.catalog, self.clock)
        self.deliveries = Deliveries(self.storage, self.catalog, self.clock, self._news)
        self.intake = Intake(self.storage, self.catalog, self.clock, self._news)
        self.inbound = Inbound(self.storage, self.catalog, self.clock, self._news)
        try:
            self.epoch = _epoch(self.storage)
        except BaseException:
            self.storage.close()
            raise

    def _news(self, streams: set[Stream]) -> None:
        self.bell.ring(streams)
        self.deliveries.wake()

    def hello(self, device: Device) -> Hello:
        """First answer of a sync."""
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
        )

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        return self.enrolment.enrol(request, self.epoch)

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
