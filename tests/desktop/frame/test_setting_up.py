"""A PC that enrols by itself, and what is told of its backups."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

import desktop.start
from desktop import enrolling
from desktop.backups import back_up, due, read_targets, stale_since
from desktop.rollout_places import ONLY
from desktop.settings import Settings, load_settings
from desktop.views.gates import EnrolItself
from desktop.views.sign_in import OfferEnrolment
from sync.gateway.server import GatewayServer
from sync.store import Store, vault
from tests.desktop.frame import ward
from tests.desktop.frame.starting import ended, profile, started, system_vault
from tests.sync.gateway.pcs import OTHER_WARD, WARD
from tests.sync.gateway.small_catalog import CATALOG

__all__ = ["profile", "system_vault"]  # fixtures


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


def test_a_pc_enrols_by_itself(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer
) -> None:
    """Nobody is asked for anything; the ward is the one its file names."""
    secret = token(city, WARD, OTHER_WARD)
    office.write_text(f'url = "{city.url}"\ntoken = "{secret}"\nwards = ["{OTHER_WARD}"]\nring = "pilot"\n')
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None and isinstance(start.gate.currentWidget(), EnrolItself)
    qtbot.waitUntil(lambda: start.window is not None)
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
    qtbot.waitUntil(page.do.isEnabled)
    assert "Chưa nối được" in page.problem.text() and "tự thử lại lúc 09:4" in page.state.text()
    office.write_text(f'url = "{city.url}"\ntoken = "{secret}"\n')  # IT mends it; it is read anew
    page.do.click()
    qtbot.waitUntil(lambda: start.window is not None)
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
    qtbot.waitUntil(page.do.isEnabled)
    page.do.click()
    qtbot.waitUntil(lambda: start.window is not None)
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


def test_a_refusal_leads_to_what_is_to_be_put_right(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer
) -> None:
    """By keyboard alone: a wrong code is typed over; an address is good without https:// before it."""
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, OfferEnrolment)
    qtbot.waitActive(start.gate)
    given: list[str] = []
    page.given.connect(lambda url, _code: given.append(url))
    page.url.setText("127.0.0.1:9")
    page.code.setText("ABCD-EFGH")
    qtbot.keyClick(page.code, Qt.Key.Key_Return)
    qtbot.waitUntil(page.do.isEnabled)
    assert given == ["https://127.0.0.1:9"]
    assert "Xem lại địa chỉ" in page.problem.text() and page.do.hasFocus()
    page.url.setText(city.url)
    qtbot.keyClick(page.do, Qt.Key.Key_Space)
    qtbot.waitUntil(page.do.isEnabled)
    assert "Mã đăng ký không đúng" in page.problem.text()
    assert page.code.hasFocus() and page.code.selectedText() == "ABCD-EFGH"
    ended(start)


def test_a_city_that_cannot_answer_now_promises_no_other_try(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says itself is meant for a PC that tries again by itself."""
    import sync.http

    def refusing(*_arguments: object, **_more: object) -> object:
        raise sync.http.SyncError("restarting", "Thành phố đang khởi động lại; máy sẽ tự thử lại.")

    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, OfferEnrolment)
    monkeypatch.setattr(sync.http, "enrol", refusing)
    page.url.setText(city.url)
    page.code.setText("ABCD-EFGH")
    page.do.click()
    qtbot.waitUntil(page.do.isEnabled)
    assert "bấm “Đăng ký” lần nữa" in page.problem.text() and "tự thử lại" not in page.problem.text()
    ended(start)


def test_too_many_wrong_codes_are_told_as_such(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer
) -> None:
    start = started(qapp, tmp_path / "profile")
    page = start.gate.currentWidget()
    assert isinstance(page, OfferEnrolment)
    page.url.setText(city.url)
    for letter in "HJKLMNPQRST":
        page.code.setText(f"ABCD-EFG{letter}")
        page.do.click()
        qtbot.waitUntil(page.do.isEnabled, timeout=8000)
    assert "quá nhiều lần" in page.problem.text()
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
    qtbot.waitUntil(lambda: bool(looked))
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
    qtbot.waitUntil(lambda: any("Đã sao lưu" in text for text in said))
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


def test_a_pc_without_a_vault_asks_for_a_passphrase(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, office: Path, city: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is made up, and in words: whoever sets a PC up has no command line before him."""
    monkeypatch.setattr(vault, "vault_works", lambda: False)
    start = started(qapp, tmp_path / "profile")
    assert start.gate is not None
    page = start.gate.currentWidget()
    assert isinstance(page, OfferEnrolment) and page.passphrase is None
    page.url.setText(city.url)
    page.code.setText(token(city))
    page.do.click()
    qtbot.waitUntil(page.do.isEnabled)
    assert "câu mật khẩu" in page.problem.text() and "SOPHUONG" not in page.problem.text()
    line = qapp.focusWidget() or page.findChildren(QLineEdit)[-1]
    assert isinstance(line, QLineEdit)
    line.setText("ngắn")
    page.do.click()
    assert "ít nhất" in page.problem.text() and page.do.isEnabled()
    line.setText("một câu dài")
    page.url.setText("http://127.0.0.1:9")
    page.do.click()
    qtbot.waitUntil(page.do.isEnabled)
    assert "Chưa nối được" in page.problem.text() and "tự thử lại" not in page.problem.text(), "nobody tries again here"
    page.url.setText(city.url)
    page.do.click()
    qtbot.waitUntil(lambda: start.window is not None)
    assert vault.needs_passphrase(tmp_path / "profile")
    ended(start)
