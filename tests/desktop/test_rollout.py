"""What the office gives a PC: which place wins, what a wrong value says, and that the program is usable all the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop import rollout_places
from desktop.commands.run import run
from desktop.rollout import LOG, Given, log_findings, read_rollout
from desktop.rollout_keys import KEYS
from desktop.rollout_places import ONLY, Place, places
from desktop.settings import OFFICE_KEYS, Settings, load_settings, save_settings

GOOD = """
url = "https://sophuong.example.vn"
proxy = "http://10.0.0.1:3128"
wards = ["00070", "00004"]
token = "SPAB-CDEF-GHJK-MNPQ-RSTU-VWXY-Z234"
language = "en"
hub = "auto"
ring = "pilot"
autostart = true
backup_to = ['\\\\may-chu\\sao-luu', 'E:\\Sao lưu']
backup_keep = 5
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one file that is read."""
    path = tmp_path / "office" / "rollout.toml"
    path.parent.mkdir()
    monkeypatch.setenv(ONLY, str(path))
    return path


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    folder.mkdir()
    return folder


def policies(monkeypatch: pytest.MonkeyPatch, *values: dict[str, Any]) -> None:
    made = [Place(Path(f"{name}\\Policies"), each) for name, each in zip(("HKLM", "HKCU"), values, strict=False)]
    monkeypatch.setattr(rollout_places, "read_policies", lambda: made)


def test_all_that_is_given(office: Path, profile: Path) -> None:
    office.write_text(GOOD, encoding="utf-8")
    found = read_rollout(profile)
    assert found.findings == ()
    assert found.enrols and found.secret.startswith("SPAB")
    assert found.get("backup_to") == ["\\\\may-chu\\sao-luu", "E:\\Sao lưu"]
    kept = load_settings(profile)
    assert (kept.language, kept.line_proxy, kept.hub, kept.ring) == ("en", "http://10.0.0.1:3128", "auto", "pilot")
    assert (kept.autostart, kept.backup_to, kept.backup_keep) == (True, tuple(found.get("backup_to")), 5)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_as_notepad_saves_it(office: Path, profile: Path, encoding: str) -> None:
    office.write_bytes(GOOD.replace("\n", "\r\n").encode(encoding))
    found = read_rollout(profile)
    assert found.findings == () and found.get("ring") == "pilot"


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ('url = "sophuong.example.vn"', "url", "https://"),
        ('url = "http://sophuong.example.vn"', "url", "https://"),
        ("url = 5", "url", "đang là 5"),
        ('wards = "00070"', "wards", '["00070"]'),
        ('wards = ["70"]', "wards", "5 chữ số"),
        ("wards = []", "wards", "5 chữ số"),
        ('proxy = "10.0.0.1:3128"', "proxy", "http://"),
        ('language = "fr"', "language", '"vi" hoặc "en"'),
        ('ring = "Vòng 1"', "ring", "pilot"),
        ('autostart = "yes"', "autostart", "true hoặc false"),
        ('backup_to = ["sao-luu"]', "backup_to", "đường dẫn đầy đủ"),
        ("backup_keep = 0", "backup_keep", "1 đến 365"),
        ('hub = "may-chu"', "hub", '"off"'),
        ('ca = "khong-co.pem"', "ca", "khong-co.pem"),
        ('adress = "https://x"', "adress", "không có khóa này"),
        ('warsd = ["00070"]', "warsd", "“wards”"),
        ("[proxy]\nhost = 1", "proxy", "proxy"),
    ],
)
def test_a_wrong_value_is_told_and_the_rest_holds(office: Path, profile: Path, line: str, key: str, says: str) -> None:
    rest = "" if key == "backup_keep" or line.startswith("[") else "backup_keep = 9\n"
    office.write_text(f"# của phường\n\n{line}\n{rest}")
    found = read_rollout(profile)
    (finding,) = found.findings
    assert (finding.key, finding.place) == (key, str(office))
    assert finding.line == (0 if line.startswith("[") else 3)
    assert says in finding.sentence.vi and finding.sentence.en != finding.sentence.vi
    assert key not in found.values
    if rest:
        assert load_settings(profile).backup_keep == 9


def test_a_secret_is_not_said_in_the_log(office: Path, profile: Path) -> None:
    office.write_text('token = "GEHEIM"\n')
    found = read_rollout(profile)
    log_findings(profile, found, "2026-11-23T02:41:00Z")
    assert "token" in (profile / LOG).read_text(encoding="utf-8-sig")
    assert "GEHEIM" not in (profile / LOG).read_text(encoding="utf-8-sig")


def test_a_file_that_is_no_toml_names_the_line_and_the_backslash(office: Path, profile: Path) -> None:
    office.write_text('ring = "pilot"\nbackup_to = ["\\\\may-chu\\sao-luu"]\n'.replace("\\\\\\\\", "\\\\"))
    (finding,) = read_rollout(profile).findings
    assert finding.line == 2 and "nháy đơn" in finding.text.vi and "single quotes" in finding.text.en
    assert load_settings(profile) == Settings()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"url = \xff", b"\x00" * 300_000, b"= = ="])
def test_whatever_the_file_is_the_program_is_usable(office: Path, profile: Path, content: bytes) -> None:
    office.write_bytes(content)
    found = read_rollout(profile)
    assert found.values == {} and len(found.findings) == (1 if content else 0)
    assert load_settings(profile) == Settings()


def test_a_file_that_is_away(office: Path, profile: Path) -> None:
    (finding,) = read_rollout(profile).findings
    assert "không đọc được" in finding.text.vi


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*KEYS, "khác", "URL"]),
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(max_size=40), st.binary(max_size=9),
            st.lists(st.text(max_size=12), max_size=3),
        ),
    )
)  # fmt: skip
def test_whatever_a_policy_says_is_taken_or_told(
    profile: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    policies(monkeypatch, values)
    monkeypatch.setenv(ONLY, "")
    found = read_rollout(profile)
    told = {each.key for each in found.findings}
    named = {name.lower() for name in values}
    replaced = {"code", "token"} if {"code", "token"} <= named else set()  # of the two the later one is meant
    assert named <= told | set(found.values) | replaced
    load_settings(profile)


def test_which_place_wins(tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account's file over the installation's, the policies over both, the account's policy last."""
    monkeypatch.delenv(ONLY, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    installed = tmp_path / "Program Files" / "SoPhuong"
    app = installed / "app" / "1.0" / "sophuong"
    app.parent.mkdir(parents=True)
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", str(app))
    monkeypatch.delenv("SOPHUONG_LAUNCHER", raising=False)
    (installed / "rollout.toml").write_text('ring = "a"\nlanguage = "en"\nbackup_keep = 3\nproxy = "http://a:1"\n')
    (tmp_path / "config" / "so-phuong").mkdir(parents=True)
    (tmp_path / "config" / "so-phuong" / "rollout.toml").write_text('ring = "b"\nproxy = "http://b:1"\n')
    (profile / "rollout.toml").write_text('proxy = "http://c:1"\n')
    policies(monkeypatch, {"Ring": "m", "backup_keep": 4}, {"ring": "u"})
    found = read_rollout(profile)
    assert found.values == {"ring": "u", "language": "en", "backup_keep": 4, "proxy": "http://c:1"}
    assert [key for key in found.values if found.is_locked(key)] == ["ring", "backup_keep"]
    monkeypatch.setattr("sys.executable", str(tmp_path / "account" / "versions" / "1.1" / "sophuong"))
    monkeypatch.setenv("SOPHUONG_LAUNCHER", str(installed / "sophuong"))
    assert installed / "rollout.toml" in [place.path for place in places(profile)]


def test_the_same_code_does_not_stay_beside_a_stronger_one(
    office: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write_text('code = "ABCD-EFGH"\n')
    policies(monkeypatch, {"token": "SPAB-CDEF-GHJK-MNPQ-RSTU-VWXY-Z234"})
    assert read_rollout(profile).secret.startswith("SPAB")


def test_policies_come_as_windows_has_them(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ONLY, "")
    policies(
        monkeypatch,
        {"wards": "00070; 00004", "backup_to": ["\\\\a\\b", ""], "autostart": 1, "language": " en "},
        {"autostart": 7},
    )
    found = read_rollout(profile)
    assert found.values == {
        "wards": ["00070", "00004"], "backup_to": ["\\\\a\\b"], "autostart": True, "language": "en"
    }  # fmt: skip
    assert [f.key for f in found.findings] == ["autostart"]


def test_a_choice_of_the_officer_stands_until_the_office_says_something_new(office: Path, profile: Path) -> None:
    office.write_text('proxy = "http://a:1"\n')
    kept = load_settings(profile)
    assert kept.line_proxy == "http://a:1"
    save_settings(profile, msgspec.structs.replace(kept, line_proxy="http://mine:1"))
    assert load_settings(profile).line_proxy == "http://mine:1"
    office.write_text('proxy = "http://b:1"\n')
    assert load_settings(profile).line_proxy == "http://b:1"


def test_a_policy_holds_always_and_lets_go(profile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the officer had chosen before is his again."""
    monkeypatch.setenv(ONLY, "")
    save_settings(profile, Settings(line_proxy="http://mine:1"))
    with monkeypatch.context() as ruled:
        policies(ruled, {"proxy": "http://office:1", "language": "en"})
        kept = load_settings(profile)
        assert (kept.line_proxy, kept.language) == ("http://office:1", "en")
        save_settings(profile, msgspec.structs.replace(kept, theme="dark", line_proxy="http://other:1"))
        assert load_settings(profile).line_proxy == "http://office:1"
    kept = load_settings(profile)
    assert (kept.line_proxy, kept.language, kept.theme) == ("http://mine:1", "vi", "dark")


def test_every_setting_of_the_office_is_one(profile: Path) -> None:
    assert set(OFFICE_KEYS) <= set(KEYS)
    assert set(OFFICE_KEYS.values()) <= set(Settings.__struct_fields__)


def test_the_log_is_written_when_something_changed(office: Path, profile: Path) -> None:
    office.write_text("wrong = 1\n")
    for moment in ("1", "2"):
        log_findings(profile, read_rollout(profile), moment)
    text = (profile / LOG).read_text(encoding="utf-8-sig")
    assert text.count("== ") == 1 and f"{office}:1" in text and "there is no such key" in text
    office.write_text('ring = "pilot"\n')
    log_findings(profile, read_rollout(profile), "3")
    assert (profile / LOG).read_text(encoding="utf-8-sig").count("== ") == 2
    log_findings(profile / "none", Given(), "4")
    assert not (profile / "none").exists()


def test_a_ca_lies_beside_its_file(office: Path, profile: Path) -> None:
    (office.parent / "ca.pem").write_text("PEM")
    office.write_text('ca = "ca.pem"\n')
    found = read_rollout(profile)
    assert found.get("ca") == str(office.parent / "ca.pem") and found.findings == ()


def test_it_may_be_tried_before_it_is_rolled_out(
    office: Path, profile: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write_text(GOOD.replace('"pilot"', "7"), encoding="utf-8")
    assert run(["rollout", str(office), "--profile", str(profile)]) == 1
    text = capsys.readouterr().out
    assert "SPAB" not in text and "ring" in text and "!" in text
    office.write_text(GOOD, encoding="utf-8")
    assert run(["rollout", str(office), "--profile", str(profile), "--json"]) == 0
    assert '"findings":[]' in capsys.readouterr().out


def test_a_policy_turns_background_sync_off_and_silence_leaves_it_as_setup_did(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop import autostart

    monkeypatch.setenv(ONLY, "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    autostart.set_autostart(True)
    autostart.follow(load_settings(profile))
    assert autostart.entry_path().is_file()
    policies(monkeypatch, {"autostart": 0})
    monkeypatch.delenv(ONLY)
    autostart.follow(load_settings(profile))
    assert not autostart.entry_path().exists()
