"""Each row of a type once, in order, and those begun meanwhile at the end."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from sync.store.rows_by_type import RowsByType


@given(
    st.dictionaries(st.integers(-5, 300), st.sampled_from("abc"), max_size=60),
    st.lists(st.sampled_from("abc"), max_size=5),
    st.integers(1, 7),
)
def test_every_row_comes_once_in_order(rows: dict[int, str], later: list[str], most: int) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE records (rid INTEGER PRIMARY KEY, type TEXT NOT NULL)")
    db.executemany("INSERT INTO records VALUES (?, ?)", rows.items())
    places = RowsByType(db, ["a", "b"])
    found: dict[str, list[int]] = {"a": [], "b": []}
    for type_id in "ab":
        after = -1_000
        while batch := places.next(type_id, after, most):
            assert len(batch) <= most
            found[type_id] += batch
            after = batch[-1]
        if type_id == "a":  # another program goes on working
            new = [(1_000 + n, kind) for n, kind in enumerate(later)]
            db.executemany("INSERT INTO records VALUES (?, ?)", new)
            rows |= {rid: kind for rid, kind in new if kind == "b"}
    db.close()
    assert found == {t: sorted(rid for rid, kind in rows.items() if kind == t) for t in "ab"}
