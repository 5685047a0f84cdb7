"""Pages of registers and the book of blanks from the command line."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from desktop.book_places import SeriesNotChosen, series_kept
from desktop.book_selection import MOST, TooMany, Wanted, periods, select
from forms.definition import RecordType
from forms.loader import load_catalog
from forms.printing import PrintContext, render
from sync.protocol import Officer
from sync.store import Store
from sync.store.model import ListQuery, NumberRow, Save
from tests.features.cases import COPY, copy_of
from tests.features.story import Counter, Town
from tests.sync.store import ward

CLERK = Officer(id="o1", name="Nguyễn Văn Thử", roles=("justice",), organisation="H26.00070")
CATALOG = load_catalog()
TYPE = CATALOG.record_type(COPY)
PAGE = next(p for p in TYPE.printouts if p.id == "register_page")
LIST = next(p for p in CATALOG.record_type("residence.household").printouts if p.over == "list")


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "SOPHUONG_NOW", "2026-11-23T09:00:00+07:00"
    )  # before the town: a clock off by a day numbers nothing


@pytest.fixture
def shelf(tmp_path: Path) -> Any:
    from sync.clock import FixedClock

    store = Store.create(tmp_path / "shelf", ward.KEY, CATALOG, FixedClock(ward.NOW))
    store.set_enrolment(ward.ENROLMENT)
    yield store
    store.close()


def entry(number: int, day: str, **more: Any) -> Save:
    fields = copy_of(f"Bằng số {number}", received_at=f"{day}T02:00:00Z", cert_date=day, cert_no=number, fee=2000)
    return Save(type=COPY, fields=fields | more, state=str(more.pop("state", "certified")), number=str(number))


def fill(store: Store) -> None:
    days = ["2025-12-30", *(f"2026-01-{n:02d}" for n in range(2, 15))]
    numbers = [412, *range(1, 14)]
    # out of order on purpose: a book is in order of number, not of saving
    for number, day in sorted(zip(numbers, days, strict=True), key=lambda one: one[0] * 7 % 11):
        store.save([entry(number, day)], CLERK)
    store.save([Save(type=COPY, fields=copy_of("Chưa chứng thực"), state="received")], CLERK)


def numbers_of(store: Store, **wanted: Any) -> list[str]:
    return [e.number for e in select(TYPE, PAGE, store, Wanted(**wanted)).book.entries]


def test_a_book_is_in_order_of_number_and_only_of_its_year(shelf: Store) -> None:
    fill(shelf)
    assert numbers_of(shelf, period="2026") == [str(n) for n in range(1, 14)]
    assert numbers_of(shelf, period="2025") == ["412"]
    assert numbers_of(shelf)[0] == "412"
    assert numbers_of(shelf, period="2026", first=4, last=6) == ["4", "5", "6"]
    assert numbers_of(shelf, since="2026-01-13", until="2026-01-13") == ["12"]
    assert numbers_of(shelf, period="2026", volume=2) == []


def test_what_stands_before_the_range_is_carried(shelf: Store) -> None:
    fill(shelf)
    found = select(TYPE, PAGE, shelf, Wanted(period="2026", first=3))
    assert [r.number for r in found.book.before] == ["1", "2"]
    html = paper(found)
    assert "Mang sang" in html
    assert "4.000" in html  # two earlier fees
    assert "Cộng mang sang" in html  # eleven lines are two pages of eight
    assert "26.000" in html  # the running total at the end: thirteen fees
    assert "Mang sang" not in paper(select(TYPE, PAGE, shelf, Wanted(period="2026", last=5)))


def test_the_book_of_another_ward_is_another_book(shelf: Store) -> None:
    """On the PC of an officer who serves both, where the numbers of the two would stand one beside the other."""
    from sync.store.rows import Touch
    from sync.store.saving import SaveTransaction

    fill(shelf)
    shelf.update_enrolment(wards={**ward.ENROLMENT.wards, "00082": "Phường Khác"})
    for number, day in ((1, "2026-02-03"), (2, "2026-02-04"), (412, "2024-05-06")):
        with shelf._context.writer.transaction() as db:
            SaveTransaction(db, shelf._context, CLERK, Touch(), ward="00082").run([entry(number, day)])
    assert numbers_of(shelf, period="2026") == [str(n) for n in range(1, 14)]
    assert numbers_of(shelf, period="2026", ward="00082") == ["1", "2"]
    assert periods(TYPE, shelf, ward.NOW) == ["2026", "2025"]
    assert periods(TYPE, shelf, ward.NOW, "00082") == ["2026", "2024"]
    found = select(TYPE, PAGE, shelf, Wanted(period="2026", ward="00082"))
    assert (found.ward, {r.ward for r in found.records}) == ("00082", {"00082"})


def test_a_book_is_of_the_year_that_its_volume_names(shelf: Store) -> None:
    """As its check says, whatever day stands on the record."""
    old = entry(7, "2026-01-20")
    old.fields["book_no"] = "01/2019-SCT/BS"
    shelf.save([old], CLERK)
    assert numbers_of(shelf, period="2026") == []
    assert numbers_of(shelf, period="2019") == ["7"]
    assert shelf.audits.books(COPY) == [("", "2019")]


def test_a_voided_entry_stays_in_the_book_and_out_of_the_sums(shelf: Store) -> None:
    fill(shelf)
    shelf.save([entry(14, "2026-01-20", state="cancelled")], CLERK)
    found = select(TYPE, PAGE, shelf, Wanted(period="2026"))
    assert (found.lines, found.void) == (14, 1)
    html = paper(found)
    assert "Đã hủy" in html
    assert "26.000" in html
    assert "28.000" not in html


def test_a_number_given_to_nothing_is_struck_out_in_its_place(shelf: Store) -> None:
    fill(shelf)
    spoilt = NumberRow(
        number="412",
        n=412,
        period="2026",  # the 412 of another year stands under a record
        record_id=None,
        title="",
        at="2026-02-01T02:00:00Z",
        officer="Trần Thu Hà",
        status="void",
        reason="lem mực",
    )
    store: Any = SimpleNamespace(
        enrolment=None, records=shelf.records, numbers=SimpleNamespace(book=lambda *_, **__: (spoilt,))
    )
    found = select(TYPE, PAGE, store, Wanted(period="2026"))
    assert (found.book.entries[-1].number, found.book.entries[-1].record, found.void) == ("412", None, 1)
    html = paper(found)
    assert "<s>412</s>" in html
    assert "Bỏ số: lem mực" in html
    assert "Bỏ số" not in paper(select(TYPE, PAGE, store, Wanted(period="2025")))


def number_row(number: int, series: str, record_id: str | None = None, status: str = "void") -> NumberRow:
    return NumberRow(
        number=f"{number:02d}", n=number, period="2026", record_id=record_id, title="", at="2026-02-01T02:00:00Z",
        officer="Trần Thu Hà", status=status, reason="lem mực", series=series,
    )  # fmt: skip


def test_a_register_with_series_is_a_book_for_each_with_its_own_void_numbers(shelf: Store) -> None:
    kind = CATALOG.record_type("documents.outgoing_doc")
    register = next(p for p in kind.printouts if p.over == "list")
    ids = {}
    for series, number in (("qd", 1), ("cv", 1), ("cv", 3), ("qd", 2)):
        fields = {"doc_type": series, "series": series, "doc_no": number, "doc_date": f"2026-03-0{number}"}
        (record,) = shelf.save([Save(type=kind.id, fields=fields, state="issued", number=f"{number:02d}")], CLERK)
        ids[series, number] = record.id
    rows = (
        number_row(2, "cv"),
        number_row(3, "qd"),
        number_row(9, ""),  # from before the register was parted
        number_row(1, "cv", ids["cv", 1], "given"),
    )
    store: Any = SimpleNamespace(
        catalog=CATALOG, enrolment=None, records=shelf.records, numbers=SimpleNamespace(book=lambda *_, **__: rows)
    )
    found = {
        series: [
            (entry.number, entry.void)
            for entry in select(kind, register, store, Wanted(period="2026", series=series)).book.entries
        ]
        for series in series_kept(kind, store)
    }
    assert found == {
        "qd": [("01", False), ("02", False), ("03", True)],
        "cv": [("01", False), ("02", True), ("03", False)],
        "": [("09", True)],
    }
    with pytest.raises(SeriesNotChosen, match="Công văn"):
        select(kind, register, store, Wanted(period="2026"))
    chosen = select(kind, register, store, Wanted(period="2026", series="cv"))
    assert "Dãy số: Công văn" in paper(chosen, kind, register.id)


def test_a_single_series_need_not_be_chosen(shelf: Store) -> None:
    kind = CATALOG.record_type("documents.outgoing_doc")
    register = next(p for p in kind.printouts if p.over == "list")
    fields = {"doc_type": "cv", "series": "cv", "doc_no": 1, "doc_date": "2026-03-01"}
    shelf.save([Save(type=kind.id, fields=fields, state="issued", number="01")], CLERK)
    assert select(kind, register, shelf, Wanted(period="2026")).lines == 1
    assert select(kind, register, shelf, Wanted(period="2026", series="qd")).lines == 0


def test_a_list_without_a_book_shows_what_the_screen_shows(shelf: Store) -> None:
    kind = CATALOG.record_type("residence.household")
    for n in range(3):
        shelf.save([Save(type=kind.id, fields={"household_code": f"00070-005-001{n}"}, state=kind.states[0].id)], CLERK)
    query = ListQuery(type=kind.id, limit=1)
    assert select(kind, LIST, shelf, Wanted(query=query)).lines == 3  # page after page
    assert select(kind, LIST, shelf, Wanted(query=query, since="2030-01-01")).lines == 0


def test_more_than_one_print_holds_is_said(shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shelf)
    monkeypatch.setattr("desktop.book_selection.MOST", 5)
    with pytest.raises(TooMany, match="hẹp hơn"):
        select(TYPE, PAGE, shelf, Wanted(period="2026"))
    assert MOST == 2000


def paper(found: Any, kind: RecordType = TYPE, printout: str = PAGE.id) -> str:
    context = PrintContext(
        ward={"code": "00070", "name": "Phường Hoàn Kiếm", "org_code": "H26.00070", "place": "Hoàn Kiếm"},
        officer=CLERK,
        now=ward.NOW,
        resolve=lambda _id: None,
        related=lambda *_: (),
        book=found.book,
    )
    return render(kind, printout, CATALOG, found.records, context=context)


def test_book_writes_a_pdf(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    thinh = town.counter("Nguyễn Đức Thịnh", "civil_status_officer")
    thinh.syncs()  # the book comes with the first sync
    path = tmp_path / "so.pdf"
    book = ("book", COPY, "register_page", str(path))
    assert thinh.run("book", COPY, "loi_chung", str(path)).code == 2  # of one record
    assert thinh.run(*book, "--since", "hôm nay").code == 2
    assert thinh.run(*book, "--state", "flying").code == 2
    assert thinh.run("book", "residence.household", "list", str(path), "--from", "3").code == 2
    for title in ("Bằng đại học", "Giấy khai sinh"):
        record = thinh.takes_in(COPY, copy_of(title))
        assert thinh.run(*book, "--from", "2").code == 1  # nothing yet from number 2 on
        thinh.acts(record, "check", "original_seen=true")
        thinh.acts(record, "certify")
    assert not path.exists()
    answer = thinh.must(*book, "--period", "2026")
    assert (answer["lines"], answer["void"]) == (2, 0)
    assert path.read_bytes().startswith(b"%PDF")
    assert thinh.must(*book, "--from", "2", "--since", "2026-11-23", "--until", "2026-11-23")["lines"] == 1
    assert thinh.run(*book, "--until", "2026-11-22").code == 1


def test_blanks_is_empty_and_says_so(counter: Counter) -> None:
    assert counter.must("blanks") == {"blanks": []}
    assert counter.run("blanks").code == 0
    assert counter.run("blanks", "--spoiled", "KS-1").code == 2
    assert counter.run("blanks", "--spoiled", "KS-1", "--reason", "rách").code == 1
