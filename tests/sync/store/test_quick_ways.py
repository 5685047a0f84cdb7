"""What is done the quick way for the many records of a pull says the same as the plain way."""

from __future__ import annotations

import random
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2 as sqlite

from forms.loader import load_catalog
from forms.sample_scene import examples_of
from forms.vietnamese import fold, name_sort_key, sort_key
from sync.ids import derived_id, id_time_ms
from sync.many_rows import write_many
from sync.marks import versions_mark
from sync.protocol import RecordVersion
from sync.store import terms
from sync.store.connection import connect
from sync.store.new_rows import wanted_row_id, wanted_row_ids
from sync.store.plan import Plans, link_key, link_keys, text_key
from sync.store.rowcodec import among
from sync.store.terms import ENDINGS, SHORTEST_NUMBER, index_text
from sync.versions import Versions

CATALOG = load_catalog()
TEXTS = st.lists(
    st.text("aĐđấ Ấ·-/+,\t", max_size=12)
    | st.from_regex(r"(\+84|0)?\d{1,14}(-\d{6,9})?", fullmatch=True)
    | st.sampled_from(["Học bạ", "Nguyễn Thị Ánh", "001190012345", "+84912345678", "12345", "٣٣٣٣٣٣٣", "²²²²²²"]),
    max_size=6,
)


SEVENS = st.tuples(st.uuids(), st.sampled_from("0189ef")).map(lambda u: f"{u[1]}{str(u[0])[1:14]}7{str(u[0])[15:]}")
ODD = st.text("0123456789abcdefg7- ", min_size=36, max_size=36) | st.text(max_size=40)
IDS = SEVENS | SEVENS.map(str.upper) | SEVENS | st.uuids().map(str) | ODD


def plainly(text: str) -> set[str]:
    """The tokens of a text, as they are defined."""
    found = set()
    for word in map(fold, text.split()):
        found.add(word)
        for run in re.findall(rf"\d{{{SHORTEST_NUMBER},}}", word):
            found |= {run[-length:] for length in ENDINGS}
            if len(run) == 11 and run.startswith("84"):
                found.add(run[2:])
    return {part for token in found for part in token.split()}


@given(TEXTS)
def test_tokens_kept_from_before_are_those_of_the_text(texts: list[str]) -> None:
    wanted = {"qzx", *(token for text in texts for token in plainly(text))}
    lines = "\n".join([*texts, "qzx"])
    assert set(index_text(lines).split()) == wanted
    assert set(index_text(lines).split()) == wanted  # now from what was kept
    terms._PHRASES.clear()


@pytest.mark.parametrize("record_type", CATALOG.record_types, ids=lambda t: t.id)
def test_texts_are_sorted_and_found_by_what_they_say(record_type: Any) -> None:
    plan = Plans(CATALOG).of(record_type.id)
    columns = {c.field for c in record_type.list_view.columns}
    texts = [f for f in record_type.fields if f.type == "text"]
    for state, fields in examples_of(record_type, CATALOG):
        found = plan.describe([dict(fields)], [state], ["7/2026"], lambda _: None)
        tokens = set(re.findall(r"\w+", index_text(found.texts[0])))
        for field in texts:
            value = fields.get(field.name)
            if isinstance(value, str) and field.name in columns:
                key = name_sort_key if field.name.endswith("full_name") else sort_key
                assert found.sort[field.name] == [key(value)]
            if isinstance(value, str) and field.search:
                assert {part for token in plainly(value) for part in re.findall(r"\w+", token)} <= tokens


def test_values_are_bound_as_they_are(tmp_path: Path) -> None:
    with connect(tmp_path / "x.db", bytes(32)) as db:
        row = (None, b"", b"\x00\xff", True, False, "", 0)
        assert db.execute("SELECT ?, ?, ?, ?, ?, ?, ?", row).fetchone() == row
        kinds = db.execute(f"SELECT {', '.join(['typeof(?)'] * len(row))}", row).fetchone()
        assert kinds == ("null", "blob", "blob", "integer", "integer", "text", "integer")
    db.close()


@given(st.uuids(version=4).map(str) | st.text("0123456789abcdefg7-", min_size=36, max_size=36) | st.text(max_size=40))
def test_a_reference_is_found_by_the_time_in_its_id_or_by_a_hash(record_id: str) -> None:
    seven = f"0192{record_id[4:14]}7{record_id[15:]}"
    for key in (record_id, seven, derived_id(record_id)):
        if id_time_ms(key) is None:
            assert link_key(key) == text_key(key)
        assert 0 <= link_key(key) < 1 << 63


@given(st.permutations(range(5)))
def test_the_mark_is_of_the_versions_in_any_order(order: list[int]) -> None:
    versions = [
        RecordVersion(id=f"{n}", type="t", ward="00070", revision=n, state="s", fields={"a": n, "b": [n]})
        for n in range(5)
    ]
    assert versions_mark(versions[n] for n in order) == versions_mark(versions)
    assert versions_mark(Versions.of([versions[n] for n in order])) == versions_mark(versions)
    changed = RecordVersion(id="3", type="t", ward="00070", revision=3, state="s", fields={"a": 3, "b": [4]})
    assert versions_mark([*versions[:3], changed, versions[4]]) != versions_mark(versions)


@given(st.lists(IDS, max_size=6).map(tuple))
def test_of_many_ids_the_same_is_made_as_of_each(ids: tuple[str, ...]) -> None:
    alike: dict[str, Any] = {"type": "t", "ward": "00070", "revision": 1, "state": "s", "fields": {}}
    versions = [RecordVersion(id=i, created_at="2026-11-22T01:00:00Z", **alike) for i in ids]
    assert wanted_row_ids(Versions.of(versions)) == [wanted_row_id(v.id, v.created_at) for v in versions]
    assert link_keys(ids) == [link_key(i) for i in ids]


CELLS = st.sampled_from((None, "", "1", 1, True, 1.0, 0, False, 0.0, b"1", 2**62, 0.5))


@settings(max_examples=25)
@example(120, [[None], [""], ["1"], [1, 1.0]], random.Random(1))
@given(st.integers(99, 230), st.lists(st.lists(CELLS, min_size=1, max_size=2), min_size=1, max_size=6), st.randoms())
def test_rows_of_which_much_is_the_same_stand_as_they_are(
    count: int, kinds: list[list[object]], chance: random.Random
) -> None:
    """``kinds``: what may stand in each column."""
    rows = [tuple(chance.choice(kind) for kind in kinds) for _ in range(count)]
    names = ", ".join(f"c{n}" for n in range(len(kinds)))
    sql = f"INSERT INTO t ({names}) VALUES ({', '.join('?' * len(kinds))})"
    with closing(sqlite.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE t ({names})")
        write_many(db, sql, rows)
        written = db.execute(f"SELECT {names} FROM t ORDER BY rowid").fetchall()
        given_as = [tuple(int(cell) if isinstance(cell, bool) else cell for cell in row) for row in rows]
        assert list(map(repr, written)) == list(map(repr, given_as))  # 1 and 1.0 are equal


@given(st.sets(st.integers(0, 60), min_size=1), st.data())
def test_rows_are_found_by_a_range_where_no_others_stand_in_it(there: set[int], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.sampled_from(sorted(there)), min_size=1, unique=True))
    with closing(sqlite.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY)")
        db.executemany("INSERT INTO t VALUES (?)", [(n,) for n in there])
        where, given_to_it = among(db, "t", "n", wanted)
        assert {n for (n,) in db.execute(f"SELECT n FROM t WHERE {where}", given_to_it)} == set(wanted)
        strange = [*wanted, 61]  # of which the table knows nothing
        where, given_to_it = among(db, "t", "n", strange)
        assert {n for (n,) in db.execute(f"SELECT n FROM t WHERE {where}", given_to_it)} >= set(wanted)
