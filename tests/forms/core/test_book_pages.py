"""A register in pages: every line once, and the sums go on from page to page."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forms.book_pages import Book, BookEntry, BookRange
from forms.loader import load_catalog
from forms.paper_values import Values
from forms.units import AdministrativeUnits

CATALOG = load_catalog()
KIND = CATALOG.record_type("onestop.fee_receipt")
STATES = ("issued", "remitted", "cancelled", "draft")

ENTRIES = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.sampled_from(STATES), st.integers(0, 10**9) | st.none(), st.text("an bé ", max_size=300)),
    ),
    max_size=40,
)


def record(number: int, given: tuple[str, int | None, str]) -> dict[str, Any]:
    state, amount, item = given
    fields = {"amount": amount, "fee_item": item}
    return {"id": f"r{number}", "state": state, "number": str(number), "fields": fields}


@given(entries=ENTRIES, before=ENTRIES, rows=st.integers(1, 20), by_text=st.booleans())
def test_every_line_stands_once_and_the_sums_go_on(
    entries: list[Any], before: list[Any], rows: int, *, by_text: bool
) -> None:
    values = Values(CATALOG, lambda _: None, lambda *_: lambda _name: True, AdministrativeUnits())
    made = [
        BookEntry(number=str(n), record=record(n, e) if e else None, void=e is None or e[0] == "cancelled")
        for n, e in enumerate(entries)
    ]
    earlier = tuple(record(-n, e) for n, e in enumerate(before, start=1) if e)
    views = [values.record(KIND, entry.record) for entry in made if entry.record]
    if not views:
        return
    book = Book(BookRange(entries=tuple(made), before=earlier), views, values)
    wide = {"fee_item": 20} if by_text else None
    pages = book.pages(rows, "amount", skip=["draft"], wide=wide)
    assert [line.number for page in pages for line in page.lines] == [str(n) for n in range(len(entries))]
    assert [page.start for page in pages] == [sum(len(p.lines) for p in pages[:n]) for n in range(len(pages))]
    assert all(page.lines for page in pages)
    counted = [e[1] or 0 for e in entries if e and e[0] in ("issued", "remitted")]
    assert sum(page.sums["amount"] for page in pages) == sum(counted)
    assert sum(page.count for page in pages) == len(counted)
    total = pages[0].before["amount"]
    assert total == sum(e[1] or 0 for e in before if e and e[0] != "cancelled")
    for page in pages:
        assert page.before["amount"] == total
        total += page.sums["amount"]
        assert page.after["amount"] == total
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    if not by_text:
        assert all(len(page.lines) == rows for page in pages[:-1])
