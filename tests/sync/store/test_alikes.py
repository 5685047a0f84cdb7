"""One person entered twice: found, shown, merged into one by a person, and taken apart again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Alike
from forms.likeness import UNLIKE, is_alike, is_near, keys
from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.store import Store
from sync.store.model import ListQuery, Record, Save
from tests.sync.store import ward
from tests.sync.store.ward import CLERK

CATALOG = load_catalog()
CITIZEN, DOSSIER = "residence.citizen", "onestop.dossier"
BY_NAME = Alike(fields=("dob",), name="full_name", unless=("personal_id",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "pc").mkdir()
    made = Store.create(tmp_path / "pc", ward.KEY, CATALOG, FixedClock(ward.NOW))
    made.set_enrolment(ward.ENROLMENT)
    yield made
    made.close()


def person(store: Store, name: str, dob: str = "1988-05-04", **more: Any) -> Record:
    return store.save([Save(type=CITIZEN, fields={"full_name": name, "dob": dob, **more})], CLERK)[0]


def dossier(store: Store, who: str, day: str) -> Record:
    fields = {"procedure_ref": "p1", "applicant_ref": who, "received_at": f"{day}T02:00:00Z"}
    return store.save([Save(type=DOSSIER, fields=fields)], CLERK)[0]


def merge(store: Store, other: Record, keep: Record) -> Record:
    fields = {**other.fields, "merged_into": keep.id}
    return store.save([Save(type=CITIZEN, fields=fields, opened=other, action="merge")], CLERK)[0]


def unmerge(store: Store, record: Record) -> Record:
    fields = {**record.fields, "merged_into": None}
    return store.save([Save(type=CITIZEN, fields=fields, opened=record, action="unmerge")], CLERK)[0]


def pairs(store: Store) -> set[frozenset[str]]:
    store.alikes.settle()
    found = store.alikes.pairs()
    assert len(found) == store.alikes.count()
    return {frozenset((pair.first.id, pair.second.id)) for pair in found}


def test_a_similar_name_with_the_same_birthday_is_told_and_nothing_is_merged(store: Store) -> None:
    one = person(store, "Nguyễn Thị Hồng Ánh")
    two = person(store, "Nguyen Thi Hong Anh")
    person(store, "Nguyễn Thị Hồng Ánh", "1988-05-05")
    person(store, "Trần Quốc Bảo")
    assert pairs(store) == {frozenset((one.id, two.id))}
    assert [r.id for r in store.alikes.of(one.id)] == [two.id]
    assert all(r.state == "active" for r in store.records.load_many([one.id, two.id]))


def test_the_same_number_is_told_and_two_numbers_are_two_people(store: Store) -> None:
    one = person(store, "Lê Văn Một", "1970-01-02", personal_id="001070000011")
    two = person(store, "Khác Hẳn Tên", "1971-01-02", personal_id="001070000011")
    person(store, "Phạm Song Sinh", "2001-02-03", personal_id="001201000001")
    person(store, "Phạm Sông Sinh", "2001-02-03", personal_id="001201000002")
    assert pairs(store) == {frozenset((one.id, two.id))}


def test_what_was_corrected_is_compared_again(store: Store) -> None:
    one, two = person(store, "Đỗ Văn Mẫu"), person(store, "Đỗ Văn Mẫu", "1999-09-09")
    assert pairs(store) == set()
    (two,) = store.save([Save(type=CITIZEN, fields={**two.fields, "dob": "1988-05-04"}, opened=two)], CLERK)
    assert pairs(store) == {frozenset((one.id, two.id))}
    store.save([Save(type=CITIZEN, fields={**two.fields, "full_name": "Vũ Thị Khác"}, opened=two)], CLERK)
    assert pairs(store) == set()


def test_not_the_same_is_remembered_with_the_record(store: Store) -> None:
    one, two = person(store, "Đỗ Văn Mẫu"), person(store, "Đỗ Văn Mẫu")
    assert len(pairs(store)) == 1
    fields = {**one.fields, f"{UNLIKE}{two.id}": True}
    store.save([Save(type=CITIZEN, fields=fields, opened=one)], CLERK)
    assert pairs(store) == set()
    assert store.changes.pending(10)[-1].after == {f"{UNLIKE}{two.id}": True}


def test_dossiers_of_one_person_and_procedure_within_days(store: Store) -> None:
    who = person(store, "Đỗ Văn Mẫu")
    first = dossier(store, who.id, "2026-11-02")
    second = dossier(store, who.id, "2026-11-06")
    dossier(store, who.id, "2026-11-20")
    assert pairs(store) == {frozenset((first.id, second.id))}


def test_a_merged_person_is_one_in_lists_search_and_references(store: Store) -> None:
    keep = person(store, "Hoàng Kim Yến", personal_id="001188000010")
    other = person(store, "Hoang Kim Yen", phone="+84912345678")
    paper = dossier(store, other.id, "2026-11-02")
    assert len(pairs(store)) == 1
    merged = merge(store, other, keep)
    assert merged.state == "merged"
    assert pairs(store) == set()
    page = store.records.page(ListQuery(type=CITIZEN))
    assert ([r.id for r in page.records], page.total) == ([keep.id], 1)
    assert [h.id for h in store.search.find("hoang kim yen", types=(CITIZEN,))] == [keep.id]
    assert [h.id for h in store.search.find("0912345678")] == [keep.id]
    assert store.records.resolve(other.id) == store.records.resolve(keep.id)
    assert store.records.kept_id(other.id) == keep.id
    assert [r.id for r in store.records.pointing_at(DOSSIER, "applicant_ref", keep.id)] == [paper.id]
    loaded = store.records.load(paper.id)
    assert loaded is not None
    assert loaded.fields["applicant_ref"] == other.id  # nothing that refers to it was rewritten
    assert "Hoàng Kim Yến" in f"{loaded.title} {loaded.subtitle}"
    assert [r.id for r in store.records.aliases(keep)] == [other.id]


def test_a_correction_of_the_kept_one_is_seen_where_the_other_is_named(store: Store) -> None:
    keep, other = person(store, "Hoàng Kim Yến"), person(store, "Hoang Kim Yen")
    paper = dossier(store, other.id, "2026-11-02")
    merge(store, other, keep)
    store.save([Save(type=CITIZEN, fields={**keep.fields, "full_name": "Hoàng Kim Oanh"}, opened=keep)], CLERK)
    loaded = store.records.load(paper.id)
    assert loaded is not None
    assert "Hoàng Kim Oanh" in f"{loaded.title} {loaded.subtitle}"


def test_taking_a_merging_back_brings_everything_back(store: Store) -> None:
    keep, other = person(store, "Hoàng Kim Yến"), person(store, "Hoang Kim Yen")
    paper = dossier(store, other.id, "2026-11-02")
    back = unmerge(store, merge(store, other, keep))
    assert (back.state, back.fields.get("merged_into")) == ("active", None)
    assert store.records.page(ListQuery(type=CITIZEN)).total == 2
    assert store.records.resolve(other.id) == back.fields
    assert store.records.pointing_at(DOSSIER, "applicant_ref", keep.id) == ()
    assert [r.id for r in store.records.pointing_at(DOSSIER, "applicant_ref", other.id)] == [paper.id]
    assert len(pairs(store)) == 1


def test_two_merged_into_each_other_mean_the_first_on_every_pc(store: Store) -> None:
    one, two, three = (person(store, "Hoàng Kim Yến", f"199{n}-01-01") for n in range(3))
    merge(store, one, two)
    merge(store, two, one)
    merge(store, three, two)
    assert {store.records.kept_id(r.id) for r in (one, two, three)} == {min(one.id, two.id)}
    assert {h.id for h in store.search.find("hoang kim yen")} == {min(one.id, two.id)}
    assert [r.id for r in store.records.rings()] == [min(one.id, two.id)]  # no list shows it: somebody must look
    assert store.records.rings(within=()) == ()


def test_a_merged_record_that_names_no_other_is_no_ring(store: Store) -> None:
    """Brought in as merged, without saying into what: nobody can take anything back there."""
    alone = person(store, "Hoàng Kim Yến")
    (brought,) = store.save([Save(type=CITIZEN, fields=alone.fields, state="merged")], CLERK)
    assert (brought.state, store.records.kept_id(brought.id)) == ("merged", brought.id)
    assert store.records.rings() == ()


def test_rules_that_change_have_all_records_compared_anew(store: Store, tmp_path: Path) -> None:
    one, two = person(store, "Đỗ Văn Mẫu"), person(store, "Đỗ Văn Mẫu")
    assert pairs(store) == {frozenset((one.id, two.id))}
    store.set_meta("alike_rules", {CITIZEN: "of another pack"})
    assert store.alikes.settle() >= 2
    assert pairs(store) == {frozenset((one.id, two.id))}


NAMES = st.lists(
    st.sampled_from(["nguyễn", "trần", "thị", "văn", "hồng", "anh", "ánh", "bảo", "đức", "minh", "my"]),
    min_size=1,
    max_size=5,
)


@given(NAMES, NAMES)
def test_whatever_is_alike_has_a_key_in_common(a: list[str], b: list[str]) -> None:
    """Else the index would miss it; only a first and a last word that both differ are given up on."""
    one, two = ({"full_name": " ".join(x).title(), "dob": "1990-01-02"} for x in (a, b))
    assert is_near(one["full_name"], two["full_name"]) == is_near(two["full_name"], one["full_name"])
    if is_alike(BY_NAME, one, two):
        common = set(keys(BY_NAME, one)) & set(keys(BY_NAME, two))
        ends_differ = a[0] != b[0] and a[-1] != b[-1]
        assert common or ends_differ


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Nguyễn Văn An", "NGUYEN VAN AN", True),
        ("Nguyễn Văn An", "An Nguyễn Văn", True),
        ("Nguyễn Thị Minh Khai", "Nguyễn Khai", True),
        ("Nguyễn Văn Hùng", "Nguyễn Văn Hưng", True),
        ("Nguyễn Văn Hùng", "Nguyễn Văn Tuấn", False),
        ("Lý An", "Lê An", False),
        ("Trần Thị Bích Ngọc", "Trần Thị Bích Ngoc", True),
        ("", "Nguyễn Văn An", False),
    ],
)
def test_names(one: str, other: str, near: bool) -> None:
    assert is_near(one, other) is near


RECEIPT = "onestop.fee_receipt"


def receipt(store: Store, who: str = "Lê Văn Thử", day: str = "2026-11-02", **more: Any) -> Record:
    fields = {"payer_name": who, "fee_item": "Lệ phí", "amount": 25000, "paid_at": f"{day}T02:00:00Z", **more}
    return store.save([Save(type=RECEIPT, fields=fields, state="issued")], CLERK)[0]


def test_two_receipts_for_one_payment_are_told_until_one_is_cancelled(store: Store) -> None:
    """Two counters without a line take the same dossier's fee: each gives a number of its own series."""
    one = receipt(store, dossier_ref="d1")
    two = receipt(store, "Le Van Thu (nộp thay)", "2026-11-03", dossier_ref="d1")
    receipt(store, dossier_ref="d1", amount=30000)
    receipt(store, dossier_ref="d2")
    receipt(store, dossier_ref="d1", day="2026-11-20")
    assert pairs(store) == {frozenset((one.id, two.id))}
    fields = {**two.fields, "cancelled_reason": "Thu hai lần"}
    store.save([Save(type=RECEIPT, fields=fields, opened=two, action="cancel")], CLERK)
    assert pairs(store) == set()


def test_receipts_of_a_counter_without_a_dossier_are_told_by_payer_and_day(store: Store) -> None:
    one, two = receipt(store), receipt(store, "Le Van Thu")
    receipt(store, day="2026-11-03")
    receipt(store, fee_item="Phí chứng thực")
    assert pairs(store) == {frozenset((one.id, two.id))}
