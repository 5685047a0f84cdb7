"""Couriers: threads that carry accepted records to the services and fetch what these send, each service on its own, so that
one that hangs holds up no other. Any number of processes may have couriers for one database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from forms.definition import Catalog
from sync.clock import Clock
from sync.gateway.adapters import Adapter, AddressError, Tools, make_adapter, parse_address
from sync.gateway.file_contents import content_of
from sync.gateway.inbox import Inbox
from sync.gateway.parcel import Parcel, Pending, UnreachableError
from sync.gateway.parcel_retry import retry
from sync.gateway.parcels import Parcels
from sync.gateway.service_lines import address_of
from sync.gateway.storage import Storage, Stream

AT_ONCE = 20  # deliveries claimed together
_LOOK_AGAIN = 1.0  # seconds; another process may have enqueued something
_SOONEST = 0.05
_BREATH = 0.2  # seconds between two looks that find nothing: every push of the city wakes every courier
log = logging.getLogger(__name__)
News = Callable[[set[Stream]], None]


class Deliveries:
    """Starts and ends the couriers, and wakes them when there is something new. ``lanes``: couriers a service, for those
    that answer slowly; a record's revisions keep their order in any case."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock, news: News) -> None:
        self._storage = storage
        self._clock = clock
        self.parcels = Parcels(storage, catalog, clock)
        self.inbox: Inbox | None = None
        self.lanes = 1
        self._catalog = catalog
        self._news = news
        self._couriers: list[Courier] = []

    def use(self, catalog: Catalog, inbox: Inbox) -> None:
        """Go on with other definitions."""
        self._catalog = catalog
        self.parcels.use(catalog)
        self.inbox = inbox

    def start(self) -> None:
        """Couriers for each service whose address is known. Deliveries to the others wait."""
        with self._storage.read() as session:
            rows = session.all("SELECT id FROM services ORDER BY id")
        known = {service.id for service in self._catalog.services}
        for (service,) in rows:
            if service in known:
                self._couriers += [self._courier(service) for _ in range(self.lanes)]
        for courier in self._couriers:
            courier.start()

    def _courier(self, service: str) -> Courier:
        def content(ward: str, scope: str, sha256: str) -> bytes | None:
            return content_of(self._storage, ward, scope, sha256)

        def address() -> str | None:
            return address_of(self._storage, service)

        def adapter() -> Adapter | None:
            if (url := address()) is None:
                return None
            # an exchange ends before the hold on the parcel does
            patience = min(40.0, self.parcels.hold * 2 / 3)
            tools = Tools(self._clock, lambda: self._catalog, content, patience)
            return make_adapter(service, parse_address(url), tools)

        return Courier(self.parcels, service, adapter, self._news, lambda: self.inbox, address=address)

    def wake(self) -> None:
        for courier in self._couriers:
            courier.wake()

    def retry(self, service: str, record_id: str | None = None, *, refused: bool = False) -> int:
        """Have the service's deliveries tried now (``parcel_retry.retry``); how many they are."""
        return retry(self._storage, self._clock, self._news, service, record_id, refused=refused)

    def stop(self) -> None:
        """End every courier; what one carries at this moment is finished or comes due again."""
        for courier in self._couriers:
            courier.end()
        for courier in self._couriers:
            courier.join()
        self._couriers = []


class Courier(threading.Thread):
    """Carries the deliveries of one service, in the order they came due."""

    def __init__(
        self,
        parcels: Parcels,
        service: str,
        adapter: Callable[[], Adapter | None],
        news: News,
        inbox: Callable[[], Inbox | None] = lambda: None,
        *,
        address: Callable[[], str | None] = lambda: "",
    ) -> None:
        """``adapter``: makes the way to the service, in the courier's own thread, None where it has no ``address``, which an operator
        may change or take away meanwhile."""
        super().__init__(name=f"courier-{service}", daemon=True)
        self._parcels = parcels
        self._service = service
        self._make = adapter
        self._news = news
        self._inbox = inbox
        self._address = address
        self._at: str | None = ""  # the address that the way leads to
        self._awake = threading.Event()
        self._ended = threading.Event()
        self._said = ""  # why there is no way to the service, as the log has it

    def wake(self) -> None:
        self._awake.set()

    def end(self) -> None:
        self._ended.set()
        self._awake.set()

    def run(self) -> None:
        adapter: Adapter | None = None
        while not self._ended.is_set():
            pause, looked = _LOOK_AGAIN, time.monotonic()
            try:
                adapter = self._still(adapter) or self._way()
                if adapter is not None:
                    pause = 0.0 if self.round(adapter) else self._pause()
                    self._fetch(adapter)
            except Exception:  # a courier that dies would leave its service without deliveries until a restart
                log.exception("deliveries to %s", self._service)
                pause = _LOOK_AGAIN
            if pause:
                self._awake.wait(pause)
                self._ended.wait(max(0.0, looked + _BREATH - time.monotonic()))
                self._awake.clear()
        if adapter is not None:
            adapter.close()

    def _still(self, adapter: Adapter | None) -> Adapter | None:
        """The way as it is, None once the service is somewhere else or nowhere."""
        address = self._address()
        if address != self._at and adapter is not None:
            adapter.close()
            adapter = None
        self._at = address
        return adapter

    def _way(self) -> Adapter | None:
        """None: there is no address any more, or the keys are not there yet, which an operator is told."""
        try:
            adapter = self._make()
        except AddressError as error:
            why = str(error)
            if why != self._said:
                log.error("%s: %s", self._service, why)
            self._said = why
            self._parcels.unusable(self._service, why)
            return None
        self._said = ""
        if adapter is not None:
            self._parcels.usable(self._service)
        return adapter

    def _pause(self) -> float:
        """Seconds to sleep when nothing is due: until something is, or to look what another process enqueued."""
        due = self._parcels.next_due(self._service)
        return _LOOK_AGAIN if due is None else min(_LOOK_AGAIN, max(_SOONEST, due))

    def round(self, adapter: Adapter) -> bool:
        """Carry what is due; False: nothing was, or the service is down."""
        parcels = self._parcels.claim(self._service, AT_ONCE)
        claimed = time.monotonic()
        for index, parcel in enumerate(parcels):
            if self._ended.is_set() or self._address() != self._at:
                self._parcels.release(parcels[index:], all_of_them=index == 0)
                return False
            if time.monotonic() - claimed > self._parcels.hold / 4 and not self._parcels.prolong(parcel):
                continue  # so slow that somebody else has it
            if not self._carry(adapter, parcel):
                self._parcels.release(parcels[index + 1 :])
                return False
        return bool(parcels)

    def _carry(self, adapter: Adapter, parcel: Parcel) -> bool:
        """False: the service is down."""
        try:
            answer = adapter.carry(parcel)
        except Pending as pending:
            self._news(self._parcels.taken(parcel, str(pending)))
        except UnreachableError as error:
            log.warning("delivery %s: %s", parcel.key, error)
            if error.down:
                self._parcels.service_down(parcel, str(error), error.wait)
            self._news(self._parcels.put_off(parcel, str(error), fault=error.fault, answered=not error.down))
            return not error.down
        except Exception as error:  # of one parcel, which must hold up no other
            log.exception("delivery %s", parcel.key)
            self._news(self._parcels.put_off(parcel, f"Chưa gửi được: {type(error).__name__}", fault=True))
        else:
            self._news(self._parcels.answer(parcel, answer))
            adapter.settled(parcel)
        return True

    def _fetch(self, adapter: Adapter) -> None:
        """What the service has for the wards, when it is this courier's turn."""
        inbox = self._inbox()
        if inbox is None or not adapter.has_inbox or self._ended.is_set():
            return
        try:
            inbox.fetch(self._service, adapter)
        except UnreachableError as error:
            log.warning("inbox of %s: %s", self._service, error)
