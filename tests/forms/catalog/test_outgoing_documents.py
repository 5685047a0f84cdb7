"""Outgoing documents, their copies, files and scans: who signs, when a number is given, what is refused."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from forms.definition import Catalog
from forms.entry import RecordEntry, RuleError
from forms.register_numbers import register_name, series_name, series_names
from tests.forms.catalog.conftest import CIVIL, CLERK, OFFICE, VICE_CHAIR, Counter

LETTER = "documents.outgoing_doc"


def letter(counter: Counter, **more: object) -> RecordEntry:
    values = {"doc_type": "cv", "drafting_unit": "office", "summary": "V/v rà soát hồ sơ", "sign_capacity": "kt"} | more
    return counter.begin(LETTER, CIVIL, **values)


@pytest.mark.parametrize(
    ("doc_type", "unit", "symbol"),
    [
        ("qd", "society", "QĐ-UBND"),
        ("cv", "office", "UBND-VP"),
        ("cv", "society", "UBND-VHXH"),
        ("kh", "economy", "KH-UBND"),
    ],
)
def test_the_symbol_follows_type_body_and_unit(counter: Counter, doc_type: str, unit: str, symbol: str) -> None:
    assert letter(counter, doc_type=doc_type, drafting_unit=unit).get("symbol") == symbol


@pytest.mark.parametrize("doc_type", ["qd", "cv", "kh"])
def test_each_kind_has_its_own_numbers_unless_the_office_wants_one_series(
    counter: Counter, catalog: Catalog, doc_type: str
) -> None:
    record_type = catalog.record_type(LETTER)
    fields = letter(counter, doc_type=doc_type, drafting_unit="office").fields
    assert series_name(record_type, fields) == f"{register_name(record_type)}={doc_type}"
    assert set(series_names(record_type, catalog)) > {f"{register_name(record_type)}={doc_type}"}
    one = tuple(replace(v, value=1) if v.key == "documents.one_series" else v for v in catalog.dated_values)
    assert letter(Counter(replace(catalog, dated_values=one)), doc_type=doc_type).get("series") == "chung"


def test_every_kind_of_document_has_a_series(catalog: Catalog) -> None:
    kinds = {choice.code for choice in catalog.choices["document_types"]}
    assert kinds | {"chung"} == {choice.code for choice in catalog.choices["document_series"]}


@pytest.mark.parametrize("mark", ["Mật", "Tối mật", "Tuyệt mật", "secret"])
@pytest.mark.parametrize("type_id", [LETTER, "documents.doc_copy", "documents.incoming_doc"])
def test_a_secret_document_cannot_be_entered(counter: Counter, type_id: str, mark: str) -> None:
    entry = counter.begin(type_id, CLERK)
    entry.set("security_mark", mark)
    assert entry.problem("security_mark")
    assert entry.fields.get("security_mark") != mark


def test_only_issuing_gives_a_number(catalog: Catalog) -> None:
    assert [action.id for action in catalog.record_type(LETTER).actions if action.takes_number] == ["issue"]


def test_it_is_signed_by_whom_the_capacity_fits(counter: Counter) -> None:
    entry = letter(counter)
    entry.perform("submit", CIVIL)
    entry.perform("approve", OFFICE)
    with pytest.raises(RuleError):
        entry.perform("sign", OFFICE)  # KT. is the vice chair's
    entry.perform("sign", VICE_CHAIR)
    assert entry.get("signer_ref") == VICE_CHAIR.id
    assert entry.is_locked("summary")


def test_what_is_issued_has_recipients_and_is_dated_that_day(counter: Counter) -> None:
    entry = letter(counter)
    for action, officer in (("submit", CIVIL), ("approve", OFFICE), ("sign", VICE_CHAIR)):
        entry.perform(action, officer)
    with pytest.raises(RuleError):
        entry.perform("issue", CLERK)
    entry.add_row("recipients", {"name": "Sở Nội vụ", "copies": 2})
    entry.perform("issue", CLERK)
    assert entry.get("doc_date") == "2026-11-18"
    assert entry.get("copies") == 3  # the one that is kept
    assert entry.is_locked("recipients")
    assert not entry.is_locked("files")  # the agency's signature follows


def test_a_document_that_replaces_another_says_so_on_the_axis(counter: Counter) -> None:
    entry = letter(counter)
    entry.set("replaces_ref", "older")
    entry.add_row("recipients", {"name": "Sở Nội vụ"})
    for action, officer in (("submit", CIVIL), ("approve", OFFICE), ("sign", VICE_CHAIR), ("issue", CLERK)):
        entry.perform(action, officer)
    assert entry.get("axis_message_type") == "replacement"


def test_a_file_kept_for_ever_is_never_destroyed_and_others_when_their_time_is_over(counter: Counter) -> None:
    def archived(retention: str, end: str) -> RecordEntry:
        entry = counter.begin(
            "documents.archive_file", CLERK, title="Sổ văn bản đi", file_notation="01-VT", retention=retention
        )
        entry.set("start_date", end)
        entry.perform("close", CLERK, {"end_date": end, "page_count": 10, "sheet_count": 5})
        entry.perform("submit", CLERK, {"received_by": "Lưu trữ cơ quan"})
        return entry

    inputs = {"destroy_record": "Biên bản 02/BB"}
    for retention, end in (("permanent", "2014-12-31"), ("y20", "2014-12-31")):
        with pytest.raises(RuleError):
            archived(retention, end).perform("destroy", OFFICE, inputs)
    entry = archived("y10", "2014-12-31")
    entry.perform("destroy", OFFICE, inputs)
    assert entry.state == "destroyed"


def test_whoever_scanned_does_not_check_and_a_coarse_scan_is_refused(counter: Counter) -> None:
    entry = counter.begin(
        "documents.scan_item", CLERK, batch_no="SH-2026-0001", source_kind="document", doc_title="Công văn"
    )
    entry.set("dpi", 150)
    assert entry.problem("dpi")
    entry.set("dpi", 200)
    assert entry.problem("dpi") is None
    entry.put("file", {"sha256": "a" * 64, "name": "a.pdf", "size": 10, "media_type": "application/pdf"})
    assert entry.get("checksum") == "a" * 64
    entry.set("owner_ref", "office")
    entry.set("page_count", 2)
    entry.set("has_text_layer", True)
    entry.perform("describe", CLERK)
    with pytest.raises(RuleError):
        entry.perform("check", CLERK, {"pages_match": True})
    entry.perform("check", CIVIL, {"pages_match": True})
    assert entry.get("quality_state") == "pass"
