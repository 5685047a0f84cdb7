"""A first fill beside restored cities, older programs and lines that repeat themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sync.gateway.server import GatewayServer
from sync.protocol import FILL_DONE, FillAnswer, FillPlace, FillRequest, SyncError
from tests.sync.filling_pc import WARD, Pc, filled_city, gateway, no_small_registers, same_as_city

__all__ = ["gateway", "no_small_registers"]


@pytest.mark.parametrize("cut_after", [1, 3, 6])
def test_the_city_is_restored_during_the_fill(gateway: GatewayServer, tmp_path: Path, cut_after: int) -> None:
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")

    def restored(number: int) -> None:
        if number == cut_after:
            gateway.city.restored()

    new.line.after_page = restored
    new.sync()
    old.sync()
    new.sync()
    same_as_city(new, old)


def test_a_lower_head_starts_it_over(gateway: GatewayServer, tmp_path: Path) -> None:
    """The city lost its newest records and nobody said so."""
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")

    def lose(number: int) -> None:
        if number == 2:
            with gateway.city.storage.write() as session:
                session.run("UPDATE streams SET head = head - 5 WHERE scope = 'open'")
                for position, record_id, revision, type_id in session.all(
                    "SELECT position, id, revision, type FROM records WHERE scope = 'open' ORDER BY position DESC LIMIT 5"
                ):
                    assert position
                    from sync.digest_terms import term
                    from sync.gateway.digest import add_to_digests

                    session.run("DELETE FROM records WHERE ward = ? AND id = ?", WARD, record_id)
                    add_to_digests(session, {(WARD, "open", type_id): -term(record_id, revision)})

    new.line.after_page = lose
    new.sync()
    new.sync()
    with gateway.city.storage.read() as session:
        there = {row[0] for row in session.all("SELECT id FROM records WHERE ward = ?", WARD)}
    assert {i for i, (revision, _, _) in new.held().items() if revision} == there
    assert old.held().keys() >= there


def test_an_older_city_brings_all_in_the_order_of_its_log(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    new.line.knows = False
    new.sync()
    assert not new.line.came
    same_as_city(new, old)


def test_a_city_put_back_to_an_older_program_during_the_fill(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    new.line.after_page = lambda number: setattr(new.line, "knows", number < 3)
    new.sync()
    same_as_city(new, old)


def test_a_stream_taken_away_and_given_back_is_filled_whole(gateway: GatewayServer, tmp_path: Path) -> None:
    old = filled_city(gateway, tmp_path / "old", copies=60)
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", limit=4)
    with gateway.city.storage.read() as session:
        grants = session.all("SELECT device, officer, ward, roles FROM grants")
    mine = [row for row in grants if new.store.enrolment and row[0] == new.store.enrolment.device]

    def meanwhile(number: int) -> None:
        if number == 3:
            with gateway.city.storage.write() as session:
                session.run("UPDATE grants SET roles = ? WHERE device = ?", '["reception"]', mine[0][0])
        if number == 6:
            with gateway.city.storage.write() as session:
                session.upsert("grants", mine)

    new.line.after_page = meanwhile
    new.sync()
    new.sync()
    same_as_city(new, old)


def test_progress_grows_to_the_end(gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.store.filling.NEWEST_FIRST", 10)
    filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    assert new.store.fills.progress() is None
    report = new.sync()
    told = [fill for fill in new.reports if fill is not None]
    percents = [fill.percent for fill in told]
    assert percents == sorted(percents) and percents[0] < 20 and percents[-1] > 70
    usable = [fill.usable for fill in told]
    assert usable == sorted(usable) and not usable[0] and usable[-1]
    assert report.fill is None


def test_a_sparing_sync_stops_where_work_can_begin(
    gateway: GatewayServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.store.filling.NEWEST_FIRST", 10)
    old = filled_city(gateway, tmp_path / "old", copies=200)
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    report = new.engine.sync_once(sparing=True)
    assert report.more and report.fill is not None and report.fill.usable
    assert len(new.held()) < len(old.held())
    new.sync()
    same_as_city(new, old)


def with_revisions(answer: FillAnswer, revision: int) -> FillAnswer:
    pages = [
        msgspec.structs.replace(
            page, records=tuple(msgspec.structs.replace(v, revision=revision) for v in page.records)
        )
        for page in answer.pages
    ]
    return msgspec.structs.replace(answer, pages=tuple(pages))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda asked, answer: msgspec.structs.replace(answer, places=asked.places),
        lambda asked, answer: msgspec.structs.replace(answer, places=answer.places[:-1]),
        lambda asked, answer: msgspec.structs.replace(
            answer, pages=tuple(msgspec.structs.replace(p, stream=99) for p in answer.pages)
        ),
        lambda asked, answer: msgspec.structs.replace(
            answer, places=tuple(FillPlace(p.head + 5, p.tier, p.below) for p in answer.places)
        ),
        lambda asked, answer: with_revisions(answer, 1 << 63),
        lambda asked, answer: with_revisions(answer, -5),
    ],
)
def test_a_page_that_leads_nowhere_is_refused(
    gateway: GatewayServer, tmp_path: Path, spoil: Callable[[FillRequest, FillAnswer], FillAnswer]
) -> None:
    """A line that gives the same page again and again must not keep the PC busy for ever; nor is a revision taken that no
    database keeps: nothing newer would come in after it."""
    old = filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    real = new.line.line.fill

    def spoilt(request: FillRequest) -> FillAnswer:
        answer = real(request)
        return spoil(request, answer) if len(new.line.pages) == 3 else answer

    new.line.line.fill = spoilt  # type: ignore[method-assign]
    with pytest.raises(SyncError) as caught:
        new.sync()
    assert caught.value.code == "damaged"
    new.sync()
    same_as_city(new, old)


def test_in_json_and_messagepack_it_says_the_same(gateway: GatewayServer, tmp_path: Path) -> None:
    """Whoever does not know the line's own form reads the same page."""
    import requests

    filled_city(gateway, tmp_path / "old")
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    new.sync()
    first = new.line.asked[0]
    assert new.store.enrolment is not None
    url, token = f"{gateway.url}/v1/fill", new.store.enrolment.token
    own = new.line.line.fill(first)
    answers = []
    for kind, encode, decode in (
        ("application/msgpack", msgspec.msgpack.encode, msgspec.msgpack.decode),
        ("application/json", msgspec.json.encode, msgspec.json.decode),
    ):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Accept": kind}
        reply = requests.post(url, data=encode(first), headers=headers, timeout=20)
        answers.append(decode(reply.content, type=FillAnswer))
    assert answers[0] == answers[1]
    as_sent = [(p.stream, p.records, p.deliveries) for p in own.pages]
    assert [(p.stream, p.records, p.deliveries) for p in answers[0].pages] == as_sent
    assert answers[0].places == own.places


@pytest.mark.parametrize(
    ("places", "limit", "status"),
    [((), 5, 400), ((FillPlace(-1, 0, 0),), 5, 400), ((FillPlace(0, 9, 0),), 5, 400), ((FillPlace(),), 0, 400)],
)
def test_impossible_requests_are_refused(
    gateway: GatewayServer, tmp_path: Path, places: tuple[FillPlace, ...], limit: int, status: int
) -> None:
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair", "reception", "civil_status_officer")
    new.sync()
    known = new.line.asked[0]
    padding = (FillPlace(tier=FILL_DONE),) * (len(known.places) - len(places)) if places else ()
    with pytest.raises(SyncError) as caught:
        new.line.line.fill(FillRequest(known=known.known, places=(*places, *padding), limit=limit))
    assert not caught.value.retry
    assert status == 400


def test_where_the_hello_moved_on_there_is_no_page(gateway: GatewayServer, tmp_path: Path) -> None:
    new = Pc(gateway, tmp_path / "new", "Trần Thu Hà", "chair")
    new.sync()
    assert new.line.line.fill(FillRequest(known=b"other", places=new.line.asked[0].places)) == FillAnswer()
