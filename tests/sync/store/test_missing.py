"""Records of the city that the city lost: a backup came back, and whoever made them is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from sync.protocol import ChangeResult, PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Record, Save
from tests.sync.store import soundness
from tests.sync.store.ward import CITIZEN, CLERK, DOSSIER, ENROLMENT, NOW, WARD, version

KEPT = version("kept", CITIZEN, 3, {"full_name": "Đỗ Thị Còn"})
LOST = version("lost", CITIZEN, 5, {"full_name": "Lê Văn Mất", "dob": "1980-02-01"}, number="7")
OTHER = version("other", DOSSIER, 2, {"subject": "Việc khác"}, state="accepted")


def pull(store: Store, scope: str, *records: RecordVersion, cursor: int = 9) -> None:
    store.changes.apply_pull(PullAnswer(records=records, cursor=cursor), WARD, scope)


def shown(store: Store, record_id: str) -> Record:
    record = store.records.load(record_id)
    assert record is not None
    return record


@pytest.fixture
def after(store: Store) -> Store:
    """A store that read two streams anew, after which the city had named one record of the first and none of the second."""
    pull(store, "people", KEPT, LOST)
    pull(store, "onestop", OTHER)
    for scope in ("people", "onestop"):
        store.changes.reset_cursor(WARD, scope)
    pull(store, "people", structs.replace(KEPT, revision=1), cursor=1)
    return store


def test_what_the_city_did_not_name_is_said_not_to_be_there(after: Store) -> None:
    assert after.changes.mark_missing(WARD, "people") == 1
    assert [shown(after, i).standing for i in ("kept", "lost", "other")] == ["city", "here", "city"]
    assert shown(after, "lost").fields == LOST.fields
    assert after.changes.mark_missing(WARD, "onestop") == 1
    assert [shown(after, i).revision for i in ("kept", "lost", "other")] == [1, 0, 0]
    soundness.check(after)


def test_it_is_begun_anew_once_nobody_has_brought_it_back(after: Store) -> None:
    after.changes.mark_missing(WARD, "people")
    assert after.changes.offer_missing(NOW - timedelta(days=7)) == 0
    assert after.changes.offer_missing(NOW) == 1
    assert after.changes.offer_missing(NOW) == 0
    (begun,) = after.changes.pending(9)
    assert (begun.kind, begun.record_id, begun.to_state, begun.number) == ("create", "lost", "active", "7")
    assert begun.after == LOST.fields
    assert begun.change_id != "lost", "the change that began it first had its id"
    soundness.check(after)
    after.changes.acknowledge([ChangeResult(change_id=begun.change_id, status="accepted", revision=1)])
    assert (shown(after, "lost").standing, shown(after, "lost").revision) == ("city", 1)
    soundness.check(after)


def test_with_an_edit_that_waits_it_is_begun_anew_only_when_the_city_has_refused_that(store: Store) -> None:
    pull(store, "people", LOST)
    opened = shown(store, "lost")
    store.save([Save(type=CITIZEN.id, fields={**opened.fields, "dob": "1981-02-01"}, opened=opened)], CLERK)
    (edit,) = store.changes.pending(9)
    store.changes.reset_cursor(WARD, "people")
    assert store.changes.mark_missing(WARD, "people") == 1
    assert store.changes.offer_missing(NOW) == 0
    assert store.changes.pending(9) == (edit,), "what the city says to it comes first"
    store.changes.acknowledge([ChangeResult(change_id=edit.change_id, status="refused")])
    assert store.changes.offer_missing(NOW) == 1
    (begun,) = store.changes.pending(9)
    assert (begun.kind, begun.after) == ("create", {**LOST.fields, "dob": "1981-02-01"})
    assert begun.in_place_of == (edit.change_id,)
    soundness.check(store)


def test_one_that_comes_back_is_the_citys_again(after: Store) -> None:
    after.changes.mark_missing(WARD, "people")
    pull(after, "people", structs.replace(LOST, revision=1), cursor=2)
    assert (shown(after, "lost").standing, shown(after, "lost").revision) == ("city", 1)
    assert after.changes.offer_missing(NOW) == 0
    soundness.check(after)


def test_an_edit_of_one_that_is_missing_brings_it_along(after: Store) -> None:
    after.changes.mark_missing(WARD, "people")
    record = shown(after, "lost")
    after.save([Save(type=CITIZEN.id, fields={**record.fields, "dob": "1981-02-01"}, opened=record)], CLERK)
    create, edit = after.changes.pending(9)
    assert (create.kind, create.after["dob"], edit.kind, edit.after) == (
        "create",
        "1980-02-01",
        "edit",
        {"dob": "1981-02-01"},
    )
    soundness.check(after)


def test_what_the_city_took_meanwhile_is_not_missing(store: Store) -> None:
    """It need not name what it has just been told."""
    pull(store, "people", KEPT)
    store.changes.reset_cursor(WARD, "people")
    (made,) = store.save([Save(type=CITIZEN.id, fields={"full_name": "Vũ Thị Mới"})], CLERK)
    (change,) = store.changes.pending(1)
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="accepted", revision=1)])
    assert store.changes.mark_missing(WARD, "people") == 1
    assert [shown(store, i).standing for i in ("kept", made.id)] == ["here", "city"]


def test_enrolling_anew_does_not_hide_a_restored_city(store: Store) -> None:
    """The next sync compares with the epoch in which this store's work was sent, and offers it again."""
    store.set_enrolment(structs.replace(ENROLMENT, epoch="e1"))
    store.set_enrolment(structs.replace(ENROLMENT, token="t2", device="Q9", epoch="e2"))
    enrolment = store.enrolment
    assert enrolment is not None
    assert (enrolment.token, enrolment.device, enrolment.epoch) == ("t2", "Q9", "e1")
