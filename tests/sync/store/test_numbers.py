"""A register number is legal: in order, never twice, explained when unused, and never guessed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.merge import judge
from sync.protocol import ChangeResult, Lease, PullAnswer, RecordVersion
from sync.store import Store
from sync.store.model import Record, Save, SaveRefused, StoreError
from tests.sync.store import ward
from tests.sync.store.ward import CLERK, COPIES_BOOK, COPY, DOSSIER, WARD


def lease(start: int = 1, upper: int = 0, period: str = "2026", device: str = "Q2") -> Lease:
    return Lease(ward=WARD, register=COPIES_BOOK, period=period, device=device, next=start, upper=upper)


def certify(store: Store, document: str = "x") -> Record:
    (record,) = store.save([Save(type=COPY.id, fields={"document": document}, action="certify")], CLERK)
    return record


def test_numbers_run_in_order_and_roll_over_to_the_next_volume(store: Store) -> None:
    store.numbers.put_lease(lease(start=12))
    given = [certify(store) for _ in range(3)]
    assert [r.number for r in given] == ["0012/2026", "0013/2026", "0014/2026"]
    assert [r.fields["book_no"] for r in given] == ["04/2026-SCT/BS", "05/2026-SCT/BS", "05/2026-SCT/BS"]
    assert [r.fields["cert_no"] for r in given] == [r.number for r in given]
    change = store.changes.pending(10)[1]
    assert (change.action, change.number, change.after["cert_no"]) == ("certify", "0012/2026", "0012/2026")
    assert [(row.n, row.record_id, row.officer) for row in store.numbers.book(COPY.id)] == [
        (12 + i, r.id, CLERK.name) for i, r in enumerate(given)
    ]


def test_a_book_heard_of_again_never_goes_back(store: Store) -> None:
    store.numbers.put_lease(lease())
    certify(store)
    store.numbers.put_lease(lease(start=1))
    assert certify(store).number == "0002/2026"
    store.numbers.put_lease(lease(start=10))
    assert certify(store).number == "0010/2026"


def test_a_refused_save_uses_no_number(store: Store) -> None:
    store.numbers.put_lease(lease())
    with pytest.raises(StoreError):
        store.save(
            [
                Save(type=COPY.id, fields={"document": "x"}, action="certify"),
                Save(type=COPY.id, fields={}, action="không có"),
            ],
            CLERK,
        )
    assert certify(store).number == "0001/2026"


def test_without_a_lease_the_record_awaits_its_number(store: Store) -> None:
    waiting = [certify(store, name) for name in ("một", "hai")]
    assert [r.number for r in waiting] == [None, None]
    assert waiting[0].state == "certified"
    assert [r.id for r in store.numbers.awaiting()] == [r.id for r in waiting]
    assert store.numbers.give_awaiting() == 0
    store.numbers.put_lease(lease(start=5))
    assert store.numbers.give_awaiting() == 2
    assert store.numbers.awaiting() == ()
    numbered = [store.records.load(r.id) or pytest.fail() for r in waiting]
    assert [r.number for r in numbered] == ["0005/2026", "0006/2026"]
    assert store.changes.pending(10)[-1].number == "0006/2026"
    assert the_city_accepts(store, waiting[1].id).number == "0006/2026"


def test_very_many_may_await_their_number_at_once(store: Store) -> None:
    """A hundred and more are written together: those of a page of the city's, and those of one save."""
    fields = {"document": "x", "_awaiting": "2026-11-20T02:00:00Z"}
    page = tuple(ward.version(f"c{n}", COPY, 2, fields, state="certified") for n in range(120))
    store.changes.apply_pull(PullAnswer(records=page, cursor=120), WARD, COPY.scope)
    assert len(store.numbers.awaiting()) == 120
    store.save([Save(type=COPY.id, fields={"document": "y"}, action="certify") for _ in range(120)], CLERK)
    assert len(store.numbers.awaiting()) == 240


def test_a_record_cancelled_while_it_awaits_its_number_gets_none(store: Store) -> None:
    spoilt, kept = certify(store, "hỏng"), certify(store, "giữ")
    (gone,) = store.save([Save(type=COPY.id, opened=spoilt, fields=spoilt.fields, action="cancel")], CLERK)
    assert (gone.state, "_awaiting" in gone.fields) == ("refused", False)
    assert [r.id for r in store.numbers.awaiting()] == [kept.id]
    assert "_awaiting" not in the_city_accepts(store, spoilt.id).fields
    store.numbers.put_lease(lease())
    assert store.numbers.give_awaiting() == 1
    assert (store.records.load(spoilt.id) or pytest.fail()).number is None
    # the first number is the kept record's: the book has neither a gap nor a void line
    assert [(row.number, row.record_id, row.status) for row in store.numbers.book(COPY.id)] == [
        ("0001/2026", kept.id, "given")
    ]


def test_one_that_an_older_program_cancelled_waits_no_longer(store: Store) -> None:
    """The city's version still carries the mark."""
    old = ward.version("c1", COPY, 3, {"document": "x", "_awaiting": "2026-11-20T02:00:00Z"}, state="refused")
    store.changes.apply_pull(PullAnswer(records=(old,), cursor=3), WARD, COPY.scope)
    store.numbers.put_lease(lease())
    assert store.numbers.awaiting() == ()
    assert store.numbers.give_awaiting() == 0


def the_city_accepts(store: Store, record_id: str) -> RecordVersion:
    """What the city holds after it judged all of the record's changes, none of which it refused."""
    version = None
    for change in store.changes.pending(100):
        if change.record_id == record_id:
            judgement = judge(COPY, version, change)
            assert judgement.result.status == "accepted"
            version = judgement.version
    assert version is not None
    return version


def test_a_full_or_foreign_book_gives_nothing(store: Store, clock: FixedClock) -> None:
    store.numbers.put_lease(lease(upper=1))
    assert store.numbers.held(COPY.id, clock.now()) is not None
    assert certify(store).number == "0001/2026"
    assert certify(store).number is None
    assert store.numbers.held(COPY.id, clock.now()) is None
    store.numbers.put_lease(lease(device="Q9"))
    assert store.numbers.leases() == ()


def test_history_brings_its_number_and_uses_no_lease(store: Store) -> None:
    store.numbers.put_lease(lease())
    (old,) = store.save([Save(type=COPY.id, fields={"document": "cũ"}, state="certified", number="0777/2019")], CLERK)
    assert old.number == "0777/2019"
    assert store.numbers.book(COPY.id) == ()
    assert certify(store).number == "0001/2026"


def test_a_clock_set_back_stops_numbering_until_confirmed(store: Store, clock: FixedClock) -> None:
    store.numbers.put_lease(lease())
    certify(store)
    clock.moment -= timedelta(hours=3)
    assert store.numbers.clock_problem(COPY.id) == "set_back"
    assert certify(store).number is None
    store.numbers.confirm_clock()
    assert store.numbers.give_awaiting() == 1
    assert certify(store).number == "0003/2026"


def test_a_clock_far_from_the_citys_stops_numbering(store: Store) -> None:
    store.numbers.put_lease(lease())
    store.set_meta("clock_skew", -301.0)
    assert certify(store).number is None
    store.set_meta("clock_skew", 4.0)
    assert certify(store).number == "0001/2026"


def test_the_next_year_needs_its_own_book(store: Store, clock: FixedClock) -> None:
    store.numbers.put_lease(lease(start=900))
    clock.advance(days=50)
    assert certify(store).number is None
    store.numbers.put_lease(lease(period="2027"))
    assert certify(store).number == "0001/2027"


def test_a_number_on_paper_stays_with_its_record_when_the_city_refuses(store: Store) -> None:
    store.numbers.put_lease(lease())
    record = certify(store)
    create, action = store.changes.pending(10)
    store.changes.acknowledge(
        [
            ChangeResult(change_id=create.change_id, status="accepted", revision=1),
            ChangeResult(change_id=action.change_id, status="refused"),
        ]
    )
    shown = store.records.load(record.id) or pytest.fail()
    assert (shown.state, shown.standing) == ("received", "refused")
    (again,) = store.save([Save(type=COPY.id, opened=shown, fields=shown.fields, action="certify")], CLERK)
    assert again.number == "0001/2026"
    assert certify(store).number == "0002/2026"


def test_temporary_numbers_run_by_device_and_day(store: Store, clock: FixedClock) -> None:
    def received() -> str:
        (record,) = store.save([Save(type=DOSSIER.id, fields={"subject": "x"}, action="receive")], CLERK)
        assert record.number is None
        return str(record.fields["local_code"])

    assert [received(), received()] == ["TMP-Q2-261120-0001", "TMP-Q2-261120-0002"]
    clock.advance(days=1)
    assert received() == "TMP-Q2-261121-0001"
    assert store.numbers.awaiting() == ()


def test_two_processes_share_one_book(store: Store, folder: Path, clock: FixedClock) -> None:
    store.numbers.put_lease(lease())
    with Store.open(folder, ward.KEY, ward.CATALOG, clock) as beside:
        numbers = [certify(s).number for s in (store, beside, store, beside)]
    assert numbers == ["0001/2026", "0002/2026", "0003/2026", "0004/2026"]
    sequence = [c.device_seq for c in store.changes.pending(100)]
    assert sequence == sorted(set(sequence))
    assert store.changed_elsewhere()
    assert not store.changed_elsewhere()


def test_the_number_of_a_voided_record_stays_used_and_says_why(store: Store) -> None:
    store.numbers.put_lease(lease())
    spoilt, fine, undone = certify(store), certify(store), certify(store)
    void = Save(type=COPY.id, opened=spoilt, fields=spoilt.fields, kind="void", reason="Nhập hai lần")
    with pytest.raises(SaveRefused, match="vai trò"):
        store.save([void], CLERK)
    store.save([void], ward.HEAD)
    # voided at another counter: seen with the next pull
    change = next(c for c in store.changes.pending(100) if c.record_id == undone.id and c.kind == "create")
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="accepted", revision=1)])
    mark = {"reason": "Sai người", "at": "2026-11-22T05:00:00Z", "by": "Chủ tịch"}
    theirs = ward.version(undone.id, COPY, 9, {**undone.fields, "_void": mark}, state="refused", number=undone.number)
    store.changes.apply_pull(PullAnswer(records=(theirs,), cursor=9), WARD, "open")
    rows = [(r.number, r.status, r.reason) for r in store.numbers.book(COPY.id)]
    assert rows == [
        (spoilt.number, "void", "Nhập hai lần"),
        (fine.number, "given", ""),
        (undone.number, "void", "Sai người"),
    ]
    assert certify(store).number == "0004/2026"
    assert (store.records.load(spoilt.id) or pytest.fail()).number == spoilt.number


def test_a_voided_record_gets_no_number_any_more(store: Store) -> None:
    record = certify(store)
    assert record.number is None
    store.save([Save(type=COPY.id, opened=record, fields=record.fields, kind="void", reason="Nhầm")], ward.HEAD)
    store.numbers.put_lease(lease())
    assert store.numbers.give_awaiting() == 0
    assert certify(store).number == "0001/2026"


def test_the_book_shows_which_other_records_have_the_number(store: Store) -> None:
    store.numbers.put_lease(lease())
    record = certify(store)
    for change in store.changes.pending(10):
        store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="accepted", revision=1)])
    marked = ward.version(record.id, COPY, 3, {**record.fields, "_same_number": ["r-other"]}, state="certified",
        number=record.number)  # fmt: skip
    store.changes.apply_pull(PullAnswer(records=(marked,), cursor=3), WARD, "open")
    certify(store)
    assert [row.same for row in store.numbers.book(COPY.id)] == [("r-other",), ()]


def test_no_number_is_given_behind_what_the_city_refused(store: Store) -> None:
    """It would wait there too; it is given once that is put right."""
    (paper,) = store.save([Save(type=COPY.id, fields={"document": "x"})], CLERK)
    answer(store, "accepted")
    paper = store.records.load(paper.id) or pytest.fail()
    store.save([Save(type=COPY.id, opened=paper, fields={**paper.fields, "pages": 2}, action="certify")], CLERK)
    answer(store, "refused")
    store.numbers.put_lease(lease())
    assert store.numbers.give_awaiting() == 0
    shown = store.records.load(paper.id) or pytest.fail()
    store.save([Save(type=COPY.id, opened=shown, fields={**shown.fields, "pages": 3})], CLERK)
    answer(store, "accepted", 2)
    assert store.numbers.give_awaiting() == 1
    there = store.records.load(paper.id) or pytest.fail()
    assert (there.state, there.number, there.fields["pages"]) == ("certified", "0001/2026", 3)


def test_a_number_given_late_goes_with_the_correction_before_it(store: Store) -> None:
    """It was given before the city's word about an earlier change came."""
    paper = certify(store)
    answer(store, "accepted")
    paper = store.records.load(paper.id) or pytest.fail()
    (moved,) = store.save([Save(type=COPY.id, fields={"document": "y"})], CLERK)
    (moved,) = store.save([Save(type=COPY.id, opened=moved, fields={**moved.fields, "pages": 2})], CLERK)
    (moved,) = store.save([Save(type=COPY.id, opened=moved, fields=moved.fields, action="certify")], CLERK)
    store.numbers.put_lease(lease())
    assert store.numbers.give_awaiting() == 2
    answer(store, "refused", of=moved.id)
    shown = store.records.load(moved.id) or pytest.fail()
    store.save([Save(type=COPY.id, opened=shown, fields={**shown.fields, "document": "z"})], CLERK)
    said = [row.change for row in store.changes.outbox() if row.change.record_id == moved.id]
    assert [(c.kind, c.number) for c in said] == [("create", None), ("action", None), ("edit", "0002/2026")]
    version = None
    for change in said:
        judged = judge(COPY, version, change)
        assert judged.result.status == "accepted"
        version = judged.version
    assert version is not None
    assert (version.state, version.number, version.fields["document"]) == ("certified", "0002/2026", "z")
    assert "_awaiting" not in {k for k, v in version.fields.items() if v is not None}


def answer(store: Store, status: str, revision: int = 1, *, of: str = "") -> None:
    """The city's word about all that waits, or about one record."""
    waiting = [c for c in store.changes.pending(50) if of in ("", c.record_id)]
    store.changes.acknowledge(
        [ChangeResult(change_id=c.change_id, status=status, revision=revision + n) for n, c in enumerate(waiting)]  # type: ignore[arg-type]
    )
