"""What the stories are told with: a town with its gateway and services, and the counters of its wards.

A counter is a real profile on disk that is worked through the command line, so that a story passes through the whole
program: catalogue, rules, encrypted store, engine, HTTP, gateway, services.
"""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

from msgspec import Struct

from desktop.__main__ import main
from forms.loader import load_catalog
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator

HOAN_KIEM = "00070"
CUA_NAM = "00082"
_PATIENCE = 60.0  # seconds for what happens behind the scenes


class Answer(Struct, frozen=True):
    """What a verb said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*words: str) -> Answer:
    """One run of ``sophuong`` in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = main(words)
    said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    assert "Traceback" not in complained
    assert complained.count("\n") <= 1
    return Answer(code, said, complained)


class Town:
    """The city's side: a gateway over a real database, and simulated services."""

    def __init__(self, folder: Path, storage_url: str) -> None:
        self.folder = folder
        self.storage_url = storage_url
        self.services = Simulator()
        self._numbers = itertools.count(1)
        self._gateway: GatewayServer | None = None

    def __enter__(self) -> Town:
        self.services.start()
        catalog = load_catalog()
        known = {service.id for service in catalog.services}
        urls = {name: url for name, url in self.services.urls.items() if name in known}
        self._gateway = GatewayServer(self.storage_url, services=urls, catalog=catalog, first_retry=0.2).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gateway.stop()
        self.services.stop()

    @property
    def gateway(self) -> GatewayServer:
        assert self._gateway is not None
        return self._gateway

    def counter(self, officer: str, *roles: str, ward: str = HOAN_KIEM) -> Counter:
        """A new PC in a ward, with one officer on it."""
        made = Counter(self.folder / f"counter-{next(self._numbers)}")
        self.joins(made, officer, *roles, ward=ward)
        return made

    def joins(self, counter: Counter, officer: str, *roles: str, ward: str = HOAN_KIEM) -> None:
        """One more officer on a PC that is there already."""
        code = self.gateway.enrolment_code(ward, officer, roles, "UBND phường")
        counter.must("enrol", "--url", self.gateway.url, "--code", code, "--device", counter.folder.name)

    def cut_line(self) -> None:
        self.gateway.stop()

    def restore_line(self) -> None:
        self.gateway.start()

    def records(self, ward: str = HOAN_KIEM) -> dict[str, dict[str, Any]]:
        """What the city holds of a ward, read back by the operator's own verb."""
        return {row["id"]: row for row in self._lines("records", "--ward", ward)}

    def deliveries(self) -> list[dict[str, Any]]:
        return self._lines("deliveries")

    def sends(self, type_id: str, rows: Iterable[dict[str, Any]], ward: str = HOAN_KIEM) -> None:
        """Records a city service sends to a ward."""
        path = self.folder / "inbound.ndjson"
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
        answer = run("gateway", "inbound", "--database", self.storage_url, type_id, str(path), "--ward", ward)
        assert answer.code == 0, answer.err

    def wait_for_services(self, record_id: str) -> dict[str, Any]:
        """Until the services have answered for a record; its last delivery."""

        def mine() -> list[dict[str, Any]]:
            return [d for d in self.deliveries() if d["record_id"] == record_id]

        self.wait_for(lambda: bool(mine()) and all(d["status"] in ("accepted", "refused") for d in mine()))
        return mine()[-1]

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """What goes on behind the scenes takes its time, and must come to its end."""
        end = time.monotonic() + _PATIENCE
        while not happened():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.1)

    def _lines(self, verb: str, *words: str) -> list[dict[str, Any]]:
        answer = run("gateway", verb, "--database", self.storage_url, *words)
        assert answer.code == 0, answer.err
        return [json.loads(line) for line in answer.out.splitlines()]


class Counter:
    """A PC in a ward."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str) -> Answer:
        return run("--profile", str(self.folder), *words)

    def must(self, *words: str) -> Any:
        """Run a verb that must succeed; its JSON."""
        answer = self.run(*words, "--json")
        assert answer.code == 0, answer.err or answer.out
        return answer.json

    def takes_in(self, type_id: str, fields: dict[str, Any], state: str | None = None) -> str:
        """A new record, as a line of a file would bring it; its id."""
        before = {r["id"] for r in self.all(type_id)}
        line: dict[str, Any] = {"fields": fields} | ({"state": state} if state else {})
        answer = self.writes_lines(type_id, [line])
        assert answer["accepted"] == 1, answer
        (new,) = {r["id"] for r in self.all(type_id)} - before
        return str(new)

    def writes(self, record_id: str, **fields: Any) -> None:
        """Change fields of a record, under the form's rules."""
        answer = self.writes_lines(self.sees(record_id)["type"], [{"id": record_id, "fields": fields}])
        assert answer["accepted"] == 1, answer

    def writes_lines(self, type_id: str, lines: Iterable[dict[str, Any]]) -> Any:
        path = self.folder / "lines.ndjson"
        path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
        return self.run("import", type_id, str(path), "--json").json

    def acts(self, record_id: str, action: str, *values: str) -> Any:
        return self.must("act", record_id, action, *values)

    def sees(self, record_id: str) -> Any:
        return self.must("show", record_id)

    def all(self, type_id: str) -> list[dict[str, Any]]:
        """Every record of a type on this PC."""
        path = self.folder / "all.ndjson"
        self.must("export", type_id, str(path))
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def syncs(self) -> Any:
        return self.must("sync")

    def finds(self, text: str) -> list[str]:
        return [hit["id"] for hit in self.must("search", text)["hits"]]

    def status(self) -> Any:
        return self.must("status")
