"""Attached files between real PCs and a real city: sent once, resumed wherever they were cut, fetched when wanted."""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from forms.loader import load_catalog
from sync import file_step
from sync.clock import SystemClock
from sync.engine import Engine, SyncReport
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.protocol import SyncError
from sync.store import Store
from sync.store.model import Enrolment, Record, Save

WARD, OTHER_WARD = "00070", "00004"
COPY = "certification.cert_copy"
CATALOG = load_catalog()
MB = 1024 * 1024


class Cut(HTTPAdapter):
    """A line that carries what ``passes`` lets through; a cut may come before the city hears or before its answer does."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: Callable[[requests.PreparedRequest], str] = lambda request: "whole"
        self.spoils: Callable[[requests.PreparedRequest], None] = lambda request: None
        self.asked: list[tuple[str, str]] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        self.asked.append((request.method or "", request.path_url))
        how = self.passes(request)
        if how == "unheard":
            raise requests.exceptions.ConnectionError("cut")
        self.spoils(request)
        answer = super().send(request, *args, **more)
        if how == "unanswered":
            answer.close()
            raise requests.exceptions.ConnectionError("cut")
        return answer

    def count(self, method: str) -> int:
        return sum(asked == method and path.startswith("/v1/files") for asked, path in self.asked)


class Pc:
    def __init__(self, gateway: GatewayServer, folder: Path, ward: str = WARD) -> None:
        folder.mkdir()
        self.folder, self.key = folder, secrets.token_bytes(32)
        code = gateway.enrolment_code(ward, "Vũ Đức Nam", ("civil_status_officer",), "UBND")
        answer = enrol(gateway.url, code, folder.name)
        self.store = Store.create(folder, self.key, CATALOG, SystemClock())
        self.store.set_enrolment(Enrolment.of_answer(gateway.url, answer))
        self.officer, self.token, self.url = answer.officer, answer.token, gateway.url
        self.cut = Cut()
        self.opens_line()

    def opens_line(self) -> None:
        session = requests.Session()
        session.mount("http://", self.cut)
        self.line = HttpTransport(self.url, self.token, session=session)
        self.engine = Engine(self.store, self.line)

    def starts_again(self) -> None:
        """As after the program was ended and opened again."""
        self.close()
        self.store = Store.open(self.folder, self.key, CATALOG, SystemClock())
        self.opens_line()

    def sync(self) -> SyncReport:
        return self.engine.sync_once()

    def attaches(self, content: bytes, name: str = "quet.pdf") -> Record:
        digest = self.store.files.put(content)
        file = {"sha256": digest, "name": name, "size": len(content), "media_type": "application/pdf"}
        fields = {"requester_name": "Nguyễn Thị Ánh", "copies": 1, "pages": 2, "form": "electronic", "file": file}
        return self.store.save([Save(type=COPY, fields=fields)], self.officer)[0]

    def stands(self, content: bytes) -> str:
        return self.store.files.standing([sha(content)])[sha(content)].state

    def why(self, content: bytes) -> str:
        return self.store.files.standing([sha(content)])[sha(content)].why

    def close(self) -> None:
        self.line.close()
        self.store.close()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def some(size: int, seed: int = 1) -> bytes:
    return b"%PDF-1.7\n" + random.Random(seed).randbytes(size - 9)


@pytest.fixture
def pcs(gateway: GatewayServer, tmp_path: Path) -> Iterator[tuple[Pc, Pc]]:
    made = (Pc(gateway, tmp_path / "one"), Pc(gateway, tmp_path / "two"))
    yield made
    for pc in made:
        pc.close()


def test_one_attaches_and_the_other_opens(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    content = some(700_000)
    record = one.attaches(content)
    assert one.stands(content) == "waiting"
    assert one.sync().files_sent == 1
    assert one.stands(content) == "there"
    two.sync()
    assert (two.stands(content), two.store.files.read(sha(content))) == ("missing", None)  # nobody asked for it
    (row,) = two.store.files.of(record.id)
    assert (row.name, row.size, row.standing.state) == ("quet.pdf", len(content), "missing")
    assert two.store.files.counts().not_here == 1
    assert two.store.files.counts(within={"feedback.feedback_item"}).not_here == 0  # no number tells of the rest
    assert [row.sha256 for row in two.store.files.all({COPY}, only="missing")] == [sha(content)]
    assert two.store.files.all({"feedback.feedback_item"}) == ()
    two.store.files.want(sha(content))
    assert two.stands(content) == "fetching"
    assert two.sync().files_fetched == 1
    assert two.store.files.read(sha(content)) == content
    assert two.stands(content) == "there"
    assert two.store.files.all(only="open") == ()
    quiet = len(two.cut.asked)
    two.sync()
    assert all(not path.startswith("/v1/files") for _, path in two.cut.asked[quiet:])


def test_the_same_file_is_sent_once(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    content = some(300_000)
    for _ in range(3):
        one.attaches(content)
    one.sync()
    parts = one.cut.count("PATCH")
    assert one.cut.count("POST") == 1
    one.attaches(content)
    one.sync()
    assert (one.cut.count("POST"), one.cut.count("PATCH")) == (1, parts)
    two.attaches(content)  # scanned there too
    assert two.sync().files_sent == 1
    assert two.cut.count("PATCH") == 0
    two.sync()


def test_a_record_that_the_city_has_not_sends_no_file(pcs: tuple[Pc, Pc]) -> None:
    one, _ = pcs
    content = some(1000)
    one.attaches(content)
    one.cut.passes = lambda request: "unheard" if request.path_url == "/v1/sync" else "whole"
    with pytest.raises(SyncError):
        one.sync()
    assert one.cut.count("POST") == 0
    assert one.store.file_queue.next_to_send() is None


def test_a_save_meanwhile_goes_first(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    big = some(4 * MB)
    one.attaches(big)
    made: list[Record] = []

    def save_amid(request: requests.PreparedRequest) -> str:
        if request.method == "PATCH" and not made:
            made.append(one.attaches(some(2000, seed=2)))
        return "whole"

    one.cut.passes = save_amid
    one.sync()
    assert one.stands(big) == "sending"
    assert one.cut.count("PATCH") == 1, "no further part after the save"
    before = len(one.cut.asked)
    one.sync()
    assert one.cut.asked[before] == ("POST", "/v1/sync")
    two.sync()
    assert two.store.records.load(made[0].id) is not None
    one.sync()
    assert one.stands(big) == "there"


def test_twenty_megabytes_over_a_line_that_breaks(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    content = some(20 * MB)
    one.attaches(content)
    luck = random.Random(5)

    def sometimes(request: requests.PreparedRequest) -> str:
        return luck.choice(["whole", "whole", "unheard", "unanswered"]) if "/v1/files" in request.path_url else "whole"

    one.cut.passes = two.cut.passes = sometimes
    for _ in range(200):
        one.sync()
        if one.stands(content) == "there":
            break
    assert one.stands(content) == "there"
    sent = sum(asked == "PATCH" for asked, _ in one.cut.asked)
    assert sent < 90, "what was there was not sent again and again"
    two.sync()
    two.store.files.want(sha(content))
    for _ in range(200):
        two.sync()
        if two.stands(content) == "there":
            break
    assert two.store.files.read(sha(content)) == content


def test_the_time_of_one_sync_is_bounded(pcs: tuple[Pc, Pc]) -> None:
    one, _ = pcs
    contents = [some(5000, seed) for seed in range(6)]
    for content in contents:
        one.attaches(content)
    hours = iter(range(1000))
    one.engine = Engine(one.store, one.line)
    one.engine._files = file_step.FileStep(one.store, one.line, seconds=3.5, now=lambda: next(hours))
    report = one.sync()
    assert report.files_left
    assert 0 < report.files_sent < 6
    while one.sync().files_left:
        continue
    assert [one.stands(content) for content in contents] == ["there"] * 6


def test_a_damaged_part_is_sent_again(pcs: tuple[Pc, Pc]) -> None:
    one, _ = pcs
    content = some(900_000)
    one.attaches(content)
    spoilt: list[int] = []

    def spoil(request: requests.PreparedRequest) -> None:
        if request.method == "PATCH" and len(spoilt) < 2 and isinstance(request.body, bytes):
            spoilt.append(1)
            request.body = b"\0" + request.body[1:]

    one.cut.spoils = spoil
    assert one.sync().files_sent == 1
    assert len(spoilt) == 2


def test_a_file_the_city_refuses_backs_off_and_tells_why(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    one, _ = pcs
    content, other = some(1000), some(2000, seed=2)
    record = one.attaches(content)
    with one.store._context.writer.transaction() as db:  # as if the disk had forgotten a bit
        db.execute("UPDATE file_pieces SET content = zeroblob(length(content))")
    one.attaches(other)
    report = one.sync()
    assert report.files_sent == 1, "the other is not held up"
    assert "không nguyên vẹn" in one.why(content)
    assert any("không nguyên vẹn" in problem.vi for problem in report.problems)
    counts = one.store.files.counts()
    assert (counts.to_send, counts.failing) == (1, 1)
    asked = one.cut.count("POST")
    one.sync()
    assert one.cut.count("POST") == asked, "not at every sync"
    assert one.store.records.load(record.id).standing == "city"


def test_a_file_nobody_has_sent_yet_says_so(pcs: tuple[Pc, Pc]) -> None:
    one, two = pcs
    content = some(1000)
    one.cut.passes = lambda request: "unheard" if request.path_url.startswith("/v1/files") else "whole"
    one.attaches(content)
    one.sync()
    two.sync()
    two.store.files.want(sha(content))
    two.sync()
    assert two.stands(content) == "fetching"
    assert "chưa có tệp này" in two.why(content)
    one.cut.passes = lambda request: "whole"
    one.sync()
    two.store.files.want(sha(content))  # opened once more
    two.sync()
    assert two.store.files.read(sha(content)) == content


def test_what_comes_damaged_is_never_opened(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    one, two = pcs
    content = some(300_000)
    one.attaches(content)
    one.sync()
    two.sync()
    with gateway.city.storage.write() as session:
        session.run("UPDATE file_parts SET content = zeroblob(length(content))")
    two.store.files.want(sha(content))
    assert "không nguyên vẹn" in " ".join(problem.vi for problem in two.sync().problems)
    assert two.store.files.read(sha(content)) is None


def test_another_ward_gets_nothing(pcs: tuple[Pc, Pc], gateway: GatewayServer, tmp_path: Path) -> None:
    one, _ = pcs
    content = some(1000)
    one.attaches(content)
    one.sync()
    third = Pc(gateway, tmp_path / "third", OTHER_WARD)
    try:
        with pytest.raises(SyncError) as refused:
            third.line.files.read(WARD, CATALOG.record_type(COPY).scope, sha(content), 0, 10)
        assert refused.value.code == "no_file"
        third.attaches(content)
        third.sync()
        assert third.cut.count("POST") == 1
        assert third.stands(content) == "there"
    finally:
        third.close()


def test_a_city_restored_from_a_backup_gets_the_files_again(pcs: tuple[Pc, Pc], gateway: GatewayServer) -> None:
    one, _ = pcs
    content = some(1000)
    one.attaches(content)
    one.sync()
    with gateway.city.storage.write() as session:
        for table in ("files", "file_parts", "uploads"):
            session.run(f"DELETE FROM {table}")
    gateway.city.restored()
    one.sync()
    assert one.stands(content) == "there"
    with gateway.city.storage.read() as session:
        assert session.one("SELECT count(*) FROM files") == (1,)


def test_an_older_city_is_left_in_peace(pcs: tuple[Pc, Pc]) -> None:
    one, _ = pcs
    content = some(1000)
    one.attaches(content)
    one.cut.passes = lambda request: "whole"

    def not_known(request: requests.PreparedRequest) -> None:
        if request.path_url.startswith("/v1/files"):
            request.url = f"{one.url}/v1/no-such-page"

    one.cut.spoils = not_known
    assert any("bản cũ" in problem.vi for problem in one.sync().problems)
    assert one.sync().problems == []
    assert one.stands(content) == "waiting"


_KILLED = """
import sys
from pathlib import Path
from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.engine import Engine
from sync.http import HttpTransport
from sync.store import Store
folder, key, url, token, stop = sys.argv[1:]
store = Store.open(Path(folder), bytes.fromhex(key), load_catalog(), SystemClock())
steps = 0
def moved(report):
    global steps
    steps += 1
    if steps >= int(stop):
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
Engine(store, HttpTransport(url, token), progress=moved).sync_once()
print("done")
"""


def test_killed_between_parts_it_goes_on(pcs: tuple[Pc, Pc], tmp_path: Path) -> None:
    one, two = pcs
    content = some(6 * MB)
    one.attaches(content)
    one.close()
    arguments = [str(one.folder), one.key.hex(), one.url, one.token]
    root = str(Path(__file__).parents[2])
    for stop in (3, 4, 5):  # the first calls of `progress` are of the records
        command = [sys.executable, "-c", _KILLED, *arguments, str(stop)]
        ended = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONPATH": root}, timeout=100)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    one.starts_again()
    assert one.stands(content) == "sending"
    sent = one.store.files.standing([sha(content)])[sha(content)].percent
    assert sent > 0
    one.sync()
    assert one.stands(content) == "there"
    assert one.cut.count("POST") == 0, "the upload that was begun went on"
    two.sync()
    two.store.files.want(sha(content))
    two.sync()
    assert two.store.files.read(sha(content)) == content


def test_a_file_that_was_replaced_before_it_was_sent_goes_all_the_same(
    gateway: GatewayServer, pcs: tuple[Pc, Pc]
) -> None:
    """What took its place may be refused: then the city's version names the first one still."""
    one, _ = pcs
    first, second = some(3000, 1), some(4000, 2)
    record = one.attaches(first)
    file = {
        "sha256": one.store.files.put(second),
        "name": "b.pdf",
        "size": len(second),
        "media_type": "application/pdf",
    }
    one.store.save([Save(type=COPY, fields={**record.fields, "file": file}, opened=record)], one.officer)
    one.sync()
    one.sync()
    assert one.stands(first) == one.stands(second) == "there"


def test_that_the_city_answered_is_told_before_the_files_go(gateway: GatewayServer, tmp_path: Path) -> None:
    pc = Pc(gateway, tmp_path / "pc")
    pc.attaches(some(MB))
    told: list[tuple[bool, bool]] = []
    engine = Engine(
        pc.store, pc.line, progress=lambda report: told.append((report.answered, bool(pc.cut.count("POST"))))
    )
    assert engine.sync_once().answered
    assert (True, False) in told and all(answered for answered, _ in told)
    pc.cut.passes = lambda request: "unheard"
    told.clear()
    with pytest.raises(SyncError):
        engine.sync_once()
    assert not any(answered for answered, _ in told)
    pc.close()
