"""What goes into a document package is data: mistakes in it are told with their line, and messages become values."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forms.calendar import WorkCalendar
from forms.definition import Catalog
from forms.document_messages import ELEMENTS, values_of_message
from forms.entry import EntryContext, RecordEntry
from forms.exchange import read_values
from forms.loader import check, load_catalog
from forms.wards import ward_facts

INCOMING = "documents.incoming_doc"
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("outgoing_doc", "    Subject: summary\n", "    Subjekt: summary\n", "Subject"),
        ("outgoing_doc", "    Subject: summary\n", "    Subject: sumary\n", "summary"),
        ("outgoing_doc", "    Subject: summary\n", '    Subject: "summary +"\n', "CEL"),
        ("incoming_doc", "    page_count: message.PageAmount\n", "    page_cout: message.PageAmount\n", "page_count"),
        ("incoming_doc", "    page_count: message.PageAmount\n", "    page_count: message.PageAmout\n", "PageAmount"),
    ],
)
def test_a_mistake_in_messages_is_told(
    tmp_path: Path, catalog: Catalog, file: str, old: str, new: str, told: str
) -> None:
    tool = tmp_path / "documents"
    shutil.copytree(Path(catalog.folder) / "documents", tool)
    path = tool / f"{file}.yaml"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    line = text[: text.index(old)].count("\n") + 1
    path.write_text(text.replace(old, new), "utf-8")
    problems = check(tool)
    assert [(Path(p.file).name, p.line) for p in problems] == [(path.name, line)]
    assert told in f"{problems[0].message} {problems[0].expected}"


def test_a_message_becomes_values_that_a_line_may_have(catalog: Catalog) -> None:
    message = {"FromId": "Cửa Nam", "FromName": "UBND phường Cửa Nam", "CodeNumber": 7, "CodeNotation": "UBND-VP"}
    message |= {
        "PromulgationDate": "2026-11-20",
        "DocumentType": "Công văn",
        "Subject": "V/v x",
        "MessageType": "revocation",
    }
    record_type = catalog.record_type(INCOMING)
    values = values_of_message(record_type, message, lambda: NOW)
    assert values["issuer_org"] == {"name": "UBND phường Cửa Nam"}  # that code is no organisation's of the list
    assert (values["doc_number"], values["summary"]) == ("7/UBND-VP", "(Thu hồi) V/v x")
    assert values["arrival_date"] == "2026-11-22"
    assert "due_date" not in values
    assert read_values(values, record_type, catalog).problems == ()


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        (ward_facts("00070", "Phường Hoàn Kiếm")["org_code"], True),
        ("H26.15.3", True),
        ("G09", True),
        ("H26.01.02.03.04.05.06", True),
        ("H26." + "9" * 31, True),
        ("000.00.00.H26", True),
        ("H26." + "9" * 32, False),
        ("h26.15", False),
        ("H26..3", False),
        ("H26.", False),
        ("26.15", False),
    ],
)
def test_a_sender_s_code_is_taken_when_an_organisation_may_have_it(catalog: Catalog, code: str, is_one: bool) -> None:
    """By groups and 35 characters in all (Decision 20/2020/QĐ-TTg), or in the form before it; so a neighbouring ward's code is,
    and what is answered finds its way there."""
    message = {"FromId": code, "FromName": "UBND phường Cửa Nam", "CodeNumber": 7, "CodeNotation": "UBND-VP"}
    values = values_of_message(catalog.record_type(INCOMING), message, lambda: NOW)
    organisation = {"name": "UBND phường Cửa Nam", "org_code": code}
    assert values["issuer_org"] == (organisation if is_one else {"name": "UBND phường Cửa Nam"})
    around = EntryContext(lambda: NOW, ward_facts("00070", "Phường Hoàn Kiếm"), None, lambda _id: None, WorkCalendar())
    entry = RecordEntry(catalog.record_type("residence.organisation"), catalog, around, fields=organisation)
    assert (entry.problem("org_code") is None) == is_one


def test_every_element_of_a_document_and_a_status_has_its_place_in_the_xml() -> None:
    xml = pytest.importorskip("sync.gateway.adapters.package_xml")
    placed = {*xml._DOCUMENT.values(), *xml._STATUS.values()} - {"Timestamp", "Problems"}
    assert placed == set(ELEMENTS)
