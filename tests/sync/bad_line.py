"""A PC on a real line to a real gateway, with the faults a line has."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.engine import Engine, SyncReport
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import (
    Hello,
    HistoryAnswer,
    Lease,
    LeaseRequest,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    StreamNews,
    SyncAnswer,
    SyncError,
    SyncRequest,
)
from sync.store import Store
from sync.store.model import Enrolment, Record, Save
from sync.tus_line import FileLine

WARD = "00070"
COPY = "certification.cert_copy"
CATALOG = load_catalog()


class BadLine:
    """The real line, on which requests fail, answers get lost, and large bodies are refused."""

    def __init__(self, line: HttpTransport, *, old: bool = False) -> None:
        """``old``: the city knows no rounds yet, only hello, push and pull."""
        self.line = line
        self.old = old
        self.rounds = 0
        self.largest = 10_000
        self.largest_bytes = 1 << 40  # of all that is said at once, as a proxy's bound
        self.lose_answers = 0
        self.sizes: list[int] = []
        self.spoil: Callable[[PullAnswer], PullAnswer] = lambda answer: answer

    @property
    def bytes_sent(self) -> int:
        return self.line.bytes_sent

    @property
    def bytes_received(self) -> int:
        return self.line.bytes_received

    def hello(self) -> Hello:
        return self.line.hello()

    def lease(self, request: LeaseRequest) -> Lease:
        return self.line.lease(request)

    def history(self, record_id: str) -> HistoryAnswer:
        return self.line.history(record_id)

    def pack_part(self, sha256: str, start: int, length: int) -> bytes:
        return self.line.pack_part(sha256, start, length)

    @property
    def files(self) -> FileLine:
        return self.line.files

    def sync(self, request: SyncRequest) -> SyncAnswer:
        if self.old:
            raise SyncError("no_page", "không có địa chỉ này", retry=False)
        if len(request.changes) > self.largest or len(msgspec.msgpack.encode(request.changes)) > self.largest_bytes:
            raise SyncError("too_large", "quá lớn")
        self.rounds += 1
        if request.changes:
            self.sizes.append(len(request.changes))
        answer = self.line.sync(request)
        if self.lose_answers and request.changes:
            self.lose_answers -= 1
            raise SyncError("unreachable", "mất câu trả lời")
        return msgspec.structs.replace(answer, news=tuple(map(self._spoilt, answer.news)))

    def _spoilt(self, page: StreamNews) -> StreamNews:
        as_pull = self.spoil(PullAnswer(records=page.records, cursor=page.cursor, more=page.more))
        return msgspec.structs.replace(page, records=as_pull.records, cursor=as_pull.cursor, more=as_pull.more)

    def pull(self, request: PullRequest) -> PullAnswer:
        return self.spoil(self.line.pull(request))

    def push(self, request: PushRequest) -> PushAnswer:
        if len(request.changes) > self.largest:
            raise SyncError("too_large", "quá lớn")
        self.sizes.append(len(request.changes))
        answer = self.line.push(request)
        if self.lose_answers:
            self.lose_answers -= 1
            raise SyncError("unreachable", "mất câu trả lời")
        return answer


class Pc:
    """A store with an officer, and a line that can be spoiled."""

    def __init__(self, gateway: GatewayServer, folder: Path, officer: str, *roles: str, old: bool = False) -> None:
        folder.mkdir()
        answer = enrol(gateway.url, gateway.enrolment_code(WARD, officer, roles, "UBND"), folder.name)
        self.store = Store.create(folder, secrets.token_bytes(32), CATALOG, SystemClock())
        self.store.set_enrolment(Enrolment.of_answer(gateway.url, answer))
        self.officer = answer.officer
        self.line = BadLine(HttpTransport(gateway.url, answer.token), old=old)

    def sync(self) -> SyncReport:
        return Engine(self.store, self.line).sync_once()

    def save(self, record: Record | None = None, **fields: Any) -> Record:
        base = dict(record.fields) if record else {"requester_name": "Nguyễn Thị Ánh Tuyết", "copies": 1, "pages": 2}
        return self.store.save([Save(type=COPY, fields={**base, **fields}, opened=record)], self.officer)[0]

    def pending(self) -> int:
        return len(self.store.changes.outbox())

    def close(self) -> None:
        self.line.line.close()
        self.store.close()


def two_numbers_of_copies(one: Pc, two: Pc) -> Record:
    """A record into which ``one`` wrote 2 and ``two`` 3: a person has to pick, and ``one`` has heard of it."""
    record = one.save(doc_title="Học bạ", copies=1)
    one.sync()
    two.sync()
    one.save(one.store.records.load(record.id), copies=2)
    two.save(two.store.records.load(record.id), copies=3)
    one.sync()
    two.sync()
    one.sync()
    return record
