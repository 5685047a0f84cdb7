"""What the city says of one record means the same in whichever company it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from forms.loader import load_catalog
from sync.clock import FixedClock
from sync.ids import IdSource
from sync.protocol import PullAnswer, RecordVersion
from sync.store import Store, rows
from tests.sync.store import ward
from tests.sync.store.ward import DOSSIER, KEY, WARD, version

CATALOG = load_catalog()


@contextmanager
def shipped_store(folder: Path, clock: FixedClock) -> Iterator[Store]:
    with Store.create(folder, KEY, CATALOG, clock) as store:
        store.set_enrolment(ward.ENROLMENT)
        yield store


def of(record_id: str, type_id: str, **fields: object) -> RecordVersion:
    state = CATALOG.record_type(type_id).initial_state
    return RecordVersion(id=record_id, type=type_id, ward=WARD, scope="open", revision=1, state=state, fields=fields)


@pytest.mark.parametrize("alone", [True, False])
def test_a_number_is_found_whoever_comes_with_it(store: Store, *, alone: bool) -> None:
    """“5/2026” stands in “15/2026”, but is not a word of it."""
    one = version("one", DOSSIER, 1, {"subject": "Theo công văn 15/2026"}, number="5/2026")
    other = version("other", DOSSIER, 1, {"subject": "Khác"}, number="77/2026")
    store.changes.apply_pull(PullAnswer(records=(one,) if alone else (one, other), cursor=1), WARD, "onestop")
    assert [hit.id for hit in store.search.find("5/2026")] == ["one"]


@pytest.mark.parametrize("shape", [[["x"]], [{"a": 1}]])
def test_a_link_of_another_shape_does_not_keep_the_page_out(folder: Path, clock: FixedClock, shape: object) -> None:
    ids = IdSource(clock)
    with shipped_store(folder, clock) as store:
        good = of(ids.new(), "assets.asset")
        bad = replace(good, id=ids.new(), fields={"source_ref": shape})
        assert store.changes.apply_pull(PullAnswer(records=(good, bad), cursor=1), WARD, "open") == 2


@pytest.mark.parametrize("together", [True, False])
def test_a_title_that_asks_of_whom_a_household_is_is_told_who_comes_later(
    folder: Path, clock: FixedClock, *, together: bool
) -> None:
    """poverty.poverty_survey: look(look(household_ref, "head_ref"), "full_name")."""
    ids = IdSource(clock)
    with shipped_store(folder, clock) as store:
        head = of(ids.new(), "residence.citizen", full_name="Nguyễn Thị Mẫu")
        household = of(ids.new(), "residence.household", head_ref=head.id)
        survey = of(ids.new(), "poverty.poverty_survey", household_ref=household.id)
        pages = [(household, survey, head)] if together else [(household, survey), (head,)]
        for cursor, page in enumerate(pages, 1):
            store.changes.apply_pull(PullAnswer(records=page, cursor=cursor), WARD, "open")
        shown = store.records.load(survey.id)
        assert shown is not None
        assert shown.title == "Nguyễn Thị Mẫu"


def test_of_too_many_titles_two_references_away_the_newest_are_told(
    folder: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "REFRESHED_AT_ONCE", 3)  # the household is one
    ids = IdSource(clock)
    with shipped_store(folder, clock) as store:
        head = of(ids.new(), "residence.citizen", full_name="Cũ")
        household = of(ids.new(), "residence.household", head_ref=head.id)
        surveys = []
        for _ in range(4):
            clock.advance(seconds=1)
            surveys.append(of(ids.new(), "poverty.poverty_survey", household_ref=household.id))
        store.changes.apply_pull(PullAnswer(records=(head, household, *surveys), cursor=1), WARD, "open")
        called_anew = replace(head, revision=2, fields={"full_name": "Mới"})
        store.changes.apply_pull(PullAnswer(records=(called_anew,), cursor=2), WARD, "open")
        shown = [store.records.load(survey.id) for survey in surveys]
        assert [s.title for s in shown if s] == ["Cũ", "Cũ", "Mới", "Mới"]


def test_a_label_is_the_record_s_own_however_it_is_written() -> None:
    from forms.summary import plain_describer

    disability = CATALOG.record_type("social_protection.disability")
    assert disability.fields
    spaced = replace(disability, id="a.b", subtitle='coalesce(label ("severity"), "x")')
    rows = [{"severity": "mild"}, {"severity": "severe"}, {}]
    found = plain_describer(spaced, CATALOG)(rows, ["s"] * 3, [None] * 3, lambda _: None)
    assert found.subtitles == ["Nhẹ", "Nặng", "x"]


def test_one_record_twice_in_a_page_stands_as_its_newest(store: Store) -> None:
    newer, older = (version("a", DOSSIER, n, {"subject": f"{n}"}) for n in (7, 5))
    store.changes.apply_pull(PullAnswer(records=(newer, older), cursor=1), WARD, "onestop")
    shown = store.records.load("a")
    assert shown is not None
    assert shown.revision == 7


def test_who_is_merged_twice_is_called_as_who_was_kept_is_called_now(folder: Path, clock: FixedClock) -> None:
    citizen = "residence.citizen"
    with shipped_store(folder, clock) as store:
        page = (
            replace(of("a", citizen, full_name="A", merged_into="b"), state="merged"),
            replace(of("b", citizen, full_name="B", merged_into="c"), state="merged"),
            of("c", citizen, full_name="C"),
            of("s", "construction.site", owner_ref="a"),
        )
        called_anew = replace(of("c", citizen, full_name="Cúc"), revision=2)
        store.changes.apply_pull(PullAnswer(records=page, cursor=1), WARD, "open")
        store.changes.apply_pull(PullAnswer(records=(called_anew,), cursor=2), WARD, "open")
        shown = store.records.load("s")
        assert shown is not None
        assert shown.subtitle == "Cúc"
