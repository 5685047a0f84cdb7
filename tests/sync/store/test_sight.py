"""What may be seen: counts, rows, hits and the outbox tell of nothing else, and each number is exact."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock, moment_text
from sync.protocol import PullAnswer
from sync.store import Store
from sync.store.model import Save
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY, DOSSIER, WARD

PEOPLE = {CITIZEN.id}


def test_nothing_outside_is_found_listed_or_counted(store: Store, clock: FixedClock) -> None:
    late = moment_text(clock.now() - timedelta(days=2))
    store.save([Save(type=DOSSIER.id, fields={"subject": "Phạm An", "due_at": late}, state="accepted")], CLERK)
    (person,) = store.save([Save(type=CITIZEN.id, fields={"full_name": "Phạm An"})], CLERK)
    everything, people = store.overview(clock.now()), store.overview(clock.now(), PEOPLE)
    assert (everything.overdue, everything.waiting, everything.unseen_waiting) == (1, 2, False)
    assert (people.overdue, people.today, people.waiting, people.unseen_waiting) == (0, 0, 1, True)
    assert people.open_by_type == {CITIZEN.id: 1}
    assert [hit.id for hit in store.search.find("pham an", within=PEOPLE)] == [person.id]
    assert store.search.find("pham an", types=(DOSSIER.id,), within=PEOPLE) == ()
    assert store.search.find("pham an", within=()) == ()
    assert store.today(clock.now(), within=PEOPLE) == ()
    assert [row.change.record_id for row in store.changes.outbox(PEOPLE)] == [person.id]


def test_a_record_is_loaded_and_resolved_only_inside(store: Store) -> None:
    (person,) = store.save([Save(type=CITIZEN.id, fields={"full_name": "Phạm An"})], CLERK)
    assert store.records.load(person.id, PEOPLE) == person
    assert store.records.load(person.id, {COPY.id}) is None
    assert store.records.resolve(person.id, PEOPLE) == {"full_name": "Phạm An"}
    assert store.records.resolve(person.id, {COPY.id}) is None
    assert store.records.resolve(person.id) == {"full_name": "Phạm An"}


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([CITIZEN, DOSSIER]), st.sampled_from([-50, -1, 2, 100, None]), st.booleans()),
        max_size=20,
    ),
    within=st.sampled_from([None, {CITIZEN.id}, {DOSSIER.id}, {CITIZEN.id, DOSSIER.id}]),
)
def test_the_day_s_number_is_that_of_its_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, int | None, bool]], within: set[str] | None
) -> None:
    """Late, due, new: a record with several reasons is one row and counted once."""
    clock = FixedClock(ward.NOW)
    with Store.create(tmp_path_factory.mktemp("sight"), ward.KEY, ward.CATALOG, clock) as store:
        for n, (kind, hours, new) in enumerate(rows):
            due = (
                {}
                if hours is None or kind is CITIZEN
                else {"due_at": moment_text(clock.now() + timedelta(hours=hours))}
            )
            fields = {"full_name" if kind is CITIZEN else "subject": f"x{n}", **due}
            state = "active" if kind is CITIZEN else "accepted"
            record = ward.version(f"r{n}", kind, n + 1, fields, state=state, origin="tthc" if new else "")
            store.changes.apply_pull(PullAnswer(records=(record,), cursor=1, more=True), WARD, "onestop")
        overview, today = store.overview(clock.now(), within), store.today(clock.now(), 100, within)
        assert overview.today == len(today)
        assert overview.late == sum(row.reason in ("overdue", "refused") for row in today)
        assert {row.record.type for row in today} == set(overview.today_by_type)
        assert within is None or set(overview.today_by_type) <= within
