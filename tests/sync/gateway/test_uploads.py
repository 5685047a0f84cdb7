"""Files at the city, by the rules of tus 1.0: the same contract on both databases."""

from __future__ import annotations

import base64
import hashlib
import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.clock import FixedClock
from sync.gateway import uploads
from sync.gateway.city import City
from sync.gateway.face import Face
from sync.gateway.openapi import document
from sync.gateway.routes import Answer
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG

SCOPE = "onestop"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Sender:
    """A device that speaks tus to the city's face."""

    def __init__(self, city: City, ward: str = WARD) -> None:
        self.city = city
        self.pc = Pc(city, ward)
        self.face = Face(city)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        given = {"authorization": f"Bearer {self.pc.answer.token}", "tus-resumable": "1.0.0"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.face.serve(method, path, {k: v for k, v in given.items() if v}, body)

    def create(self, content: bytes, *, ward: str = WARD, scope: str = SCOPE, body: bytes = b"", **more: str) -> Answer:
        said = {"ward": ward, "scope": scope, "sha256": sha(content)}
        metadata = ",".join(["resume", *(f"{k} {b64(v.encode())}" for k, v in said.items())])
        headers = {"upload_length": str(len(content)), "upload_metadata": metadata, **more}
        if body:
            headers["content_type"] = "application/offset+octet-stream"
        return self.ask("POST", "/v1/files", body, **headers)

    def patch(self, address: str, offset: int, part: bytes, **more: str) -> Answer:
        kind = "application/offset+octet-stream"
        return self.ask("PATCH", address, part, **{"upload_offset": str(offset), "content_type": kind, **more})

    def offset(self, address: str) -> int:
        answer = self.ask("HEAD", address)
        assert answer.status == 200, answer
        return int(answer.headers["Upload-Offset"])

    def read(self, content: bytes, *, ward: str = WARD, scope: str = SCOPE, **headers: str) -> Answer:
        return self.ask("GET", f"/v1/files/{ward}/{scope}/{sha(content)}", **headers)

    def sends(self, content: bytes) -> str:
        address = self.create(content).headers["Location"]
        assert self.patch(address, 0, content).status == 204
        return address


@pytest.fixture
def sender(city: City) -> Sender:
    return Sender(city)


def rows(city: City, table: str) -> int:
    with city.storage.read() as session:
        found = session.one(f"SELECT count(*) FROM {table}")
    assert found is not None
    return int(found[0])


def test_a_file_in_three_parts_and_back(sender: Sender) -> None:
    content = random.Random(1).randbytes(300_000)
    made = sender.create(content)
    assert made.status == 201
    assert made.headers["Tus-Resumable"] == "1.0.0"
    address = made.headers["Location"]
    for start in (0, 100_000, 200_000):
        assert sender.offset(address) == start
        assert sender.read(content).status == 404  # whole or not at all
        answer = sender.patch(address, start, content[start : start + 100_000])
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(start + 100_000))
    assert sender.offset(address) == len(content)  # whoever lost the last answer learns it here
    assert sender.read(content).body == content
    part = sender.read(content, range="bytes=99990-200010")
    assert (part.status, part.body) == (206, content[99_990:200_011])
    assert part.headers["Content-Range"] == f"bytes 99990-200010/{len(content)}"
    assert sender.read(content, range=f"bytes={len(content)}-").status == 416


def test_what_the_server_says_of_itself(sender: Sender) -> None:
    answer = sender.ask("OPTIONS", "/v1/files", authorization="", tus_resumable="")
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "checksum", "termination"} <= set(answer.headers["Tus-Extension"].split(","))
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"]
    assert int(answer.headers["Tus-Max-Size"]) == 20 * 1024 * 1024
    assert {"/v1/files", "/v1/files/{upload}", "/v1/files/{ward}/{scope}/{sha256}"} <= document()["paths"].keys()


def test_another_version_is_refused_before_anything_is_done(sender: Sender) -> None:
    for spoken in ("", "0.2.2"):
        answer = sender.create(b"x", tus_resumable=spoken)
        assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")
    assert rows(sender.city, "uploads") == 0


def test_a_part_at_the_wrong_place_changes_nothing(sender: Sender) -> None:
    content = b"0123456789"
    address = sender.create(content).headers["Location"]
    sender.patch(address, 0, content[:4])
    for offset in (0, 3, 5):
        answer = sender.patch(address, offset, b"zz")
        assert (answer.status, answer.headers["Upload-Offset"]) == (409, "4")
    assert sender.patch(address, 4, content[4:] + b"more").status == 413
    assert sender.patch(address, 4, content[4:], content_type="text/plain").status == 415
    assert sender.patch(address, 4, content[4:]).status == 204
    assert sender.patch(address, 4, content[4:]).status == 409  # doubled on the way
    assert sender.read(content).body == content


def test_a_damaged_part_is_thrown_away(sender: Sender) -> None:
    content = b"0123456789"
    address = sender.create(content).headers["Location"]
    right = f"sha1 {b64(hashlib.sha1(content[:5], usedforsecurity=False).digest())}"
    assert sender.patch(address, 0, b"01x34", upload_checksum=right).status == 460
    assert sender.offset(address) == 0
    assert sender.patch(address, 0, content[:5], upload_checksum=right).status == 204
    whole = f"sha256 {b64(hashlib.sha256(content[5:]).digest())}"
    for wrong in ("md5 AAAA", "sha256", "sha256 ???"):
        assert sender.patch(address, 5, content[5:], upload_checksum=wrong).status == 400
    assert sender.patch(address, 5, content[5:], upload_checksum=whole).status == 204


def test_a_file_that_is_not_what_was_said_is_never_there(sender: Sender) -> None:
    content = b"0123456789"
    address = sender.create(content).headers["Location"]
    sender.patch(address, 0, content[:5])
    assert sender.patch(address, 5, b"XXXXX").status == 460
    assert sender.ask("HEAD", address).status == 404  # begun anew
    assert sender.read(content).status == 404
    assert rows(sender.city, "file_parts") == 0
    sender.sends(content)
    assert sender.read(content).body == content


def test_a_small_file_in_one_request(sender: Sender) -> None:
    content = b"%PDF-1.7 small"
    made = sender.create(content, body=content)
    assert (made.status, made.headers["Upload-Offset"]) == (201, str(len(content)))
    assert sender.read(content).body == content


def test_the_same_file_is_kept_once_in_a_stream(sender: Sender) -> None:
    content = b"the same scan" * 100
    sender.sends(content)
    again = sender.create(content)
    assert (again.status, again.headers["Upload-Offset"]) == (201, str(len(content)))
    finished = sender.ask("HEAD", again.headers["Location"])
    assert finished.headers["Upload-Offset"] == finished.headers["Upload-Length"] == str(len(content))
    assert sender.patch(again.headers["Location"], 0, content).status == 409
    assert sender.patch(again.headers["Location"], len(content), b"").status == 204
    other = sender.create(content, scope="people")
    assert other.headers["Upload-Offset"] == "0"  # another stream keeps its own
    assert (rows(sender.city, "files"), rows(sender.city, "file_parts")) == (1, 1)


def test_two_that_send_the_same_end_with_one(city: City) -> None:
    content = b"0123456789"
    first, second = Sender(city), Sender(city)
    addresses = [pc.create(content).headers["Location"] for pc in (first, second)]
    assert addresses[0] != addresses[1]
    assert first.ask("HEAD", addresses[1]).status == 404  # nobody sees another's upload
    assert first.patch(addresses[1], 0, content).status == 404
    assert [pc.patch(a, 0, content).status for pc, a in zip((first, second), addresses, strict=True)] == [204, 204]
    assert (rows(city, "files"), rows(city, "file_parts")) == (1, 1)
    assert first.read(content).body == second.read(content).body == content


def test_a_hash_of_another_ward_does_not_show(city: City) -> None:
    content = b"of the first ward"
    mine, other = Sender(city), Sender(city, OTHER_WARD)
    mine.sends(content)
    unknown = other.read(b"nobody has this")
    assert other.read(content).status == unknown.status == 404
    assert other.read(content).body == unknown.body
    assert other.read(content, ward=OTHER_WARD).status == 404
    made = other.create(content, ward=OTHER_WARD)
    assert (made.status, made.headers["Upload-Offset"]) == (201, "0")  # has to send it whole, as if nobody had
    assert other.create(content).status == 403
    assert mine.create(content, scope="no_such").status == 403


def test_an_upload_given_up(sender: Sender) -> None:
    content = b"0123456789"
    address = sender.create(content).headers["Location"]
    sender.patch(address, 0, content[:5])
    assert sender.ask("DELETE", address).status == 204
    assert sender.ask("HEAD", address).status == sender.ask("DELETE", address).status == 404
    assert rows(sender.city, "file_parts") == 0
    address = sender.sends(content)
    assert sender.ask("DELETE", address).status == 204
    assert sender.read(content).body == content  # a whole file is nobody's to take back


def test_a_lost_answer_to_the_beginning_leaves_no_second_upload(sender: Sender) -> None:
    content = b"0123456789"
    first = sender.create(content).headers["Location"]
    sender.patch(first, 0, content[:4])
    again = sender.create(content)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (first, "4")


def test_a_client_that_knows_nothing_of_us_begins_at_zero(sender: Sender) -> None:
    content = b"0123456789"
    sender.sends(content)
    said = {"ward": WARD, "scope": SCOPE, "sha256": sha(content)}
    metadata = ",".join(f"{k} {b64(v.encode())}" for k, v in said.items())
    first, second = (sender.create(content, upload_metadata=metadata).headers for _ in range(2))
    assert first["Location"] != second["Location"]
    assert sender.patch(first["Location"], 0, content).status == 204
    assert sender.read(content).body == content
    assert (rows(sender.city, "files"), rows(sender.city, "file_parts")) == (1, 1)


def test_limits(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sender.create(b"").status == 400
    assert sender.create(b"x", upload_length=str(20 * 1024 * 1024 + 1)).status == 413
    assert sender.create(b"x", upload_length="many").status == 400
    assert sender.create(b"x", upload_metadata="ward ???").status == 400
    assert sender.create(b"x", upload_metadata="").status == 403
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    assert [sender.create(bytes([n])).status for n in range(3)] == [201, 201, 429]


def test_of_too_many_half_sent_the_one_untouched_for_longest_gives_way(
    storage_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 1, tzinfo=UTC))
    city = City(storage_url, CATALOG, clock)
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    try:
        sender, other = Sender(city), Sender(city)
        blocked = [sender.create(content).headers["Location"] for content in (b"first blocked", b"second blocked")]
        others = other.create(b"of another PC").headers["Location"]
        assert sender.patch(blocked[0], 0, b"first").status == 204
        assert sender.create(b"new").status == 429, "both are in hand"
        clock.advance(hours=1)
        assert sender.patch(blocked[0], 5, b" bl").status == 204
        sender.sends(b"new")
        assert sender.offset(blocked[0]) == 8
        assert sender.ask("HEAD", blocked[1]).status == 404
        assert other.offset(others) == 0
        sender.sends(b"second blocked")  # begun anew, and nothing is lost
        assert sender.read(b"second blocked").body == b"second blocked"
        clock.advance(hours=1)
        assert [sender.create(bytes([n])).status for n in range(2)] == [201, 201]
        assert sender.ask("HEAD", blocked[0]).status == 404
        assert rows(city, "file_parts") == 2, "its parts went with it"
    finally:
        city.close()


def test_abandoned_uploads_go(storage_url: str) -> None:
    clock = FixedClock(datetime(2026, 11, 22, 1, tzinfo=UTC))
    city = City(storage_url, CATALOG, clock)
    try:
        sender = Sender(city)
        old = sender.create(b"old upload").headers["Location"]
        sender.patch(old, 0, b"old")
        sender.sends(b"finished")
        clock.moment += timedelta(days=6)
        assert sender.offset(old) == 3
        sender.create(b"another")
        assert sender.offset(old) == 3
        clock.moment += timedelta(days=8)
        sender.create(b"a third")
        assert sender.ask("HEAD", old).status == 404
        assert sender.read(b"finished").body == b"finished"
        assert rows(city, "file_parts") == 1
    finally:
        city.close()


def test_through_a_proxy_that_knows_post_alone(sender: Sender) -> None:
    content = b"0123456789"
    address = sender.create(content).headers["Location"]
    kind = "application/offset+octet-stream"
    override = {"x_http_method_override": "PATCH", "upload_offset": "0", "content_type": kind}
    assert sender.ask("POST", address, content, **override).status == 204
    assert sender.ask("POST", address).status == 405


def test_many_small_parts_make_few_rows(sender: Sender) -> None:
    content = random.Random(3).randbytes(5000)
    address = sender.create(content).headers["Location"]
    for start in range(0, 5000, 50):
        assert sender.patch(address, start, content[start : start + 50]).status == 204
    assert sender.read(content).body == content
    assert rows(sender.city, "file_parts") == 1


_serial = itertools.count()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    city = City(f"sqlite:///{tmp_path_factory.mktemp('city')}/city.db", CATALOG)
    yield Sender(city)
    city.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), size=st.integers(1, 400), steps=st.lists(st.tuples(
    st.sampled_from(["part", "twice", "late", "head", "begin", "damaged"]), st.integers(1, 120)), max_size=40))  # fmt: skip
def test_however_it_is_cut_doubled_and_reordered_it_is_the_same_file(
    lasting: Sender, seed: int, size: int, steps: list[tuple[str, int]]
) -> None:
    content = next(_serial).to_bytes(8, "big") + random.Random(seed).randbytes(size)  # no file that is there already
    size = len(content)
    address = lasting.create(content).headers["Location"]
    known, sent = 0, [(0, b"")]
    for step, length in steps:
        part = content[known : known + length]
        if step == "head":
            known = lasting.offset(address)
        elif step == "begin":  # a PC that lost where it was
            made = lasting.create(content)
            address, known = made.headers["Location"], int(made.headers["Upload-Offset"])
        elif step == "late":  # an old request comes once more
            lasting.patch(address, *sent[length % len(sent)])
        elif step == "damaged" and part:
            checksum = f"sha256 {b64(hashlib.sha256(part).digest())}"
            wrong = bytes([part[0] ^ 1]) + part[1:]
            assert lasting.patch(address, known, wrong, upload_checksum=checksum).status in (404, 409, 460)
        else:
            for _ in range(1 + (step == "twice")):
                lasting.patch(address, known, part)
            sent.append((known, part))
            # the answer may be lost: the PC does not move on by itself
            known += len(part) if length % 3 else 0
    made = lasting.create(content)
    address, known = made.headers["Location"], int(made.headers["Upload-Offset"])
    if known < size:
        assert lasting.patch(address, known, content[known:]).status == 204
    assert lasting.read(content).body == content
