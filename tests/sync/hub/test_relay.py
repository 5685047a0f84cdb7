"""What the hub has of the city's word, for PCs that were off while there was a line: unchanged, and for those it is for."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from forms import pack, pack_keys
from sync.gateway.hub_authority import Authority, authority, new_authority, use_authority
from sync.gateway.hubs import withdraw
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.http_line import HubCheck, Line, LineSettings
from sync.hub.choice import choice, choose, trusted
from sync.hub.identity import join, read_identity
from sync.hub.messages import HUB_ROLE, LogAnswer, LogRequest, hub_name
from sync.hub.server import HubServer
from sync.pack_use import PACK_KEYS, read_state
from sync.protocol import SyncError
from sync.store.model import Record, Save
from tests.sync.hub.pcs import CATALOG, COPY, OTHER_WARD, WARD, Pc, made_hub

SCAN = b"%PDF-1.7\n" + b"scan" * 5000


def attached(pc: Pc) -> Record:
    digest = pc.store.files.put(SCAN)
    file = {"sha256": digest, "name": "quet.pdf", "size": len(SCAN), "media_type": "application/pdf"}
    fields = {"requester_name": "Nguyễn Thị Ánh", "copies": 1, "pages": 2, "form": "electronic", "file": file}
    return pc.store.save([Save(type=COPY, fields=fields)], pc.officer)[0]


def digests(pc: Pc) -> list[dict[str, str]]:
    return [pc.store.changes.digest(ward, scope) for ward, scope, _ in pc.store.changes.cursors()]


def test_a_pc_that_was_off_hears_the_citys_news_from_the_hub(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one, two = make("một"), make("hai")
    record, other = one.save(doc_title="Học bạ"), one.save(doc_title="Bằng")
    assert one.sync()
    hub.round()
    one.save(one.sees(record), copies=7)
    assert one.sync()
    hub.round()
    gateway.stop()
    assert not two.sync()
    there = two.sees(record)
    assert (there.standing, there.revision, there.fields["copies"]) == ("city", 2, 7)
    assert two.sees(other).standing == "city"
    assert digests(two) == digests(one)
    assert two.waiting() == 0
    mine = two.save(two.sees(record), pages=9)  # work goes on over the city's newest
    assert mine.fields["copies"] == 7
    gateway.start()
    assert two.sync()
    assert one.sync()
    assert one.held() == two.held()
    assert one.sees(record).fields["pages"] == 9
    assert two.engine.sync_once().repaired == 0


def test_what_was_altered_on_the_hub_is_not_taken(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    assert one.sync()
    hub.round()
    copy = hub._copy
    assert copy is not None
    ((body,),) = copy._all("SELECT body FROM pages WHERE start < cursor")
    copy._run("UPDATE pages SET body = ? WHERE start < cursor", body[:-1] + bytes([body[-1] ^ 1]))
    gateway.stop()
    two.sync()
    assert two.load(record) is None
    copy._run("UPDATE pages SET body = ? WHERE start < cursor", body)
    two.sync()
    assert two.sees(record).standing == "city"


def test_files_come_from_the_hub(make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer) -> None:
    one, two = make("một"), make("hai")
    hub.round()
    record = attached(one)
    assert one.sync()
    hub.round()
    gateway.stop()
    two.sync()
    two.store.files.want(hashlib.sha256(SCAN).hexdigest(), "0" * 64)
    two.sync()
    assert two.store.files.read(two.sees(record).fields["file"]["sha256"]) == SCAN
    assert SCAN[:64] not in (hub.folder / "hub.db").read_bytes()
    assert b"SQLite" not in (hub.folder / "hub.db").read_bytes()[:16], "encrypted"


def test_a_pack_comes_from_the_hub(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer, tmp_path: Path
) -> None:
    private, public = pack_keys.new_keys(tmp_path / "city.pem")
    gateway.city.packs.trust(public.read_text("ascii"))
    one = make("một")
    one.store.set_meta(PACK_KEYS, gateway.city.packs.keys())
    import forms

    files = pack.read_files(Path(forms.__file__).parent / "catalog")
    content = pack.build(files, private, version=CATALOG.version, serial=7, made_at="2026-11-22T00:00:00Z")
    gateway.city.packs.add(content, percent=100)
    hub.round()
    gateway.stop()
    one.sync()
    taken = read_state(one.store.path).next
    assert taken is not None
    assert taken.serial == 7


def test_streams_of_others_are_not_told(make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer) -> None:
    one, other = make("một"), make("ba", ward=OTHER_WARD)
    record = attached(one)
    assert one.sync()
    hub.round()
    gateway.stop()
    other.store.files.want(hashlib.sha256(SCAN).hexdigest())
    other.sync()
    assert other.load(record) is None
    trust = trusted(other.store)
    assert trust is not None
    path = f"/v1/files/{WARD}/open/{hashlib.sha256(SCAN).hexdigest()}"
    hubs = list(other.engine._reached(search=False))
    line = Line(hub.url, other.answer.token, "vi", settings=hubs[0].place.settings(trust))
    assert line.send("GET", path, None, {}).status == 502
    mine = Line(hub.url, one.answer.token, "vi", settings=hubs[0].place.settings(trust))
    assert mine.send("GET", path, None, {}).content == SCAN


def test_a_restored_city_ends_what_was_copied(make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer) -> None:
    one, two = make("một"), make("hai")
    record = one.save(doc_title="Học bạ")
    assert one.sync()
    hub.round()
    gateway.city.restored()
    hub.round()
    gateway.stop()
    two.sync()
    assert two.load(record) is None, "pages of another epoch are no word of this city"
    gateway.start()
    assert two.sync()
    assert two.sees(record).standing == "city"


def test_a_hub_restored_from_a_backup_copies_on(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one, two = make("một"), make("hai")
    assert one.sync()
    hub.round()
    hub.stop()
    old = (hub.folder / "hub.db").read_bytes()
    records = []
    with HubServer(hub.folder, hub.port) as later:
        for n in range(3):
            records.append(one.save(doc_title=f"Giấy {n}"))
            assert one.sync()
            later.round()
    for suffix in ("", "-wal", "-shm"):
        (hub.folder / f"hub.db{suffix}").unlink(missing_ok=True)
    (hub.folder / "hub.db").write_bytes(old)
    with HubServer(hub.folder, hub.port) as again:
        again.round()
        gateway.stop()
        two.sync()
        assert [two.sees(r).standing for r in records] == ["city"] * 3


def test_two_hubs_tell_together(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer, tmp_path: Path
) -> None:
    """One PC reaches the first hub alone, another the second, a third both."""
    with HubServer(made_hub(gateway, tmp_path / "hub2", WARD)) as second:
        gateway.city.hubs.forget()
        one, two, three = make("một"), make("hai"), make("ba")
        second.round()
        trust = trusted(three.store)
        assert trust is not None
        assert len(trust.names) == 2
        choose(two.store, second.url)
        choose(three.store, "auto")
        places = {hub.url: hub_name(hub.identity.device, WARD), second.url: hub_name(second.identity.device, WARD)}
        three.store.set_meta("hubs_met", [list(place) for place in places.items()])
        gateway.stop()
        records = [one.save(doc_title="Một"), two.save(doc_title="Hai")]
        for pc in (one, two, three):
            pc.sync()
        assert [three.sees(r).standing for r in records] == ["hub", "hub"]
        second.stop()
        three.sync()
        assert [three.sees(r).standing for r in records] == ["hub", "hub"], "what the other hub told stays"


def test_off_means_off(make: Callable[..., Pc], gateway: GatewayServer) -> None:
    one, two = make("một"), make("hai")
    choose(two.store, "off")
    gateway.stop()
    record = one.save(doc_title="Học bạ")
    one.sync()
    two.sync()
    assert two.load(record) is None
    with pytest.raises(SyncError):
        choose(two.store, "http://127.0.0.1:8621")
    assert choice(two.store).mode == "off"


# the certificate


def test_what_the_system_trusts_is_no_way_to_a_hub_and_a_hub_is_no_city(hub: HubServer, gateway: GatewayServer) -> None:
    """Neither is the city believed by the hubs' authority, nor the hub by the system's."""
    with pytest.raises(SyncError) as refused:
        Line(hub.url, "token", "vi").send("GET", "/healthz", None, {})
    assert refused.value.code == "tls"
    pem = authority(gateway.city.storage, datetime.now(UTC)).pem
    for name in ("localhost", "q99.00070.hub.so-phuong.internal", hub_name(hub.identity.device, "00001")):
        line = Line(hub.url, "token", "vi", settings=LineSettings(hub=HubCheck(pem, name)))
        with pytest.raises(SyncError) as refused:
            line.send("GET", "/healthz", None, {})
        assert refused.value.code == "tls", name


def test_a_certificate_names_device_role_and_ward_and_lives_shortly(hub: HubServer, gateway: GatewayServer) -> None:
    made = x509.load_pem_x509_certificate(hub.identity.certificate.encode())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert set(names) == {hub_name(hub.identity.device, ward) for ward in (WARD, OTHER_WARD)}
    assert made.not_valid_after_utc - made.not_valid_before_utc <= timedelta(days=15)
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_certificate_is_renewed_each_day_and_when_the_city_has_another_authority(
    hub: HubServer, gateway: GatewayServer
) -> None:
    first = hub.identity.certificate
    hub.round()
    assert hub.identity.trust
    second = hub.identity.certificate
    hub.round()
    assert hub.identity.certificate == second
    hub.identity = msgspec.structs.replace(hub.identity, issued_at="2026-01-01T00:00:00Z")
    hub.round()
    third = hub.identity.certificate
    use_authority(gateway.city.storage, Authority(new_authority(datetime.now(UTC))))
    gateway.city.hubs.forget()
    hub.round()
    assert len({first, second, third, hub.identity.certificate}) >= 3
    assert hub.identity.certificate != third
    pem = authority(gateway.city.storage, datetime.now(UTC)).pem
    context = ssl.create_default_context(cadata=pem)
    import socket

    with (
        socket.create_connection(("127.0.0.1", hub.port)) as raw,
        context.wrap_socket(raw, server_hostname=hub_name(hub.identity.device, WARD)) as safe,
    ):
        assert safe.version() in ("TLSv1.2", "TLSv1.3")


def test_a_certificate_is_renewed_though_a_file_never_comes(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the ward that gives whole files where a part is asked for: the copy waits for ever, the certificate must not."""
    one = make("một")
    hub.round()
    attached(one)
    assert one.sync()
    first = hub.identity.certificate
    hub.identity = msgspec.structs.replace(hub.identity, issued_at="2026-01-01T00:00:00Z")
    monkeypatch.setattr("sync.hub.copying.OCTETS", "what no answer is")
    with pytest.raises(SyncError):
        hub.round()
    assert hub.identity.certificate != first


def test_a_hub_that_was_withdrawn_is_believed_no_more(
    make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer
) -> None:
    one = make("một")
    assert trusted(one.store) is not None
    withdraw(gateway.city.storage, hub.identity.device)
    gateway.city.hubs.forget()
    one.sync()
    assert trusted(one.store) is None
    with pytest.raises(SyncError, match="đăng ký"):
        hub.round()
    with pytest.raises(RefusedError):
        withdraw(gateway.city.storage, hub.identity.device)


def test_a_suspended_device_gets_nothing(hub: HubServer, gateway: GatewayServer) -> None:
    with gateway.city.storage.write() as session:
        session.run("UPDATE devices SET suspended = 'x' WHERE id = ?", hub.identity.device)
    gateway.city.hubs.forget()
    assert gateway.city.hubs.trust([WARD]) is None
    with pytest.raises(SyncError) as refused:
        hub.round()
    assert refused.value.code == "not_granted"


def test_the_pages_of_hubs_are_for_hubs_alone(make: Callable[..., Pc], gateway: GatewayServer, hub: HubServer) -> None:
    """A PC's token gets no log; a hub's token reads no record and sends none; neither asks for another ward."""
    pc = make("một")
    record = attached(pc)
    assert pc.sync()
    of_pc, of_hub = (Line(gateway.url, token, "vi") for token in (pc.answer.token, hub.identity.token))
    with pytest.raises(SyncError, match="trung gian"):
        of_pc.ask("POST", "/v1/hub/log", LogRequest(), LogAnswer)
    digest = record.fields["file"]["sha256"]
    assert of_pc.send("GET", f"/v1/hub/files/{WARD}/open/{digest}", None, {}).status == 403
    assert of_hub.send("GET", f"/v1/hub/files/{WARD}/open/{digest}", None, {}).content == SCAN
    assert of_hub.send("GET", f"/v1/files/{WARD}/open/{digest}", None, {}).status == 404
    assert of_hub.send("GET", f"/v1/records/{record.id}/history", None, {}).status == 404
    restricted = next(scope.id for scope in CATALOG.scopes if scope.restricted)
    for ward, scope in (("00001", "open"), (WARD, restricted)):
        with pytest.raises(SyncError) as refused:
            of_hub.ask("POST", "/v1/hub/log", LogRequest(places=(_place(ward, scope),)), LogAnswer)
        assert refused.value.code == "bad_request"
        assert of_hub.send("GET", f"/v1/hub/files/{ward}/{scope}/{digest}", None, {}).status == 404
    told = of_hub.ask("POST", "/v1/hub/log", LogRequest(), LogAnswer)
    assert restricted not in {scope for _, scope in told.streams}


def _place(ward: str, scope: str) -> object:
    from sync.hub.messages import StreamPlace

    return StreamPlace(ward, scope, 0)


def test_a_pc_that_becomes_a_hub_stays_a_device_of_its_own(gateway: GatewayServer, tmp_path: Path) -> None:
    made = join(
        tmp_path / "hub", gateway.url, gateway.city.enrolment.new_code([WARD], "Máy trung gian", "", (HUB_ROLE,))
    )
    assert read_identity(tmp_path / "hub") == made
    with pytest.raises(SyncError):
        join(tmp_path / "hub", gateway.url, "AAAA-AAAA")
    assert read_identity(tmp_path / "hub") == made


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_signing_request_breaks_the_authority(text: str) -> None:
    issuer = _issuer()
    with pytest.raises(RefusedError):
        issuer.issue(text, "Q1", [WARD], datetime.now(UTC))


_made: list[Authority] = []


def _issuer() -> Authority:
    if not _made:
        _made.append(Authority(new_authority(datetime.now(UTC))))
    return _made[0]
