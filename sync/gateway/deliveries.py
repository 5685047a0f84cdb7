"""Couriers: one thread a service carries accepted records to its webhook, so that one that hangs holds up no other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from forms.definition import Catalog
from sync.clock import Clock
from sync.gateway.parcels import Parcel, Parcels, ServiceAnswer
from sync.gateway.storage import Storage, Stream

_AT_ONCE = 20  # deliveries claimed together
_TIMEOUT = (5.0, 30.0)  # seconds to connect, to answer
_LOOK_AGAIN = 1.0  # seconds; another process may have enqueued something
_LARGEST_ANSWER = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TRY_AGAIN = (408, 425, 429)
log = logging.getLogger(__name__)


class UnreachableError(Exception):
    """The service did not answer, or not in a way that settles the delivery. ``down``: the others need not be tried."""

    def __init__(self, message: str, *, down: bool) -> None:
        super().__init__(message)
        self.down = down


class Deliveries:
    """Starts and ends the couriers, and wakes them when there is something new."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock, news: Callable[[set[Stream]], None]) -> None:
        self._storage = storage
        self._catalog = catalog
        self.parcels = Parcels(storage, catalog, clock)
        self._news = news
        self._couriers: list[Courier] = []

    def start(self) -> None:
        """One courier for each service whose address is known. Deliveries to the others wait."""
        with self._storage.read() as session:
            rows = session.all("SELECT id, url FROM services ORDER BY id")
        known = {service.id for service in self._catalog.services}
        self._couriers = [Courier(self.parcels, service, url, self._news) for service, url in rows if service in known]
        for courier in self._couriers:
            courier.start()

    def wake(self) -> None:
        for courier in self._couriers:
            courier.wake()

    def stop(self) -> None:
        """End every courier; what one carries at this moment is finished or comes due again."""
        for courier in self._couriers:
            courier.end()
        for courier in self._couriers:
            courier.join()
        self._couriers = []


class Courier(threading.Thread):
    """Carries the deliveries of one service, in the order they came due."""

    def __init__(self, parcels: Parcels, service: str, url: str, news: Callable[[set[Stream]], None]) -> None:
        super().__init__(name=f"courier-{service}", daemon=True)
        self._parcels = parcels
        self._service = service
        self._url = url
        self._news = news
        self._awake = threading.Event()
        self._ended = threading.Event()

    def wake(self) -> None:
        self._awake.set()

    def end(self) -> None:
        self._ended.set()
        self._awake.set()

    def run(self) -> None:
        with requests.Session() as line:
            line.trust_env = urlsplit(self._url).hostname not in _LOOPBACK  # a service on this machine needs no proxy
            while not self._ended.is_set():
                try:
                    busy = self._round(line)
                    pause = 0.0 if busy else self._pause()
                except Exception:  # a courier that dies would leave its service without deliveries until a restart
                    log.exception("deliveries to %s", self._service)
                    pause = _LOOK_AGAIN
                if pause:
                    self._awake.wait(pause)
                    self._awake.clear()

    def _pause(self) -> float:
        """Seconds to sleep when nothing is due: until something is, or to look what another process enqueued."""
        due = self._parcels.next_due(self._service)
        return _LOOK_AGAIN if due is None else min(_LOOK_AGAIN, max(0.02, due))

    def _round(self, line: requests.Session) -> bool:
        """Carry what is due; False: nothing was, or the service is down."""
        parcels = self._parcels.claim(self._service, _AT_ONCE)
        for index, parcel in enumerate(parcels):
            if self._ended.is_set():
                self._release(parcels[index:], "")
                return False
            try:
                self._news(self._parcels.answer(parcel, self._carried(line, parcel)))
            except UnreachableError as error:
                log.warning("delivery %s: %s", parcel.key, error)
                self._news(self._parcels.put_off(parcel, str(error)))
                if error.down:
                    self._release(parcels[index + 1 :], str(error))
                    return False
        return bool(parcels)

    def _release(self, parcels: list[Parcel], message: str) -> None:
        """Give back what was claimed and not tried."""
        for parcel in parcels:
            self._news(self._parcels.put_off(parcel, message, tried=False))

    def _carried(self, line: requests.Session, parcel: Parcel) -> ServiceAnswer:
        try:
            response = line.post(
                self._url,
                data=msgspec.json.encode(message_of(parcel)),
                headers={"Content-Type": "application/json", "Idempotency-Key": parcel.key},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UnreachableError(f"Chưa nối được với {self._service}: {type(error).__name__}", down=True) from error
        content = response.content[:_LARGEST_ANSWER]
        if response.status_code >= 500 or response.status_code in _TRY_AGAIN:
            raise UnreachableError(f"{self._service} trả lời {response.status_code}; sẽ gửi lại.", down=False)
        try:
            return msgspec.json.decode(content, type=ServiceAnswer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = f"{self._service} trả lời không đọc được ({response.status_code}); sẽ gửi lại."
            raise UnreachableError(message, down=False) from error


def message_of(parcel: Parcel) -> dict[str, Any]:
    """What the webhook gets."""
    record = parcel.record
    return {
        "service": parcel.service,
        "ward": record.ward,
        "id": record.id,
        "type": record.type,
        "revision": record.revision,
        "state": record.state,
        "number": record.number,
        "updated_at": record.updated_at,
        "fields": parcel.fields,
        "references": parcel.references,
    }
