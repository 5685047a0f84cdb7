"""Trains the dictionary of the line's form: ``python -m sync.line_dictionary [FILE]``.

From invented records of every type of the catalogue, as rounds of a sync carry them: one change up, one record down, a
page, a first meeting. Written beside the others as ``resources/data/line-<n>.zdict``, with n one higher than before once
programs with the present one are out (``sync.squeeze.VERSION``); what is out is never overwritten.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import zstandard

from forms.definition import Catalog, RecordType
from forms.loader import load_catalog
from forms.sample import SampleError, sample_records
from resources import data_file
from sync.clock import FixedClock, moment_text, parse_moment
from sync.ids import IdSource
from sync.line_form import put_answer, put_request
from sync.protocol import (
    Change,
    ChangeResult,
    DeliveryState,
    Hello,
    Lease,
    Officer,
    RecordVersion,
    StreamNews,
    SyncAnswer,
    SyncRequest,
)
from sync.squeeze import VERSION

SIZE = 64 * 1024
OF_EACH_TYPE = 12
NOW = parse_moment("2026-06-15T03:00:00Z")
_WARD = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.14", "place": "Hoàn Kiếm"}


class _Rounds:
    """Bodies as they go over the line, before they are squeezed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._random = Random("line")  # noqa: S311 - samples, not secrets
        self._clock = FixedClock(NOW)
        self._ids = IdSource(self._clock, self._random.getrandbits)
        self._known: dict[str, dict[str, Any]] = {}
        self._pools: dict[str, list[str]] = {}
        names = ("Vũ Đức Nam", "Trần Thu Hà", "Phạm Thị Ngọc Ánh", "Nguyễn Văn Bình")
        self._officers = [
            Officer(self._id(), name, (role.id,), "UBND phường Hoàn Kiếm")
            for name, role in zip(names * 9, catalog.roles, strict=False)
        ]

    def all(self) -> Iterator[bytes]:
        yield from self._meetings()
        for record_type in sorted(self._catalog.record_types, key=lambda t: t.scope != "people"):
            for sample in self._samples(record_type):
                yield from self._of(record_type, sample)

    def _id(self) -> str:
        self._clock.advance(milliseconds=self._random.randrange(1, 90_000_000))
        return self._ids.new()

    def _samples(self, record_type: RecordType) -> list[dict[str, Any]]:
        try:
            made = sample_records(
                record_type, self._catalog, OF_EACH_TYPE, "line", ward=_WARD, now=NOW, resolve=self._known.get,
                pools=self._pools,
            )  # fmt: skip
        except SampleError:
            made = []
        for sample in made:
            record_id = self._id()
            self._known[record_id] = sample["fields"]
            self._pools.setdefault(record_type.id, []).append(record_id)
            sample["id"] = record_id
        return made

    def _meetings(self) -> Iterator[bytes]:
        scopes = [scope.id for scope in self._catalog.scopes]
        registers = [f"{t.id}/{t.register.id}" for t in self._catalog.record_types if t.register]
        for _ in range(20):
            device = f"Q{self._random.randrange(1, 400)}"
            leases = tuple(
                Lease(
                    ward="00070",
                    register=name,
                    period="2026",
                    device=device,
                    next=self._random.randrange(900),
                    upper=1000,
                )
                for name in self._random.sample(registers, 6)
            )
            hello = Hello(
                protocol=1,
                epoch=f"{self._random.getrandbits(64):016x}",
                time=moment_text(self._clock.now()),
                device=device,
                ward_names={"00070": "Phường Hoàn Kiếm"},
                streams=tuple(("00070", scope) for scope in scopes),
                officers=tuple(self._random.sample(self._officers, 3)),
                pack=self._catalog.version,
                leases=leases,
            )
            yield put_answer(SyncAnswer(time=hello.time, hello=hello, mark=self._random.randbytes(5)))
            cursors = tuple(self._random.randrange(9000) for _ in hello.streams)
            yield put_request(SyncRequest(known=self._random.randbytes(5), cursors=cursors))

    def _of(self, record_type: RecordType, sample: dict[str, Any]) -> Iterator[bytes]:
        """The rounds that begin a record, change a field of it, and bring it to another PC."""
        fields: dict[str, Any] = sample["fields"]
        yield from self._round(record_type, sample, "create", {}, fields)
        for name in self._random.sample(sorted(fields), min(3, len(fields))):
            other = self._random.choice([*self._known.values()]).get(name)
            yield from self._round(record_type, sample, "edit", {name: other}, {name: fields[name]})
        for action in record_type.actions[:3]:
            asked = {name: fields[name] for name in (*action.asks, *action.sets) if name in fields}
            yield from self._round(record_type, sample, "action", {}, asked, action.id)

    def _round(  # noqa: PLR0917
        self, record_type: RecordType, sample: dict[str, Any], kind: Any, before: dict[str, Any], after: dict[str, Any],
        action: str | None = None,
    ) -> Iterator[bytes]:  # fmt: skip
        officer = self._random.choice(self._officers)
        device = f"Q{self._random.randrange(1, 400)}"
        revision = 0 if kind == "create" else self._random.randrange(1, 9)
        change_id = self._id()
        at = self._clock.now()
        ms = int(at.timestamp() * 1000)
        change = Change(
            change_id=change_id, save_id=change_id, record_id=sample["id"], type=record_type.id, ward="00070",
            kind=kind, before=before, after=after, base_revision=revision, state=sample["state"] if revision else "",
            to_state=sample["state"] if kind != "edit" else None, action=action, number=sample["number"] if action else None,
            pack=self._catalog.version, officer=officer, device=device, device_seq=self._random.randrange(5000),
            at=moment_text(at), clock=f"{ms:012x}-0000-{device}",
        )  # fmt: skip
        cursors = tuple(self._random.randrange(9000) for _ in range(4))
        known = (officer,) if self._random.random() < 0.9 else ()
        yield put_request(SyncRequest(known=self._random.randbytes(5), cursors=cursors, changes=(change,)), known)
        yield put_answer(self._taken(at, change, record_type), [change.record_id])
        yield put_answer(self._brought(at, sample, change, record_type))

    def _taken(self, at: datetime, change: Change, record_type: RecordType) -> SyncAnswer:
        """To the PC that made the change."""
        result = ChangeResult(change_id=change.change_id, status="accepted", revision=change.base_revision + 1)
        cursor = self._random.randrange(9000)
        deliveries = tuple(
            DeliveryState(
                record_id=change.record_id,
                service=each.service,
                revision=result.revision,
                status="waiting",
                at=change.at,
            )
            for each in record_type.deliveries
        )
        place = self._random.randrange(4)
        news = StreamNews(stream=place, cursor=cursor, own=self._random.randbytes(6), deliveries=deliveries)
        return SyncAnswer(time=moment_text(at), results=(result,), news=(news,), digest=self._random.randbytes(6))

    def _brought(self, at: datetime, sample: dict[str, Any], change: Change, record_type: RecordType) -> SyncAnswer:
        """To another PC."""
        version = RecordVersion(
            id=sample["id"], type=record_type.id, ward="00070", scope=record_type.scope, revision=change.base_revision + 1,
            state=sample["state"], number=sample["number"], fields=sample["fields"], created_at=moment_text(NOW),
            updated_at=change.at, updated_by=change.officer.name, pack=change.pack,
        )  # fmt: skip
        place, cursor = self._random.randrange(4), self._random.randrange(9000)
        deliveries = self._taken(at, change, record_type).news[0].deliveries
        news = StreamNews(stream=place, records=(version,), cursor=cursor, deliveries=deliveries)
        return SyncAnswer(time=moment_text(at), news=(news,), digest=self._random.randbytes(6))


def main(arguments: list[str]) -> int:
    path = Path(arguments[0]) if arguments else data_file("data", f"line-{VERSION}.zdict")
    samples: list[Any] = list(_Rounds(load_catalog()).all())
    trained = zstandard.train_dictionary(SIZE, samples, level=9, steps=4, d=8)
    path.write_bytes(trained.as_bytes())
    sys.stdout.write(f"{path}: {len(trained.as_bytes())} bytes, from {len(samples)} rounds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
