"""A PC that has nothing to do leaves its disk alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.store.connection import FILE_NAME
from tests.sync.bad_line import Pc


@pytest.fixture
def pc(gateway: GatewayServer, tmp_path: Path) -> Iterator[Pc]:
    made = Pc(gateway, tmp_path / "pc", "Vũ Đức Nam", "civil_status_officer")
    made.store.gentle = True  # as beside a window
    yield made
    made.close()


def written(pc: Pc) -> list[tuple[str, int, int, int]]:
    """Every file of the store with its size, when it was last written, and when something was last noted on it."""
    stats = {path.name: path.stat() for path in pc.store.path.glob(f"{FILE_NAME}*")}
    return sorted((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats.items())


def look(pc: Pc) -> None:
    """What a window asks each minute, by a connection that has nothing in memory."""
    pc.store.changed_elsewhere()
    with pc.store._context.readers.connection() as db, pc.store._context.readers.connection() as other:
        for each in (db, other):
            each.execute("SELECT count(*) FROM records").fetchone()
    pc.store.overview(pc.store.clock.now())


def test_an_idle_sync_and_a_look_write_nothing(pc: Pc) -> None:
    engine = Engine(pc.store, pc.line)
    pc.save(doc_title="Học bạ")
    engine.sync_once()
    engine.sync_once()
    with ExitStack() as lent:  # where root runs this, each new connection notes the WAL's owner on it
        for _ in range(4):
            lent.enter_context(pc.store._context.readers.connection())
    before = written(pc)
    for _ in range(3):
        report = engine.sync_once()
        assert not (report.pushed or report.pulled)
        look(pc)
    assert written(pc) == before
    pc.save(doc_title="Bằng tốt nghiệp")
    assert written(pc) != before, "else nothing is proved"


def test_the_first_reading_after_a_sync_is_noted_with_it(pc: Pc) -> None:
    """Else the system writes it down when the file is read for the first time since, a minute later."""
    file = pc.store.path / FILE_NAME
    for n in range(3):
        pc.save(doc_title=f"Học bạ {n}")
        Engine(pc.store, pc.line).sync_once()
        noted = file.stat().st_atime_ns
        look(pc)
        assert file.stat().st_atime_ns == noted
