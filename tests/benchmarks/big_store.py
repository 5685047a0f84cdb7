"""A profile as full as a ward's PC after some years, made the way a PC is filled: by pulls into the real store.

A few hundred records of each type are lived through (``forms.sample``) and then repeated under new ids, each with its own
words, until there are enough; nearly all are finished, as in an office that keeps up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from forms.definition import Catalog, RecordType
from forms.loader import load_catalog
from forms.sample import sample_records
from sync.clock import SystemClock, moment_text
from sync.ids import IdSource
from sync.protocol import Officer, PullAnswer, RecordVersion
from sync.store import Store, vault
from sync.store.model import Enrolment

PASSPHRASE = "một câu dài để đo"
WARD = {"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "00070", "place": "Hoàn Kiếm"}
NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens, so a sync fails at once and quietly
OFFICER = Officer(id="o1", name="Phạm Thị Ngọc Ánh", roles=("office_head",), organisation="H26.14")
SHARES: tuple[tuple[str, float], ...] = (
    ("residence.citizen", 0.35),
    ("onestop.dossier", 0.25),
    ("certification.cert_copy", 0.25),
    ("documents.incoming_doc", 0.10),
    ("civil_status.birth", 0.05),
)
"""What comes after may refer to what comes before."""
PATTERNS = 120  # lived-through records of a type
OPEN = 40  # records of a type still in work
LATE = 6  # of them past their deadline
BATCH = 5000


def big_profile(folder: Path, records: int) -> Path:
    """A profile in ``folder`` with about ``records`` records, enrolled at a city out of reach. Its key is in the system's
    vault when one works, else under PASSPHRASE."""
    profile = folder / "profile"
    clock = SystemClock()
    catalog = load_catalog(cache=folder / "cache")
    with Store.create(profile, _key(profile), catalog, clock) as store:
        wards = {WARD["code"]: WARD["name"]}
        store.set_enrolment(Enrolment(url=NOBODY, token="t", device="Q1", wards=wards, officers=(OFFICER,), epoch="e1"))
        _Filling(store, catalog, clock.now()).fill(records)
        store.indexing.run()
    return profile


def _key(profile: Path) -> bytes:
    return vault.create_key(profile, None if vault.vault_works() else PASSPHRASE)


class _Filling:
    def __init__(self, store: Store, catalog: Catalog, now: datetime) -> None:
        self._store = store
        self._catalog = catalog
        self._now = now
        self._random = random.Random(2026)
        self._fields: dict[str, Any] = {}
        self._pools: dict[str, list[str]] = {}
        self._revision = 0

    def fill(self, records: int) -> None:
        for type_id, share in SHARES:
            record_type = self._catalog.record_type(type_id)
            self._pull(record_type, self._repeated(record_type, round(records * share)))

    def _repeated(self, record_type: RecordType, count: int) -> Iterator[RecordVersion]:
        patterns = sample_records(
            record_type, self._catalog, PATTERNS, "big", ward=WARD, now=self._now, resolve=self._fields.get,
            pools=self._pools,
        )  # fmt: skip
        done = [one for one in patterns if self._kind(record_type, one) in ("final", "void")] or patterns
        late = [one for one in patterns if one not in done and self._is_late(record_type, one)]
        timely = [one for one in patterns if one not in done and one not in late]
        in_work = [*late[:LATE], *timely][: min(OPEN, count)]
        ids = IdSource(SystemClock(), self._random.getrandbits)
        began = self._now - timedelta(days=3 * 365)
        step = (self._now - began) / max(1, count)
        for place in range(count):
            left = count - place
            pattern = in_work[left - 1] if left <= len(in_work) else self._random.choice(done)
            yield self._version(record_type, pattern, ids.new(), began + step * place, place)

    def _version(
        self, record_type: RecordType, pattern: dict[str, Any], record_id: str, at: datetime, place: int
    ) -> RecordVersion:
        self._revision += 1
        fields = dict(pattern["fields"])
        if place < PATTERNS:
            self._fields[record_id] = fields
            self._pools.setdefault(record_type.id, []).append(record_id)
        name = fields.get("full_name")
        if name:
            fields["full_name"] = f"{name.rsplit(' ', 1)[0]} {self._random.choice(_GIVEN)}"
        return RecordVersion(
            id=record_id, type=record_type.id, ward=WARD["code"], scope=record_type.scope, revision=self._revision,
            state=pattern["state"], number=pattern["number"] and f"{place + 1}/{at.year}", fields=fields,
            created_at=moment_text(at), updated_at=moment_text(at), updated_by=OFFICER.name, pack=self._catalog.version,
        )  # fmt: skip

    def _pull(self, record_type: RecordType, versions: Iterator[RecordVersion]) -> None:
        while batch := tuple(islice(versions, BATCH)):
            answer = PullAnswer(records=batch, cursor=self._revision, more=True)
            self._store.changes.apply_pull(answer, WARD["code"], record_type.scope)

    def _kind(self, record_type: RecordType, record: dict[str, Any]) -> str:
        return record_type.state(record["state"]).kind

    def _is_late(self, record_type: RecordType, record: dict[str, Any]) -> bool:
        due = record["fields"].get(record_type.deadline.field) if record_type.deadline else None
        return due is not None and str(due) < moment_text(self._now)


_GIVEN = ["An", "Bình", "Cường", "Dũng", "Đạt", "Hà", "Hải", "Hạnh", "Hoa", "Hùng", "Hương", "Lan", "Minh"]
