"""Documents between offices as packages: written, read back, sent to the exchange, and what comes in becomes a record."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Messages
from sync.gateway.adapters.package_xml import PackageError, build, flaws, read
from sync.gateway.city import City
from sync.gateway.file_contents import content_of, keep_content
from sync.gateway.listing import records
from sync.gateway.simulator import Simulator
from tests.sync.gateway.pcs import WARD, Pc, gateway_to
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import settled, state_of, until

DOCUMENT = {
    "MessageType": "new", "DocumentId": "d-1", "FromId": "H26.12", "FromName": "Sở Nội vụ",
    "To": [{"OrganId": f"H26.{WARD}", "OrganName": "UBND phường"}], "CodeNumber": 902, "CodeNotation": "SNV-VP",
    "Place": "Hà Nội", "PromulgationDate": "2026-11-16", "DocumentType": "Công văn", "Subject": "V/v rà soát <hồ sơ> & sổ",
    "SignerName": "Trần Văn Nghĩa", "ToPlaces": ["Như trên", "Lưu: VT"], "Priority": 1, "Timestamp": "2026-11-16T02:00:00Z",
}  # fmt: skip


def with_messages(**types: Messages) -> Any:
    """The small catalogue with package mappings in some of its types (dots in their names written as __)."""
    wanted = {name.replace("__", "."): messages for name, messages in types.items()}
    tools = []
    for tool in CATALOG.tools:
        kinds = [
            msgspec.structs.replace(kind, messages=wanted[kind.id]) if kind.id in wanted else kind
            for kind in tool.records
        ]
        service = "qlvb" if any(kind.id in wanted for kind in kinds) else tool.service
        tools.append(msgspec.structs.replace(tool, records=tuple(kinds), service=service))
    return msgspec.structs.replace(CATALOG, tools=tuple(tools))


OUT = {
    "MessageType": '"new"', "DocumentId": "id", "FromId": "ward.org_code", "FromName": "ward.name",
    "To": 'birth_cert_no == null ? [] : [{"OrganId": birth_cert_no, "OrganName": "Nơi nhận"}]',
    "CodeNumber": "7", "CodeNotation": '"TB-UBND"', "Place": "ward.place", "PromulgationDate": '"2026-11-20"',
    "DocumentType": '"Thông báo"', "Subject": "child_name", "SignerName": '"Trần Văn Nghĩa"', "Priority": "0",
}  # fmt: skip
IN = {
    "doc_title": "message.Subject",
    "copies": "message.CodeNumber",
    "book_no": 'message.FromName + " " + message.MessageType',
}


def test_a_package_is_read_back_as_it_was_written() -> None:
    content = b"%PDF-1.7 \x00\xff"
    sha256 = hashlib.sha256(content).hexdigest()
    entry = {"sha256": sha256, "name": "cv 902.pdf", "size": len(content), "media_type": "application/pdf"}
    package = build({**DOCUMENT, "Attachments": [entry]}, {sha256: content}.get)
    assert flaws(package) == []
    elements, files = read(package)
    assert elements == {**DOCUMENT, "Attachments": [entry]}
    assert files == {sha256: content}


@pytest.mark.parametrize("name", ["FromId", "DocumentId", "CodeNumber", "CodeNotation", "Place", "PromulgationDate", "DocumentType", "Subject", "SignerName", "Priority", "MessageType"])  # fmt: skip
def test_what_a_package_lacks_is_told_by_its_name(name: str) -> None:
    assert [flaw.element for flaw in flaws(build({**DOCUMENT, name: None}))] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CodeNotation", "QĐ UBND"),
        ("PromulgationDate", "16/11/2026"),
        ("Priority", 7),
        ("FromId", "UBND"),
        ("CodeNumber", 0),
    ],
)
def test_a_wrong_value_is_told_with_its_element(name: str, value: Any) -> None:
    assert [(flaw.element, flaw.value) for flaw in flaws(build({**DOCUMENT, name: value}))] == [(name, str(value))]


@given(st.dictionaries(st.sampled_from(sorted(DOCUMENT)), st.one_of(st.text(max_size=30), st.integers(), st.none())))
def test_whatever_stands_in_an_element_is_written_or_refused(changed: dict[str, Any]) -> None:
    changed = {k: v for k, v in changed.items() if k not in ("To", "ToPlaces")}
    package = build({**DOCUMENT, **changed})
    if not flaws(package):
        again = read(package)[0]
        assert flaws(build(again)) == []


@pytest.mark.parametrize(
    "package",
    [
        b"", b"<x/>", b"{}", b"<edXML/>", b"<edXML xmlns='urn:so-phuong:document-package:1'/>",
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><edXML xmlns='urn:so-phuong:document-package:1'>&a;</edXML>",
        b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><edXML>&b;</edXML>",
    ],
)  # fmt: skip
def test_what_is_no_package_is_refused(package: bytes) -> None:
    with pytest.raises(PackageError):
        read(package)


def test_a_file_that_is_not_what_it_says_is_refused() -> None:
    entry = {"sha256": "0" * 64, "name": "a", "size": 1, "media_type": "text/plain"}
    package = build({**DOCUMENT, "Attachments": [entry]}, lambda _: b"something else")
    with pytest.raises(PackageError, match="ContentId"):
        read(package)


def test_a_document_travels_as_a_package_and_gets_the_exchange_s_number(storage_url: str) -> None:
    catalog = with_messages(civil_status__birth=Messages(out=OUT))
    with Simulator(catalog=catalog) as simulator:
        simulator.exchange.known = {"H26.12"}
        with gateway_to(storage_url, {"qlvb": f"edxml+{simulator.url}/exchange"}, catalog) as gateway:
            pc = Pc(gateway.city)
            good = pc.create(
                "civil_status.birth", after={"child_name": "A", "birth_cert_no": "H26.12"}, to_state="signed"
            )
            pc.push(good)
            until(lambda: (d := state_of(pc, "open", "qlvb")) and d.status == "sent")  # taken, no answer yet
            state = settled(pc, "open", "qlvb")
            assert (state.status, state.number) == ("accepted", "VB-000001")
            (package,) = simulator.exchange.packages.values()
            assert (package["Subject"], package["FromId"], package["Place"]) == ("A", f"H26.{WARD}", "Hoàn Kiếm")


def test_what_the_exchange_refuses_goes_back_to_the_field_and_is_sent_again(storage_url: str) -> None:
    catalog = with_messages(civil_status__birth=Messages(out=OUT))
    with Simulator(catalog=catalog) as simulator:
        simulator.exchange.known = {"H26.12"}
        with gateway_to(storage_url, {"qlvb": f"edxml+{simulator.url}/exchange"}, catalog) as gateway:
            pc = Pc(gateway.city)
            made = pc.create("civil_status.birth", after={"child_name": "A", "birth_cert_no": "abc"}, to_state="signed")
            pc.push(made)
            (problem,) = settled(pc, "open", "qlvb").problems
            assert (problem.field, problem.value) == ("birth_cert_no", "abc")  # the schema's: it did not leave
            assert not simulator.exchange.packages
            pc.push(pc.edit(made, {"birth_cert_no": "abc"}, {"birth_cert_no": "H26.99"}))
            until(lambda: (d := state_of(pc, "open", "qlvb")) and d.status == "refused" and d.revision == 2)
            state = state_of(pc, "open", "qlvb")
            assert state is not None
            assert [(p.field, p.value) for p in state.problems] == [("birth_cert_no", "H26.99")]  # the exchange's own
            pc.push(pc.edit(made, {"birth_cert_no": "H26.99"}, {"birth_cert_no": "H26.12"}))
            until(lambda: (d := state_of(pc, "open", "qlvb")) and d.status == "accepted")


def test_a_package_for_a_ward_becomes_a_record_with_its_file(storage_url: str) -> None:
    catalog = with_messages(certification__cert_copy=Messages(in_=IN))
    content = b"%PDF-1.7 scan"
    sha256 = hashlib.sha256(content).hexdigest()
    entry = {"sha256": sha256, "name": "a.pdf", "size": len(content), "media_type": "application/pdf"}
    with Simulator(catalog=catalog) as simulator:
        exchange = simulator.exchange
        exchange.send("g1", {**DOCUMENT, "Attachments": [entry]}, {sha256: content})
        exchange.send("g2", {**DOCUMENT, "To": [{"OrganId": "H29.1", "OrganName": "Nơi khác"}]})
        exchange.waiting["g3"] = b"<not a package/>"
        with gateway_to(storage_url, {"qlvb": f"edxml+{simulator.url}/exchange"}, catalog) as gateway:
            until(lambda: len(exchange.told) == 3)
            (record,) = records(gateway.city.storage)
            assert record["fields"] == {"doc_title": DOCUMENT["Subject"], "copies": 902, "book_no": "Sở Nội vụ new"}
            assert (record["state"], record["origin"]) == ("draft", "qlvb")
            assert content_of(gateway.city.storage, WARD, "open", sha256) == content
            assert [exchange.told[name]["StatusCode"] for name in ("g1", "g2", "g3")] == ["01", "02", "02"]
            assert exchange.told["g1"]["ResponseForId"] == "d-1"
            exchange.send(
                "g1", {**DOCUMENT, "Attachments": [entry]}, {sha256: content}
            )  # the status was lost on the way
            exchange.told.clear()
            gateway.city.deliveries.inbox.seconds = 0.1  # type: ignore[union-attr]
            with gateway.city.storage.write() as session:
                session.run("UPDATE services SET inbox_at = 0")
            until(lambda: exchange.told)
            assert len(list(records(gateway.city.storage))) == 1


def test_a_file_is_kept_once(city: City) -> None:
    content = bytes(range(256)) * 9000  # more than one part
    for _ in range(2):
        sha256 = keep_content(city.storage, WARD, "open", content, "2026-11-22T03:00:00Z")
    assert content_of(city.storage, WARD, "open", sha256) == content
    assert content_of(city.storage, "00071", "open", sha256) is None


def test_entities_are_not_blown_up_whatever_the_encoding() -> None:
    levels = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 50}'>" for n in range(1, 8))
    text = f"<!DOCTYPE x [<!ENTITY e0 'aaaaaaaaaa'>{levels}]><edXML a='&e7;'/>"
    for package in (
        text.encode(),
        text.encode("utf-16"),
        b"<?xml version='1.0' encoding='utf-16'?>" + text.encode("utf-16"),
    ):
        with pytest.raises(PackageError):
            read(package)
