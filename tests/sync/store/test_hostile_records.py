"""What a city took from a device that means harm, or a hub tells of a clock that is wrong: a PC takes it in, and works on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forms.definition import Catalog, Deadline
from sync.clock import FixedClock
from sync.protocol import Change, ChangeResult, FieldProblem, Lease, PullAnswer
from sync.store import Store
from sync.store.model import ListQuery, Save
from tests.sync.store import ward
from tests.sync.store.ward import CITIZEN, CLERK, COPIES_BOOK, COPY, DOSSIER, KEY, WARD, a_field, version

LIKE_UUIDS = (
    "00000000-0000-7zzz-zzzz-zzzzzzzzzzzz",
    "00000000-0000-7000-z000-000000000000",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
    "ffffffff-ffff-7fff-bfff-fffffffffffe",
    "-0000001-0000-7000-8000-000000000000",
    "0000000-1-000-7-1f-8000-000000000000",
)


def pull(store: Store, *versions: Any, scope: str = "open", cursor: int = 1) -> int:
    return store.changes.apply_pull(PullAnswer(records=versions, cursor=cursor), WARD, scope)


def test_ids_that_only_look_like_uuids_come_in_with_the_others(store: Store) -> None:
    odd = [version(i, CITIZEN, 1, {"full_name": f"Lạ {n}"}) for n, i in enumerate(LIKE_UUIDS)]
    assert pull(store, *odd, version("r-1", CITIZEN, 1, {"full_name": "Nguyễn Văn An"}), scope="people") == 7
    assert all(store.records.load(i) is not None for i in LIKE_UUIDS)
    assert len(store.records.page(ListQuery(type=CITIZEN.id)).records) == 7


WITH_REFS = msgspec.structs.replace(
    COPY,
    sections=(
        msgspec.structs.replace(
            COPY.sections[0],
            fields=(
                *COPY.sections[0].fields,
                a_field("others", "refs"),
                a_field("scan", "file"),
                a_field("until", "date"),
                a_field("rows", "group", fields=(a_field("who", "person"),)),
            ),
        ),
    ),
    deadline=Deadline(start="until", field="until", amount="1", unit='"day"'),
)
TOOLS = tuple(msgspec.structs.replace(t, records=(WITH_REFS,)) if t.id == "certification" else t for t in ward.TOOLS)
HARMFUL: dict[str, dict[str, Any]] = {
    "a number among references": {"others": ["r-1", 5]},
    "a list among references": {"others": [["r-1"], {"a": 1}]},
    "a reference in a row that is a map": {"rows": [{"_id": "1", "who": {"a": 1}}]},
    "a number in place of references": {"others": 5},
    "a text in place of rows": {"rows": "x"},
    "a list among rows": {"rows": [["x"], {"_id": "1", "who": "r-1"}]},
    "a map in a column that lists sort by": {"pages": {"a": 1}},
    "a list in a column that lists sort by": {"pages": [1]},
    "a map in place of a day": {"until": {"a": 1}},
    "a number in place of a day": {"until": 5},
    "a whole number beyond 64 bits in a column": {"pages": 1 << 63},
    "a whole number far below": {"pages": -(1 << 70)},
    "a file of 2^63 bytes": {"scan": {"sha256": "ab", "name": "x", "size": 1 << 63}},
}


@pytest.mark.parametrize("what", HARMFUL)
def test_one_harmful_record_does_not_keep_the_others_out(folder: Path, clock: FixedClock, what: str) -> None:
    catalog = Catalog(version="test.2", tools=TOOLS, choices={})
    with Store.create(folder, KEY, catalog, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        bad = version("bad", WITH_REFS, 1, {"document": "hại", **HARMFUL[what]})
        good = [version(f"g{n}", WITH_REFS, 1, {"document": f"tốt {n}", "pages": n}) for n in range(3)]
        assert pull(store, good[0], bad, *good[1:]) == 4
        assert {r.id for r in store.records.page(ListQuery(type=COPY.id)).records} == {"bad", "g0", "g1", "g2"}
        assert [hit.id for hit in store.search.find("tốt")]
        (saved,) = store.save([Save(type=COPY.id, fields={"document": "sau"})], CLERK)
    # another pack: every record is described anew
    newer = msgspec.structs.replace(WITH_REFS, subtitle="document")
    tools = tuple(msgspec.structs.replace(t, records=(newer,)) if t.id == "certification" else t for t in TOOLS)
    with Store.open(folder, KEY, Catalog(version="test.3", tools=tools, choices={}), clock) as store:
        assert store.records.load("bad") is not None
        assert store.records.load(saved.id) is not None


def test_a_refused_edit_that_is_taken_back_is_no_longer_refused(store: Store) -> None:
    """The officer types the city's value again: nothing is shown as refused, and all the city hears is that."""
    pull(store, version("c1", COPY, 3, {"document": "Bằng"}))
    opened = store.records.load("c1")
    store.save([Save(type=COPY.id, fields={"document": "Khác"}, opened=opened)], CLERK)
    (change,) = store.changes.pending(9)
    why = FieldProblem("document", "không nhận")
    store.changes.acknowledge([ChangeResult(change_id=change.change_id, status="refused", problems=(why,))])
    shown = store.records.load("c1")
    assert (shown.fields["document"], shown.standing) == ("Khác", "refused")
    (saved,) = store.save([Save(type=COPY.id, fields={"document": "Bằng"}, opened=shown)], CLERK)
    assert (saved.fields["document"], saved.standing) == ("Bằng", "here")
    (told,) = store.changes.pending(9)
    assert (told.after, told.in_place_of) == ({}, (change.change_id,))
    store.changes.acknowledge([ChangeResult(change_id=told.change_id, status="accepted", revision=3, already=True)])
    taken_back = store.records.load("c1")
    assert (taken_back.fields["document"], taken_back.standing, store.changes.outbox()) == ("Bằng", "city", ())
    assert [row.status for row in store.changes.history("c1")] == ["accepted", "refused"]  # it stays in history


def certify(store: Store) -> str | None:
    (record,) = store.save([Save(type=COPY.id, fields={"document": "x"}, action="certify")], CLERK)
    return record.number


def test_a_clock_set_back_once_more_stops_numbering_once_more(store: Store, clock: FixedClock) -> None:
    store.numbers.put_lease(Lease(ward=WARD, register=COPIES_BOOK, period="2026", device="Q2", next=1))
    assert certify(store) == "0001/2026"
    clock.advance(days=-3)
    assert certify(store) is None
    store.numbers.confirm_clock(CLERK)
    assert store.numbers.give_awaiting() == 1
    clock.advance(days=-5)
    assert store.numbers.clock_problem(COPY.id) == "set_back"
    assert certify(store) is None


def test_a_clock_a_year_ahead_on_another_pc_does_not_hold_work_back(store: Store, clock: FixedClock) -> None:
    """That PC broke after it had told the hub, and the hub goes on telling."""
    pull(store, version("d1", DOSSIER, 1, {"subject": "x"}), scope="onestop")
    theirs = Change(
        change_id="h1", save_id="h1", record_id="d1", type=DOSSIER.id, ward=WARD, kind="edit", before={"subject": "x"},
        after={"subject": "y"}, base_revision=1, officer=CLERK, device="Q9", device_seq=1, at="2027-11-20T02:30:00Z",
    )  # fmt: skip
    assert store.provisional.take([theirs]) == 1
    store.save([Save(type=DOSSIER.id, fields={"subject": "y", "note": "z"}, opened=store.records.load("d1"))], CLERK)
    assert store.changes.pending(9) == ()
    clock.moment += timedelta(days=4)
    assert [c.after for c in store.changes.pending(9)] == [{"note": "z"}]


def test_a_record_that_names_a_file_does_not_draw_it_out_of_another_stream(folder: Path, clock: FixedClock) -> None:
    """Whoever knows a file's SHA-256 must not get it by naming it where he can read."""
    catalog = Catalog(version="test.2", tools=TOOLS, choices={})
    with Store.create(folder, KEY, catalog, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        sha256 = store.files.put(b"%PDF-1.7 x")
        entry = {"sha256": sha256, "name": "x.pdf", "size": 12, "media_type": "application/pdf"}
        pull(store, version("theirs", WITH_REFS, 1, {"document": "x", "scan": entry}))
        assert store.file_queue.next_to_send() is None
        store.file_queue.city_restored()
        assert store.file_queue.next_to_send() is None
        opened = store.records.load("theirs")
        store.save([Save(type=COPY.id, fields={**opened.fields, "document": "y"}, opened=opened)], CLERK)
        assert store.file_queue.next_to_send() is None  # he edited the record and attached nothing
        assert store.files.put(b"%PDF-1.7 x") == sha256  # now he does
        assert store.file_queue.next_to_send() is not None


def test_what_an_officer_attaches_goes_to_the_stream_of_his_record(folder: Path, clock: FixedClock) -> None:
    catalog = Catalog(version="test.2", tools=TOOLS, choices={})
    with Store.create(folder, KEY, catalog, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        sha256 = store.files.put(b"%PDF-1.7 y")
        entry = {"sha256": sha256, "name": "x.pdf", "size": 10, "media_type": "application/pdf"}
        pull(store, version("c1", WITH_REFS, 1, {"document": "x"}), version("c2", WITH_REFS, 1, {"scan": entry}))
        opened = store.records.load("c1")
        store.save([Save(type=COPY.id, fields={**opened.fields, "scan": entry}, opened=opened)], CLERK)
        assert [(f.sha256, f.scope) for f in store.file_queue.all_to_send()] == [(sha256, "open")]
