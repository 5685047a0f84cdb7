"""The simulation notices what a hub, a file or a service's record may do wrong: each of these breaks a promise on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sync.gateway import inbound
from sync.hub import relayed
from sync.hub.exchange import HubExchange
from sync.hub.relayed import opened
from sync.ids import derived_id
from sync.store.provisional import Provisional
from sync.tus_line import FileLine
from tests.simulation.test_notices import found

CUT_OFF = ("ward_cut_off",)


def test_a_hub_whose_word_is_taken_for_the_citys(monkeypatch: pytest.MonkeyPatch) -> None:
    run = HubExchange.run

    def settling(self: HubExchange, *, lost: bool) -> None:
        run(self, lost=lost)
        with self._store._context.writer.transaction() as db:
            db.execute("UPDATE changes SET status = 'accepted', settled = 1 WHERE status = 'pending'")

    monkeypatch.setattr(HubExchange, "run", settling)
    assert found(*CUT_OFF) is not None


def test_a_pc_that_keeps_what_the_hub_told_over_the_citys_word(monkeypatch: pytest.MonkeyPatch) -> None:
    from sync.store import pulling

    monkeypatch.setattr(pulling, "let_go", lambda db, work: None)
    monkeypatch.setattr(Provisional, "take", _never_less(Provisional.take))
    assert found(*CUT_OFF) is not None


def _never_less(take: Any) -> Any:
    def kept(self: Provisional, changes: Any) -> int:
        return int(take(self, changes)) if changes else 0

    return kept


def test_a_hub_that_leaves_a_record_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor is past it then, and it would be missing until both sides compare. (The city's signature is in the way.)"""

    def careless(signed: Any, verifier: Any) -> Any:
        page = opened(signed, verifier)
        return page and structs.replace(page, page=structs.replace(page.page, records=page.page.records[1:]))

    monkeypatch.setattr(relayed, "opened", careless)
    assert found(*CUT_OFF) is not None


def test_a_file_told_to_be_at_the_city_before_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileLine, "part", lambda self, address, offset, content, size: size)
    assert found() is not None


def test_a_service_whose_record_is_new_each_time_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    count = iter(range(10**6))
    monkeypatch.setattr(inbound, "derived_id", lambda *parts: derived_id(*parts, str(next(count))))
    assert found() is not None
