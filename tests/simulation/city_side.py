"""The city in a run: the real City and Face on a database, a process that dies and comes back, and its services."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from msgspec import Struct

from forms.exchange import Line
from sync.gateway.adapters import Arrival, ArrivalReport
from sync.gateway.city import City
from sync.gateway.deliveries import Courier
from sync.gateway.face import Face
from sync.gateway.parcel import Parcel, ServiceAnswer, UnreachableError
from sync.gateway.storage import Session, StorageError
from sync.protocol import FieldProblem
from tests.simulation import prepared
from tests.simulation.network import Reply
from tests.simulation.operators import Operator
from tests.simulation.prepared import SERVICE
from tests.simulation.scheduler import Awaited, ClockOf, Crash, Scheduler

_SUFFIXES = ("", "-wal")


class CitySide:
    """``crash_at_commit``: the share of commits at which the process dies, just before or just after."""

    def __init__(
        self, scheduler: Scheduler, folder: Path, counts: dict[str, int], url: str = "", processes: int = 1
    ) -> None:
        self._scheduler, self._folder, self._counts = scheduler, folder, counts
        self._processes = processes
        self._url = url
        self._life = 0
        self._asked: list[Awaited] = []
        self.clock = ClockOf(scheduler)
        self.crash_at_commit = 0.0
        self.process: object | None = None
        self.restores = 0
        self.service = ServiceSide(scheduler, counts)
        self.operator = Operator(folder, self.clock)
        self.folder = folder
        if url:
            self._open()
            prepared.trust(self.city)
        else:
            prepared.new_city(self._path)
            self._open()

    @property
    def _path(self) -> Path:
        return self._folder / f"city-{self._life}" / "city.db"

    @property
    def up(self) -> bool:
        return self.process is not None

    @property
    def url(self) -> str:
        return self._url or f"sqlite:///{self._path}"

    def _open(self) -> None:
        """``processes`` of the gateway over one database: which of them answers is chance."""
        self._cities = [City(self.url, prepared.catalog(), self.clock) for _ in range(self._processes)]
        self.city = self._cities[0]
        self.process = object()
        for city in self._cities:
            vars(city.wards)["_names"] = prepared.ward_names()
            self._watch(city)
            self._scheduler.spawn("courier", lambda city=city: self._carry(city), self.process, 1.0)  # type: ignore[misc]
        self._faces = [Face(city) for city in self._cities]

    def _watch(self, city: City) -> None:
        """Others may act, and the process may die, around every transaction."""
        write = city.storage.write

        @contextmanager
        def watched(streams: Any = ()) -> Iterator[Session]:
            self._scheduler.pause(0.02)
            with write(streams) as session:
                yield session
                self._may_die("before a commit")
            self._may_die("after a commit")
            self._scheduler.pause(0.02)

        city.storage.write = watched  # type: ignore[method-assign]

    def _may_die(self, when: str) -> None:
        if self.crash_at_commit and self._scheduler.random.random() < self.crash_at_commit:
            self._counts[f"city dies {when}"] += 1
            self.crash(when)
            raise Crash

    # a request

    def serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """The city's answer, worked out by an actor of its process. Raises ConnectionError when that dies meanwhile."""
        process = self.process
        if process is None:
            raise requests.exceptions.ConnectionError("refused")
        coming: Awaited = Awaited(self._scheduler)

        def work() -> None:
            face = self._scheduler.random.choice(self._faces) if len(self._faces) > 1 else self._faces[0]
            answer = face.serve(method, path, headers, body)
            coming.set_result((answer.status, answer.headers, answer.body))

        self._scheduler.spawn("city", work, process)
        self._asked.append(coming)
        came = coming.wait(60.0)
        self._asked = [asked for asked in self._asked if asked is not coming]
        if not came:
            raise requests.exceptions.ReadTimeout("no answer")
        reply: Reply = coming.result()
        return reply

    def _carry(self, city: City) -> None:
        deliveries = city.deliveries
        courier = Courier(deliveries.parcels, SERVICE, lambda: self.service, city._news, lambda: deliveries.inbox)
        idle = 100.0
        while True:
            with suppress(StorageError):  # the real one goes on too
                idle = 100.0 if courier.round(self.service) else min(1500.0, idle * 1.5)
                courier._fetch(self.service)
            self._scheduler.sleep(20 + self._scheduler.random.random() * idle)

    # disasters

    def crash(self, why: str, *, restart_after: float | None = None) -> None:
        """As ``kill -9``: what was committed is there when it starts again. Called by an actor of the city itself, that
        one has to raise ``Crash``."""
        if self.process is None:
            return
        self._scheduler.note("city", f"dies {why}")
        process, self.process = self.process, None
        if not self._url:
            before, self._life = self._path, self._life + 1
            _copy(before, self._path)
        self._scheduler.kill(process)
        for coming in self._asked:
            if not coming.done():
                coming.set_exception(requests.exceptions.ConnectionError("the city's program ended"))
        old = self._cities
        wait = self._scheduler.random.choice((1.0, 10.0, 120.0)) if restart_after is None else restart_after
        self._scheduler.spawn("reboot", lambda: self._start_again(old), None, wait)

    def _start_again(self, old: list[City]) -> None:
        for city in old:
            city.close()
        if self.process is None:
            self._scheduler.note("city", "starts again")
            self._open()

    def backup(self) -> Path | None:
        if self._url or self.process is None:
            return None
        kept = self._folder / f"backup-{self._scheduler.now:.3f}" / "city.db"
        _copy(self._path, kept)
        self._scheduler.note("city", "is backed up")
        return kept

    def restore(self, kept: Path) -> None:
        """The operator brings the backup back and says so."""
        if self.process is None:
            return
        self.crash("for a restore", restart_after=1e9)
        for city in self._cities:
            city.close()
        shutil.rmtree(self._path.parent)
        _copy(kept, self._path)
        self.operator.restored(self.url)
        self._open()
        self.restores += 1
        self._scheduler.note("city", "is restored from its backup")

    def fill_disk(self, full: bool) -> None:
        connection = getattr(self.city.storage, "_writer", None)
        if connection is None:
            return
        pages = connection.execute("PRAGMA page_count").fetchone()[0] if full else 2**30
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def close(self) -> None:
        if self.process is not None:
            self._scheduler.kill(self.process)
            self.process = None
        for city in self._cities:
            city.close()


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    for suffix in _SUFFIXES:
        if (part := path.with_name(path.name + suffix)).exists():
            shutil.copyfile(part, to.with_name(to.name + suffix))


class Posted(Struct, frozen=True):
    """A dossier that the service sends a ward: ``id`` its own name for it ("": none), ``content`` of a scan (b"": none)."""

    name: str
    ward: str
    id: str
    subject: str
    fee: int
    content: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def arrival(self, answer: Callable[[ArrivalReport], None]) -> Arrival:
        values: dict[str, Any] = {"subject": self.subject, "fee": self.fee}
        files: dict[str, bytes] = {}
        if self.content:
            values["scan"] = scan_of(self.content)
            files[self.sha256] = self.content
        line = Line(number=1, head={"id": self.id} if self.id else {}, values=values)
        return Arrival(self.name, self.ward, "onestop.dossier", (line,), answer, files)


def scan_of(content: bytes) -> dict[str, Any]:
    """A file as a record names it."""
    digest = hashlib.sha256(content).hexdigest()
    return {"sha256": digest, "name": "quet.pdf", "size": len(content), "media_type": "application/pdf"}


class ServiceSide:
    """A service's ``Adapter``: it numbers what it gets, once a record; it may fail, and its answers may be lost."""

    has_inbox = True

    def __init__(self, scheduler: Scheduler, counts: dict[str, int]) -> None:
        self._scheduler, self._counts = scheduler, counts
        self.failing = 0.0
        self.numbers: dict[str, str] = {}
        self.inbox: dict[str, Posted] = {}  # what it has for the wards and was not answered yet, by its name
        self.taken: dict[str, tuple[str, ...]] = {}  # what it was told is at the city: the records' ids
        self.posted: dict[str, Posted] = {}

    def close(self) -> None:
        pass

    def settled(self, parcel: Parcel) -> None:
        pass

    def post(self, posted: Posted) -> None:
        """Something for a ward; it is asked for until it is answered."""
        self.inbox[posted.name] = self.posted[posted.name] = posted

    def arrivals(self) -> Iterator[Arrival]:
        self._scheduler.pause(0.3)
        for posted in list(self.inbox.values()):

            def answer(report: ArrivalReport, posted: Posted = posted) -> None:
                assert not report.refused, report
                self._scheduler.pause(0.3)
                if self._scheduler.random.random() < self.failing:
                    self._counts["answer to an arrival lost"] += 1
                    raise UnreachableError("lost", down=self._scheduler.random.random() < 0.5)
                self.taken[posted.name] = report.ids
                self.inbox.pop(posted.name, None)
                self._counts["arrival taken"] += 1

            yield posted.arrival(answer)

    def carry(self, parcel: Parcel) -> ServiceAnswer:
        dice = self._scheduler.random
        self._scheduler.pause(0.3)
        failing = dice.random() < self.failing
        if failing and dice.random() < 0.4:
            self._counts["service out"] += 1
            raise UnreachableError("no service", down=True)
        answer = self._answer(parcel)
        self._scheduler.pause(0.3)
        if failing:
            self._counts["service's answer lost"] += 1
            raise UnreachableError("lost", down=True)
        return answer

    def _answer(self, parcel: Parcel) -> ServiceAnswer:
        if (parcel.fields.get("fee") or 0) % 7 == 3:
            self._counts["service refused"] += 1
            return ServiceAnswer(status="refused", message="fee", problems=(FieldProblem("fee", "sai phí"),))
        number = self.numbers.setdefault(parcel.record.id, f"H26-{len(self.numbers) + 1:05d}")
        return ServiceAnswer(status="accepted", number=number, fields={"dossier_code": number})


__all__ = ["SERVICE", "CitySide", "Posted", "scan_of"]
