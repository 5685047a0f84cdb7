"""A batch: its mistakes are told with file and line; a record is begun for whom it is meant, with what was answered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from forms.batches import Batch, question
from forms.definition import Catalog
from forms.entry import EntryContext, RecordEntry
from forms.flow_book import batch_named, flow_book
from forms.flow_definition import Flow
from forms.loader import check, load_catalog
from tests.forms.core.test_loader import CATALOGUE, rewrite

FLOWS = "lending/flows.yaml"
BATCH = """  - id: everybody
    label: {vi: Phiếu cho mọi người, en: A loan for everybody}
    mode: batch
    from: residence.citizen
    states: [active]
    where: given.code == null || full_name != "Người khác"
    to: lending.loan
    link: borrower
    asks: [kind, code, begun_at]
    once: [borrower, kind]
    guard:
      - {rule: dob != null, vi: Chưa có ngày sinh., en: No date of birth.}
    sets: {phone: '"0912345678"'}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = Path(shutil.copytree(CATALOGUE, tmp_path / "catalogue"))
    with (made / FLOWS).open("a", encoding="utf-8") as file:
        file.write(BATCH)
    return made


def test_a_good_batch_has_no_mistakes_and_proposes_nothing(folder: Path) -> None:
    assert check(folder) == []
    book = flow_book(load_catalog(folder))
    flow = batch_named(book, "lending.everybody")
    assert flow is not None
    assert flow.key not in book.by_key
    assert flow not in book.sources.get("residence.citizen", ())
    assert batch_named(book, "residence.everybody") is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("from: residence.citizen\n", "from: residence.citizn\n", "from"),
        ("to: lending.loan\n", "to: residence.citizen\n", "to"),
        ("states: [active]", "states: [actve]", "states.1"),
        ("where: given.code", "where: given.cod", "where"),
        ("where: given.code", "where: givn.code", "where"),
        ("link: borrower", "link: phone", "link"),
        ("    link: borrower\n", "", ""),
        ("asks: [kind", "asks: [kid", "asks.1"),
        ("asks: [kind", "asks: [loan_no", "asks.1"),
        ("asks: [kind", "asks: [items", "asks.1"),
        ("once: [borrower, kind]", "once: [kind]", "once"),
        ("once: [borrower, kind]", "once: [borrower, knd]", "once.2"),
        ("    once: [borrower, kind]\n", "", ""),
        ("rule: dob", "rule: bod", "guard.1.rule"),
        ("sets: {phone:", "sets: {phon:", "sets.phon"),
    ],
)
def test_every_mistake_is_told(folder: Path, old: str, new: str, key: str) -> None:
    text = (folder / FLOWS).read_text("utf-8")
    at = text.index("- id: everybody")
    (folder / FLOWS).write_text(text[:at] + text[at:].replace(old, new, 1), "utf-8")
    problems = check(folder)
    wanted = ".".join(part for part in ("flows.everybody", key) if part)
    assert [p.key for p in problems] == [wanted], problems
    assert problems[0].line > text[:at].count("\n")
    assert problems[0].message
    assert problems[0].english


def test_only_a_batch_asks(folder: Path) -> None:
    rewrite(folder / FLOWS, "    mode: batch\n    from: residence.citizen", "    from: residence.citizen")
    assert "flows.everybody.asks" in {problem.key for problem in check(folder)}


def _batch(folder: Path, context: EntryContext, **given: Any) -> Batch:
    catalog = load_catalog(folder)
    return Batch(_flow(catalog), given, catalog, context)


def _flow(catalog: Catalog) -> Flow:
    flow = batch_named(flow_book(catalog), "lending.everybody")
    assert flow is not None
    return flow


def test_a_record_has_what_was_answered_what_is_set_and_its_link(folder: Path, context: EntryContext) -> None:
    batch = _batch(folder, context, kind="book", code="AB-123")
    begun = batch.begin("p-1", "active", None, {"full_name": "Nguyễn Mẫu", "dob": "1990"})
    assert begun is not None
    assert begun.left_out == ()
    got = {name: begun.entry.get(name) for name in ("borrower", "kind", "code", "phone")}
    assert got == {"borrower": "p-1", "kind": "book", "code": "AB-123", "phone": "+84912345678"}
    assert begun.entry.get("begun_at") is not None  # not answered: its default
    assert batch.key(begun.entry) == (("borrower", "p-1"), ("kind", "book"))


def test_who_is_not_meant_and_who_is_left_out(folder: Path, context: EntryContext) -> None:
    batch = _batch(folder, context, kind="book", code="AB-123")
    assert batch.begin("p-1", "void", None, {"full_name": "Nguyễn Mẫu", "dob": "1990"}) is None
    assert batch.begin("p-1", "active", None, {"full_name": "Người khác", "dob": "1990"}) is None
    begun = batch.begin("p-1", "active", None, {"full_name": "Nguyễn Mẫu"})
    assert begun is not None
    assert [label.vi for label in begun.left_out] == ["Chưa có ngày sinh."]
    unanswered = _batch(folder, context).begin("p-1", "active", None, {"full_name": "Người khác", "dob": "1990"})
    assert unanswered is not None
    assert batch.key(unanswered.entry) is None


def test_the_question_asks_only_its_fields_and_binds_what_tells_records_apart(
    folder: Path, context: EntryContext
) -> None:
    catalog = load_catalog(folder)
    asked = question(_flow(catalog), catalog.record_type("lending.loan"))
    entry = RecordEntry(asked, catalog, context)
    assert set(asked.field_map) == {"kind", "code", "begun_at"}
    assert [problem.path for problem in entry.problems() if problem.blocks] == ["kind"]
    entry.set("kind", "book")
    entry.set("code", "xx")
    assert [problem.path for problem in entry.problems() if problem.blocks] == ["code"]
