"""A line to a city in the same process, for tests that make thousands of syncs; answers of ``lease`` may get lost."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from forms.definition import Catalog
from sync.clock import Clock
from sync.engine import Engine, SyncReport
from sync.gateway.city import City
from sync.gateway.refusals import RefusedError
from sync.protocol import (
    EnrolRequest,
    Hello,
    HistoryAnswer,
    Lease,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    SyncAnswer,
    SyncError,
    SyncRequest,
)
from sync.store import Store
from sync.store.model import Enrolment


class DirectLine:
    def __init__(self, city: City, token: str) -> None:
        self.city, self.token = city, token
        self.lose_leases = 0
        self.bytes_sent = self.bytes_received = 0

    @property
    def _device(self):
        return self.city.access.device(f"Bearer {self.token}")

    def hello(self) -> Hello:
        return self.city.introduced(self._device, self.city.hello(self._device))

    def sync(self, request: SyncRequest) -> SyncAnswer:
        raise SyncError("no_page", "một thành phố cũ", retry=False)

    def push(self, request: PushRequest) -> PushAnswer:
        results = self.city.intake.push(self._device, [(c, msgspec.msgpack.encode(c)) for c in request.changes])
        return PushAnswer(tuple(results), self.city.epoch)

    def pull(self, request: PullRequest) -> PullAnswer:
        self.city.feed.check(self._device, request)
        page = self.city.feed.pull(request, self.city.epoch)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(page), type=PullAnswer)

    def lease(self, request: LeaseRequest) -> Lease:
        try:
            answer = self.city.leases.lease(self._device, request)
        except RefusedError as error:
            raise SyncError(error.code, error.label.vi, retry=error.status >= 500) from error
        if self.lose_leases and request.handover:
            self.lose_leases -= 1
            raise SyncError("unreachable", "mất câu trả lời")
        return answer

    def history(self, record_id: str) -> HistoryAnswer:
        try:
            found = self.city.feed.history(self._device, record_id)
        except RefusedError as error:
            raise SyncError(error.code, error.label.vi, retry=error.status >= 500) from error
        return msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=HistoryAnswer)

    def pack_part(self, sha256: str, start: int, length: int) -> bytes:
        raise SyncError("no_pack", "không có gói", retry=False)


class Pc:
    """A store, its officer, and a line that goes straight into the city."""

    def __init__(
        self, city: City, folder: Path, catalog: Catalog, clock: Clock, *roles: str, ward: str = "00070", name: str = ""
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.city, self.key = folder, city, secrets.token_bytes(32)
        self.clock, self.catalog, self.ward = clock, catalog, ward
        code = city.enrolment.new_code([ward], name or folder.name, "UBND", roles)
        answer = city.enrol(EnrolRequest(code=code, device_name=folder.name))
        self.store = Store.create(folder, self.key, catalog, clock)
        self._keep(answer)
        self.begin()

    def _keep(self, answer) -> None:
        self.officer, self.device, self.token = answer.officer, answer.device, answer.token
        self.store.set_enrolment(Enrolment.of_answer("", answer))

    def begin(self) -> None:
        """The program starts: nothing is remembered but what stands in the store."""
        self.line = DirectLine(self.city, self.token)
        self.engine = Engine(self.store, self.line)

    def enrol_again(self, *roles: str) -> None:
        code = self.city.enrolment.new_code([self.ward], self.officer.name, "UBND", roles)
        self._keep(self.city.enrol(EnrolRequest(code=code, device_name="PC", token=self.token)))

    def sync(self) -> SyncReport:
        return self.engine.sync_once()

    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.folder, self.key, self.catalog, self.clock)
        self.begin()
