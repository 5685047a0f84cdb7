"""The shipped registers of documents on the exchange: a document out, one in, and the status of what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from forms.exchange import Line
from forms.loader import load_catalog
from sync.gateway.adapters.package_xml import flaws
from sync.gateway.file_contents import keep_content
from sync.gateway.listing import records
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.test_deliveries import settled, state_of, until
from tests.sync.gateway.test_document_packages import DOCUMENT

OUTGOING, INCOMING = "documents.outgoing_doc", "documents.incoming_doc"
PDF = b"%PDF-1.7 quyet dinh"
SHA = hashlib.sha256(PDF).hexdigest()
FILE = {"sha256": SHA, "name": "05-qd-ubnd.pdf", "size": len(PDF), "media_type": "application/pdf"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(catalog=load_catalog()) as simulator:
        simulator.exchange.known = {"H26.12"}
        yield simulator


@pytest.fixture
def gateway(storage_url: str, simulator: Simulator) -> Iterator[GatewayServer]:
    services = {"qlvb": f"edxml+{simulator.url}/exchange"}
    with GatewayServer(storage_url, services=services, catalog=load_catalog(), first_retry=0.05) as server:
        yield server


def letter(**more: object) -> dict[str, object]:
    rows = [{"_id": "r1", "name": "Như Điều 3", "copies": 4}, {"_id": "r2", "name": "Sở Nội vụ", "org_code": "H26.12"}]
    known = {
        "doc_type": "qd", "issuing_body": "ubnd", "drafting_unit": "society", "urgency": "urgent", "security_mark": "none",
        "summary": "Về việc trợ cấp xã hội hằng tháng", "sign_capacity": "kt", "doc_no": 5, "symbol": "QĐ-UBND",
        "doc_date": "2026-11-12", "recipients": rows, "copies": 5, "axis_message_type": "new",
    }  # fmt: skip
    return {**known, **more}


def signer(gateway: GatewayServer) -> str:
    values = {"full_name": "Trần Văn Nghĩa"}
    report = gateway.city.inbound.take("hr.officer", WARD, [Line(number=1, head={"id": "o-1"}, values=values)])
    assert report.ids == ["o-1"], report.refused
    return "o-1"


def test_an_issued_document_reaches_the_exchange_whole(gateway: GatewayServer, simulator: Simulator) -> None:
    pc = Pc(gateway.city, roles=("clerk", "chair", "office_head"))
    keep_content(gateway.city.storage, WARD, "open", PDF, "2026-11-22T03:00:00Z")
    made = pc.create(OUTGOING, after=letter(signer_ref=signer(gateway), files=[FILE]), to_state="issued", number="05")
    assert pc.push(made)[0].status == "accepted"
    state = settled(pc, "open", "qlvb")
    assert (state.status, state.number) == ("accepted", "VB-000001")
    (package,) = simulator.exchange.packages.values()
    assert package["To"] == [{"OrganId": "H26.12", "OrganName": "Sở Nội vụ"}]
    assert (package["CodeNumber"], package["CodeNotation"], package["DocumentType"]) == (
        5,
        "QĐ-UBND",
        "Quyết định (cá biệt)",
    )
    assert (package["FromId"], package["FromName"]) == (f"H26.{WARD}", "Ủy ban nhân dân Phường Hoàn Kiếm")
    assert (package["Priority"], package["ToPlaces"]) == (1, ["Như Điều 3", "Sở Nội vụ"])
    assert (package["SignerName"], package["SignerCompetence"]) == ("Trần Văn Nghĩa", "KT. (ký thay)")
    assert package["Attachments"] == [FILE]
    assert simulator.exchange.files[SHA] == PDF


def test_a_wrong_code_is_shown_in_its_row_and_put_right_by_an_action(
    gateway: GatewayServer, simulator: Simulator
) -> None:
    pc = Pc(gateway.city, roles=("clerk", "chair", "office_head"))
    rows = [{"_id": "r1", "name": "Sở Nội vụ", "org_code": "H26.99"}]
    made = pc.create(
        OUTGOING, after=letter(signer_ref=signer(gateway), recipients=rows), to_state="issued", number="05"
    )
    pc.push(made)
    refusal = settled(pc, "open", "qlvb")
    assert [(p.field, p.value) for p in refusal.problems] == [("recipients/r1/org_code", "H26.99")]
    path = "recipients/r1/org_code"
    (result,) = pc.push(pc.edit(made, {path: "H26.99"}, {path: "H26.12"}))
    assert result.status == "refused"  # the issued document is locked
    act = pc.edit(
        made, {path: "H26.99"}, {path: "H26.12"}, kind="action", action="readdress", to_state="issued", state="issued"
    )
    (result,) = pc.push(act)
    assert result.status == "accepted", result.problems
    until(lambda: (d := state_of(pc, "open", "qlvb")) and d.status == "accepted")


def test_a_document_from_the_exchange_waits_to_be_registered_and_its_status_goes_back(
    gateway: GatewayServer, simulator: Simulator
) -> None:
    exchange = simulator.exchange
    exchange.send("cv-902", {**DOCUMENT, "Attachments": [FILE], "PageAmount": 3, "DueDate": "2026-12-01"}, {SHA: PDF})
    until(lambda: "cv-902" in exchange.told, 40)
    assert exchange.told["cv-902"]["StatusCode"] == "01", exchange.told
    held = {record["type"]: record for record in records(gateway.city.storage)}
    sender = held["residence.organisation"]
    assert (sender["fields"]["name"], sender["fields"]["org_code"]) == ("Sở Nội vụ", "H26.12")
    document = held[INCOMING]
    assert (document["state"], document["number"], document["origin"]) == ("draft", None, "qlvb")
    fields = document["fields"]
    assert fields["issuer_org"] == sender["id"]
    wanted = {
        "doc_number": "902/SNV-VP",
        "doc_date": "2026-11-16",
        "doc_type": "cv",
        "urgency": "urgent",
        "page_count": 3,
    }
    assert {name: fields[name] for name in wanted} == wanted
    assert (fields["summary"], fields["files"]) == ("V/v rà soát <hồ sơ> & sổ", [FILE])

    pc = Pc(gateway.city, roles=("clerk", "office_head"))
    known = pc.create(INCOMING, record_id=document["id"])
    (result,) = pc.push(pc.act(known, "register", "registered", state="draft", after={"arrival_no": 1}, number="01"))
    assert result.status == "accepted", result.problems
    until(lambda: any("StatusCode" in package for package in exchange.packages.values()))
    (status,) = exchange.packages.values()
    assert (status["StatusCode"], status["ResponseForNumber"]) == ("03", "902/SNV-VP")
    assert status["To"] == [{"OrganId": "H26.12", "OrganName": "Sở Nội vụ"}]


def test_every_example_of_an_issued_document_makes_a_whole_package() -> None:
    """What the mapping gives of the shipped examples passes the schema, but for what an example itself lacks."""
    from sync.clock import SystemClock
    from sync.gateway.adapters.package_xml import build
    from sync.gateway.packing import Packing
    from sync.protocol import RecordVersion

    catalog = load_catalog()
    record_type = catalog.record_type(OUTGOING)
    packing = Packing(catalog, SystemClock())
    chair = RecordVersion(id="o", type="hr.officer", ward=WARD, revision=1, state="active", fields={"full_name": "A"})
    for kind in [choice.code for choice in catalog.choices["document_types"]]:
        fields = letter(doc_type=kind, signer_ref="o")
        version = RecordVersion(id="x", type=record_type.id, ward=WARD, revision=1, state="issued", fields=fields)
        elements = packing._packaged(version, [chair])["elements"]
        assert flaws(build({**elements, "Timestamp": "2026-11-22T03:00:00Z"})) == []
