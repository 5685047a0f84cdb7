"""A large page is taken in batch by batch: the store holds afterwards what it would hold had it come as one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sync.clock import FixedClock, moment_text
from sync.ids import IdSource
from sync.locked_fields import AWAITING
from sync.protocol import Candidate, PullAnswer, RecordVersion
from sync.store import Store, pulling
from sync.store.model import Save
from tests.sync.store import soundness, ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY, DOSSIER, WARD

SMALL = 7


def page(clock: FixedClock, count: int = 60) -> list[RecordVersion]:
    """Persons, papers, and dossiers of persons who come before them, after them, or never."""
    chance = random.Random(3)
    ids = IdSource(clock, chance.getrandbits)
    persons = [ids.new() for _ in range(count)]
    versions = []
    for n in range(count):
        clock.advance(seconds=1)
        name = f"Nguyễn Thị {chance.choice(('Ánh', 'Bích', 'Đào'))}"
        versions.append(ward.version(persons[n], CITIZEN, n + 1, {"full_name": name, "personal_id": f"00119{n:07d}"}))
        versions.append(ward.version(ids.new(), COPY, n + 1, {}))
        fields: dict[str, Any] = {"subject": f"Hồ sơ {n}", "due_at": moment_text(clock.now())}
        if n % 3:
            fields["applicant"] = chance.choice([*persons, ids.new()])
        if n % 4 == 1:
            fields[AWAITING] = CLERK.id
        conflicts = {"note": (Candidate("a", None, ids.new(), "Mai", "Q9", ""),)} if n % 5 == 0 else {}
        more = {
            "conflicts": conflicts,
            "origin": "tthc" if n % 7 == 0 else "",
            "state": chance.choice(("draft", "accepted")),
        }
        versions.append(ward.version(ids.new(), DOSSIER, n + 1, fields, **more))
    return versions


def taken_in(folder: Path, clock: FixedClock, versions: list[RecordVersion], *, filled: bool) -> dict[str, Any]:
    """All that the store holds afterwards, with an own edit under way on one of them, and another known by an older version."""
    store = Store.create(folder, ward.KEY, ward.CATALOG, clock)
    store.set_enrolment(ward.ENROLMENT)
    known = versions[0], versions[60]
    store.changes.apply_pull(PullAnswer(records=known, cursor=1, more=not filled), WARD, "onestop")
    opened = store.records.load(known[0].id)
    assert opened is not None
    store.save([Save(type=CITIZEN.id, opened=opened, fields={**opened.fields, "phone": "+84912345678"})], CLERK)
    later = ward.version(known[1].id, CITIZEN, 999, {"full_name": "Khác"})
    records = (*versions[:60], later, *versions[61:])
    store.changes.apply_pull(PullAnswer(records=records, cursor=2, more=False), WARD, "onestop")
    soundness.check(store)
    store.indexing.run()  # a small batch waits for nothing
    held = everything(store)
    store.close()
    return held


def everything(store: Store) -> dict[str, Any]:
    with store._context.writer.quiet() as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL")
        ]
        wanted = [n for n in names if not n.startswith(("search", "sqlite_", "changes", "meta"))]
        held = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in wanted}
        db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab (main, search, row)")
        held["search"] = db.execute("SELECT term, doc FROM temp.words ORDER BY term").fetchall()
        db.execute("DROP TABLE temp.words")
    return held


@pytest.mark.parametrize("filled", [True, False])
def test_a_page_comes_out_the_same(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, *, filled: bool
) -> None:
    versions = page(clock)
    monkeypatch.setattr(pulling, "BATCH", len(versions) + 1)
    whole = taken_in(folder / "whole", clock, versions, filled=filled)
    monkeypatch.setattr(pulling, "BATCH", SMALL)
    assert taken_in(folder / "batches", clock, versions, filled=filled) == whole
