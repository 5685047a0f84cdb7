"""What an operator is told before and after he moves books, takes PCs away and gives out codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import sync.gateway.city
from sync.clock import FixedClock, parse_moment
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.device_commands import list_devices
from sync.gateway.face import Face
from sync.gateway.leases import LEASE_LENGTH
from sync.hub.messages import LogRequest
from sync.protocol import EnrolRequest, LeaseRequest
from tests.sync.gateway.pcs import OTHER_WARD, WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG

REGISTER = "certification.cert_copy/book"
NEXT = LEASE_LENGTH + 1
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(parse_moment("2026-11-22T03:00:00Z"))


@pytest.fixture
def city(storage_url: str, clock: FixedClock) -> City:
    city = City(storage_url, CATALOG, clock)
    yield city  # type: ignore[misc]
    city.close()


@pytest.fixture
def run(
    storage_url: str,
    city: City,
    clock: FixedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Run:
    """Exit code, answer (read, with ``--json``) and stderr of a verb on the city's database."""
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)
    monkeypatch.setattr(sync.gateway.city, "SystemClock", lambda: clock)
    monkeypatch.delenv("SOPHUONG_LANGUAGE", raising=False)
    monkeypatch.setenv("SOPHUONG_WITHDRAWN", str(tmp_path / "list.txt"))

    def run(*words: str) -> tuple[int, Any, str]:
        capfdbinary.readouterr()
        code = main([*words, "--database", storage_url])
        said = capfdbinary.readouterr()
        out = said.out.decode()
        return code, json.loads(out) if "--json" in words and out else out, said.err.decode()

    return run


def lend(pc: Pc, *periods: str, ward: str = WARD) -> None:
    for period in periods:
        pc.city.leases.lease(pc.device, LeaseRequest(ward, REGISTER, period))


def numbered(pc: Pc, n: int) -> None:
    after = {"cert_no": f"{n:04d}", "book_no": "01/2026-SCT/BS"}
    pc.push(pc.create("certification.cert_copy", to_state="certified", number=f"{n:04d}", after=after))


def test_who_did_not_look_at_the_paper_is_warned_of_what_that_leaves(city: City, run: Run) -> None:
    lost, new = Pc(city), Pc(city)
    lend(lost, "2026")
    numbered(lost, 5)
    words = ["lease-takeover", "--ward", WARD, "--register", REGISTER, "--period", "2026", "--reason", "máy hỏng"]
    words += ["--device", new.answer.device]
    code, said, warned = run(*words, "--dry-run")
    assert code == 0 and f"6–{LEASE_LENGTH} ({LEASE_LENGTH - 5})" in said and "not moved" in said
    assert f"{LEASE_LENGTH - 5} số 6–{LEASE_LENGTH}" in warned and "--above LAST_NUMBER" in warned  # in both languages
    assert run("lease", "list", "--json")[1][0]["device"] == lost.answer.device  # nothing was moved
    code, said, warned = run(*words, "--above", "7")
    assert (code, warned) == (0, "") and "next 8" in said and "on paper without a record 6–7 (2)" in said
    code, said, warned = run(*words[:-1], lost.answer.device, "--language", "en")
    assert code == 0 and "without --above" in warned and "không nêu" not in warned
    assert f"next {7 + NEXT}" in said


def test_all_books_of_a_pc_that_is_gone_move_at_once(city: City, run: Run) -> None:
    lost, new = Pc(city, [WARD, OTHER_WARD]), Pc(city, [WARD, OTHER_WARD])
    lend(lost, "2025", "2026", "2027")
    lend(lost, "2026", ward=OTHER_WARD)
    numbered(lost, 5)
    assert run("device", "withdraw", lost.answer.device)[0] == 0
    words = ["lease-takeover", "--all-of", lost.answer.device, "--device", new.answer.device, "--reason", "mất máy"]
    code, told, warned = run(*words, "--above", f"{REGISTER}@2027=0", "--dry-run", "--json")
    assert (code, told["moved"], len(told["planned"])) == (0, [], 3)
    assert told["left"] == 2 * LEASE_LENGTH - 5 and str(told["left"]) in warned and warned.startswith("2 sổ")
    # one number cannot hold for several books
    assert run(*words, "--above", "9")[0] == 1
    assert run(*words, "--above", f"{REGISTER}=9")[0] == 1
    assert run(*words, "--above", "no.such/book=9")[0] == 1
    code, told, warned = run(*words, "--above", "0", "--above", f"{REGISTER}@2027=9", "--ward", WARD, "--json")
    assert (code, warned) == (0, "")
    assert [(m["lease"]["period"], m["lease"]["next"], m["gap_to"] - m["gap_from"] + 1) for m in told["moved"]] == [
        ("2026", 6, 0),
        ("2027", 10, 9),
    ]
    assert told["left"] == 0  # those nine stand on paper
    code, said, warned = run(*words)
    assert (
        code == 0 and "1 sổ" in said and f"left unused: {LEASE_LENGTH}" in said and "1 books have no --above" in warned
    )
    assert run(*words)[0] == 1  # a period that is over need not be moved
    rows = run("lease", "list", "--past", "--json")[1]
    assert {(r["period"], r["ward"], r["device"]) for r in rows if r["state"] != "past"} == {
        ("2026", WARD, new.answer.device),
        ("2027", WARD, new.answer.device),
        ("2026", OTHER_WARD, new.answer.device),
    }


def test_a_book_that_cannot_be_moved_keeps_no_other_back(city: City, run: Run) -> None:
    lost, new = Pc(city, [WARD, OTHER_WARD]), Pc(city, WARD)
    lend(lost, "2026")
    lend(lost, "2026", ward=OTHER_WARD)
    words = ["lease-takeover", "--all-of", lost.answer.device, "--device", new.answer.device, "--reason", "mất máy"]
    code, told, warned = run(*words, "--above", "0", "--json")
    assert (code, [m["lease"]["ward"] for m in told["moved"]], [r["ward"] for r in told["refused"]]) == (
        1,
        [WARD],
        ["00004"],
    )
    assert f"is not of ward {OTHER_WARD}" in warned


def test_how_books_are_lent(city: City, run: Run) -> None:
    first, second = Pc(city), Pc(city, OTHER_WARD)
    assert "no books" in run("lease", "list")[1]
    lend(first, "2025", "2026")
    lend(second, "2026", ward=OTHER_WARD)
    numbered(first, 5)
    lease = LeaseRequest(OTHER_WARD, REGISTER, "2026", handover="h1", last=0)
    city.leases.lease(second.device, lease)
    rows = run("lease", "list", "--json")[1]
    assert [(r["ward"], r["device"], r["from"], r["to"], r["next"], r["state"]) for r in rows] == [
        (OTHER_WARD, "", 1, LEASE_LENGTH, 1, "free"),
        (WARD, first.answer.device, 1, LEASE_LENGTH, 6, "held"),
    ]
    run("device", "withdraw", first.answer.device)
    (row,) = run("lease", "list", "--ward", WARD, "--json")[1]
    assert row["state"] == "withdrawn"
    shown = run("lease", "list", "--device", first.answer.device, "--past")[1].splitlines()
    assert len(shown) == 2 and "over" in shown[0] and "withdrawn" in shown[1]


def test_when_a_pc_came_and_was_seen_and_by_which_token(city: City, run: Run, clock: FixedClock) -> None:
    token_id, token = city.enrolment.new_token([WARD], "Cán bộ", "", ("reception",), 5, None)
    pcs = [city.enrol(EnrolRequest(code=token, device_name=f"PC-{n}", attempt=f"{n}" * 20)) for n in (1, 2)]
    by_code = Pc(city)
    lost, other = (answer.device for answer in pcs)
    rows = {row.device: row for row in list_devices(city.storage)}
    assert (rows[lost].enrolled, rows[lost].seen, rows[lost].tokens) == ("2026-11-22", "", (token_id,))
    assert rows[by_code.answer.device].tokens == ()
    clock.moment = parse_moment("2026-11-24T18:00:00Z")  # the 25th at Hà Nội
    device = city.access.device(f"Bearer {pcs[0].token}")
    city.hello(device)
    city.updates.offer(device, {"version": "1.2.0"})
    rows = {row.device: row for row in list_devices(city.storage)}
    assert (rows[lost].seen, rows[lost].version, rows[other].seen) == ("2026-11-25", "1.2.0", "")
    clock.moment = parse_moment("2026-11-26T18:00:00Z")
    city.hello(device)
    line = next(line for line in run("device", "list")[1].splitlines() if lost in line.split())
    assert "enrolled 2026-11-22" in line and "seen 2026-11-27" in line and f"token {token_id}" in line
    code, said, _ = run("device", "withdraw", lost)
    assert code == 0 and "STILL GOOD" in said and f"enrol --withdraw {token_id}" in said and f"{other} (PC-2)" in said
    assert "3 máy" in said  # two of five were used
    run("enrol", "--withdraw", token_id)
    code, told, _ = run("device", "withdraw", other, "--json")
    assert told["tokens"] == [{"id": token_id, "good": False, "left": 3, "others": {}}]


def test_no_code_for_a_ward_that_is_not_there(city: City, run: Run) -> None:
    for verb in (["enrol"], ["hub", "code"]):
        code, said, warned = run(*verb, "--ward", WARD, "--ward", "00071")
        assert (code, said) == (1, "") and "00071" in warned and "--new-ward" in warned
        assert "00070 Phường Hoàn Kiếm" in warned  # what was meant, perhaps
        code, said, warned = run(*verb, "--ward", "99999", "--new-ward")
        assert code == 0 and len(said.strip()) == 9 and warned == ""
    assert run("enrol", "--ward", "99999", "--count", "3", "--role", "reception")[0] == 1
    assert run("enrol", "--list", "--json")[1] == {"tokens": []}


def test_a_ring_says_where_it_finds_nobody(city: City, run: Run) -> None:
    pc = Pc(city)
    assert run("update", "ring", "pilot", "--ward", WARD, "--device", pc.answer.device)[2] == ""
    code, said, warned = run("update", "ring", "pilot", "--ward", "99999", "--ward", OTHER_WARD, "--device", "Q77")
    assert code == 0 and "99999" in said
    assert [word in line for word, line in zip(("99999", "Ba Đình", "Q77"), warned.splitlines(), strict=True)] == [
        True
    ] * 3
    assert run("update", "ring", "", "--ward", "99999")[2] == ""  # taken out, which is what one wants


def test_both_languages_unless_one_is_asked_for(
    city: City, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = str(tmp_path / "none.pack")
    assert run("pack", "add", gone)[::2] == (1, f"Không thấy tệp {gone}. / File not found: {gone}.\n")
    assert run("device", "withdraw", "Q9")[2] == "Không có máy Q9. / There is no device Q9.\n"
    assert run("device", "withdraw", "Q9", "--language", "en")[2] == "There is no device Q9.\n"
    assert run("--language", "vi", "device", "withdraw", "Q9")[2] == "Không có máy Q9.\n"
    monkeypatch.setenv("SOPHUONG_LANGUAGE", "en")
    assert run("device", "withdraw", "Q9")[2] == "There is no device Q9.\n"


def test_a_pc_that_numbers_nothing_is_seen_in_the_list(city: City, run: Run) -> None:
    twin, other = Pc(city), Pc(city)
    for seq in (1, 1):  # two stores that speak as one device
        twin.push(msgspec.structs.replace(twin.create("certification.cert_copy"), device_seq=seq))
    _, told, _ = run("device", "list", "--json")
    assert {row["device"]: row["suspended"] for row in told} == {twin.answer.device: True, other.answer.device: False}
    _, text, _ = run("device", "list")
    assert [("NUMBERS NOTHING" in line) for line in text.splitlines()] == [True, False]


def test_books_that_nobody_on_the_new_pc_may_open_are_named_before_they_move(city: City, run: Run) -> None:
    holder, counter, clerk = Pc(city), Pc(city, roles=("reception",)), Pc(city)
    lend(holder, "2026")
    one = ("lease-takeover", "--all-of", holder.device.id, "--reason", "hỏng", "--above", "0")
    code, _, warned = run(*one, "--device", clerk.device.id, "--dry-run")
    assert (code, "không ai cấp số được" in warned) == (0, False)
    code, _, warned = run(*one, "--device", counter.device.id, "--dry-run")
    assert code == 0
    assert f"{REGISTER} 2026" in warned and "không ai cấp số được" in warned and "nobody can number" in warned
    book = ("--ward", WARD, "--register", REGISTER, "--period", "2026", "--above", "5")
    code, _, warned = run("lease-takeover", *book, "--device", counter.device.id, "--reason", "hỏng")
    assert (code, "nobody can number" in warned) == (0, True)


def test_whether_a_hub_is_alive_is_seen_in_the_list(city: City, run: Run) -> None:
    assert run("hub", "list")[1].strip() == "Chưa có máy trung gian nào / no hubs yet"
    code = run("hub", "code", "--ward", WARD)[1].strip()
    answer = city.enrol(EnrolRequest(code=code, device_name="hub"))
    assert run("hub", "list", "--json")[1] == [{"device": answer.device, "ward": WARD, "name": "hub", "seen": ""}]
    asked = msgspec.json.encode(LogRequest())
    headers = {"authorization": f"Bearer {answer.token}", "content-type": "application/json"}
    assert Face(city).serve("POST", "/v1/hub/log", headers, asked).status == 200
    assert run("hub", "list", "--json")[1][0]["seen"] == "2026-11-22"
    assert "thấy / seen 2026-11-22" in run("hub", "list")[1]


def test_a_token_s_last_day_is_told_as_it_was_given(city: City, run: Run) -> None:
    run("enrol", "--ward", WARD, "--count", "2", "--until", "2026-12-31", "--role", "reception")
    said = run("enrol", "--list")[1]
    assert "đến hết / until 2026-12-31" in said
    assert "T17:00" not in said
