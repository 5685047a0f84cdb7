"""One token for many PCs: so many, so long, of these wards; and an attempt whose answer was lost is the same PC again."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import sync.gateway.city
from sync.clock import FixedClock
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.refusals import RefusedError
from sync.gateway.server import GatewayServer
from sync.http import enrol
from sync.protocol import EnrolRequest
from tests.sync.gateway.pcs import OTHER_WARD, THIRD_WARD, WARD
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.store.ward import NOW


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def city(storage_url: str, clock: FixedClock) -> Iterator[City]:
    city = City(storage_url, CATALOG, clock)
    yield city
    city.close()


def token(city: City, *wards: str, count: int = 0, days: int = 0, roles: tuple[str, ...] = ()) -> str:
    until = city.clock.now() + timedelta(days=days) if days else None
    return city.enrolment.new_token(wards or (WARD,), "Cán bộ phường", "", roles, count, until)[1]


def ask(city: City, code: str, **more: Any) -> Any:
    return city.enrol(EnrolRequest(code=code, device_name=more.pop("name", "PC"), **more))


def refusal(city: City, code: str, **more: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        ask(city, code, **more)
    return refused.value.code


def test_so_many_devices_and_no_more(city: City) -> None:
    code = token(city, count=3)
    answers = [ask(city, code, name=f"PC{n}") for n in range(3)]
    assert len({a.device for a in answers}) == 3 == len({a.token for a in answers})
    assert {a.officer.id for a in answers} == {answers[0].officer.id}
    assert refusal(city, code) == "bad_code"
    (kept,) = city.enrolment.bulk.all()
    assert (kept.used, kept.most) == (3, 3)
    assert [(u.name, u.wards) for u in kept.uses] == [(f"PC{n}", (WARD,)) for n in range(3)]


def test_until_its_day_is_over(city: City, clock: FixedClock) -> None:
    code = token(city, days=2)
    ask(city, code)
    clock.moment += timedelta(days=1, hours=23)
    ask(city, code)
    clock.moment += timedelta(hours=2)
    assert refusal(city, code) == "bad_code"
    assert city.enrolment.bulk.all()[0].used == 2


def test_withdrawn_by_its_id_or_by_itself(city: City) -> None:
    first, second = token(city), token(city)
    answer = ask(city, first)
    kept = {t.used: t for t in city.enrolment.bulk.all()}
    assert city.enrolment.bulk.withdraw(kept[1].id.lower()).withdrawn_at
    assert city.enrolment.bulk.withdraw(second).id == kept[0].id
    assert refusal(city, first) == refusal(city, second) == "bad_code"
    city.access.device(f"Bearer {answer.token}")  # what it enrolled stays
    with pytest.raises(RefusedError, match="KHONG"):
        city.enrolment.bulk.withdraw("KHONGCO")


def test_a_pc_picks_its_ward(city: City) -> None:
    code = token(city, WARD, OTHER_WARD, count=5)
    assert refusal(city, code) == "which_ward"
    assert refusal(city, code, wards=(THIRD_WARD,)) == "other_ward"
    here, there = ask(city, code, wards=(WARD,)), ask(city, code, wards=(THIRD_WARD, OTHER_WARD))
    assert (list(here.wards), list(there.wards)) == ([WARD], [OTHER_WARD])
    assert here.officer.id != there.officer.id  # each ward's own
    assert city.enrolment.bulk.all()[0].used == 2


@pytest.mark.parametrize("bulk", [True, False])
def test_the_same_attempt_again_is_the_same_device(city: City, bulk: bool) -> None:
    """The answer was lost on the way: the PC asks again and uses nothing up; what nobody heard ends."""
    code = token(city, count=1) if bulk else city.enrolment.new_code([WARD], "An", "", ())
    lost = ask(city, code, attempt="a" * 40)
    heard = ask(city, code, attempt="a" * 40)
    assert heard.device == lost.device and heard.token != lost.token
    city.access.device(f"Bearer {heard.token}")
    with pytest.raises(RefusedError):
        city.access.device(f"Bearer {lost.token}")
    assert refusal(city, code, attempt="b" * 40) == refusal(city, code) == "bad_code"


@pytest.mark.parametrize("bulk", [True, False])
def test_an_old_attempt_does_not_end_a_pc_at_work(city: City, bulk: bool) -> None:
    """The question was doubled on the way and its copy comes when the PC has long been syncing."""
    code = token(city, count=2) if bulk else city.enrolment.new_code([WARD], "An", "", ())
    answer = ask(city, code, attempt="a" * 40)
    city.hello(city.access.device(f"Bearer {answer.token}"))
    assert refusal(city, code, attempt="a" * 40) == "bad_code"
    assert city.access.device(f"Bearer {answer.token}").id == answer.device


def test_no_role_that_is_not_there(city: City) -> None:
    with pytest.raises(RefusedError):
        token(city, roles=("chua_co",))
    with pytest.raises(RefusedError):
        token(city, roles=("_hub",))
    assert ask(city, token(city, roles=("reception",))).officer.roles == ("reception",)


def test_many_at_once_use_it_up_exactly(storage_url: str) -> None:
    with GatewayServer(storage_url, catalog=CATALOG) as server:
        code = token(server.city, count=6)
        results: list[str] = []

        def one(number: int) -> None:
            try:
                results.append(enrol(server.url, code, f"PC{number}").device)
            except Exception as error:
                results.append(getattr(error, "code", "?"))

        threads = [threading.Thread(target=one, args=(n,)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(r for r in results if r == "bad_code") == ["bad_code"] * 4
        assert len({r for r in results if r.startswith("Q")}) == 6
        assert server.city.enrolment.bulk.all()[0].used == 6


def test_by_the_command_line(
    storage_url: str, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)
    City(storage_url, CATALOG).close()

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["enrol", "--database", storage_url, *arguments])
        return code, capsysbinary.readouterr().out.decode().strip()

    code, text = run("--ward", WARD, "--ward", OTHER_WARD, "--count", "2", "--until", "2099-12-31")
    assert code == 0 and re.fullmatch(r"SP[A-Z2-9]{2}(-[A-Z2-9]{4}){6}", text)
    with GatewayServer(storage_url, catalog=CATALOG) as server:
        enrol(server.url, text.lower().replace("-", " "), "PC-TIEP-DAN", wards=(WARD,))
    code, listed = run("--list", "--json")
    (told,) = json.loads(listed)["tokens"]
    assert (told["used"], told["most"], told["until"]) == (1, 2, "2099-12-31T17:00:00Z")
    assert [use["name"] for use in told["uses"]] == ["PC-TIEP-DAN"]
    assert text.replace("-", "") not in listed
    assert "PC-TIEP-DAN" in run("--list", "--ward", WARD)[1]
    assert "PC-TIEP-DAN" not in run("--list", "--ward", THIRD_WARD)[1]
    assert run("--withdraw", told["id"])[0] == 0
    assert "thu hồi" in run("--list")[1]
    assert run("--withdraw", "AAAAAA")[0] == 1
    assert run()[0] == 2
    assert run("--ward", WARD, "--until", "2020-01-01")[0] == 1
    assert run("--ward", WARD, "--until", "mai")[0] == 2
    assert run("--ward", WARD, "--count", "0")[0] == 2


def test_a_lost_pcs_backup_is_opened_by_the_city(
    storage_url: str,
    tmp_path: Any,
    capsysbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sync.bundle.recovery import key_of_code, seal_key
    from sync.gateway.city_keys import city_keys

    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)
    city = City(storage_url, CATALOG)
    file = tmp_path / "recovery-key.json"
    file.write_bytes(seal_key(b"k" * 32, "Q2", "2026-11-20T02:30:00Z", city_keys(city.storage).public))
    city.close()
    assert main(["recovery-key", "--database", storage_url, str(file)]) == 0
    assert key_of_code(capsysbinary.readouterr().out.decode().strip()) == b"k" * 32
    file.write_bytes(b"{}")
    assert main(["recovery-key", "--database", storage_url, str(file)]) == 1
    assert "khóa khôi phục" in capsysbinary.readouterr().err.decode()
