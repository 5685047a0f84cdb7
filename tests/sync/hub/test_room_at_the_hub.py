"""How much of what the ward's PCs tell a hub is told on: of each as much as it keeps of one, to each what one answer holds of
what he may read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from sync.clock import SystemClock
from sync.hub import face
from sync.hub.answers import NoAnswerError, message_in
from sync.hub.copy import Copy
from sync.hub.face import OWN_PAGE, HubFace
from sync.hub.grants import Grants
from sync.hub.messages import HubAnswer, HubRequest, ScopedChange, WardDevice, mark_of
from sync.protocol import Change, Hello, Officer, SyncError

OPEN, PEOPLE = ("00070", "open"), ("00070", "people")
DEVICES = {"Q1": (OPEN, PEOPLE), "Q2": (OPEN, PEOPLE), "Q3": (OPEN, PEOPLE), "Q4": (OPEN,)}
Tell = Callable[..., tuple[str, ...]]


def stranger(token: str) -> Hello:
    raise SyncError("unreachable", "")


def unreachable(*asked: object) -> object:
    raise NoAnswerError(502, "unreachable", "", "")


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """A device tells changes and hears the ids of the others'. A PC is kept with 10 changes of a kilobyte, an answer holds 20."""
    monkeypatch.setattr(face, "MOST_BYTES", 15_000, raising=False)
    monkeypatch.setattr(face, "LARGEST_TOLD", 30_000)
    clock = SystemClock()
    grants = Grants(tmp_path / "hub.json", clock, stranger)
    known = [WardDevice(hashlib.sha256(name.encode()).hexdigest(), name, streams) for name, streams in DEVICES.items()]
    grants.take(known, b"1")
    hub = HubFace(grants, unreachable, Copy(tmp_path / "hub.db", b"k" * 32, clock), clock)

    def told(device: str, changes: Sequence[ScopedChange] = ()) -> tuple[str, ...]:
        request = HubRequest(mine=mark_of(c.change.change_id for c in changes), changes=tuple(changes))
        headers = {"authorization": f"Bearer {device}"}
        answer = hub.serve("POST", OWN_PAGE, headers, msgspec.msgpack.encode(request))
        assert answer.status == 200
        said = {name.lower(): value for name, value in answer.headers.items()}
        heard = message_in(said, answer.body, HubAnswer).changes
        return tuple(change.change_id for change in heard or ())

    return told


def made(device: str, stream: tuple[str, str], count: int) -> list[ScopedChange]:
    """So many changes of more than a kilobyte each."""
    ward, scope = stream
    return [
        ScopedChange(
            scope,
            Change(
                change_id=f"{device}.{n}", save_id="", record_id=f"{device}.{n}", type="people.citizen", ward=ward,
                kind="create", state="current", after={"note": "x" * 1_100}, at="",
                officer=Officer(id="o", name="Cán bộ", roles=()), device=device,
            ),
        )
        for n in range(count)
    ]  # fmt: skip


def test_one_that_tells_too_much_is_heard_with_what_fits_and_silences_nobody(tell: Tell) -> None:
    tell("Q1", made("Q1", OPEN, 100))
    tell("Q2", made("Q2", OPEN, 3))
    heard = tell("Q3")
    of_first = [i for i in heard if i.startswith("Q1.")]
    assert [i for i in heard if i.startswith("Q2.")] == ["Q2.0", "Q2.1", "Q2.2"]
    assert 5 < len(of_first) < 100
    assert of_first == [f"Q1.{n}" for n in range(len(of_first))], "the first, in their order"


def test_what_one_may_not_read_takes_no_room_of_what_he_may(tell: Tell) -> None:
    for device in ("Q1", "Q2"):
        tell(device, made(device, PEOPLE, 10))
    tell("Q3", made("Q3", OPEN, 10))
    assert tell("Q4") == tuple(f"Q3.{n}" for n in range(10))
