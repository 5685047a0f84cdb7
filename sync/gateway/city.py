"""The city, put together: one database, one catalogue, and what is done with them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping

import msgspec

from forms.definition import Catalog
from sync.clock import Clock, SystemClock, moment_text
from sync.gateway import awaited
from sync.gateway.access import Access, Device
from sync.gateway.adapters import parse_address
from sync.gateway.bell import Bell
from sync.gateway.city_clock import CityClock
from sync.gateway.city_keys import city_keys
from sync.gateway.deliveries import Deliveries
from sync.gateway.enrolment import Enrolment, GuessLimit, mark_new_devices
from sync.gateway.feed import Feed
from sync.gateway.filling import Filling
from sync.gateway.hubs import Hubs
from sync.gateway.inbound import Inbound
from sync.gateway.inbox import Inbox
from sync.gateway.intake import Intake
from sync.gateway.leases import Leases
from sync.gateway.ledger import REVISIONS_FROM
from sync.gateway.packs import MARK_SQL, Definitions, Mark, Packs
from sync.gateway.restores import end_epoch, ended_epochs, revisions_from
from sync.gateway.seen import Seen
from sync.gateway.sequences import standing
from sync.gateway.storage import Session, Storage, Stream, open_notices, open_storage
from sync.gateway.updates import Updates
from sync.gateway.uploads import Uploads
from sync.gateway.wards import WardNames
from sync.protocol import PROTOCOL_VERSION, EnrolAnswer, EnrolRequest, Hello


class City:
    """Everything the gateway can do, without HTTP. Raises StorageError when the database cannot be opened, or holds no
    city and none is to be created."""

    def __init__(
        self, storage_url: str, catalog: Catalog | None = None, clock: Clock | None = None, *, create: bool = True
    ) -> None:
        self.epoch = ""
        self.storage = open_storage(storage_url, create=create)
        self._notices = open_notices(storage_url)
        self.wards = WardNames()
        self.bell = Bell()
        self.guesses = GuessLimit()
        self.feed = Feed(self.storage)
        self.filling = Filling(self.storage)
        self._refreshing = threading.Lock()
        try:
            self.clock, self._city_clock = _clocks(self.storage, clock)
            self._base = catalog or _own_catalog()
            self.packs = Packs(self.storage, self._base, self.clock)
            self.epoch = _epoch(self.storage)
            self._mark = self._standing()
            definitions = self.packs.definitions()
            self.deliveries = Deliveries(self.storage, definitions.catalog, self.clock, self._news)
            self.uploads = Uploads(self.storage, self.clock, self._file_arrived, self.deliveries.wake)
            self.hubs = Hubs(self.storage, self.clock, lambda roles: self.access.scopes_of(roles))  # noqa: PLW0108 - access comes with the packs
            self.updates = Updates(self.storage, self.clock)
            self._seen = Seen(self.storage, self.clock)
            self._use(definitions)
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
        self.intake = Intake(self.storage, first, self.clock, self._news, definitions.by_version)
        self.inbound = Inbound(self.storage, catalog, self.clock, self._news)
        self.deliveries.use(catalog, Inbox(self.storage, self.inbound, self.clock, self._scope_of))

    def refresh(self) -> Mark:
        """Take up packs and an epoch that came since, also by the command line beside running gateways."""
        if self._city_clock is not None:
            self._city_clock.look()
        mark = self._standing()
        if mark[0] != self._mark[0]:
            with self._refreshing:
                if mark[0] != self._mark[0]:
                    self._use(self.packs.definitions())
                    self._mark = mark
        return mark

    def _scope_of(self, type_id: str) -> str | None:
        return self.catalog.record_type(type_id).scope if self.catalog.knows(type_id) else None

    def _standing(self) -> Mark:
        """The mark of the packs; the epoch is put right by the way."""
        epoch = "(SELECT value FROM meta WHERE key = 'epoch')"
        newest, packs, given, self.epoch = self.storage.once(f"SELECT {MARK_SQL}, {epoch} FROM packs")[0]
        return (int(newest), int(packs)), int(given)

    def listen(self) -> None:
        """Hear from now on of what other processes on the same database write."""
        if self._notices is not None:
            self._notices.listen(self._heard)

    @property
    def hears(self) -> bool:
        """Whether news of other processes come by themselves; else whoever waits has to look."""
        return self._notices is not None and self._notices.listening

    def _heard(self, streams: set[Stream] | None) -> None:
        if streams is None:
            self.bell.ring_all()
        else:
            self.bell.ring(streams)
        self.deliveries.wake()

    def _news(self, streams: set[Stream]) -> None:
        self.bell.ring(streams)
        if self._notices is not None:
            self._notices.tell(streams)
        self.deliveries.wake()

    def _file_arrived(self, session: Session, ward: str, sha256: str) -> None:
        awaited.release(session, ward, sha256, self.clock.now().timestamp())

    def hello(self, device: Device) -> Hello:
        """First answer of a sync."""
        mark = self.refresh()
        self._seen.note(device.id)
        leases = self.leases.renewed(device)
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
            offer=self.packs.offered(device.wards, mark),
            hubs=self.hubs.trust(device.wards),
            serves=device.serves,
        )

    def heard(self, device: Device) -> None:
        """A device spoke that says no hello: a ward's hub."""
        self._seen.note(device.id)

    def introduced(self, device: Device, hello: Hello) -> Hello:
        """What a device is told once: how far its changes have come here, whether it may number, which books it need not
        ask for, and which epochs a restore has ended."""
        seq, suspended = standing(self.storage, device.id)
        with self.storage.read() as session:
            ended = ended_epochs(session, self.clock.now())
        lent = self.leases.lent(device)
        return msgspec.structs.replace(hello, device_seq=seq, suspended=suspended, lent=lent, ended=ended)

    def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        answer = self.enrolment.enrol(request, self.epoch)
        bundle_key = city_keys(self.storage).public.text if request.public_key else ""
        return msgspec.structs.replace(answer, pack_keys=self.packs.keys(), bundle_key=bundle_key)

    def set_services(self, urls: Mapping[str, str]) -> None:
        """Where services are reached; kept in the database. Raises ValueError for one the catalogue does not have."""
        known = {service.id for service in self.catalog.services}
        for service in urls:
            if service not in known:
                raise ValueError(f"Không có dịch vụ {service}; có: / no such service, use: {', '.join(sorted(known))}")
            parse_address(urls[service])
        with self.storage.write() as session:
            session.upsert("services", list(urls.items()))

    def forget_service(self, service: str) -> bool:
        """Take its address away: couriers stop going there, and what is for it waits for another one. False: it had none."""
        with self.storage.write() as session:
            return session.run("DELETE FROM services WHERE id = ?", service) > 0

    def restored(self) -> str:
        """Begin a new epoch: the database came back from a backup, and devices are to offer again what it may lack."""
        least = revisions_from(self.clock.now())
        with self.storage.write() as session:
            end_epoch(session, least)
            self.epoch = _new_epoch(session)
            session.upsert("meta", [(REVISIONS_FROM, str(least))])
            mark_new_devices(session)
        return self.epoch

    def close(self) -> None:
        self.bell.stop()
        self.deliveries.stop()
        if self._notices is not None:
            self._notices.stop()
        self.storage.close()


def _clocks(storage: Storage, given: Clock | None) -> tuple[Clock, CityClock | None]:
    """The clock to work by, and the one to be kept right: none where a clock, or a moment to begin at, was given."""
    if given is not None:
        return given, None
    machine = SystemClock()
    if getattr(machine, "is_set", True):
        return machine, None
    clock = CityClock(storage, machine)
    return clock, clock


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
