"""Of real record types: whatever stands in a store of a record is the same, in whichever company the record came."""

from __future__ import annotations

import random
import re
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlcipher3 import dbapi2 as sqlite

from forms.definition import RecordType
from forms.loader import load_catalog
from forms.sample_scene import examples_of, targets_of
from forms.vietnamese import beyond_unfolded
from sync.clock import FixedClock
from sync.ids import IdSource
from sync.locked_fields import AWAITING
from sync.protocol import Candidate, PullAnswer, RecordVersion
from sync.store import Store, pulling
from sync.store.terms import index_text, queries
from tests.sync.store import soundness, ward
from tests.sync.store.test_page_in_batches import everything

CATALOG = load_catalog()
EXAMPLES = {t.id: examples_of(t, CATALOG) for t in CATALOG.record_types}
KNOWN = [t for t in CATALOG.record_types if EXAMPLES[t.id]]
REFERRING = ("person", "household", "organisation", "ref")
ODD = (
    None,
    True,
    0,
    -1,
    0.5,
    1 << 62,
    (1 << 64) - 1,
    "",
    "a\nb\r\nc",
    "a\u2028b\x85\x0b",
    "\x00",
    [],
    {},
    [[]],
    {"a": 1},
)
ODD = (
    *ODD,
    [{"_id": "1", "a": None}],
    {"unit": 5, "detail": "x"},
    "2026-99-99",
    "001190012345",
    "İstanbul ﬁ ß",
    "Đường",
)
COUNT = 120


def records(chance: random.Random, clock: FixedClock, types: list[RecordType]) -> list[RecordVersion]:
    """By the catalogue's own examples, some with values that no form makes. They refer to records before them alone: of whom
    those are that a record refers to, it is told only when they come first."""
    ids, made, type_of = IdSource(clock, chance.getrandbits), list[RecordVersion](), dict[str, list[str]]()
    for n in range(COUNT):
        clock.advance(seconds=1)
        record_type = chance.choice(types)
        state, example = chance.choice(EXAMPLES[record_type.id])
        fields = {name: value for name, value in example.items() if name != "merged_into"}
        for field in record_type.fields:
            targets = (
                [i for t in targets_of(field) for i in type_of.get(t, ())]
                if field.type in REFERRING and field.name != "merged_into"
                else []
            )
            if targets:
                fields[field.name] = chance.choice(targets)
            elif field.type not in REFERRING and chance.random() < 0.03:
                fields[field.name] = chance.choice(ODD)
        if chance.random() < 0.1:
            fields[AWAITING] = chance.choice((ward.CLERK.id, 5))
        conflict = {"note": (Candidate("a", None, ids.new(), "Mai", "Q9", ""),)}
        made.append(
            RecordVersion(
                id=ids.new(),
                type=record_type.id,
                ward=ward.WARD,
                scope=chance.choice(("open", record_type.scope)),
                revision=chance.choice((0, n + 1, n + 1)),
                state=chance.choice((state or record_type.initial_state, record_type.states[-1].id, "of another pack")),
                number=chance.choice((None, "", f"{n:04d}/2026")),
                fields=fields,
                conflicts=chance.choice(({}, {}, conflict)),
                created_at=chance.choice(("", "2026-11-01T01:00:00Z")),
                updated_at="2026-11-01T01:00:00Z",
                origin=chance.choice(("", "tthc")),
            )
        )
        type_of.setdefault(record_type.id, []).append(made[-1].id)
    unknown = [replace(v, id=f"unknown {v.id}", type="of.tomorrow") for v in made[:9]]
    return [*made, *unknown]


def later(chance: random.Random, first: list[RecordVersion]) -> list[RecordVersion]:
    """The same with another's state or number, with older revisions, or as they were."""
    found = []
    for v in first:
        other = chance.choice([o for o in first if o.type == v.type])
        newer = replace(
            v, revision=v.revision + 1000, number=other.number, conflicts={}, updated_at="2026-11-02T01:00:00Z"
        )
        found.append(
            chance.choice((v, newer, replace(newer, fields=other.fields), replace(v, revision=max(0, v.revision - 3))))
        )
    return found


def taken_in(folder: Path, clock: FixedClock, coming: list[list[RecordVersion]], size: int) -> dict[str, Any]:
    """All that the store holds after these, in pages of a size: no page has a record twice."""
    with Store.create(folder, ward.KEY, CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        store.changes.apply_pull(PullAnswer(records=(), cursor=1), ward.WARD, "open")
        for part in coming:
            for start in range(0, len(part), size):
                page = PullAnswer(records=tuple(part[start : start + size]), cursor=1, more=True)
                store.changes.apply_pull(page, ward.WARD, "open")
        soundness.check(store)
        store.indexing.run()
        held = everything(store)
    held |= {name: [row for row in held[name] if not row.endswith(", 0)")] for name in ("counters", "digests")}
    return held


@pytest.mark.parametrize("seed", range(5))
def test_one_by_one_or_all_at_once_is_the_same(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    first = records(chance, clock, [*chance.sample(KNOWN, 6), CATALOG.record_type("residence.citizen")])
    coming = [first[: COUNT // 2], later(chance, first)]
    alone = taken_in(folder / "alone", clock, coming, 1)
    assert len(alone["records"]) == len(first)
    assert alone["links"]
    for size, batch in ((len(first), 500), (len(first), 29), (COUNT // 2, 500), (7, 500)):
        monkeypatch.setattr(pulling, "BATCH", batch)
        together = taken_in(folder / f"{size} {batch}", clock, coming, size)
        for table in alone:
            rows = alone[table]
            assert together[table] == rows, (table, size, batch)


def test_what_waits_for_the_index_is_found_whatever_is_written_in_it() -> None:
    """A look at the text as it is written leaves out nothing that the index would find."""
    is_beyond = re.compile(beyond_unfolded()).search
    typed = ("axby", "ax", "by", "axb", "axaby", "axdby", "axiby", "axsby", "axssby", "Ăx Bỵ")
    usual = (chr(code) for code in chain(range(0x1, 0x3100), range(0xF900, 0x10000)) if not 0x378 <= code < 0x1AB0)
    texts = {code: f"ax{character}by zz" for code, character in enumerate(usual, 1)}
    with closing(sqlite.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE search USING fts5 (text, detail = none, tokenize = 'unicode61')")
        db.executemany("INSERT INTO search (rowid, text) VALUES (?, ?)", [(c, index_text(t)) for c, t in texts.items()])
        for match in (match for text in typed for match in queries(text)):
            found = {rid for (rid,) in db.execute("SELECT rowid FROM search WHERE search MATCH ?", (match.query,))}
            written = [re.compile(pattern).search for pattern in match.written]
            assert found <= {c for c, text in texts.items() if all(test(text) or is_beyond(text) for test in written)}
