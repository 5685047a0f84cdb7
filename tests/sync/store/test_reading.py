"""Lists, search, references, the day's page: what officers read, and that it is exact."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock, moment_text
from sync.protocol import Candidate, ChangeResult, DeliveryState, PullAnswer, RecordVersion
from sync.store import Store, projection
from sync.store.model import ListQuery, Record, Save, StoreError
from sync.store.open_conflicts import page_by_page
from sync.store.terms import queries
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY, DOSSIER, WARD


def citizen(store: Store, name: str, **more: object) -> Record:
    (record,) = store.save([Save(type=CITIZEN.id, fields={"full_name": name, **more})], CLERK)
    return record


def pull(store: Store, *records: RecordVersion, scope: str = "onestop", more: bool = False) -> int:
    return store.changes.apply_pull(PullAnswer(records=records, cursor=1, more=more), WARD, scope)


def names(store: Store, text: str, **more: object) -> list[str]:
    return [hit.title for hit in store.search.find(text, **more)]  # type: ignore[arg-type]


def test_search_needs_no_accents_and_ranks_exact_ones_first(store: Store) -> None:
    for name in ("Nguyễn Thị Đường", "Nguyễn Thị Duông", "Trần Văn Dương"):
        citizen(store, name)
    assert set(names(store, "duong")) == {"Nguyễn Thị Đường", "Nguyễn Thị Duông", "Trần Văn Dương"}
    assert names(store, "đường")[0] == "Nguyễn Thị Đường"
    assert names(store, "Dương")[0] == "Trần Văn Dương"
    assert names(store, "thi duo") == ["Nguyễn Thị Duông", "Nguyễn Thị Đường"]
    assert names(store, "khong co ai") == []
    assert names(store, '"* AND (') == []


def test_numbers_are_found_by_their_parts(store: Store) -> None:
    citizen(store, "Lê Mẫu", personal_id="001190123456", phone="+84912345678")
    for part in ("001190123456", "0011", "123456", "3456", "0912345678", "09123", "345678", "5678"):
        assert names(store, part) == ["Lê Mẫu"], part
    assert names(store, "999999") == []


def test_search_keeps_to_the_types_asked_for(store: Store) -> None:
    person = citizen(store, "Phạm Chung")
    store.save([Save(type=DOSSIER.id, fields={"subject": "Phạm Chung xin khai sinh"})], CLERK)
    assert [h.id for h in store.search.find("pham chung", types=(CITIZEN.id,))] == [person.id]
    assert len(store.search.find("pham chung")) == 2


def test_search_follows_edits(store: Store) -> None:
    person = citizen(store, "Vũ Cũ")
    store.save([Save(type=CITIZEN.id, opened=person, fields={"full_name": "Vũ Mới"})], CLERK)
    assert names(store, "cu") == []
    assert names(store, "moi") == ["Vũ Mới"]


def test_a_single_letter_narrows_without_losing_names(store: Store) -> None:
    citizen(store, "Nguyễn Văn A")
    citizen(store, "Nguyễn Văn An")
    assert names(store, "nguyen van a")[0] == "Nguyễn Văn A"
    assert queries("   ") == []


def test_titles_follow_the_person_they_name(store: Store) -> None:
    """A dossier that arrives before its applicant, and an applicant whose name is corrected."""
    dossier = ward.version("01a00000-0000-7000-8000-000000000001", DOSSIER, 1, {"subject": "x", "applicant": "p1"})
    pull(store, dossier)
    pull(store, ward.version("p1", CITIZEN, 2, {"full_name": "Ngô Đến Sau"}), scope="people")
    assert (store.records.load(dossier.id) or pytest.fail()).subtitle == "Ngô Đến Sau"
    person = store.records.load("p1") or pytest.fail()
    store.save([Save(type=CITIZEN.id, opened=person, fields={"full_name": "Ngô Sửa Lại"})], CLERK)
    assert (store.records.load(dossier.id) or pytest.fail()).subtitle == "Ngô Sửa Lại"
    assert store.records.resolve("p1") == {"full_name": "Ngô Sửa Lại"}


def test_titles_follow_a_name_that_changes_while_the_record_reads_as_before(store: Store) -> None:
    """One answer of the city: the dossier as it is here, and the name that it shows decided otherwise."""
    person = citizen(store, "Ngô Một")
    (dossier,) = store.save([Save(type=DOSSIER.id, fields={"subject": "x", "applicant": person.id})], CLERK)
    begun = [ChangeResult(change_id=c.change_id, status="accepted", revision=1) for c in store.changes.pending(9)]
    store.changes.acknowledge(begun)
    opened = [store.records.load(i) or pytest.fail() for i in (person.id, dossier.id)]
    store.save([Save(type=CITIZEN.id, opened=opened[0], fields={"full_name": "Ngô Hai"})], CLERK)
    store.save([Save(type=DOSSIER.id, opened=opened[1], fields={**opened[1].fields, "subject": "y"})], CLERK)
    told = [ChangeResult(change_id=c.change_id, status="accepted", revision=3) for c in store.changes.pending(9)]
    decided = ward.version(person.id, CITIZEN, 3, {"full_name": "Ngô Ba"})
    store.changes.acknowledge(told, [decided])
    shown = store.records.load(dossier.id) or pytest.fail()
    assert (shown.title, shown.subtitle, shown.standing) == ("y", "Ngô Ba", "city")
    assert names(store, "ngo ba", types=(CITIZEN.id,)) == ["Ngô Ba"]


def test_references_and_keys_lead_to_their_records(store: Store) -> None:
    person = citizen(store, "Hồ Một", dob="1990-01-02", personal_id="001190000001")
    other = citizen(store, "Hồ Hai", dob="1990-01-02")
    (dossier,) = store.save(
        [
            Save(
                type=DOSSIER.id,
                fields={
                    "subject": "x",
                    "applicant": person.id,
                    "papers": [{"_id": "r1", "name": "Đơn", "owner_ref": other.id}],
                },
            )
        ],
        CLERK,
    )
    assert store.records.pointing_at(DOSSIER.id, "applicant", person.id) == (dossier,)
    assert store.records.pointing_at(DOSSIER.id, "papers/owner_ref", other.id) == (dossier,)
    assert store.records.pointing_at(DOSSIER.id, "applicant", other.id) == ()
    assert store.records.find(CITIZEN.id, personal_id="001190000001") == (person,)
    assert store.records.find(CITIZEN.id, full_name="Hồ Hai", dob="1990-01-02") == (other,)
    assert store.records.find(DOSSIER.id, applicant=person.id) == (dossier,)
    assert store.records.find(DOSSIER.id, subject="x") == (dossier,)
    store.save([Save(type=DOSSIER.id, opened=dossier, fields={"subject": "x"})], CLERK)
    assert store.records.pointing_at(DOSSIER.id, "applicant", person.id) == ()
    assert store.records.pointing_at(DOSSIER.id, "papers/owner_ref", other.id) == ()


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["", "an", "bình", "châu"]), st.integers(0, 3), st.booleans()), max_size=40
    ),
    limit=st.integers(1, 7),
    sort=st.sampled_from(["document", "-document", "pages", "-_updated", "_number"]),
    states=st.sampled_from([(), ("received",), ("received", "refused")]),
)
def test_pages_walk_through_the_whole_list_both_ways(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int, bool]],
    limit: int,
    sort: str,
    states: tuple[str, ...],
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    with Store.create(folder, ward.KEY, ward.CATALOG, FixedClock(ward.NOW)) as store:
        saves = [
            Save(
                type=COPY.id,
                fields={k: v for k, v in {"document": d, "pages": n}.items() if v},
                state="refused" if void else "received",
                number=f"{n:03d}" if n else None,
            )
            for d, n, void in rows
        ]
        saved = [r for r in store.save(saves, CLERK) if not states or r.state in states] if saves else []
        query = ListQuery(type=COPY.id, sort=sort, states=states, limit=limit)
        forward: list[Record] = []
        page = store.records.page(query)
        assert page.total == len(saved)
        assert not page.has_before
        forward += page.records
        while page.has_after:
            page = store.records.page(ListQuery(type=COPY.id, sort=sort, states=states, limit=limit, after=page.end))
            assert page.has_before
            forward += page.records
        assert sorted(r.id for r in forward) == sorted(r.id for r in saved)
        backward: list[Record] = []
        page = store.records.page(ListQuery(type=COPY.id, sort=sort, states=states, limit=limit, last=True))
        backward += reversed(page.records)
        while page.has_before:
            page = store.records.page(ListQuery(type=COPY.id, sort=sort, states=states, limit=limit, before=page.start))
            backward += reversed(page.records)
        assert [r.id for r in reversed(backward)] == [r.id for r in forward]


def test_a_long_list_gets_its_index_when_first_sorted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LONG_LIST", 3)
    for n in (5, 3, 9, 1):
        store.save([Save(type=COPY.id, fields={"document": f"bản {n}", "pages": n})], CLERK)
    pages = [r.fields["pages"] for r in store.records.page(ListQuery(type=COPY.id, sort="pages")).records]
    assert pages == [1, 3, 5, 9]
    with pytest.raises(StoreError, match="_updated"):
        store.records.page(ListQuery(type=COPY.id, sort="visit_id"))


def test_list_narrowed_by_text(store: Store) -> None:
    for n, word in enumerate(("khai sinh", "kết hôn", "khai tử")):
        store.save([Save(type=COPY.id, fields={"document": f"Giấy {word}", "pages": n})], CLERK)
    page = store.records.page(ListQuery(type=COPY.id, sort="-pages", text="khai", limit=1))
    assert (page.total, page.records[0].title, page.has_after) == (2, "Giấy khai tử", True)
    after = store.records.page(ListQuery(type=COPY.id, sort="-pages", text="khai", limit=1, after=page.end))
    assert (after.records[0].title, after.has_after) == ("Giấy khai sinh", False)


def test_today_counts_what_is_due(store: Store, clock: FixedClock) -> None:
    now = clock.now()
    due = {
        "late": timedelta(hours=-2),
        "today": timedelta(hours=3),
        "week": timedelta(days=2),
        "far": timedelta(days=30),
    }
    saves = [
        Save(type=DOSSIER.id, fields={"subject": name, "due_at": moment_text(now + d)}, state="accepted")
        for name, d in due.items()
    ]
    stopped = Save(type=DOSSIER.id, fields={"subject": "stopped", "due_at": moment_text(now)}, state="waiting")
    finished = Save(type=DOSSIER.id, fields={"subject": "done", "due_at": moment_text(now)}, state="done")
    store.save([*saves, stopped, finished], CLERK)
    overview = store.overview(now)
    assert (overview.overdue, overview.due_today, overview.due_week) == (1, 1, 2)
    assert overview.open_by_type == {DOSSIER.id: 5}
    assert (overview.today_by_type, overview.late_by_type) == ({DOSSIER.id: 2}, {DOSSIER.id: 1})
    assert [(row.record.title, row.reason) for row in store.today(now)] == [("late", "overdue"), ("today", "due_today")]


def test_news_are_those_nobody_has_opened(store: Store, clock: FixedClock) -> None:
    first_fill = ward.version("d1", DOSSIER, 1, {"subject": "cũ"}, state="accepted")
    sent = ward.version("d2", DOSSIER, 2, {"subject": "từ cổng"}, state="accepted", origin="tthc")
    pull(store, first_fill, sent)
    later = ward.version("d3", DOSSIER, 3, {"subject": "mới"}, state="accepted")
    pull(store, later)
    assert {row.record.id for row in store.today(clock.now()) if row.reason == "new"} == {"d2", "d3"}
    store.records.mark_seen("d2")
    assert store.overview(clock.now()).new == 1
    assert not (store.records.load("d2") or pytest.fail()).is_new


def test_deliveries_arrive_with_their_stream(store: Store) -> None:
    state = DeliveryState(record_id="d1", service="tthc", revision=1, status="refused", message="Thiếu giấy")
    record = ward.version("d1", DOSSIER, 1, {"subject": "x"})
    store.changes.apply_pull(PullAnswer(records=(record,), deliveries=(state,), cursor=7), WARD, "onestop")
    assert store.records.deliveries("d1") == (state,)
    assert store.changes.cursor(WARD, "onestop") == 7


def test_what_a_service_sent_back_is_todays_work_until_it_is_taken(store: Store, clock: FixedClock) -> None:
    record = ward.version("d1", DOSSIER, 1, {"subject": "x"}, state="accepted")
    back = DeliveryState(record_id="d1", service="tthc", revision=1, status="refused", message="Thiếu giấy")
    store.changes.apply_pull(PullAnswer(records=(record,), deliveries=(back,), cursor=7), WARD, "onestop")
    assert (store.overview(clock.now()).refused, [r.reason for r in store.today(clock.now())]) == (1, ["refused"])
    taken = msgspec.structs.replace(back, status="accepted")
    store.changes.apply_pull(PullAnswer(records=(), deliveries=(taken,), cursor=8), WARD, "onestop")
    assert (store.overview(clock.now()).refused, store.today(clock.now())) == (0, ())


def test_older_revisions_change_nothing(store: Store) -> None:
    pull(store, ward.version("d1", DOSSIER, 5, {"subject": "mới"}))
    assert pull(store, ward.version("d1", DOSSIER, 4, {"subject": "cũ"})) == 0
    assert (store.records.load("d1") or pytest.fail()).title == "mới"


def test_a_type_this_pack_does_not_know_is_kept(store: Store) -> None:
    stranger = RecordVersion(id="s1", type="tax.new", ward=WARD, revision=3, state="?", fields={"a": 1}, number="7")
    pull(store, stranger, scope="open")
    kept = store.records.load("s1") or pytest.fail()
    assert (kept.fields, kept.state, kept.number) == ({"a": 1}, "?", "7")
    assert store.records.types() == {"tax.new": 1}


def test_prints_are_counted(store: Store) -> None:
    assert store.prints.log("r", "slip", CLERK) == 1
    assert store.prints.log("r", "slip", CLERK, failed=True) == 2
    assert store.prints.log("r", "slip", CLERK) == 2
    assert [(row.copy, row.failed) for row in store.prints.of("r")] == [(2, False), (2, True), (1, False)]


def test_every_open_conflict_is_found_page_by_page(store: Store) -> None:
    """Also the one on a record of which the city refused something, and one behind any number of late records."""
    waits = (Candidate("B", "A", "c1", "Vũ Đức Nam", "Q3", "2026-11-01T00:00:00Z"),)
    clashing = [
        ward.version(f"d{n}", DOSSIER, n + 1, {"subject": f"việc {n}"}, conflicts={"subject": waits}) for n in range(7)
    ]
    calm = [ward.version(f"e{n}", DOSSIER, n + 20, {"subject": "x"}) for n in range(3)]
    pull(store, *clashing, *calm)
    pull(store, ward.version("c1", COPY, 40, {"document": "y"}, conflicts={"document": waits}), scope="open")
    opened = store.records.load("d3") or pytest.fail()
    store.save([Save(type=DOSSIER.id, opened=opened, fields={**opened.fields, "note": "n"})], CLERK)
    (edit,) = store.changes.pending(5)
    store.changes.acknowledge([ChangeResult(change_id=edit.change_id, status="refused")])
    assert (store.records.load("d3") or pytest.fail()).standing == "refused"

    def read(limit: int, within: set[str] | None = None) -> list[str]:
        return [r.id for r in page_by_page(lambda after: store.records.conflicts(limit, after, within))]

    expected = {f"d{n}" for n in range(7)} | {"c1"}
    assert set(read(500)) == expected
    assert all(read(limit) == read(500) for limit in (1, 3, 8))
    assert set(read(3, {COPY.id})) == {"c1"}
    first = store.records.conflicts(3)
    assert (len(first.records), first.total, first.has_before, first.has_after) == (3, 8, False, True)


def test_a_register_is_gone_through_whole_and_alone(store: Store) -> None:
    for place in range(3):
        citizen(store, f"Người {place}", dob=f"200{place}-05-01")
        store.save([Save(type=DOSSIER.id, fields={"note": "khác"})], CLERK)
    whole = list(store.records.each(CITIZEN.id))
    assert [record.fields["full_name"] for record in whole] == ["Người 0", "Người 1", "Người 2"]
    counted = [(r.id, r.state, r.number, r.fields) for r in store.records.each_counted(CITIZEN.id)]
    assert counted == [(r.id, r.state, r.number, r.fields) for r in whole]
    between = store.records.each_counted(CITIZEN.id, "dob", "2001-01-01", "2001-12-31")
    assert [record.fields["full_name"] for record in between] == ["Người 1"]
    assert list(store.records.each_counted(COPY.id)) == []
    assert list(store.records.each("no.such_type")) == []


def test_a_date_is_found_with_and_without_its_noughts(store: Store) -> None:
    born = store.save([Save(type=DOSSIER.id, fields={"subject": "Sinh ngày 05/01/1990"})], CLERK)[0]
    book = store.save([Save(type=DOSSIER.id, fields={"subject": "Văn bản 5/1/1990"})], CLERK)[0]
    for typed in ("5/1/1990", "05/1/1990", "5-1-1990"):
        assert born.id in {hit.id for hit in store.search.find(typed)}, typed
    assert {hit.id for hit in store.search.find("5/1/1990")} == {born.id, book.id}
    assert not store.search.find("5/2/1990")
