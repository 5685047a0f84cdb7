"""Each way to a service, both ends of it real: signed webhooks, document packages, drop folders, and what comes back in."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.definition import Messages
from sync.clock import FixedClock, SystemClock
from sync.gateway.adapters import AddressError, Tools, parse_address
from sync.gateway.adapters.drop import DropFolder, file_name, put_file
from sync.gateway.adapters.package_xml import PackageError, build, flaws, read
from sync.gateway.adapters.signature import Key, Keys, Verifier, signed_headers
from sync.gateway.city import City
from sync.gateway.file_contents import content_of, keep_content
from sync.gateway.listing import records
from sync.gateway.parcel import Parcel, Pending
from sync.gateway.server import GatewayServer
from sync.gateway.simulator import Simulator
from sync.gateway.simulator_drop import DropPlay
from sync.protocol import RecordVersion
from tests.sync.gateway.pcs import Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import settled, state_of, until

WARD = "00070"
OLD, NEW = "k1 0123456789abcdef-old", "k2 0123456789abcdef-new"
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


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(OLD + "\n")
    return path


@pytest.fixture
def signed(key_file: Path) -> Iterator[Simulator]:
    with Simulator(keys=key_file, catalog=CATALOG) as simulator:
        yield simulator


def gateway_to(storage_url: str, services: dict[str, str], catalog: Any = CATALOG) -> GatewayServer:
    return GatewayServer(storage_url, services=services, catalog=catalog, first_retry=0.05)


# addresses and signatures


def test_an_address_says_how_it_is_reached() -> None:
    assert parse_address("https://x.vn/a#key=/etc/k").key == "/etc/k"
    assert parse_address("https://x.vn/a#key=/etc/k").url == "https://x.vn/a"  # the fragment never travels
    assert parse_address("edxml+https://x.vn/a").kind == "package"
    assert parse_address("file:///srv/th%C6%B0").url == "/srv/thư"
    assert parse_address("file:///C:/drop").url == "C:/drop"
    assert parse_address("http://x.vn/#inbox").has_inbox
    for wrong in ("ftp://x", "http://", "file://host/x", "https://x#kye=1", "edxml+file:///x", "x"):
        with pytest.raises(AddressError):
            parse_address(wrong)


@given(st.text(max_size=40), st.binary(max_size=60), st.sampled_from(["method", "path", "body", "nonce", "key"]))
def test_nothing_of_a_signed_request_can_be_changed(path: str, body: bytes, what: str) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 3, tzinfo=UTC))
    verifier = Verifier(_Ring(Key("a", b"s" * 16)), clock)
    headers = signed_headers(Key("a", b"s" * 16), "POST", path, body, clock.now())
    changed = {"method": "POST", "path": path, "body": body, **{what: "PUT" if what == "method" else f"{path}x"}}
    if what == "body":
        changed["body"] = body + b"x"
    other = dict(headers)
    if what == "nonce":
        other["x-nonce"] = "0" * 32
    if what == "key":
        other = signed_headers(Key("a", b"t" * 16), "POST", path, body, clock.now())
    if what in ("nonce", "key"):
        changed = {"method": "POST", "path": path, "body": body}
    assert verifier.problem(changed["method"], changed["path"], other, changed["body"]) == "wrong signature"
    assert verifier.problem("POST", path, headers, body) is None
    assert verifier.problem("POST", path, headers, body) == "seen before"
    clock.advance(minutes=11)
    assert verifier.problem("POST", path, headers, body) == "too old, or the clocks are apart"


class _Ring(Keys):
    def __init__(self, *keys: Key) -> None:
        self._fixed = keys

    def all(self) -> tuple[Key, ...]:
        return self._fixed


@pytest.mark.parametrize("text", ["", "only-an-id", "a short", "a 0123456789abcdef extra"])
def test_a_bad_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k"
    path.write_text(text)
    with pytest.raises(AddressError):
        Keys(str(path))


def test_a_signed_webhook_and_a_change_of_keys(
    storage_url: str, key_file: Path, signed: Simulator, tmp_path: Path
) -> None:
    ours = tmp_path / "ours"
    ours.write_text(OLD + "\n")
    with gateway_to(storage_url, {"tthc_hanoi": f"{signed.url}/tthc_hanoi#key={ours}"}) as gateway:
        pc = Pc(gateway.city)
        pc.push(pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted"))
        assert settled(pc, "onestop", "tthc_hanoi").status == "accepted"
        ours.write_text(f"{NEW}\n{OLD}\n")  # the other side does not know the new key yet
        made = pc.create("onestop.dossier", after={"applicant": "B"}, to_state="accepted")
        pc.push(made)
        until(lambda: len(signed.received) == 2)
        key_file.write_text(f"{NEW}\n{OLD}\n")
        ours.write_text(f"{NEW}\n")
        pc.push(pc.create("onestop.dossier", after={"applicant": "C"}, to_state="accepted"))
        until(lambda: len(signed.received) == 3)
        ours.write_text("k9 0123456789abcdef-wrong\n")
        last = pc.create("onestop.dossier", after={"applicant": "D"}, to_state="accepted")
        pc.push(last)
        until(
            lambda: any(
                d.record_id == last.record_id and "chữ ký" in d.message for d in pc.pull_all("onestop").deliveries
            )
        )
        assert len(signed.received) == 3
        ours.write_text(f"{NEW}\n")
        until(lambda: len(signed.received) == 4)


def test_an_unsigned_or_replayed_request_is_turned_away(signed: Simulator) -> None:
    body = b'{"id": "r", "type": "onestop.dossier", "ward": "00070", "fields": {}}'
    key = Key(OLD.split(maxsplit=1)[0], OLD.split()[1].encode())
    headers = {**signed_headers(key, "POST", "/tthc_hanoi", body, SystemClock().now()), "Idempotency-Key": "k"}

    def post(given: dict[str, str]) -> int:
        line = http.client.HTTPConnection(urlsplit(signed.url).netloc)
        line.request("POST", "/tthc_hanoi", body, given)
        status = line.getresponse().status
        line.close()
        return status

    assert post({"Idempotency-Key": "k"}) == 401
    assert post(headers) == 200
    assert post(headers) == 401
    assert len(signed.received) == 1


def test_what_a_service_has_for_a_ward_is_fetched_once(storage_url: str, key_file: Path, signed: Simulator) -> None:
    lines = [{"id": "onl-1", "fields": {"applicant": "Online"}}, {"fields": {"fee": "không phải số"}}]
    signed.inbox["tờ 1"] = {"ward": WARD, "type": "onestop.dossier", "records": lines}
    signed.inbox["tờ 2"] = {"ward": "xx", "type": "onestop.dossier", "records": lines[:1]}
    address = f"{signed.url}/tthc_hanoi#key={key_file}&inbox"
    with gateway_to(storage_url, {"tthc_hanoi": address}) as gateway:
        until(lambda: len(signed.told) == 2)
        (record,) = records(gateway.city.storage)
        assert (record["id"], record["fields"], record["origin"]) == ("onl-1", {"applicant": "Online"}, "tthc_hanoi")
        assert signed.told["tờ 1"]["ids"] == ["onl-1"]
        assert [(p["line"], p["field"]) for p in signed.told["tờ 1"]["refused"]] == [(2, "fee")]
        assert signed.told["tờ 2"]["refused"][0]["field"] == "ward"
        assert not signed.inbox


# document packages


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


# drop folders


def test_a_drop_folder_carries_there_and_back(storage_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    play = DropPlay(
        folder, lambda _key, message: {"status": "accepted", "number": f"KHO-{message['fields']['applicant']}"}
    )
    with gateway_to(storage_url, {"tthc_hanoi": folder.as_uri()}) as gateway:
        pc = Pc(gateway.city)
        made = pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted")
        pc.push(made)
        until(lambda: (d := state_of(pc, "onestop", "tthc_hanoi")) and d.status == "sent")
        assert play.look() == 1
        assert settled(pc, "onestop", "tthc_hanoi").number == "KHO-A"
        name = file_name(f"{made.record_id}:1:tthc_hanoi")
        until(lambda: (folder / "done" / name).exists() and not (folder / "out" / name).exists())
        assert not list(folder.rglob("*.part"))
        play.send("tu-dich-vu", [
            {"ward": WARD, "type": "onestop.dossier", "id": "f-1", "fields": {"applicant": "F"}},
            {"ward": WARD, "type": "onestop.nothing", "fields": {}},
        ])  # fmt: skip
        with gateway.city.storage.write() as session:
            session.run("UPDATE services SET inbox_at = 0")
        told = folder / "in-answers" / "tu-dich-vu.ndjson"
        until(told.exists)
        answer = msgspec.json.decode(told.read_bytes())
        assert answer["ids"] == ["f-1"]
        assert [(p["line"], p["field"]) for p in answer["refused"]] == [(2, "type")]
        until((folder / "in-done" / "tu-dich-vu.ndjson").exists)


def test_an_answer_that_is_still_being_written_is_waited_for(storage_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    with gateway_to(storage_url, {"tthc_hanoi": folder.as_uri()}) as gateway:
        pc = Pc(gateway.city)
        made = pc.create("onestop.dossier", after={"applicant": "A"}, to_state="accepted")
        pc.push(made)
        until(lambda: (d := state_of(pc, "onestop", "tthc_hanoi")) and "chưa dùng được" in d.message)  # not mounted
        folder.mkdir()
        name = file_name(f"{made.record_id}:1:tthc_hanoi")
        until((folder / "out" / name).exists)
        (folder / "answers" / name).write_bytes(b'{"status": "acc')
        with gateway.city.storage.write() as session:
            session.run("UPDATE deliveries SET due_at = 0")
        until(lambda: gateway.city.deliveries.parcels.next_due("tthc_hanoi") not in (None, 0.0))
        assert (state_of(pc, "onestop", "tthc_hanoi") or made).status == "sent"  # type: ignore[union-attr]
        (folder / "answers" / name).write_bytes(b'{"status": "refused", "message": "no", "problems": []}')
        assert settled(pc, "onestop", "tthc_hanoi").status == "refused"


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    put_file(path, b"first\n")
    with pytest.raises(FileExistsError):
        put_file(path, b"second\n")
    assert path.read_bytes() == b"first\n"
    assert [p.name for p in tmp_path.iterdir()] == ["a.ndjson"]


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_keys_never_share_a_file_name(one: str, other: str) -> None:
    if one != other:
        assert file_name(one).lower() != file_name(other).lower()


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


def test_answered_files_of_overtaken_revisions_are_put_away(tmp_path: Path) -> None:
    drop = DropFolder("kho", parse_address(tmp_path.as_uri()), Tools(SystemClock(), lambda: CATALOG, lambda *_: None))

    def parcel(revision: int) -> Parcel:
        record = RecordVersion(
            id="r", type="onestop.dossier", ward=WARD, revision=revision, state="accepted", fields={}
        )
        return Parcel(service="kho", revision=revision, attempts=0, record=record)

    for revision in (1, 2, 3):
        with pytest.raises(Pending):
            drop.carry(parcel(revision))
        with pytest.raises(Pending):
            drop.carry(parcel(revision))  # asked again: the same file
    assert len(list((tmp_path / "out").iterdir())) == 3
    for revision in (1, 3):
        (tmp_path / "answers" / file_name(f"r:{revision}:kho")).write_text('{"status": "accepted"}\n')
    assert drop.carry(parcel(3)).status == "accepted"
    drop.settled(parcel(3))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [file_name("r:2:kho")]  # not answered yet
    assert drop.carry(parcel(3)).status == "accepted"  # the commit was lost: the answer is still known
    assert [path.name for path in (tmp_path / "out").iterdir()] == [file_name("r:2:kho")]
