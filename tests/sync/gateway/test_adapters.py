"""Each way to a service, both ends of it real: signed webhooks, drop folders, and what comes back in."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clock import FixedClock, SystemClock
from sync.gateway.adapters import AddressError, Tools, parse_address
from sync.gateway.adapters.drop import DropFolder, file_name, put_file
from sync.gateway.adapters.signature import Key, Keys, Verifier, signed_headers
from sync.gateway.listing import records
from sync.gateway.parcel import Parcel, Pending
from sync.gateway.simulator import Simulator
from sync.protocol import RecordVersion
from tests.sync.gateway.drop_play import DropPlay
from tests.sync.gateway.pcs import WARD, Pc, gateway_to
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.gateway.test_deliveries import settled, state_of, until

OLD, NEW = "k1 0123456789abcdef-old", "k2 0123456789abcdef-new"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(OLD + "\n")
    return path


@pytest.fixture
def signed(key_file: Path) -> Iterator[Simulator]:
    with Simulator(keys=key_file, catalog=CATALOG) as simulator:
        yield simulator


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
        # if it never ends, an operator sees why
        until(lambda: (d := state_of(pc, "onestop", "tthc_hanoi")) and "chưa đọc được" in d.message)
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
