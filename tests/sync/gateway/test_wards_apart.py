"""What another ward has cannot be told from what nobody has: the same words, whatever is asked, and nothing moves there."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from sync.gateway.city import City
from sync.gateway.face import Face
from sync.gateway.uploads import Upload, WantedUpload
from sync.protocol import Change, LeaseRequest
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.test_hostile_device import CITIZEN, COPY

ROLES = ("chair", "reception", "civil_status_officer")
CONTENT = b"%PDF-1.7 " + b"x" * 100
Ask = Callable[["Side", "Thing"], tuple[str, str, dict[str, str], bytes]]


class Thing(Struct):
    """What is asked about."""

    ward: str
    record: str
    change: Change
    sha256: str
    upload: str
    device: str
    officer: Any


class Side(Struct):
    """Who asks: an officer of a ward."""

    pc: Pc
    own: Change

    def push(self, *changes: Change) -> bytes:
        return msgspec.json.encode({"changes": changes})


def things(city: City) -> tuple[Thing, Thing]:
    """What the other ward has, and the like of it that nobody has."""
    theirs = Pc(city, OTHER_WARD, ROLES, "Khác")
    made = theirs.create(COPY, ward=OTHER_WARD, after={"cert_no": "0007", "doc_title": "Bí mật"}, number="0007")
    theirs.push(made)
    city.leases.lease(theirs.device, LeaseRequest(ward=OTHER_WARD, register=f"{COPY}/book", period="2026"))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    whole = city.uploads.begin(theirs.device, WantedUpload(OTHER_WARD, "open", sha256, len(CONTENT)))
    assert isinstance(whole, Upload)
    city.uploads.put(theirs.device, whole.id, 0, CONTENT)
    open_one = city.uploads.begin(theirs.device, WantedUpload(OTHER_WARD, "open", "1" * 64, 50))
    assert isinstance(open_one, Upload)
    there = Thing(OTHER_WARD, made.record_id, made, sha256, open_one.id, theirs.answer.device, theirs.officer)
    nobodys = theirs.create(COPY, ward=OTHER_WARD)
    none = Thing(
        OTHER_WARD, nobodys.record_id, nobodys, "2" * 64, f"{OTHER_WARD}.{'0' * 24}", "Q77", theirs.officer
    )  # fmt: skip
    return there, none


def json(path: str, **body: Any) -> tuple[str, str, dict[str, str], bytes]:
    return "POST", path, {"content-type": "application/json"}, msgspec.json.encode(body)


TUS = {"tus-resumable": "1.0.0"}
PART = {**TUS, "content-type": "application/offset+octet-stream", "upload-offset": "0"}


def creation(side: Side, thing: Thing) -> tuple[str, str, dict[str, str], bytes]:
    said = {"ward": thing.ward, "scope": "open", "sha256": thing.sha256, "resume": ""}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
    return "POST", "/v1/files", {**TUS, "upload-length": str(len(CONTENT)), "upload-metadata": metadata}, b""


def edited(side: Side, thing: Thing, **more: Any) -> tuple[str, str, dict[str, str], bytes]:
    edit = side.pc.edit(thing.change, {}, {"doc_title": "đổi"})
    said = msgspec.structs.replace(edit, **{"change_id": f"c-{thing.device}", "at": "2026-11-22T03:00:00Z", **more})
    return "POST", "/v1/push", {"content-type": "application/json"}, side.push(said)


ASKED: dict[str, Ask] = {
    "history": lambda s, t: ("GET", f"/v1/records/{t.record}/history", {}, b""),
    "a file": lambda s, t: ("GET", f"/v1/files/{t.ward}/open/{t.sha256}", {}, b""),
    "a file of the own ward": lambda s, t: ("GET", f"/v1/files/{WARD}/open/{t.sha256}", {}, b""),
    "its size": lambda s, t: ("HEAD", f"/v1/files/{t.ward}/open/{t.sha256}", {}, b""),
    "its end": lambda s, t: ("PATCH", f"/v1/files/{t.ward}/open/{t.sha256}", PART, b""),
    "by the hub's page": lambda s, t: ("GET", f"/v1/hub/files/{t.ward}/open/{t.sha256}", {}, b""),
    "an upload": lambda s, t: ("HEAD", f"/v1/files/{t.upload}", TUS, b""),
    "to add to it": lambda s, t: ("PATCH", f"/v1/files/{t.upload}", PART, b"x" * 10),
    "to end it": lambda s, t: ("DELETE", f"/v1/files/{t.upload}", TUS, b""),
    "to begin one": creation,
    "a page": lambda s, t: json("/v1/pull", ward=t.ward, scope="open"),
    "a page of another city's ward": lambda s, t: json("/v1/pull", ward=t.ward, scope="none"),
    "a book": lambda s, t: json("/v1/lease", ward=t.ward, register=f"{COPY}/book", period="2026"),
    "to give it back": lambda s, t: json(
        "/v1/lease", ward=t.ward, register=f"{COPY}/book", period="2026", handover="h", to=s.pc.answer.device
    ),
    "to give one's own to a PC there": lambda s, t: json(
        "/v1/lease", ward=WARD, register=f"{COPY}/book", period="2026", handover="h", to=t.device
    ),
    "an edit": edited,
    "an edit by an officer there": lambda s, t: edited(s, t, officer=t.officer),
    "in the name of its device": lambda s, t: edited(s, t, device=t.device),
    "the own ward's of that id": lambda s, t: edited(s, t, ward=WARD),
    "the id of a change there": lambda s, t: edited(s, t, change_id=t.change.change_id),
    "in place of a change there": lambda s, t: edited(s, t, in_place_of=(t.change.change_id,)),
    "what a hub copies": lambda s, t: json("/v1/hub/log", places=[{"ward": t.ward, "scope": "open", "cursor": 0}]),
}


@pytest.mark.parametrize("what", ASKED)
def test_another_ward_s_is_as_if_it_were_not(city: City, what: str) -> None:
    mine = Pc(city, WARD, ROLES)
    own = mine.create(COPY, after={"doc_title": "của mình"})
    mine.push(own)
    city.leases.lease(mine.device, LeaseRequest(ward=WARD, register=f"{COPY}/book", period="2026"))
    side = Side(mine, own)
    before = standing(city)
    there, none = things(city)
    with_them = standing(city)
    assert with_them != before
    answers = []
    for thing in (there, none):
        method, path, headers, body = ASKED[what](side, thing)
        token = {"authorization": f"Bearer {mine.answer.token}", "accept": "application/json"}
        answer = Face(city).serve(method, path, {**token, **headers}, body, "10.0.0.1")
        told = answer.body
        for name in (thing.record, thing.sha256, thing.upload, thing.device, thing.change.change_id):
            told = told.replace(name.encode(), b"?")
        answers.append((answer.status, sorted(answer.headers), told))
    assert answers[0] == answers[1]
    assert "Bí mật".encode() not in answers[0][2]
    assert standing(city) == with_them


def standing(city: City) -> list[Any]:
    """All that the other ward has."""
    tables = (
        "records",
        "changes",
        "given_up",
        "leases",
        "handovers",
        "books",
        "streams",
        "files",
        "file_parts",
        "uploads",
    )
    return [city.storage.once(f"SELECT * FROM {table} WHERE ward = ?", OTHER_WARD) for table in tables]


def test_what_is_in_a_register_that_is_not_granted_is_as_if_it_were_not(city: City) -> None:
    """Of the same ward, by its id: of a reception, which reads dossiers and people."""
    all_of_it, some = Pc(city, WARD, ROLES), Pc(city, WARD, ("reception",), "Bình")
    hidden, nobodys = all_of_it.create(COPY, after={"doc_title": "Bí mật"}), all_of_it.create(COPY)
    all_of_it.push(hidden)
    token = {"authorization": f"Bearer {some.answer.token}", "accept": "application/json"}
    for of in (hidden, nobodys):
        history = Face(city).serve("GET", f"/v1/records/{of.record_id}/history", token, b"", "")
        assert history.status == 404
    told = [some.push(some.edit(of, {}, {"doc_title": "x"}))[0] for of in (hidden, nobodys)]
    assert told[0].problems == told[1].problems
    as_citizen = msgspec.structs.replace(hidden, type=CITIZEN, after={}, change_id="c-2", officer=some.officer)
    (result,) = some.push(as_citizen)
    assert result.status == "refused"
    assert "Bí mật" not in str(result)
    assert all_of_it.pull_all("open").records[0].type == COPY
