"""An officer sends refused work once more while a long sync is under way."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.protocol import ChangeResult, SyncAnswer, SyncRequest
from tests.sync.bad_line import Pc


class AtOnce(Executor):
    """What is asked is answered before anything else is done here."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def test_it_goes_before_what_stands_behind_it(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pc = Pc(gateway, tmp_path / "one", "Vũ Đức Nam", "civil_status_officer")
    record = pc.save(doc_title="một")
    pc.sync()
    first = pc.save(pc.store.records.load(record.id), doc_title="hai")
    pc.save(doc_title="khác"), pc.save(doc_title="khác nữa")
    pc.save(first, doc_title="ba")
    refused = pc.store.changes.outbox()[0].change.change_id
    pc.store.changes.acknowledge([ChangeResult(change_id=refused, status="refused")])
    assert [row.status for row in pc.store.changes.outbox()] == ["refused", "pending", "pending", "parked"]

    engine = Engine(pc.store, pc.line, ahead=lambda name: AtOnce())
    engine._batch.size = engine._batch.largest = 1
    heard: list[str] = []
    plain = pc.line.sync

    def meanwhile(request: SyncRequest) -> SyncAnswer:
        answer = plain(request)
        heard.extend(str(change.after.get("doc_title")) for change in request.changes)
        if heard == ["khác"]:
            pc.store.changes.retry(record.id)
        return answer

    monkeypatch.setattr(pc.line, "sync", meanwhile)
    engine.sync_once()
    assert heard.index("hai") < heard.index("ba")
    found = pc.store.records.load(record.id)
    assert (found.fields["doc_title"], found.conflicts, pc.pending()) == ("ba", {}, 0)
    pc.store.close()
