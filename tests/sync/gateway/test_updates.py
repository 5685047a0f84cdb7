"""The city gives out versions of the program: rings, shares, files in parts, and hears how it went."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest
import requests
from msgspec.structs import replace

import sync.gateway.city
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.http_line import Line
from sync.protocol import SyncError
from sync.updates.installation import read_state
from sync.updates.pointer import Pointer, read_pointer, write_pointer
from sync.updates.sources import LineSource
from sync.updates.standing import settle
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.updates import shelf as shelves
from tests.sync.updates.shelf import Shelf, same_folder, three_versions


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return three_versions(tmp_path_factory.mktemp("shelf"))


def source(gateway: GatewayServer, token: str) -> LineSource:
    return LineSource(Line(gateway.url, token, "vi"))


def test_rings_come_first_and_the_rest_a_share_at_a_time(city: City) -> None:
    pilot, others = Pc(city, WARD), [Pc(city, OTHER_WARD, officer=f"Người {n}") for n in range(60)]
    city.updates.give("1.1.0", "all", 100)
    city.updates.put_in_ring("pilot", [WARD], [])
    city.updates.give("1.2.0", "pilot", 100)
    city.updates.give("1.2.0", "all", 0)
    assert city.updates.offer(pilot.device, {}).version == "1.2.0"
    assert city.updates.offer(pilot.device, {}).ring == "pilot"
    assert {city.updates.offer(pc.device, {}).version for pc in others} == {"1.1.0"}
    # one that was set up with the ring hears of it too; the city's own word goes over it
    assert city.updates.offer(others[0].device, {"ring": "pilot"}).version == "1.2.0"
    city.updates.put_in_ring("late", [], [others[0].device.id])
    assert city.updates.offer(others[0].device, {"ring": "pilot"}).version == "1.1.0"

    def with_it(percent: int) -> set[str]:
        city.updates.give("1.2.0", "all", percent)
        return {pc.device.id for pc in others if city.updates.offer(pc.device, {}).version == "1.2.0"}

    few, more, every = with_it(20), with_it(60), with_it(100)
    assert few < more < every == {pc.device.id for pc in others}
    assert 1 <= len(few) <= 30 <= 20 + len(more) <= 75


def test_a_withdrawn_version_is_offered_to_nobody(city: City) -> None:
    pc = Pc(city)
    city.updates.give("1.1.0", "all", 100)
    city.updates.give("1.2.0", "all", 100)
    city.updates.withdraw("1.2.0")
    offer = city.updates.offer(pc.device, {"version": "1.0.0"})
    assert (offer.version, offer.withdrawn) == ("1.1.0", ("1.2.0",))


def test_the_city_knows_what_runs_and_what_did_not_come_up(city: City) -> None:
    one, two = Pc(city), Pc(city, officer="Bình")
    city.updates.offer(one.device, {"version": "1.0.0", "failed": "1.1.0"})
    city.updates.offer(one.device, {"version": "1.0.0"})  # what failed stays told
    city.updates.offer(two.device, {"version": "1.1.0", "waiting": "1.2.0", "failed": "<script>"})
    told = {s.device: (s.version, s.waiting, s.failed) for s in city.updates.standings()}
    assert told == {one.device.id: ("1.0.0", "", "1.1.0"), two.device.id: ("1.1.0", "1.2.0", "")}


def test_another_process_s_word_is_heard(storage_url: str, city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync.gateway import updates

    pc = Pc(city)
    assert city.updates.offer(pc.device, {}).version == ""
    other = City(storage_url, CATALOG)
    other.updates.give("1.1.0", "all", 100)
    other.close()
    monkeypatch.setattr(updates, "_FRESH", 0.0)
    assert city.updates.offer(pc.device, {}).version == "1.1.0"


def test_a_pc_takes_a_version_over_the_line(gateway: GatewayServer, shelf: Shelf, tmp_path: Path) -> None:
    city_pc, pc = Pc(gateway.city), shelf.pc(tmp_path / "pc")
    line = source(gateway, city_pc.answer.token)
    ask = lambda told: line.offer(**told)  # noqa: E731
    assert pc.taking().offered(ask, [line]) == ""
    gateway.city.updates.use(shelf.folder)
    gateway.city.updates.give("1.2.0", "all", 100)
    assert pc.taking().offered(ask, [line]) == "1.2.0"
    assert same_folder(pc.versions / "1.2.0", shelf.built / "1.2.0")
    # it does not come up: the launcher goes back, and the city hears of it
    write_pointer(pc.versions, Pointer(version="1.2.0", before="1.0.0", tried=2))
    settle(pc.here)
    pc.taking().offered(ask, [line])
    assert gateway.city.updates.standings()[0].failed == "1.2.0"
    assert read_pointer(pc.versions) is None
    assert "1.2.0" in read_state(pc.versions).refused
    line.close()


def test_files_come_in_parts_to_devices_alone(gateway: GatewayServer, shelf: Shelf) -> None:
    gateway.city.updates.use(shelf.folder)
    token = Pc(gateway.city).answer.token
    path = next((shelf.folder / "targets" / shelves.PLATFORM / "1.2.0").glob("*.whole"))
    address = f"{gateway.url}/v1/updates/files/{path.relative_to(shelf.folder).as_posix()}"
    known = {"Authorization": f"Bearer {token}"}
    assert requests.get(address, timeout=30).status_code == 401
    assert requests.get(address, headers=known, timeout=30).content == path.read_bytes()
    part = requests.get(address, headers={**known, "Range": "bytes=100000-300000"}, timeout=30)
    assert part.status_code == 206
    assert part.content == path.read_bytes()[100_000:300_001]
    assert requests.get(address, headers={**known, "Range": "bytes=99999999-"}, timeout=30).status_code == 416
    head = requests.head(address, headers=known, timeout=30)
    assert head.status_code in (200, 405)
    for wrong in (
        "metadata/..%2f..%2fcity.db",
        "root-draft.json/x",
        f"targets/{shelves.PLATFORM}/%2e%2e",
        "metadata/x.json",
    ):
        assert requests.get(f"{gateway.url}/v1/updates/files/{wrong}", headers=known, timeout=30).status_code == 404


def test_a_large_file_is_never_whole_in_memory(gateway: GatewayServer, shelf: Shelf, tmp_path: Path) -> None:
    """Many ask for a large file and read slowly: what is in memory is a piece for each."""
    import tracemalloc

    folder = tmp_path / "copy"
    shutil.copytree(shelf.folder, folder)
    path = next((folder / "targets" / shelves.PLATFORM / "1.2.0").glob("*.whole"))
    with path.open("r+b") as file:
        file.truncate(60_000_000)
    gateway.city.updates.use(folder)
    known = {"Authorization": f"Bearer {Pc(gateway.city).answer.token}"}
    address = f"{gateway.url}/v1/updates/files/{path.relative_to(folder).as_posix()}"
    tracemalloc.start()
    sizes: list[int] = []

    def read() -> None:
        with requests.get(address, headers=known, timeout=30, stream=True) as answer:
            sizes.append(sum(len(piece) for piece in answer.iter_content(1 << 16)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sizes == [60_000_000] * 3
    assert most < 20_000_000


def test_an_old_city_offers_nothing(gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    line = source(gateway, Pc(gateway.city).answer.token)

    def ask(*arguments, **named):
        raise SyncError("no_page", "Không có địa chỉ hoặc cách gọi này.", retry=False)

    monkeypatch.setattr(line._line, "ask", ask)
    assert line.offer(version="1.0.0").version == ""
    line.close()


# the operator's verbs


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)
    url = f"sqlite:///{tmp_path}/city.db"
    City(url, CATALOG).close()
    return url


def said(capfd: pytest.CaptureFixture[str], *words: str) -> dict:
    assert main(["update", *words, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


def test_the_operator_moves_a_version_from_the_pilots_to_all(
    database: str, shelf: Shelf, capfd: pytest.CaptureFixture[str]
) -> None:
    on = ("--database", database)
    assert said(capfd, "ring", "pilot", "--ward", WARD, *on)["rings"] == {"pilot": {"ward": [WARD], "device": []}}
    added = said(capfd, "add", str(shelf.folder), "--ring", "pilot", *on)
    assert (added["version"], added["shares"], added["platforms"]) == ("1.2.0", {"pilot": 100}, [shelves.PLATFORM])
    assert said(capfd, "percent", "1.2.0", "25", *on)["shares"] == {"pilot": 100, "all": 25}
    assert said(capfd, "withdraw", "1.2.0", *on) == {"withdrawn": "1.2.0"}
    assert said(capfd, "list", *on)["versions"][0]["withdrawn"] is True
    assert main(["update", "list", *on]) == 0
    assert "thu hồi" in capfd.readouterr().out
    assert said(capfd, "ring", "", "--ward", WARD, *on)["rings"] == {}


def test_a_repository_that_was_copied_badly_is_not_given_out(
    database: str, shelf: Shelf, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(shelf.folder, folder)
    next((folder / "targets" / shelves.PLATFORM / "1.2.0").glob("*.whole")).write_bytes(b"half")
    assert main(["update", "add", str(folder), "--database", database]) == 1
    assert "hỏng" in capfd.readouterr().err
    for wrong in (
        ["add", str(tmp_path)],
        ["percent", "7.0.0", "10"],
        ["withdraw", "7.0.0"],
        ["ring", "BIG!", "--ward", WARD],
    ):
        assert main(["update", *wrong, "--database", database]) == 1
        assert "\n" not in capfd.readouterr().err.strip()


def test_the_timestamp_is_signed_anew_with_its_own_key_alone(
    shelf: Shelf, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(shelf.folder, folder)
    assert said(capfd, "refresh", str(folder), "--key", str(shelf.keys / "timestamp.pem"))["until"] > "2026"
    assert main(["update", "refresh", str(folder), "--key", str(shelf.keys / "snapshot.pem")]) == 1
    assert "timestamp" in capfd.readouterr().err
    pc = shelf.pc(tmp_path / "pc")
    from sync.updates.sources import FolderSource

    pc.here = replace(pc.here)
    assert pc.take("1.2.0", FolderSource(folder)) == "1.2.0"
