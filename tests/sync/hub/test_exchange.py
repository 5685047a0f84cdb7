"""PCs of a ward and their hub, with a real city that goes away and comes back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.gateway.hub_authority import Authority, new_authority
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport
from sync.http_line import Line
from sync.hub.choice import note_trust, trusted
from sync.hub.exchange import HubExchange
from sync.hub.face import HubFace
from sync.hub.reach import Found
from sync.hub.server import HubServer
from sync.protocol import SyncError
from sync.store.model import Record, Save, SaveRefused
from tests.sync.hub.pcs import COPY, OTHER_WARD, Pc, come_back_refused


def test_a_record_travels_while_the_line_is_down_and_ends_the_citys(
    make: Callable[..., Pc], gateway: GatewayServer
) -> None:
    one, two = make("một"), make("hai")
    gateway.stop()
    record = one.save(doc_title="Bằng tốt nghiệp")
    assert not one.sync()
    assert not two.sync()
    there = two.sees(record)
    assert (there.standing, there.revision, there.fields["doc_title"]) == ("hub", 0, "Bằng tốt nghiệp")
    assert one.sees(record).standing == "here", "the hub acknowledges nothing"
    assert (one.waiting(), two.waiting()) == (1, 0)
    one.save(one.sees(record), copies=9)
    one.sync()
    two.sync()
    assert two.sees(record).fields["copies"] == 9
    with pytest.raises(SaveRefused, match="máy trung gian"):
        two.save(two.sees(record), copies=3)
    gateway.start()
    assert one.sync()
    assert two.sync()
    assert two.sees(record).standing == one.sees(record).standing == "city"
    assert one.held() == two.held()
    assert two.store.provisional.count() == 0
    assert two.engine.sync_once().repaired == 0
    with gateway.city.storage.read() as session:
        assert len(session.all("SELECT change_id FROM changes")) == 2


def test_the_city_hears_in_order_whoever_reaches_it_first(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    one.sync()
    two.sync()
    gateway.stop()
    one.save(one.sees(record), copies=4)
    one.sync()
    two.sync()
    there = two.sees(record)
    assert (there.fields["copies"], there.standing) == (4, "hub")
    two.save(there, copies=5)
    other = two.save(doc_title="Giấy khác")
    gateway.start()
    assert two.sync()
    assert two.sees(other).standing == "city"
    assert two.waiting() == 1, "the first PC's change goes first"
    assert one.sync()
    for pc in (two, two, one):
        assert pc.sync()
    assert (one.waiting(), two.waiting()) == (0, 0)
    assert one.held() == two.held()
    assert one.sees(record).fields["copies"] == 5
    assert one.sees(record).conflicts == {}


@pytest.mark.parametrize("says_who_spoke", [True, False])
def test_what_a_hub_forgot_goes_before_the_work_on_top_of_it(
    make: Callable[..., Pc],
    gateway: GatewayServer,
    hub: HubServer,
    monkeypatch: pytest.MonkeyPatch,
    *,
    says_who_spoke: bool,
) -> None:
    """Also before its PC has spoken again; with an older hub as soon as that is heard again."""
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ", original_seen=True)
    one.sync()
    two.sync()
    gateway.stop()
    act(one, record, "check")
    one.sync()
    two.sync()
    act(two, record, "certify")
    hub.stop()
    with HubServer(hub.folder, hub.port):
        if not says_who_spoke:
            meet = HubFace._meet
            monkeypatch.setattr(HubFace, "_meet", lambda *of: replace(meet(*of), spoke=None))
        two.sync()  # the first to speak to it
        assert two.store.provisional.count() == int(says_who_spoke)
        if not says_who_spoke:
            one.sync()
        two.sync()
        assert two.store.provisional.count() == 1
        gateway.start()
        assert two.sync()
        assert [row.status for row in two.store.changes.outbox()] == ["pending"], "the first PC's goes first"
        for pc in (one, two, two, one, two):
            assert pc.sync()
    assert (one.waiting(), two.waiting(), one.held()) == (0, 0, two.held())
    assert one.sees(record).state == "certified"


def act(pc: Pc, record: Record, action: str) -> None:
    there = pc.sees(record)
    pc.store.save([Save(type=COPY, fields=there.fields, opened=there, action=action)], pc.officer)


@pytest.mark.parametrize(("mine", "conflicts"), [({"pages": 9}, {}), ({"copies": 9}, {"copies"})])
def test_two_that_changed_one_record_before_they_heard_of_each_other_do_not_wait_for_each_other(
    make: Callable[..., Pc], gateway: GatewayServer, mine: dict[str, int], conflicts: set[str]
) -> None:
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    for pc in (one, two):
        pc.sync()
    gateway.stop()
    one.save(one.sees(record), copies=4)
    two.save(two.sees(record), **mine)
    for pc in (one, two, one):
        assert not pc.sync()
    assert one.store.provisional.count() == two.store.provisional.count() == 1
    gateway.start()
    for pc in (one, two, one, two):
        assert pc.sync()
    assert (one.waiting(), two.waiting()) == (0, 0)
    assert one.held() == two.held()
    assert one.sees(record).conflicts.keys() == set(conflicts)


def test_a_pc_on_which_much_waits_is_heard_with_what_fits_and_hears_the_others(
    make: Callable[..., Pc], gateway: GatewayServer
) -> None:
    one, two = make("một"), make("hai")
    gateway.stop()
    other = two.save(doc_title="Của máy hai")
    two.sync()
    for n in range(6):
        one.save(doc_title=f"{n} " + "x" * 1_000_000)
    for pc in (one, two, one):
        assert not pc.sync()
    assert one.sees(other).standing == "hub"
    assert two.store.provisional.count() == 4
    gateway.start()
    for pc in (one, two, one):
        assert pc.sync()
    assert two.store.provisional.count() == 0
    assert one.held() == two.held()


def test_what_the_city_said_since_is_not_covered_by_what_the_hub_tells(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one, two, three = make("một"), make("hai"), make("ba")
    record = one.save(doc_title="Học bạ")
    for pc in (one, two, three):
        pc.sync()
    one.at("http://127.0.0.1:9")  # its own line is cut; the hub's is too
    gateway.stop()
    one.save(one.sees(record), copies=4)
    one.sync()
    gateway.start()
    three.save(three.sees(record), copies=7)
    three.sync()
    two.sync()
    seen = two.sees(record)
    assert (seen.fields["copies"], seen.standing) == (7, "city")


def test_a_pc_without_a_line_reaches_the_city_through_the_hub(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    one.at("http://127.0.0.1:9")
    record = one.save(doc_title="Học bạ")
    assert one.sync()
    assert one.sees(record).standing == "city"
    assert one.store.numbers.leases()
    two.sync()
    assert one.held() == two.held()


def test_wards_and_strangers_hear_nothing(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer, tmp_path: Path
) -> None:
    one, other = make("một"), make("ba", ward=OTHER_WARD)
    late = Pc(gateway, hub, tmp_path / "late", "Cán bộ mới")
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    one.sync()
    other.sync()
    assert other.load(record) is None
    late.sync()
    assert late.load(record) is None, "the city has not told the hub of it yet"
    trust = trusted(one.store)
    assert trust is not None
    settings = Found(hub.url, trust.names[0]).settings(trust)
    for token in ("", "none"):
        line, transport = (
            Line(hub.url, token, "vi", settings=settings),
            HttpTransport(hub.url, token, settings=settings),
        )
        with pytest.raises(SyncError):
            HubExchange(late.store, line, transport, hub.url).run(lost=False)
    late.store.close()


def test_a_hub_that_was_switched_off_hears_it_again(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one, two = make("một"), make("hai")
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    one.sync()
    hub.stop()
    assert not two.sync()
    assert two.load(record) is None
    fresh = HubServer(hub.folder, hub.port)
    with fresh:
        two.sync()
        one.sync()
        two.sync()
        assert two.sees(record).standing == "hub"
    assert "Học bạ" not in (hub.folder / "hub.json").read_text("utf-8")


def test_work_that_ended_elsewhere_goes(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    """An edit that the first PC's officer made waits at the hub; the line of the first PC comes back, and the city refuses
    it: the second PC shows the city's value again."""
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    one.sync()
    two.sync()
    gateway.stop()
    one.save(one.sees(record), copies=4)
    one.sync()
    two.sync()
    assert two.sees(record).fields["copies"] == 4
    come_back_refused(gateway, one, record, two)
    assert two.store.provisional.count() == 0
    assert (two.sees(record).fields["copies"], two.sees(record).standing) == (1, "city")


def test_over_the_lan_only_the_certificate_the_city_issued_is_believed(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    """A stranger's announcement is harmless: without the city's certificate for this ward's hub nothing is said to it."""
    one, two, three = make("một"), make("hai"), make("ba")
    trust = trusted(three.store)
    assert trust is not None
    other = Authority(new_authority(datetime.now(UTC)))
    note_trust(three.store, replace(trust, ca=other.pem))
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    for pc in (one, two, three):
        pc.sync()
    assert two.sees(record).standing == "hub"
    assert three.load(record) is None
    note_trust(three.store, replace(trust, names=("q9.00070.hub.so-phuong.internal",)))
    three.sync()
    assert three.load(record) is None, "this hub was withdrawn"
    note_trust(three.store, trust)
    three.sync()
    assert three.sees(record).standing == "hub"


WHO = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["begin", "edit", "sync", "direct", "cut"]), WHO),
        st.tuples(st.sampled_from(["line", "no line"]), st.just(0)),
    ),
    min_size=6,
    max_size=30,
)


class Story:
    """Steps of three PCs, and what was saved: record id → every value its number of copies was given."""

    def __init__(self, gateway: GatewayServer, pcs: list[Pc]) -> None:
        self.gateway, self.pcs = gateway, pcs
        self.saved: dict[str, set[int]] = {}
        self.up = True

    def line(self, *, up: bool) -> None:
        if up != self.up:
            self.gateway.start() if up else self.gateway.stop()
            self.up = up

    def edit(self, pc: Pc, n: int) -> None:
        there = [r for r in pc.store.records.each(COPY) if r.id in self.saved]
        mine = [r for r in there if r.revision or r.standing != "hub"]
        if mine:
            record = mine[n % len(mine)]
            self.saved[record.id].add(pc.save(pc.sees(record), copies=n + 2).fields["copies"])

    def take(self, step: str, pc: Pc, n: int) -> None:
        match step:
            case "begin":
                self.saved[pc.save(doc_title=f"Giấy {n}").id] = {1}
            case "edit":
                self.edit(pc, n)
            case "sync":
                pc.sync()
            case "direct":
                pc.at(pc.city)
            case "cut":
                pc.at("http://127.0.0.1:9")
            case _:
                self.line(up=step == "line")

    def end(self) -> None:
        """Every line is back, and everybody syncs until nothing moves."""
        self.line(up=True)
        for pc in self.pcs:
            pc.at(pc.city)
        for _ in range(3):
            assert all(pc.sync() for pc in self.pcs)
        for pc in self.pcs:
            assert (pc.waiting(), pc.store.provisional.count()) == (0, 0)
            assert pc.held() == self.pcs[0].held()
            assert pc.engine.sync_once().repaired == 0


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_happens_all_end_equal_and_nothing_is_lost(
    gateway: GatewayServer, hub: HubServer, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    base = tmp_path / secrets.token_hex(4)
    base.mkdir()
    pcs = [Pc(gateway, hub, base / str(n), f"Cán bộ {base.name} {n}") for n in range(3)]
    for pc in pcs:
        pc.sync()
    known = {r.id for r in pcs[0].store.records.each(COPY)}
    story = Story(gateway, pcs)
    for n, (step, who) in enumerate(steps):
        story.take(step, pcs[who], n)
    story.end()
    kept = {r.id: r for r in pcs[0].store.records.each(COPY) if r.id not in known}
    assert set(kept) == set(story.saved)
    for record_id, values in story.saved.items():
        record = kept[record_id]
        candidates = {c.value for each in record.conflicts.values() for c in each}
        assert {record.fields["copies"], *candidates} <= values
    with gateway.city.storage.read() as session:
        assert session.all("SELECT status FROM changes WHERE status = 'refused'") == []
    for pc in pcs:
        pc.store.close()


def test_the_citys_word_ends_what_the_hub_told(make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer) -> None:
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    one.sync()
    two.sync()
    gateway.stop()
    begun = one.save(doc_title="Giấy mới")
    one.save(one.sees(record), copies=4)
    one.sync()
    two.sync()
    assert two.store.provisional.count() == 2
    hub.stop()
    gateway.start()
    assert one.sync()
    assert two.sync()
    assert two.store.provisional.count() == 0
    assert two.sees(begun).standing == two.sees(record).standing == "city"
    assert one.held() == two.held()
