"""A PC that sent its share of files of a day: its officer reads why, records go on, and the files follow by themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.engine import SyncReport
from sync.gateway.server import GatewayServer
from sync.store import Store
from tests.sync.bad_line import Pc

SIZE = 100_000


@pytest.fixture
def pc(gateway: GatewayServer, tmp_path: Path) -> Iterator[Pc]:
    made = Pc(gateway, tmp_path / "one", "An", "civil_status_officer")
    yield made
    made.close()


def attaches(pc: Pc, letter: bytes) -> str:
    content = b"%PDF-1.7\n" + letter * SIZE
    digest = pc.store.files.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    file = {"sha256": digest, "name": "quet.pdf", "size": len(content), "media_type": "application/pdf"}
    pc.save(form="electronic", file=file)
    return digest


def why(store: Store, digest: str) -> str:
    return store.files.standing([digest])[digest].why


def test_files_wait_with_a_reason_and_records_go_on(gateway: GatewayServer, pc: Pc) -> None:
    gateway.city.uploads.a_day = 250_000
    files = [attaches(pc, letter) for letter in (b"a", b"b", b"c", b"d")]
    report: SyncReport = pc.sync()
    assert (report.pushed, report.files_sent, pc.pending()) == (4, 2, 0)
    assert any("24 giờ" in problem.vi for problem in report.problems)
    assert [bool(why(pc.store, digest)) for digest in files].count(True) == 1  # one asked for all
    pc.save(doc_title="Học bạ")
    assert pc.sync().pushed == 1
    gateway.city.uploads.a_day = 0
    assert pc.sync().files_sent == 0, "each that was refused has a while to wait"
    with pc.store._context.writer.transaction() as db:  # which is over
        db.execute("UPDATE file_stands SET due_at = 0")
    assert pc.sync().files_sent == 2
    assert not any(why(pc.store, digest) for digest in files)
