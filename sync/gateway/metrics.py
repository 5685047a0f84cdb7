"""``/metrics`` in Prometheus' text format: what the gateway does, in numbers that tell of no person and no record."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from msgspec import Struct

from sync.gateway.counters import Counters, Slot
from sync.gateway.storage import Storage
from sync.protocol import ChangeResult

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ROUTES = (
    *(
        "/v1/hello",
        "/v1/enrol",
        "/v1/sync",
        "/v1/fill",
        "/v1/push",
        "/v1/pull",
        "/v1/lease",
        "/v1/packs",
        "/v1/records",
    ),
    *("/v1/files", "/healthz", "/readyz", "/metrics", "/openapi.json", "other"),
)
_CLASSES = ("2xx", "3xx", "4xx", "429", "5xx")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0)  # seconds
_RESULTS = ("accepted", "conflict", "refused", "duplicate")
_OUT, _IN = "sophuong_answered_bytes_total", "sophuong_asked_bytes_total"
_REQUESTS, _SECONDS, _CHANGES = "sophuong_requests_total", "sophuong_request_seconds", "sophuong_changes_total"
_AHEAD = "sophuong_devices_ahead_total"
_UNDER_WAY, _HELD = "sophuong_requests_under_way", "sophuong_requests_held"
_POOL_USED, _POOL_SIZE, _POOL_WAITED = "sophuong_pool_in_use", "sophuong_pool_size", "sophuong_pool_waited_total"
_ABOUT = {
    _REQUESTS: ("counter", "Requests answered, by route and class of status"),
    _SECONDS: (
        "histogram",
        "Seconds from a request's last byte to its answer; what was held for news counts when it went on",
    ),
    _IN: ("counter", "Bytes of bodies that came"),
    _OUT: ("counter", "Bytes of bodies that went"),
    _CHANGES: ("counter", "Changes judged, by result"),
    _AHEAD: ("counter", "Devices, if two or more, that read beyond the database's end: a restore without `restored`"),
    _UNDER_WAY: ("gauge", "Requests being worked on"),
    _HELD: ("gauge", "Requests that wait for news"),
    _POOL_USED: ("gauge", "Database connections in use"),
    _POOL_SIZE: ("gauge", "Database connections that may be open, of all processes"),
    _POOL_WAITED: ("counter", "Times that a request had to wait for a connection"),
}
_GAUGES: tuple[Slot, ...] = ((_UNDER_WAY,), (_HELD,), (_POOL_USED,), (_POOL_SIZE,), (_POOL_WAITED,))


def _slots() -> Iterator[Slot]:
    for route in ROUTES:
        yield from ((_REQUESTS, route, status) for status in _CLASSES)
        yield from ((_SECONDS, route, str(place)) for place in range(len(_BUCKETS) + 1))
        yield (_SECONDS, route, "sum")
        yield from ((_IN, route), (_OUT, route))
    yield from ((_CHANGES, result) for result in _RESULTS)
    yield (_AHEAD,)
    yield from _GAUGES


def route_of(path: str) -> str:
    """The route as a label: of a target, without what the caller put into it."""
    path = path.partition("?")[0]
    found = "/".join(path.split("/", 3)[:3]) if path.startswith("/v1/") else path
    return found if found in ROUTES else "other"


class Metrics:
    """Counts what this process does; ``page`` tells of all. ``counters``: shared with the other processes."""

    def __init__(self, counters: Counters | None = None) -> None:
        self._counters = counters or new_counters(1)
        for gauge in _GAUGES:  # of a process that died in this one's place
            self._counters.put(gauge, 0.0)

    def answered(self, path: str, status: int, seconds: float, asked: int, answered: int) -> None:
        """One request is over; the sizes of the bodies in bytes."""
        route, counters = route_of(path), self._counters
        counters.add((_REQUESTS, route, "429" if status == 429 else f"{status // 100}xx"))
        counters.add((_SECONDS, route, str(bisect_left(_BUCKETS, seconds))))
        counters.add((_SECONDS, route, "sum"), seconds)
        counters.add((_IN, route), asked)
        counters.add((_OUT, route), answered)

    def judged(self, results: Iterable[ChangeResult]) -> None:
        for result, count in Counter("duplicate" if r.duplicate else r.status for r in results).items():
            self._counters.add((_CHANGES, result), count)

    def ahead(self) -> None:
        self._counters.add((_AHEAD,))

    def under_way(self, requests: int, held: int, storage: Storage) -> None:
        """What goes up and down, as it is now."""
        pool = storage.pool
        values = (requests, held, pool.in_use, pool.size, pool.waited)
        for gauge, value in zip(_GAUGES, values, strict=True):
            self._counters.put(gauge, value)

    def page(self, city: CityNumbers) -> str:
        """What Prometheus reads."""
        return "\n".join([*self._own(), *city.lines(), ""])

    def _own(self) -> Iterator[str]:
        total = self._counters.total
        for name, (kind, about) in _ABOUT.items():
            yield from _head(name, kind, about)
            if name == _REQUESTS:
                for route in ROUTES:
                    for status in _CLASSES:
                        if count := total((name, route, status)):
                            yield _line(name, {"route": route, "status": status}, count)
            elif name == _SECONDS:
                for route in ROUTES:
                    yield from self._histogram(route)
            elif name in (_IN, _OUT):
                yield from (_line(name, {"route": r}, n) for r in ROUTES if (n := total((name, r))))
            elif name == _CHANGES:
                yield from (_line(name, {"result": r}, total((name, r))) for r in _RESULTS)
            else:
                yield _line(name, {}, total((name,)))

    def _histogram(self, route: str) -> Iterator[str]:
        counts = [self._counters.total((_SECONDS, route, str(place))) for place in range(len(_BUCKETS) + 1)]
        if not any(counts):
            return
        bounds = [*map(str, _BUCKETS), "+Inf"]
        for bound, count in zip(bounds, accumulate(counts), strict=True):
            yield _line(f"{_SECONDS}_bucket", {"route": route, "le": bound}, count)
        yield _line(f"{_SECONDS}_sum", {"route": route}, self._counters.total((_SECONDS, route, "sum")))
        yield _line(f"{_SECONDS}_count", {"route": route}, sum(counts))


def new_counters(processes: int) -> Counters:
    """Memory for that many processes to count in."""
    return Counters(list(_slots()), processes)


class CityNumbers(Struct):
    """What the database tells of the whole city, read at most every ``every`` seconds. ``streams``: each stream's head as
    a line of its own, some ten thousand for the whole country."""

    storage: Storage
    pack: str
    streams: bool = False
    every: float = 5.0
    _kept: list[str] = []
    _until: float = 0.0

    def lines(self) -> list[str]:
        if time.monotonic() >= self._until:
            self._kept = list(self._read())
            self._until = time.monotonic() + self.every
        return self._kept

    def _read(self) -> Iterator[str]:
        once = self.storage.once
        yield from _head(
            "sophuong_deliveries",
            "gauge",
            "Deliveries not settled: waiting, sent (taken, no answer yet), stopped (given up)",
        )
        counted = "SELECT service, status, count(*) FROM deliveries WHERE {} GROUP BY service, status ORDER BY service, status"
        for which in ("status IN ('waiting', 'sent')", "status = 'stopped'"):  # each has an index of its own
            for service, status, count in once(counted.format(which)):
                yield _line("sophuong_deliveries", {"service": service, "status": status}, count)
        yield from _head("sophuong_service_failures", "gauge", "Tries in a row that did not reach the service")
        for service, failures in once("SELECT id, failures FROM services ORDER BY id"):
            yield _line("sophuong_service_failures", {"service": service}, failures)
        yield from _head("sophuong_stream_positions", "gauge", "Sum of the heads of all wards' streams, by scope")
        for scope, total in once("SELECT scope, sum(head) FROM streams WHERE ward <> '' GROUP BY scope ORDER BY scope"):
            yield _line("sophuong_stream_positions", {"scope": scope}, total)
        if self.streams:
            yield from _head("sophuong_stream_head", "gauge", "Newest position of a stream")
            for ward, scope, head in once(
                "SELECT ward, scope, head FROM streams WHERE ward <> '' ORDER BY ward, scope"
            ):
                yield _line("sophuong_stream_head", {"ward": ward, "scope": scope}, head)
        yield from _head("sophuong_devices", "gauge", "Devices enrolled")
        yield _line("sophuong_devices", {}, once("SELECT count(*) FROM devices")[0][0])
        yield from _head("sophuong_pack_info", "gauge", "The newest pack")
        yield _line("sophuong_pack_info", {"version": self.pack}, 1)


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    quoted = ",".join(f'{key}="{_quoted(text)}"' for key, text in labels.items())
    number = f"{value:.9g}" if value != int(value) else str(int(value))
    return f"{name}{{{quoted}}} {number}" if quoted else f"{name} {number}"


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
