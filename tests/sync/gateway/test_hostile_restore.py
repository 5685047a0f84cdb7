"""A city that came back from a backup made before a PC was stolen: what was withdrawn since then stays withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import sync.gateway.city
import sync.gateway.storage.schema
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.gateway.lent_books import book_rows
from sync.gateway.refusals import RefusedError
from sync.hub.messages import HUB_ROLE
from sync.protocol import LeaseRequest
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG


@pytest.fixture(autouse=True)
def small_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)


def is_known(pc: Pc) -> bool:
    try:
        return bool(pc.device.id)
    except RefusedError:
        return False


def backup(city: City) -> Callable[[], None]:
    """Of the tables that say who is trusted and who numbers; what is given back puts them as they were."""
    tables = ("devices", "grants", "bulk_tokens", "leases", "takeovers")
    names = {t: ", ".join(sync.gateway.storage.schema.TABLES[t].columns) for t in tables}
    with city.storage.read() as session:
        kept = {t: session.all(f"SELECT {names[t]} FROM {t}") for t in tables}

    def restore() -> None:
        with city.storage.write() as session:
            for table, rows in kept.items():
                session.run(f"DELETE FROM {table}")
                session.insert(table, [tuple(row) for row in rows])

    return restore


def test_what_was_withdrawn_since_the_backup_stays_so(city: City, storage_url: str, tmp_path: Path) -> None:
    lost, other, hub = Pc(city), Pc(city, officer="Bình"), Pc(city, roles=(HUB_ROLE,), officer="Trung gian")
    token, _ = city.enrolment.bulk.make([WARD], "Chi", "", ["chair"], 5, None)
    restore = backup(city)
    given = ["--database", storage_url, "--withdrawn", str(tmp_path / "list.txt")]
    assert main(["device", "withdraw", lost.answer.device, *given]) == 0
    assert main(["hub", "withdraw", hub.answer.device, *given]) == 0
    assert main(["enrol", "--withdraw", token, *given]) == 0
    restore()
    assert is_known(lost)
    assert is_known(hub)
    assert main(["restored", *given]) == 0
    assert [is_known(pc) for pc in (lost, hub, other)] == [False, False, True]
    assert [bool(t.withdrawn_at) for t in city.enrolment.bulk.all()] == [True]
    with city.storage.read() as session:
        assert city.access.grants(session, lost.answer.device) == ()


def test_an_id_given_anew_to_another_pc_is_not_taken_for_the_lost_one(
    city: City, storage_url: str, tmp_path: Path
) -> None:
    restore = backup(city)
    lost = Pc(city)
    given = ["--database", storage_url, "--withdrawn", str(tmp_path / "list.txt")]
    assert main(["device", "withdraw", lost.answer.device, *given]) == 0
    restore()
    new = Pc(city, officer="Bình")
    assert new.answer.device == lost.answer.device
    assert main(["restored", *given]) == 0
    assert is_known(new)


def test_a_book_that_was_moved_since_the_backup_goes_to_the_new_pc_again(
    city: City, storage_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """``test_takeover_after_restore.py`` tells the whole story; this is that each database tells it."""
    old, new = Pc(city), Pc(city, officer="Bình")
    register = "certification.cert_copy/book"
    city.leases.lease(old.device, LeaseRequest(ward=WARD, register=register, period="2026"))
    restore = backup(city)
    given = ["--database", storage_url, "--withdrawn", str(tmp_path / "list.txt")]
    named = ["--ward", WARD, "--register", register, "--period", "2026", "--device", new.answer.device]
    assert main(["lease-takeover", *named, "--above", "5", "--reason", "hỏng", *given]) == 0
    assert main(["device", "withdraw", new.answer.device, *given]) == 0
    restore()
    assert [lease.next for lease in city.leases.of(old.device)] == [1]
    assert main(["restored", *given]) == 0
    assert city.leases.of(old.device) == ()
    assert [(row.device, row.next, row.state) for row in book_rows(city, WARD)] == [(new.answer.device, 6, "withdrawn")]
    capfd.readouterr()
    assert main(["restored", *given]) == 0
    assert "moved again" not in capfd.readouterr().out


def test_without_a_list_it_says_that_there_is_none(
    city: City, storage_url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["restored", "--database", storage_url]) == 0
    told = capfd.readouterr()
    assert "withdraw again" in told.err
    assert "lease-takeover" in told.out  # nor does the backup know of books that were moved since
    assert main(["restored", "--database", storage_url, "--withdrawn", str(tmp_path / "none.txt")]) == 1
    lost = Pc(city)
    assert main(["device", "withdraw", lost.answer.device, "--database", storage_url]) == 0
    assert ("No list outside" in capfd.readouterr().err) == (not storage_url.startswith("sqlite"))


def test_a_pc_of_after_the_backup_never_shares_its_name_with_another(city: City) -> None:
    """The name stands in numbers that a PC gives by itself, so that two PCs of one name would give them twice."""
    Pc(city)
    restore = backup(city)
    after = Pc(city, officer="Bình").answer.device
    for _ in range(2):
        restore()
        city.restored()
        again = Pc(city, officer="Chi").answer.device
        assert after.startswith("Q2")
        assert again.startswith("Q2")
        assert again != after
        after = again
