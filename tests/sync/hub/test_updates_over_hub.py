"""The ward's line carries an update once: the hub keeps each part that a PC asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sync.gateway.server import GatewayServer
from sync.http_line import Line
from sync.hub.answers import Answer, NoAnswerError
from sync.hub.server import HubServer
from sync.hub.update_parts import FILES, UpdateParts
from sync.protocol import SyncError
from sync.updates.model import UpdateOffer
from sync.updates.sources import LineSource
from tests.sync.hub.pcs import Pc
from tests.sync.updates.shelf import Shelf, same_folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    shelf.publish("1.0.0")
    shelf.publish("1.1.0", "1.0.0")
    return shelf


def over(hub: HubServer, pc: Pc) -> LineSource:
    from sync.hub.choice import trusted
    from sync.hub.reach import Found

    trust = trusted(pc.store)
    assert trust is not None
    return LineSource(Line(hub.url, pc.answer.token, "vi", settings=Found(hub.url, hub.names[0]).settings(trust)))


def test_the_second_pc_needs_no_line_to_the_city(
    gateway: GatewayServer, hub: HubServer, make: Callable[..., Pc], shelf: Shelf, tmp_path: Path
) -> None:
    gateway.city.updates.use(shelf.folder)
    gateway.city.updates.give("1.1.0", "all", 100)
    one, two = make("one"), make("two")
    for name, pc in (("one", one), ("two", two)):
        here, line = shelf.pc(tmp_path / f"{name}-program"), over(hub, pc)
        if name == "one":
            taken = here.taking().offered(lambda told, line=line: line.offer(**told), [line])
        else:
            line.part("metadata/timestamp.json", 0, 128 * 1024)  # the hub knows this PC by now
            gateway.stop()
            with pytest.raises(SyncError):
                line.offer(version="1.0.0")
            taken = here.taking().offered(lambda told: UpdateOffer(version="1.1.0"), [line])
        assert taken == "1.1.0"
        assert same_folder(here.versions / "1.1.0", shelf.built / "1.1.0")
        line.close()


def no_line() -> Answer:
    raise NoAnswerError(502, "unreachable", "Chưa nối được.", "No line.")


def stranger() -> None:
    raise NoAnswerError(401, "unknown_device", "Thành phố không biết máy này.", "Unknown.")


PATH = FILES + "targets/linux-x86_64/1.0.0/" + "a" * 64 + ".whole"


def test_a_part_is_kept_for_those_the_city_knows_alone(tmp_path: Path) -> None:
    parts, wanted, asked = UpdateParts(tmp_path), {"range": "bytes=0-3"}, []

    def city() -> Answer:
        asked.append(1)
        return Answer(206, {"content-range": "bytes 0-3/10"}, b"abcd")

    for _ in range(3):
        assert parts.serve(PATH, wanted, city, lambda: None).body == b"abcd"
    assert len(asked) == 1
    assert parts.serve(PATH, wanted, no_line, lambda: None).headers["Content-Range"] == "bytes 0-3/10"
    with pytest.raises(NoAnswerError):
        parts.serve(PATH, wanted, no_line, stranger)
    with pytest.raises(NoAnswerError):
        parts.serve(PATH, {"range": "bytes=4-7"}, no_line, lambda: None)


def test_the_timestamp_is_asked_for_each_time(tmp_path: Path) -> None:
    parts, wanted = UpdateParts(tmp_path), {"range": "bytes=0-99"}
    target = FILES + "metadata/timestamp.json"
    for body in (b"one", b"two"):
        city = Answer(206, {"content-range": "bytes 0-2/3"}, body)
        assert parts.serve(target, wanted, lambda city=city: city, lambda: None).body == body
    assert parts.serve(target, wanted, no_line, lambda: None).body == b"two"
    assert parts.serve(FILES + "metadata/2.root.json", wanted, no_line, lambda: None).status == 404


def test_a_part_that_was_cut_on_the_disk_is_fetched_anew(tmp_path: Path) -> None:
    parts, wanted = UpdateParts(tmp_path), {"range": "bytes=0-3"}
    whole = Answer(206, {"content-range": "bytes 0-3/10"}, b"abcd")
    parts.serve(PATH, wanted, lambda: whole, lambda: None)
    kept = next(path for path in tmp_path.rglob("*") if path.is_file())
    kept.write_bytes(kept.read_bytes()[:-1])
    assert parts.serve(PATH, wanted, lambda: whole, lambda: None).body == b"abcd"


def test_what_is_no_part_of_a_repository_is_never_kept(tmp_path: Path) -> None:
    parts = UpdateParts(tmp_path)
    said = Answer(206, {"content-range": "bytes 0-3/10"}, b"abcd")
    for target in (FILES + "../hub.db", FILES + "metadata/../x.json"):
        parts.serve(target, {"range": "bytes=0-3"}, lambda: said, lambda: None)
    assert list(tmp_path.iterdir()) == []
