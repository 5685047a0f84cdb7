"""Records as columns say what the records say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import Candidate, RecordVersion
from sync.versions import Versions, last_of, newest_of

CANDIDATE = Candidate("b", "a", "c", "Vũ Đức Nam", "d", "2026-11-22T01:00:00Z")
RECORDS = st.builds(
    RecordVersion,
    id=st.sampled_from("abcdef"),
    type=st.sampled_from(("t.one", "t.two")),
    ward=st.sampled_from(("00070", "00071")),
    scope=st.sampled_from(("open", "sealed")),
    revision=st.integers(0, 9),
    state=st.sampled_from("xy"),
    number=st.none() | st.just("7/2026"),
    fields=st.dictionaries(st.sampled_from("nm"), st.integers(0, 3)),
    conflicts=st.sampled_from(({}, {"n": (CANDIDATE,)})),
    created_at=st.sampled_from(("", "2026-11-22T01:00:00Z")),
    updated_at=st.just("2026-11-22T02:00:00Z"),
    updated_by=st.sampled_from(("", "Lê Thị Hà")),
    origin=st.sampled_from(("", "portal")),
    pack=st.sampled_from(("", "2026.11.1")),
)


@given(st.lists(RECORDS, max_size=8), st.data())
def test_a_column_way_keeps_every_record_as_it_is(records: list[RecordVersion], data: st.DataObject) -> None:
    columns = Versions.of(records)
    assert list(columns) == records
    assert columns == tuple(records) == columns
    assert [columns[place] for place in range(len(records))] == records
    assert len(columns) == len(records)
    cut = data.draw(st.integers(0, len(records)))
    assert columns[:cut] == records[:cut]
    assert Versions.together([columns[:cut], columns[cut:]]) == records
    assert Versions.together([]) == []
    places = data.draw(st.lists(st.integers(0, len(records) - 1), max_size=4)) if records else []
    assert columns.at(places) == [records[place] for place in places]
    assert Versions.of(columns) is columns


@given(st.lists(RECORDS, max_size=8))
def test_types_are_told_apart_in_order(records: list[RecordVersion]) -> None:
    parts = list(Versions.of(records).by_type())
    assert sorted(place for places, _ in parts for place in places) == list(range(len(records)))
    for places, versions in parts:
        assert versions == [records[place] for place in places]
        assert len(set(versions.types)) == 1
    assert len(parts) == len({record.type for record in records})


@given(st.lists(RECORDS, max_size=8))
def test_what_was_said_last_of_a_record_stands(records: list[RecordVersion]) -> None:
    assert last_of(records) == list({record.id: record for record in records}.values())
    newest = {i: max(r.revision for r in records if r.id == i) for i in {r.id for r in records}}
    of_the_newest = [r for r in records if r.revision == newest[r.id]]
    assert list(newest_of(records)) == sorted(
        last_of(of_the_newest), key=lambda r: [r.id for r in last_of(records)].index(r.id)
    )


def test_columns_of_several_lengths_are_refused() -> None:
    one = Versions.of([RecordVersion(id="a", type="t", ward="00070", revision=1, state="s", fields={})])
    with pytest.raises(ValueError, match="lengths"):
        Versions(one.ids, one.types, one.wards, one.scopes, [], *one._columns[5:])


def test_other_records_are_not_the_same() -> None:
    one = RecordVersion(id="a", type="t", ward="00070", revision=1, state="s", fields={})
    assert Versions.of([one]) != [RecordVersion(id="b", type="t", ward="00070", revision=1, state="s", fields={})]
    assert Versions.of([one]) != []
    assert Versions.of([one]) != 1
