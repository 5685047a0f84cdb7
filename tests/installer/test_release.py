"""The ceremony as docs/operating.md tells it, and what is published afterwards."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from installer import release
from installer.changelog import NotReleasable, notes_of
from sync.updates.pointer import Pointer, read_pointer
from sync.updates.sources import FolderSource
from tests.sync.updates.shelf import PLATFORM, Shelf, same_folder

CHANGELOG = """# Changelog

## 1.2.0 (2026-12-24)

- Lists open
  twice as fast.
- Fewer clicks.

### Có gì mới

- Danh sách mở
  nhanh gấp đôi.

### Chuyển đổi

- Lần mở đầu tiên lâu hơn: kho được nâng cấp, có bản sao trước đó.

## 1.1.0 (2026-11-30)

- Old.
"""


def test_notes_come_from_the_changelog() -> None:
    assert notes_of(CHANGELOG, "1.2.0") == {
        "vi": ["Danh sách mở nhanh gấp đôi.", "Lần mở đầu tiên lâu hơn: kho được nâng cấp, có bản sao trước đó."],
        "en": ["Lists open twice as fast.", "Fewer clicks."],
    }


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        (CHANGELOG, "1.3.0", "no part"),
        (CHANGELOG, "1.1.0", "Có gì mới"),
        ("## 2.0.0 (unreleased)\n- x\n", "2.0.0", "unreleased"),
    ],
)
def test_a_version_without_words_for_officers_is_not_released(text: str, version: str, why: str) -> None:
    with pytest.raises(NotReleasable, match=why):
        notes_of(text, version)


def test_the_ceremony_releases_and_a_change_of_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, folder = tmp_path / "keys", tmp_path / "updates"
    keys.mkdir()
    monkeypatch.setenv(release.PASSPHRASE, "một câu mật khẩu dài")
    builder = Shelf(tmp_path / "built elsewhere")  # for its invented programs alone

    def run(*words: object) -> int:
        return release.main([str(word) for word in words])

    def key(name: str) -> Path:
        return keys / f"{name}.pem"

    def public(name: str) -> Path:
        return keys / f"{name}.pem.pub"

    names = ("root-1", "root-2", "root-3", "targets", "snapshot", "timestamp")
    assert run("keys", *map(key, names)) == 0
    assert key("root-1").stat().st_mode & 0o077 == 0
    assert b"ENCRYPTED" in key("root-1").read_bytes()
    assert run("keys", key("root-1")) == 1  # one that is there is never written over
    roles = [word for role in names[3:] for word in (f"--{role}", public(role))]
    assert run("root", folder, "--root", *map(public, names[:3]), *roles) == 0
    assert run("sign", folder, "--key", key("root-1")) == 0
    assert run("sign", folder, "--key", key("root-1")) == 0  # the same one twice is still one
    assert "more signatures" in capsys.readouterr().out
    assert run("sign", folder, "--key", key("root-3")) == 0
    assert "is published" in capsys.readouterr().out

    online = ["--key", *map(key, names[3:])]
    monkeypatch.setattr(release, "read_notes", lambda version: {"vi": [f"Mới trong {version}"], "en": [version]})

    def publish(version: str, *more: object) -> int:
        monkeypatch.setattr(release, "version", lambda: version)
        built = builder.built / version
        if not built.exists():
            builder.build(version)
        return run("publish", folder, "--linux", built, "--level", 3, *more)

    assert publish("1.0.0", *online) == 0
    assert publish("1.1.0", *online) == 0
    assert publish("1.1.0", *online) == 1  # what is published never changes
    capsys.readouterr()
    for lower in ("1.0.5", "1.1"):  # a number that no PC would take
        assert publish(lower, *online) == 1
        assert "1.1.0" in capsys.readouterr().err
    assert publish("1.2.0", "--key", key("timestamp")) == 1
    assert "targets" in capsys.readouterr().err

    # a key is lost: another takes its place, signed by two who are left
    assert run("keys", key("root-4"), key("targets-2")) == 0
    assert (
        run(
            "root",
            folder,
            "--root",
            public("root-1"),
            public("root-2"),
            public("root-4"),
            "--targets",
            public("targets-2"),
        )
        == 0
    )
    assert run("sign", folder, "--key", key("root-4")) == 0
    assert run("sign", folder, "--key", key("root-1"), key("root-2")) == 0
    assert (folder / "metadata" / "2.root.json").exists()
    assert publish("1.2.0", *online) == 1
    assert publish("1.2.0", "--key", key("targets-2"), key("snapshot"), key("timestamp")) == 0
    assert "patch from 1.1.0" in capsys.readouterr().out
    assert run("refresh", folder, "--key", key("timestamp")) == 0

    # a PC with the first root in its program, off for all of it
    builder.root = (folder / "metadata" / "1.root.json").read_bytes()
    builder.folder = folder
    pc = builder.pc(tmp_path / "pc", "1.0.0")
    assert pc.take("1.2.0", FolderSource(folder)) == "1.2.0"
    assert same_folder(pc.versions / "1.2.0", builder.built / "1.2.0")
    assert read_pointer(pc.versions) == Pointer(version="1.2.0", before="1.0.0")
    assert not list(folder.glob("sophuong-*"))

    # another passphrase opens nothing
    monkeypatch.setenv(release.PASSPHRASE, "khác")
    assert run("refresh", folder, "--key", key("timestamp")) == 1
    assert PLATFORM in {path.name for path in (folder / "targets").iterdir()}


def test_the_root_lies_in_the_program_while_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(tmp_path / "shelf")
    place = tmp_path / "root.json"
    monkeypatch.setattr(release, "BUILT_IN_ROOT", place)
    with release.built_in_root(shelf.folder):
        assert place.read_bytes() == shelf.root
    assert not place.exists()
    shutil.rmtree(shelf.folder / "metadata")
    with pytest.raises(NotReleasable, match="ceremony"), release.built_in_root(shelf.folder):
        pass
