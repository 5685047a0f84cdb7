"""The ward's hub in a run: the real HubFace, copy and rounds, a process that dies and comes back, its line to the city."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import requests

from sync.gateway.city import City
from sync.http import HttpTransport
from sync.http_line import Line as HubLine
from sync.hub.answers import Answer
from sync.hub.copy import Copy
from sync.hub.copying import Copying
from sync.hub.face import HubFace
from sync.hub.grants import Grants
from sync.hub.messages import HUB_ROLE, hub_name
from sync.hub.reach import Found
from sync.hub.server import passed_on
from sync.protocol import EnrolRequest, Hello, SyncError
from tests.simulation.city_side import CitySide
from tests.simulation.network import Faults, Line, Reply
from tests.simulation.scheduler import Awaited, ClockOf, Scheduler

_CITY = "http://127.0.0.1:1"
_KEY = bytes(32)


class HubSide:
    """``faults``: of its line to the city."""

    def __init__(
        self, number: int, folder: Path, scheduler: Scheduler, city: CitySide, wards: tuple[str, ...],
        counts: dict[str, int],
    ) -> None:  # fmt: skip
        self.name = f"hub{number}"
        self.url = f"http://127.0.0.1:{10 + number}"
        self._folder, self._scheduler, self._city, self._counts = folder, scheduler, city, counts
        self._wards = wards
        self._life = 0
        self._asked: list[Awaited] = []
        self.clock = ClockOf(scheduler)
        self.faults = Faults(scheduler, counts)
        self.process: object | None = None
        self.resting = False  # nothing more is to be shown
        self.device = self._token = ""

    @property
    def folder(self) -> Path:
        return self._folder / f"{self.name}-{self._life}"

    @property
    def up(self) -> bool:
        return self.process is not None

    def join(self, city: City) -> None:
        """The city makes it the wards' hub."""
        code = city.enrolment.new_code(self._wards, "Máy trung gian", "", (HUB_ROLE,))
        answer = city.enrol(EnrolRequest(code=code, device_name=self.name))
        self.device, self._token = answer.device, answer.token
        self.folder.mkdir(parents=True)
        self._open()

    def found(self) -> tuple[Found, ...]:
        """What multicast DNS would tell of it."""
        return tuple(Found(self.url, hub_name(self.device, ward)) for ward in self._wards) if self.up else ()

    def _open(self) -> None:
        self.process = object()
        self.copy = Copy(self.folder / "hub.db", _KEY, self.clock)
        self._grants = Grants(self.folder / "hub.json", self.clock, self._hello)
        self._face = HubFace(self._grants, self._onward, self.copy, self.clock)
        self._scheduler.spawn(f"{self.name} rounds", self._go_on, self.process, 1.0)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("http://", Line(self._scheduler, self.name, self.process, self._city.serve, self.faults))
        return session

    def _go_on(self) -> None:
        copying = Copying(self.copy, self._grants, HubLine(_CITY, self._token, "vi", self.session()))
        while True:
            try:
                copying.round()
                self._counts["hub copied"] += 1
            except SyncError as error:
                self._counts[f"hub's round failed: {error.code}"] += 1
            self._scheduler.sleep(60 + self._scheduler.random.random() * 240 if not self.resting else 86400.0)

    def _hello(self, token: str) -> Hello:
        return HttpTransport(_CITY, token, session=self.session()).hello()

    def _onward(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self._counts["hub passed on"] += 1
        return passed_on(HubLine(_CITY, "", "vi", self.session()), method, target, headers, body)

    # a request of a PC

    def serve(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Worked out by an actor of its process. Raises ConnectionError when that dies meanwhile."""
        process = self.process
        if process is None:
            raise requests.exceptions.ConnectionError("refused")
        coming: Awaited = Awaited(self._scheduler)

        def work() -> None:
            answer = self._face.serve(method, path, headers, body)
            coming.set_result((answer.status, answer.headers, answer.body))

        self._scheduler.spawn(self.name, work, process)
        self._asked.append(coming)
        came = coming.wait(60.0)
        self._asked = [asked for asked in self._asked if asked is not coming]
        if not came:
            raise requests.exceptions.ReadTimeout("no answer")
        reply: Reply = coming.result()
        return reply

    # disasters

    def crash(self, why: str, *, restart_after: float | None = None) -> None:
        if self.process is None:
            return
        self._scheduler.note(self.name, f"dies {why}")
        process, self.process = self.process, None
        before, self._life = self.folder, self._life + 1
        old = self.copy
        shutil.copytree(before, self.folder, ignore=shutil.ignore_patterns("*-shm"))
        self._scheduler.kill(process)
        for coming in self._asked:
            if not coming.done():
                coming.set_exception(requests.exceptions.ConnectionError("the hub's program ended"))
        wait = self._scheduler.random.choice((5.0, 60.0, 600.0)) if restart_after is None else restart_after
        self._scheduler.spawn("reboot", lambda: self._start_again(old.close), None, wait)

    def _start_again(self, bury: Callable[[], None]) -> None:
        bury()
        if self.process is None:
            self._scheduler.note(self.name, "starts again")
            self._open()

    def backup(self) -> Path | None:
        if self.process is None:
            return None
        kept = self._folder / f"{self.name}-backup-{self._scheduler.now:.3f}"
        shutil.copytree(self.folder, kept, ignore=shutil.ignore_patterns("*-shm"))
        return kept

    def restore(self, kept: Path) -> None:
        if self.process is None:
            return
        self.crash("for a restore", restart_after=1e9)
        self.copy.close()
        shutil.rmtree(self.folder)
        shutil.copytree(kept, self.folder)
        self._scheduler.note(self.name, "works with its backup")
        self._open()

    def close(self) -> None:
        if self.process is not None:
            self._scheduler.kill(self.process)
            self.process = None
        self.copy.close()
