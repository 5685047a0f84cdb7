"""What an officer saves is on the disk, found, counted and waiting for the city; or nothing happened at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from sync.clock import FixedClock
from sync.protocol import Candidate, ChangeResult, FieldProblem, PullAnswer
from sync.store import Store
from sync.store.model import Draft, ListQuery, Record, Save, SaveRefused, Touched
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPY, DOSSIER, HEAD, WARD


def begin(store: Store, subject: str = "Khai sinh", **more: object) -> Record:
    (record,) = store.save([Save(type=DOSSIER.id, fields={"subject": subject, **more})], CLERK)
    return record


def accept_all(store: Store, revision: int = 1) -> None:
    """The city takes everything that waits."""
    results = [
        ChangeResult(change_id=c.change_id, status="accepted", revision=revision + i)
        for i, c in enumerate(store.changes.pending(100))
    ]
    store.changes.acknowledge(results)


def test_a_saved_record_survives_closing(store: Store, folder: Path, clock: FixedClock) -> None:
    record = begin(store)
    store.close()
    with Store.open(folder, ward.KEY, ward.CATALOG, clock) as again:
        assert again.records.load(record.id) == record
        assert [c.record_id for c in again.changes.pending(10)] == [record.id]


def test_new_record_tells_where_it_stands(store: Store) -> None:
    record = begin(store)
    assert (record.standing, record.revision, record.state, record.ward) == ("here", 0, "draft", WARD)
    accept_all(store)
    at_city = store.records.load(record.id)
    assert at_city is not None
    assert (at_city.standing, at_city.revision, at_city.fields) == ("city", 1, record.fields)
    assert store.changes.pending(10) == ()
    assert [row.status for row in store.changes.history(record.id)] == ["accepted"]


def test_what_is_the_city_s_from_now_on_is_told_as_it_stands(store: Store) -> None:
    plain, edited, refused = begin(store, note="a"), begin(store, note="b"), begin(store, note="c")
    store.save([Save(type=DOSSIER.id, opened=edited, fields={**edited.fields, "note": "mới"})], CLERK)
    begun = {r.id: r.fields for r in (plain, edited, refused)}
    results = [
        ChangeResult(change_id=c.change_id, status="refused" if c.record_id == refused.id else "accepted", revision=1)
        for c in store.changes.pending(10)
        if c.kind == "create"
    ]
    (there,) = store.changes.acknowledge(results, begun=begun | {plain.id: {"subject": "khác"}})
    assert (there.id, there.revision, there.fields) == (plain.id, 1, plain.fields), "as it stands here, not as supposed"
    assert there == store.changes.held([plain.id])[0]
    assert list(store.changes.acknowledge(results, begun=begun)) == [], "it was told before"


def test_edit_sends_only_what_changed(store: Store) -> None:
    record = begin(store, note="cũ")
    edited = Save(type=DOSSIER.id, opened=record, fields={**record.fields, "note": "mới"})
    store.save([edited], CLERK)
    change = store.changes.pending(10)[-1]
    assert (change.kind, change.before, change.after) == ("edit", {"note": "cũ"}, {"note": "mới"})


def test_saving_nothing_new_makes_no_change(store: Store) -> None:
    record = begin(store)
    (same,) = store.save([Save(type=DOSSIER.id, opened=record, fields=record.fields)], CLERK)
    assert same == record
    assert len(store.changes.pending(10)) == 1


def test_what_another_window_saved_meanwhile_stays(store: Store) -> None:
    record = begin(store, note="a")
    store.save([Save(type=DOSSIER.id, opened=record, fields={**record.fields, "phone": "+84912345678"})], CLERK)
    (both,) = store.save([Save(type=DOSSIER.id, opened=record, fields={**record.fields, "note": "b"})], CLERK)
    assert (both.fields["phone"], both.fields["note"]) == ("+84912345678", "b")


def test_edit_and_action_travel_as_two_changes_of_one_save(store: Store) -> None:
    record = begin(store)
    accept_all(store)
    record = store.records.load(record.id) or record
    (received,) = store.save(
        [Save(type=DOSSIER.id, opened=record, fields={**record.fields, "phone": "+84912345678"}, action="receive")],
        CLERK,
    )
    assert received.state == "accepted"
    edit, action = store.changes.pending(10)
    assert (edit.kind, action.kind, action.to_state) == ("edit", "action", "accepted")
    assert edit.save_id == action.save_id
    assert [edit.device_seq, action.device_seq] == sorted([edit.device_seq, action.device_seq])


def test_action_from_a_state_already_left_is_refused_whole(store: Store) -> None:
    record = begin(store)
    store.save([Save(type=DOSSIER.id, opened=record, fields=record.fields, action="receive")], CLERK)
    before = store.changes.pending(10)
    with pytest.raises(SaveRefused, match="receive"):
        store.save(
            [
                Save(type=CITIZEN.id, fields={"full_name": "Không được lưu"}),
                Save(type=DOSSIER.id, opened=record, fields=record.fields, action="receive"),
            ],
            CLERK,
        )
    assert store.changes.pending(10) == before
    assert store.search.find("khong duoc luu") == ()
    assert store.records.count(CITIZEN.id) == 0


def test_locked_field_is_refused_with_its_name(store: Store) -> None:
    (record,) = store.save([Save(type=DOSSIER.id, fields={"subject": "x"}, state="done")], CLERK)
    with pytest.raises(SaveRefused) as caught:
        store.save([Save(type=DOSSIER.id, opened=record, fields={"subject": "y"})], CLERK)
    assert [p.field for p in caught.value.problems] == ["subject"]
    (noted,) = store.save([Save(type=DOSSIER.id, opened=record, fields={"subject": "x", "note": "được"})], CLERK)
    assert noted.fields["note"] == "được"


def test_impossible_value_is_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(SaveRefused) as caught:
        store.save([Save(type=COPY.id, fields={"document": "x", "pages": "hai"})], CLERK)
    assert caught.value.problems[0].field == "pages"
    assert store.records.types() == {}


def test_save_drops_its_draft(store: Store) -> None:
    store.drafts.put(
        Draft(id="d1", type=DOSSIER.id, record_id=None, fields={"subject": "dở"}, opened=None, updated_at="1")
    )
    store.save([Save(type=DOSSIER.id, fields={"subject": "xong"})], CLERK, draft="d1")
    assert store.drafts.all() == ()


def test_subscribers_hear_after_the_commit(store: Store) -> None:
    heard: list[Touched] = []

    def listen(touched: Touched) -> None:
        assert all(store.records.load(i) for i in touched.records)
        heard.append(touched)

    store.subscribe(listen)
    record = begin(store)
    assert heard[-1].records == {record.id}
    assert heard[-1].types == {DOSSIER.id}
    assert heard[-1].outbox


def test_refused_change_parks_only_its_own_record(store: Store) -> None:
    first, other = begin(store, "một"), begin(store, "hai")
    (edited,) = store.save([Save(type=DOSSIER.id, opened=first, fields={"subject": "một!"})], CLERK)
    create = next(c for c in store.changes.pending(10) if c.record_id == first.id)
    problem = FieldProblem("subject", "Sai", "một")
    store.changes.acknowledge([ChangeResult(change_id=create.change_id, status="refused", problems=(problem,))])
    assert [c.record_id for c in store.changes.pending(10)] == [other.id]
    shown = store.records.load(first.id)
    assert shown is not None
    assert (shown.standing, shown.fields) == ("refused", edited.fields)
    assert [(r.status, r.problems) for r in store.changes.outbox() if r.change.record_id == first.id] == [
        ("refused", (problem,)),
        ("parked", ()),
    ]
    store.changes.retry(first.id)
    assert [c.record_id for c in store.changes.pending(10)] == [first.id, other.id, first.id]


def test_correcting_refused_work_sends_all_of_it_anew(store: Store) -> None:
    record = begin(store, "sai", note="giữ lại")
    store.save([Save(type=DOSSIER.id, opened=record, fields=record.fields, action="receive")], CLERK)
    create = store.changes.pending(1)[0]
    store.changes.acknowledge([ChangeResult(change_id=create.change_id, status="refused")])
    shown = store.records.load(record.id)
    assert shown is not None
    (fixed,) = store.save([Save(type=DOSSIER.id, opened=shown, fields={**shown.fields, "subject": "đúng"})], CLERK)
    assert (fixed.standing, fixed.state) == ("here", "accepted")
    again = store.changes.pending(10)
    assert [c.kind for c in again] == ["create", "action"]
    assert (again[0].after["subject"], again[0].after["note"]) == ("đúng", "giữ lại")
    assert create.change_id not in {c.change_id for c in again}
    accept_all(store)
    done = store.records.load(record.id)
    assert done is not None
    assert (done.standing, done.state, done.fields["subject"]) == ("city", "accepted", "đúng")


def test_conflict_keeps_the_citys_value_and_the_officers(store: Store) -> None:
    record = begin(store, note="gốc")
    accept_all(store)
    record = store.records.load(record.id) or record
    store.save([Save(type=DOSSIER.id, opened=record, fields={**record.fields, "note": "của tôi"})], CLERK)
    (edit,) = store.changes.pending(10)
    mine = Candidate("của tôi", "gốc", edit.change_id, CLERK.name, "Q2", edit.at)
    store.changes.acknowledge([ChangeResult(change_id=edit.change_id, status="conflict", revision=3, fields=("note",))])
    city = ward.version(record.id, DOSSIER, 3, {**record.fields, "note": "của họ"}, conflicts={"note": (mine,)})
    store.changes.apply_pull(PullAnswer(records=(city,), cursor=3), WARD, "onestop")
    shown = store.records.load(record.id)
    assert shown is not None
    assert (shown.standing, shown.fields["note"], shown.conflicts["note"]) == ("conflict", "của họ", (mine,))
    (resolved,) = store.save(
        [Save(type=DOSSIER.id, opened=shown, fields=shown.fields, kind="resolve", resolves=("note",))], CLERK
    )
    assert (resolved.standing, resolved.conflicts) == ("here", {})
    assert store.changes.pending(10)[0].after == {"note": "của họ"}


def test_void_needs_a_reason_and_keeps_the_record(store: Store) -> None:
    record = begin(store)
    with pytest.raises(SaveRefused):
        store.save([Save(type=DOSSIER.id, opened=record, fields=record.fields, kind="void", reason=" ")], HEAD)
    (void,) = store.save(
        [Save(type=DOSSIER.id, opened=record, fields=record.fields, kind="void", reason="Nhập hai lần")], HEAD
    )
    assert (void.state, void.fields["_void"]["reason"]) == ("cancelled", "Nhập hai lần")
    assert store.overview(store.clock.now()).open_by_type == {}


def test_edit_made_while_its_record_is_sent_stays_pending(store: Store) -> None:
    record = begin(store)
    sent = store.changes.pending(10)
    store.save([Save(type=DOSSIER.id, opened=record, fields={"subject": "đổi"})], CLERK)
    store.changes.acknowledge([ChangeResult(change_id=sent[0].change_id, status="accepted", revision=5)])
    shown = store.records.load(record.id)
    assert shown is not None
    assert (shown.fields["subject"], shown.standing, shown.revision) == ("đổi", "here", 5)
    assert [c.after for c in store.changes.pending(10)] == [{"subject": "đổi"}]


def test_a_city_restored_from_backup_is_offered_everything_again(store: Store, clock: FixedClock) -> None:
    record = begin(store)
    accept_all(store, revision=40)
    clock.advance(hours=1)
    before = store.records.load(record.id)
    store.changes.offer_again(clock.now().replace(hour=0))
    store.changes.reset_cursor(WARD, "onestop")
    assert [c.record_id for c in store.changes.pending(10)] == [record.id]
    shown = store.records.load(record.id)
    assert before is not None
    assert shown == structs.replace(before, standing="here")
    accept_all(store)
    city = ward.version(record.id, DOSSIER, 1, record.fields)
    store.changes.apply_pull(PullAnswer(records=(city,), cursor=1), WARD, "onestop")
    assert store.changes.digest(WARD, "onestop") == {DOSSIER.id: expected_digest((record.id, 1))}


def test_what_was_made_under_an_earlier_device_name_is_offered_again_too(store: Store, clock: FixedClock) -> None:
    from sync.protocol import HistoryAnswer

    record = begin(store)
    (mine,) = store.changes.pending(10)
    accept_all(store)
    # of two others: a PC, and a service, which names no device
    others = [
        structs.replace(mine, change_id=f"x{n}", kind="edit", after={"note": "xa"}, device=device, device_seq=seq)
        for n, (device, seq) in enumerate((("Q9", 4), ("", 0)))
    ]
    store.changes.add_history(
        HistoryAnswer(
            tuple(others), tuple(ChangeResult(change_id=c.change_id, status="accepted", revision=9) for c in others)
        )
    )
    store.set_enrolment(structs.replace(ward.ENROLMENT, device="Q7"))
    store.set_enrolment(structs.replace(ward.ENROLMENT, device="Q8"))
    clock.advance(hours=1)
    second = begin(store)
    accept_all(store)
    assert store.changes.offer_again(clock.now().replace(hour=0)) == 2
    assert [(c.record_id, c.device) for c in store.changes.pending(10)] == [(record.id, "Q2"), (second.id, "Q8")]


def expected_digest(*terms: tuple[str, int]) -> str:
    """The formula of the protocol, written out once more."""
    from hashlib import blake2b

    total = sum(int.from_bytes(blake2b(f"{i}:{r}".encode(), digest_size=8).digest(), "big") for i, r in terms)
    return f"{total % 2**64:016x}"


def test_history_from_the_city_lies_beside_ours(store: Store) -> None:
    from sync.protocol import HistoryAnswer

    record = begin(store)
    (mine,) = store.changes.pending(10)
    theirs = structs.replace(mine, change_id="x1", kind="edit", after={"note": "xa"}, device="Q9", clock="ffff-0-Q9")
    store.changes.add_history(
        HistoryAnswer((mine, theirs), (ChangeResult(change_id="x1", status="accepted", revision=9),))
    )
    assert [(r.change.change_id, r.status) for r in store.changes.history(record.id)] == [
        ("x1", "accepted"),
        (mine.change_id, "pending"),
    ]
    assert [c.change_id for c in store.changes.pending(10)] == [mine.change_id]


def test_list_shows_the_record_at_once(store: Store) -> None:
    record = begin(store)
    assert [r.id for r in store.records.page(ListQuery(type=DOSSIER.id)).records] == [record.id]


def test_a_voiding_that_the_city_refused_did_not_happen(store: Store) -> None:
    record = begin(store)
    accept_all(store)
    void = Save(type=DOSSIER.id, opened=record, fields=record.fields, kind="void", reason="Nhập hai lần")
    (voided,) = store.save([void], HEAD)
    assert voided.state == "cancelled"
    (change,) = store.changes.pending(10)
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="refused")])
    shown = store.records.load(record.id) or pytest.fail()
    assert (shown.state, shown.standing, "_void" in shown.fields) == ("draft", "refused", False)
    (saved,) = store.save([Save(type=DOSSIER.id, opened=shown, fields={**shown.fields, "note": "n"})], CLERK)
    (edit,) = store.changes.pending(10)
    assert (saved.standing, edit.kind, edit.after) == ("here", "edit", {"note": "n"})


def test_a_voiding_parked_behind_a_refused_edit_goes_out_after_its_correction(store: Store) -> None:
    record = begin(store)
    accept_all(store)
    (edited,) = store.save([Save(type=DOSSIER.id, opened=record, fields={**record.fields, "phone": "x"})], CLERK)
    store.save([Save(type=DOSSIER.id, opened=edited, fields=edited.fields, kind="void", reason="Nhập hai lần")], HEAD)
    first, _ = store.changes.pending(10)
    store.changes.acknowledge([ChangeResult(change_id=first.change_id, status="refused")])
    shown = store.records.load(record.id) or pytest.fail()
    store.save([Save(type=DOSSIER.id, opened=shown, fields={**shown.fields, "phone": "+84912345678"})], HEAD)
    edit, void = store.changes.pending(10)
    assert (edit.kind, edit.after) == ("edit", {"phone": "+84912345678"})
    assert (void.kind, void.reason, void.to_state) == ("void", "Nhập hai lần", "cancelled")
    accept_all(store, 2)
    assert (store.records.load(record.id) or pytest.fail()).state == "cancelled"


def test_what_an_action_asked_for_is_said_by_the_action_alone_after_a_correction(store: Store) -> None:
    record = begin(store)
    (received,) = store.save([Save(type=DOSSIER.id, opened=record, fields=record.fields, action="receive")], CLERK)
    accept_all(store)
    received = store.records.load(record.id) or received
    draft = {**received.fields, "phone": "x", "note": "nháp"}
    (edited,) = store.save([Save(type=DOSSIER.id, opened=received, fields=draft)], CLERK)
    finish = Save(type=DOSSIER.id, opened=edited, fields={**edited.fields, "note": "đã trả"}, action="finish")
    store.save([finish], CLERK)
    first, second = store.changes.pending(10)
    waits = FieldProblem("", "Chờ thay đổi trước đó của cùng bản ghi được xử lý.")
    store.changes.acknowledge(
        [
            ChangeResult(change_id=first.change_id, status="refused", problems=(FieldProblem("phone", "Sai số"),)),
            ChangeResult(change_id=second.change_id, status="refused", problems=(waits,)),
        ]
    )
    assert [row.status for row in store.changes.outbox()] == ["refused", "parked"]
    shown = store.records.load(record.id) or pytest.fail()
    store.save([Save(type=DOSSIER.id, opened=shown, fields={**shown.fields, "phone": "+84912345678"})], CLERK)
    edit, again = store.changes.pending(10)
    assert (edit.kind, edit.after) == ("edit", {"phone": "+84912345678"})
    assert (again.kind, again.action, again.after) == ("action", "finish", {"note": "đã trả"})
    assert again.before == {"note": None}, "what the city will have: the refused draft of it never came there"
    accept_all(store, 3)
    there = store.records.load(record.id) or pytest.fail()
    assert (there.state, there.fields["note"], there.fields["phone"]) == ("done", "đã trả", "+84912345678")


@pytest.mark.parametrize("number", [1 << 63, 1 << 64, -(1 << 70), 10**30])
def test_a_number_that_no_database_holds_is_refused_at_its_field(store: Store, number: int) -> None:
    with pytest.raises(SaveRefused) as told:
        store.save([Save(type=COPY.id, fields={"document": "x", "pages": number})], CLERK)
    assert [(p.field, p.value, "quá lớn" in p.message) for p in told.value.problems] == [("pages", number, True)]
    made = store.save([Save(type=COPY.id, fields={"document": "x", "pages": 1})], CLERK)[0]
    with pytest.raises(SaveRefused):
        store.save([Save(type=COPY.id, fields={**made.fields, "pages": number}, opened=made)], CLERK)


@pytest.mark.parametrize("of_a_newer_pack", [1 << 64, {"size": 1 << 70}, [{"_id": "r", "n": 10**30}]])
def test_one_inside_a_value_that_nobody_here_knows_is_refused_too(store: Store, of_a_newer_pack: object) -> None:
    with pytest.raises(SaveRefused):
        store.save([Save(type=COPY.id, fields={"document": "x", "unknown": of_a_newer_pack})], CLERK)
    assert store.changes.pending(1) == ()
