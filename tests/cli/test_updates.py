"""``sophuong update`` where there is nothing to update, and as a script reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.version import VERSION
from sync.updates.installation import Installation
from tests.sync.updates.shelf import Shelf


def test_a_checkout_is_no_package(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["update", "--status", "--json", "--profile", str(tmp_path)]) == 0
    assert json.loads(capfd.readouterr().out) == {"version": VERSION, "packaged": False, "waiting": ""}
    assert main(["update", "--profile", str(tmp_path)]) == 1
    assert "không chạy từ bộ cài" in capfd.readouterr().err
    assert main(["update", "--check", "--status"]) == 2


def test_a_stick_is_taken_and_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(tmp_path / "shelf")
    shelf.publish(VERSION)
    shelf.publish("9.1.0", VERSION)
    pc = shelf.pc(tmp_path / "pc", VERSION)
    monkeypatch.setattr(Installation, "here", classmethod(lambda cls, version: pc.here))
    profile = ("--profile", str(tmp_path / "profile"))
    assert main(["update", "--from", str(shelf.folder), "--json", *profile]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["waiting"], answer["trouble"]) == ("9.1.0", None)
    assert main(["update", "--from", str(tmp_path), *profile]) == 1
    assert "Không thấy bản mới" in capfd.readouterr().err
    assert main(["update", "--status", *profile, "--language", "en"]) == 0
    said = capfd.readouterr().out
    assert "Version 9.1.0 is used from the next start on." in said
    assert "No updates in" in said
    assert main(["update", "--check", *profile]) == 1  # nobody's PC: a sentence, and no traceback
    assert "Traceback" not in capfd.readouterr().err
