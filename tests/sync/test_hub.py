"""PCs of a ward and their hub, with a real city that goes away and comes back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.engine import Engine
from sync.gateway.server import GatewayServer
from sync.http import HttpTransport, enrol
from sync.http_line import Line
from sync.hub.server import HubServer
from sync.hub.step import HUB, HubExchange, over_hub
from sync.protocol import SyncError
from sync.store import Store
from sync.store.model import Enrolment, Record, Save, SaveRefused

WARD, OTHER_WARD = "00070", "00004"
COPY = "certification.cert_copy"
CATALOG = load_catalog()


class Pc:
    """A PC that knows the city and the hub."""

    def __init__(self, gateway: GatewayServer, hub: HubServer, folder: Path, officer: str, ward: str = WARD) -> None:
        folder.mkdir()
        code = gateway.enrolment_code(ward, officer, ["civil_status_officer"], "UBND")
        self.answer = enrol(gateway.url, code, folder.name)
        self.store = Store.create(folder, secrets.token_bytes(32), CATALOG, SystemClock())
        self.store.set_enrolment(
            Enrolment(
                url=gateway.url, token=self.answer.token, device=self.answer.device, wards=self.answer.wards,
                officers=(self.answer.officer,), epoch=self.answer.epoch,
            )
        )  # fmt: skip
        self.store.set_meta(HUB, {"url": hub.url, "ca": ""})
        self.officer = self.answer.officer
        self.city = gateway.url
        self.engine: Any = None
        self.at(gateway.url)

    def at(self, city: str) -> None:
        """The PC's own line leads to this address from now on."""
        line = HttpTransport(city, self.answer.token)
        self.engine = over_hub(Engine(self.store, line), self.store, self.answer.token)

    def sync(self) -> bool:
        """Whether the city was reached."""
        try:
            self.engine.sync_once()
        except SyncError as error:
            assert error.code in ("unreachable", "timeout")
            return False
        return True

    def save(self, record: Record | None = None, **fields: Any) -> Record:
        base = dict(record.fields) if record else {"requester_name": "Nguyễn Thị Ánh Tuyết", "copies": 1, "pages": 2}
        return self.store.save([Save(type=COPY, fields={**base, **fields}, opened=record)], self.officer)[0]

    def load(self, record: Record) -> Record | None:
        return self.store.records.load(record.id)

    def sees(self, record: Record) -> Record:
        found = self.load(record)
        assert found is not None
        return found

    def waiting(self) -> int:
        return len(self.store.changes.outbox())

    def held(self) -> list[tuple[Any, ...]]:
        return sorted(
            (r.id, r.revision, r.standing, str(sorted(r.fields.items()))) for r in self.store.records.each(COPY)
        )


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path}/city.db", catalog=CATALOG) as server:
        yield server


@pytest.fixture
def hub(tmp_path: Path, gateway: GatewayServer) -> Iterator[HubServer]:
    folder = tmp_path / "hub"
    folder.mkdir()
    with HubServer(folder, gateway.url) as server:
        yield server


@pytest.fixture
def make(gateway: GatewayServer, hub: HubServer, tmp_path: Path) -> Iterator[Callable[..., Pc]]:
    made: list[Pc] = []

    def one(name: str, **more: Any) -> Pc:
        made.append(Pc(gateway, hub, tmp_path / name, f"Cán bộ {name}", **more))
        assert made[-1].sync()
        return made[-1]

    yield one
    for pc in made:
        pc.store.close()


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
    for token in ("", "none"):
        with pytest.raises(SyncError):
            HubExchange(late.store, Line(hub.url, token, "vi")).run()
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
    fresh = HubServer(hub.folder, one.city, int(hub.url.rpartition(":")[2]))
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
    gateway.start()
    with gateway.city.storage.write() as session:
        session.run("UPDATE officers SET name = 'Người khác' WHERE id = ?", one.officer.id)
    one.sync()
    assert one.sees(record).standing == "refused"
    two.sync()
    two.sync()
    assert two.store.provisional.count() == 0
    assert (two.sees(record).fields["copies"], two.sees(record).standing) == (1, "city")


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of a hub at 127.0.0.1, as the city would issue it, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    paths = folder / "hub.pem", folder / "hub.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    no_secret = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_secret)
    paths[1].write_bytes(pem)
    return paths


def test_over_the_lan_only_the_certificate_the_city_issued_is_believed(
    make: Callable[..., Pc], gateway: GatewayServer, tmp_path: Path
) -> None:
    one, two, three = make("một"), make("hai"), make("ba")
    issued, other = certificate(tmp_path / "issued"), certificate(tmp_path / "other")
    with HubServer(tmp_path, gateway.url, certificate=issued) as hub:
        for pc, ca in ((one, issued[0]), (two, issued[0]), (three, other[0])):
            pc.store.set_meta(HUB, {"url": hub.url, "ca": str(ca)})
            pc.at(gateway.url)
            pc.sync()
        gateway.stop()
        record = one.save(doc_title="Học bạ")
        for pc in (one, two, three):
            pc.sync()
        assert two.sees(record).standing == "hub"
        assert three.load(record) is None


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
