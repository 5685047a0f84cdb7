"""A PC that enrols by itself, one whose store cannot be opened, and two starts of one profile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import keyring
import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

import desktop.start
from desktop import enrolling
from desktop.backups import back_up, due, read_targets, stale_since
from desktop.lasting_notices import lasting_notices
from desktop.one_window import FOLDER, OneWindow, Who, here
from desktop.rollout_places import ONLY
from desktop.settings import Settings, load_settings, save_settings
from desktop.start import Start, open_workspace
from desktop.views.gates import EnrolItself, Trouble
from desktop.views.sign_in import OfferEnrolment, Unlock
from sync.gateway.server import GatewayServer
from sync.store import Store, vault
from sync.store.connection import connect
from sync.store.model import Save
from tests.desktop.frame import ward
from tests.sync.gateway.pcs import OTHER_WARD, WARD
from tests.sync.gateway.small_catalog import CATALOG
from tests.sync.store.test_vault import MemoryVault

PASSPHRASE = "năm con ngựa vằn đứng"


@pytest.fixture(autouse=True)
def system_vault() -> Iterator[MemoryVault]:
    before, made = keyring.get_keyring(), MemoryVault()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "rollout.toml"
    monkeypatch.setenv(ONLY, str(path))
    return path


@pytest.fixture
def city(tmp_path: Path) -> Iterator[GatewayServer]:
    with GatewayServer(f"sqlite:///{tmp_path / 'city.db'}", catalog=CATALOG) as server:
        yield server


def token(city: GatewayServer, *wards: str) -> str:
    return city.city.enrolment.new_token(wards or (WARD,), "Cán bộ phường", "", (), 5, None)[1]


def started(qapp: QApplication, folder: Path) -> Start:
    start = Start(qapp, folder, ward.clock(), catalog=CATALOG)
    start.begin()
    return start


def ended(start: Start) -> None:
    for shown in (start.window, start.gate):
        if shown is not None:
            shown.close()
    start.end()


def test_a_pc_enrols_by_itself(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer
) -> None:
    """Nobody is asked for anything; the ward is the one its file names."""
    secret = token(city, WARD, OTHER_WARD)
    office.write_text(f'url = "{city.url}"\ntoken = "{secret}"\nwards = ["{OTHER_WARD}"]\nring = "pilot"\n')
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None and isinstance(start.gate.currentWidget(), EnrolItself)
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    assert start.app is not None and start.app.enrolment is not None
    assert list(start.app.enrolment.wards) == [OTHER_WARD] and start.app.settings.ring == "pilot"
    assert not (tmp_path / "profile" / enrolling.FILE_NAME).exists()
    ended(start)
    assert city.city.enrolment.bulk.all()[0].used == 1


def test_without_a_line_it_says_so_and_goes_on(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer
) -> None:
    secret = token(city)
    office.write_text(f'url = "http://127.0.0.1:9"\ntoken = "{secret}"\n')
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, EnrolItself)
    qtbot.waitUntil(page.do.isEnabled, timeout=20_000)
    assert "Chưa nối được" in page.problem.text() and "tự thử lại lúc 09:4" in page.state.text()
    office.write_text(f'url = "{city.url}"\ntoken = "{secret}"\n')  # IT mends it; it is read anew
    page.do.click()
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    ended(start)


def test_a_lost_answer_costs_no_use(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sync.http

    office.write_text(f'url = "{city.url}"\ntoken = "{token(city)}"\n')
    real, lost = sync.http.enrol, []

    def losing(*arguments: object, **more: object) -> object:
        answer = real(*arguments, **more)  # type: ignore[arg-type]
        if not lost:
            lost.append(answer)
            raise sync.http.SyncError("unreachable", "Chưa nối được với thành phố; sẽ tự thử lại.")
        return answer

    monkeypatch.setattr(sync.http, "enrol", losing)
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, EnrolItself)
    qtbot.waitUntil(page.do.isEnabled, timeout=20_000)
    page.do.click()
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    assert start.app is not None and start.app.enrolment is not None
    assert start.app.enrolment.device == lost[0].device
    ended(start)
    assert city.city.enrolment.bulk.all()[0].used == 1


def test_what_is_given_is_not_asked_again(qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path) -> None:
    office.write_text('url = "https://sophuong.example.vn"\n')
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, OfferEnrolment)
    assert page.url.text() == "https://sophuong.example.vn" and page.url.isReadOnly()
    ended(start)


def test_another_code_may_be_typed(qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path) -> None:
    office.write_text('url = "http://127.0.0.1:9"\ncode = "ABCD-EFGH"\n')
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, EnrolItself)
    page.other.click()
    assert isinstance(start.gate.currentWidget(), OfferEnrolment)
    ended(start)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    key = vault.create_key(folder)
    with Store.create(folder, key, CATALOG, ward.clock()) as store:
        store.set_enrolment(msgspec.structs.replace(ward.enrolment(), officers=(ward.HA,)))
    return folder


def backed_up(store: Store, profile: Path, target: str) -> None:
    save_settings(profile, Settings(backup_to=(target,)))
    (outcome,) = back_up(store, [target], 3)
    assert outcome.made is not None


def damage(profile: Path) -> None:
    file = profile / "store.db"
    file.write_bytes(b"\0" * 4096 + file.read_bytes()[4096:])


def test_a_damaged_store_offers_its_backup(qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path) -> None:
    target = str(tmp_path / "usb")
    with Store.open(profile, vault.open_key(profile), CATALOG, ward.clock()) as store:
        backed_up(store, profile, target)
    damage(profile)
    start = started(qapp, profile)
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, Trouble)
    assert "hỏng" in page.heading.text() and "09:41" in page.offers[0].text()
    page.offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    assert start.app is not None
    assert start.app.store.numbers.suspension.standing() is not None
    ended(start)


def test_unsent_work_of_a_damaged_store_that_was_replaced_is_told(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target, key = str(tmp_path / "usb"), vault.open_key(profile)
    with Store.open(profile, key, CATALOG, ward.clock()) as store:
        backed_up(store, profile, target)
        store.save([Save(type="residence.citizen", fields={"full_name": "Chưa Gửi"})], ward.HA)
    with closing(connect(profile / "store.db", key, query_only=True)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with (profile / "store.db").open("r+b") as file:
        file.seek((page - 1) * int(size))
        file.write(b"\0" * int(size))
    start = started(qapp, profile)
    assert start.gate is not None
    shown = start.gate.currentWidget()
    assert isinstance(shown, Trouble)
    shown.offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    (apart,) = (profile / "former").iterdir()
    assert start.window is not None
    (told,) = start.window.lasting.findChildren(QLabel)
    assert "1 thay đổi chưa gửi" in told.text() and str(apart) in told.text()
    ended(start)


def test_what_was_restored_is_told_until_somebody_has_read_it(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target = str(tmp_path / "usb")
    with Store.open(profile, vault.open_key(profile), CATALOG, ward.clock()) as store:
        backed_up(store, profile, target)
    damage(profile)
    start = started(qapp, profile)
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, Trouble)
    page.offers[0].click()
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    ended(start)  # nobody was there
    again = started(qapp, profile)
    qtbot.waitUntil(lambda: again.window is not None, timeout=20_000)
    assert again.window is not None and again.app is not None
    bar = again.window.lasting
    assert not bar.isHidden() and "khôi phục" in bar.findChildren(QLabel)[0].text()
    again.app.change_settings(language="en")  # the frame is made anew, in the other language
    assert "restored" in again.window.lasting.findChildren(QLabel)[0].text()
    again.app.change_settings(language="vi")
    again.window.lasting.findChildren(QPushButton)[0].click()
    assert again.window.lasting.isHidden() and lasting_notices(profile) == ()
    ended(again)


def test_a_damaged_store_under_a_passphrase_offers_its_backup_too(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "MEMORY_KIB", 64)  # derived cheaply
    profile, target = tmp_path / "profile", str(tmp_path / "usb")
    with Store.create(profile, vault.create_key(profile, PASSPHRASE), CATALOG, ward.clock()) as store:
        store.set_enrolment(msgspec.structs.replace(ward.enrolment(), officers=(ward.HA,)))
        backed_up(store, profile, target)
    damage(profile)
    start = started(qapp, profile)
    assert start.gate is not None
    asked = start.gate.currentWidget()
    assert isinstance(asked, Unlock)
    asked.given.emit("một câu khác")  # a wrong one is no damage
    qtbot.waitUntil(lambda: asked.problem.text() != "", timeout=20_000)
    assert start.gate.currentWidget() is asked
    asked.given.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: isinstance(start.gate.currentWidget(), Trouble), timeout=20_000)
    page = start.gate.currentWidget()
    assert isinstance(page, Trouble) and "hỏng" in page.heading.text()
    (offer,) = page.offers
    offer.click()
    qtbot.waitUntil(lambda: isinstance(start.gate.currentWidget(), Unlock), timeout=20_000)
    again = start.gate.currentWidget()
    assert isinstance(again, Unlock)
    again.given.emit(PASSPHRASE)
    qtbot.waitUntil(lambda: start.window is not None, timeout=20_000)
    assert start.app is not None and start.app.store.numbers.suspension.standing() is not None
    ended(start)


def test_a_newer_store_says_so_and_may_be_tried_again(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    from sync.store.connection import connect

    def stamp(version: int) -> None:
        connection = connect(profile / "store.db", vault.open_key(profile))
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()

    from sync.store import schema

    stamp(999)
    start = started(qapp, profile)
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, Trouble) and page.offers == []
    assert "mới hơn" in page.heading.text() and "999" in page.problem.text()
    stamp(schema.NEWEST)
    page.do.click()
    assert start.window is not None
    ended(start)


def test_a_second_start_raises_the_first_window(qtbot: QtBot, tmp_path: Path) -> None:
    first = OneWindow(tmp_path)
    assert first.first
    asked: list[int] = []
    first.asked.connect(lambda: asked.append(1))
    first.listen()
    script = f"""
import sys
from pathlib import Path
from desktop.lasting_notices import lasting_notices
from desktop.one_window import OneWindow, here
other = OneWindow(Path({str(tmp_path)!r}))
assert not other.first
assert other.whose == here()
sys.exit(0 if other.ask(15) else 3)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as second:
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=30_000)
    assert second.returncode == 0 and asked == [1]
    first.close()
    again = OneWindow(tmp_path)
    assert again.first
    again.close()


def test_a_start_waits_for_a_program_that_is_ending(qtbot: QtBot, tmp_path: Path) -> None:
    """There are never two windows of one profile, also while the last backup of the first is made."""
    first = OneWindow(tmp_path)
    first.ending()
    script = f"""
import sys
from pathlib import Path
from desktop.lasting_notices import lasting_notices
from desktop.one_window import OneWindow
other = OneWindow(Path({str(tmp_path)!r}))
waited = []
assert not other.first and not other.ask(0, meanwhile=lambda: waited.append(1) or True)
sys.exit(0 if other.first and waited else 3)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as second:
        qtbot.waitUntil(lambda: first.is_asked_for, timeout=30_000)
        assert OneWindow(tmp_path).first is False
        assert second.poll() is None
        first.close()
        second.wait(30)
    assert second.returncode == 0
    again = OneWindow(tmp_path)
    assert again.first and not again.is_asked_for
    again.close()


def test_who_asks_and_is_not_answered_is_told(
    qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OneWindow, "ask", lambda self, **_more: False)
    first = OneWindow(tmp_path)
    assert open_workspace(tmp_path) == 1
    assert "chưa trả lời" in capsys.readouterr().err
    other = Who("Nguyễn Thị Ánh", here().session + 1)
    (tmp_path / FOLDER / "who.json").write_bytes(msgspec.json.encode(other))
    assert open_workspace(tmp_path) == 1
    assert "Nguyễn Thị Ánh đang mở" in capsys.readouterr().err
    first.close()


def test_the_window_comes_forward(qtbot: QtBot, qapp: QApplication, profile: Path) -> None:
    start = started(qapp, profile)
    assert start.window is not None
    start.window.showMinimized()
    start.come_forward()
    assert not start.window.isMinimized() and start.window.isVisible()
    ended(start)


def test_a_profile_that_cannot_be_written_is_no_second_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = OneWindow(tmp_path / "file" / "profile")
    assert one.first
    one.close()


def test_a_backup_is_made_when_the_window_is_closed(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target = str(tmp_path / "share")
    save_settings(profile, Settings(backup_to=(target, str(tmp_path / "away" / "usb"))))
    start = started(qapp, profile)
    assert start.window is not None
    ended(start)
    known = read_targets(profile)
    assert known[target].good_at and not known[target].trouble
    assert known[str(tmp_path / "away" / "usb")].code == "away"
    now = ward.clock().now()
    settings = load_settings(profile)
    assert due(profile, settings, now) == []
    assert due(profile, settings, now, patient=False) == [str(tmp_path / "away" / "usb")]


def test_the_last_backup_is_given_up_for_whoever_starts_again(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    target = tmp_path / "share"
    save_settings(profile, Settings(backup_to=(str(target),)))
    start = started(qapp, profile)
    assert start.window is not None
    start.end(lambda: True)
    assert not start.window.isVisible()
    assert not read_targets(profile).get(str(target)) and not list(target.iterdir())  # nothing half stays
    start = started(qapp, profile)  # the store was closed all the same
    assert start.window is not None
    ended(start)
    assert read_targets(profile)[str(target)].good_at


def test_what_is_old_is_said(tmp_path: Path, profile: Path) -> None:
    from datetime import timedelta

    clock = ward.clock()
    target, away = str(tmp_path / "share"), str(tmp_path / "away" / "usb")
    settings = Settings(backup_to=(target,))
    assert stale_since(profile, Settings(), clock.now()) is None
    with Store.open(profile, vault.open_key(profile), CATALOG, clock) as store:
        back_up(store, [target, away], 3)
        good = read_targets(profile)[target].good_at
        later = clock.now() + timedelta(days=4)
        assert stale_since(profile, settings, clock.now() + timedelta(days=2)) is None
        assert stale_since(profile, settings, later) == good
        assert due(profile, settings, later) == [target]
        assert stale_since(profile, Settings(backup_to=(away,)), clock.now()) is None
        assert stale_since(profile, Settings(backup_to=(away,)), later) == ""
        assert stale_since(profile, settings, clock.now() - timedelta(days=9)) == good  # the clock was set back


def test_a_start_is_not_held_up(
    qtbot: QtBot, qapp: QApplication, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that is away takes seconds to say so: the window asks no share before it stands."""
    looked: list[float] = []
    monkeypatch.setattr("desktop.office.doubts", lambda folder: looked.append(time.monotonic()) or [])
    monkeypatch.setattr(desktop.start, "OFFICE_MS", 50)
    start = started(qapp, profile)
    assert start.window is not None and start.app is not None and looked == []
    qtbot.waitUntil(lambda: bool(looked), timeout=10_000)
    assert start.app.backups is not None
    ended(start)


def test_a_start_in_onedrive_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop.places import doubts, kind_of

    monkeypatch.setenv("OneDriveCommercial", str(tmp_path / "OneDrive - UBND"))
    assert kind_of(tmp_path / "OneDrive - UBND" / "Documents" / "So") == "onedrive"
    assert kind_of(tmp_path / "khác") is None
    monkeypatch.delenv("OneDriveCommercial")
    assert kind_of(Path("/home/a/OneDrive/So")) == "onedrive"
    monkeypatch.setattr("desktop.places.LEAST_FREE", 1 << 60)
    assert any("sắp đầy" in sentence for sentence in doubts(tmp_path))


def test_a_folder_added_in_settings_gets_a_backup_at_once(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path
) -> None:
    from desktop.office import look_after
    from desktop.views.settings import SettingsPage

    start = started(qapp, profile)
    assert start.app is not None
    look_after(start.app)
    page = SettingsPage(start.app)
    qtbot.addWidget(page)
    said: list[str] = []
    start.app.noticed.connect(lambda text, _kind: said.append(text))
    page._backups.take(str(tmp_path / "Ổ chung"))
    qtbot.waitUntil(lambda: any("Đã sao lưu" in text for text in said), timeout=20_000)
    assert [label.text()[:1] for label in page._backups.standing] == ["✓"]
    assert load_settings(profile).backup_to == (str(tmp_path / "Ổ chung"),)
    ended(start)


def test_what_a_policy_says_is_locked_in_settings(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop import rollout_places
    from desktop.rollout_places import Place
    from desktop.views.office_card import OfficeCard
    from desktop.views.settings import SettingsPage

    values = {"proxy": "http://office:1", "language": "vi", "backup_to": "/mnt/share", "ring": 5}
    monkeypatch.setattr(rollout_places, "read_policies", lambda: [Place(Path("HKLM"), values)])
    monkeypatch.setenv(ONLY, "")
    start = started(qapp, profile)
    assert start.app is not None
    page = SettingsPage(start.app)
    qtbot.addWidget(page)
    assert page._line_rows.proxy.isReadOnly() and page._line_rows.proxy.text() == "http://office:1"
    assert not any(chip.isEnabled() for chip in page._languages.buttons())
    assert not page._backups.add.isEnabled()
    assert page.findChildren(OfficeCard)
    start.app.change_settings(backup_to=())  # nothing is to be backed up at the end of this test
    ended(start)
