"""The program tries itself: what works is told as working, and what does not with what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.selftest import screen_steps, store_steps
from desktop.selftest.bench import Bench
from desktop.selftest.run import STEPS, _tried
from sync.clock import SystemClock
from sync.store import vault
from tests.features.story import HOAN_KIEM, Town, run

NOBODY = "http://127.0.0.1:9"


def selftest(*words: str, folder: Path) -> tuple[int, dict[str, Any]]:
    """As a process, as an officer's PC runs it."""
    command = [sys.executable, "-m", "desktop", "selftest", "--json", "--profile", str(folder / "profile"), *words]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(folder)}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=100)
    assert b"Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "made", profile=tmp_path / "profile", language="vi", clock=SystemClock())
    made.folder.mkdir()
    yield made
    made.close()


@pytest.fixture
def stored(bench: Bench) -> Bench:
    """With the throwaway store that later steps use."""
    store_steps.store_and_key(bench)
    return bench


def test_every_step_on_a_pc_with_a_city(town: Town, tmp_path: Path) -> None:
    code = town.gateway.enrolment_code(HOAN_KIEM, "Cán bộ CNTT", (), "UBND phường")
    out, kept = tmp_path / "kết quả.json", tmp_path / "ảnh"
    words = ["--gateway", town.gateway.url, "--code", code, "--out", str(out), "--keep", str(kept)]
    exit_code, answer = selftest(*words, folder=tmp_path)
    steps = {step["name"]: step for step in answer["steps"]}
    assert tuple(steps) == STEPS
    # which fonts are here is this machine's matter, and all that may be wrong with it
    assert {name for name, step in steps.items() if step["status"] == "failed"} <= {"form"}, answer
    assert exit_code == (0 if answer["ok"] else 1)
    assert answer["ok"] == (steps["form"]["status"] == "ok")
    assert steps["store"]["figures"]["records"] > store_steps.PEOPLE - 1
    assert steps["city"]["figures"]["pulled"] >= 1
    assert steps["updates"]["status"] == "ok" and steps["updates"]["figures"]["offered"] == ""
    assert steps["program"]["figures"]["versions"]["so_phuong"]
    (record,) = town.records().values()
    assert record["fields"]["_sample"] is True
    assert json.loads(out.read_bytes())["finished"] is True
    assert {path.name for path in kept.iterdir()} == {"form.png", "paper.pdf", "paper.png"}
    assert not list(tmp_path.glob("sophuong-selftest-*")), "the throwaway folder is gone"
    assert not (tmp_path / "profile").exists(), "the officer's own profile was not touched"


def test_a_city_out_of_reach_is_told_and_the_rest_is_tried(stored: Bench) -> None:
    stored.url = NOBODY
    for stored.code in ("", "ABCD-EFGH"):
        outcome = _tried("city", stored)
        assert outcome.status == "failed"
        assert NOBODY in outcome.said.vi and outcome.todo is not None
    assert _tried("search", stored).status == "ok"


def test_a_city_that_answers_is_enough_without_a_code(town: Town, bench: Bench) -> None:
    bench.url = town.gateway.url
    assert _tried("city", bench).status == "ok"
    assert town.records() == {}


def test_the_key_lies_under_a_passphrase_where_there_is_no_vault(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_item: str, _key: bytes) -> None:
        raise vault.NoVault("không có kho khóa")

    monkeypatch.setattr(vault, "_put_into_system_vault", none)
    outcome = _tried("store", bench)
    assert (outcome.status, outcome.figures["key"]) == ("ok", "passphrase")
    monkeypatch.setattr(sys, "platform", "win32")  # Windows always has one
    bench.folder = bench.folder / "windows"
    outcome = _tried("store", bench)
    assert outcome.status == "failed" and outcome.todo is not None


def test_without_a_store_the_steps_that_need_one_are_not_tried(bench: Bench) -> None:
    for step in ("search", "form", "paper", "code"):
        assert _tried(step, bench).status == "skipped"


def test_a_store_that_loses_records_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_steps, "_fill", lambda desk: {store_steps.PERSON: 99})
    outcome = _tried("store", bench)
    assert outcome.status == "failed" and "99" in outcome.said.vi


def test_a_paper_without_its_code_and_one_with_another_are_told(stored: Bench, tmp_path: Path) -> None:
    from tests.desktop.frame.test_card_pictures import code as drawn

    screen_steps.begin_drawing()
    stored.paper = tmp_path / "paper.png"
    stored.paper.write_bytes(b"torn")
    assert _tried("code", stored).status == "failed"
    assert drawn("KHÁC").save(str(stored.paper))
    stored.on_paper = {"H26.14-261122-0001"}
    outcome = _tried("code", stored)
    assert outcome.status == "failed" and "KHÁC" in outcome.said.vi
    stored.on_paper = {"KHÁC"}
    assert _tried("code", stored).status == "ok"


def test_letters_that_no_font_draws_are_found() -> None:
    from PySide6.QtGui import QFont

    from desktop.selftest.letters import ALPHABET, fonts_used, undrawn

    screen_steps.begin_drawing()
    font = QFont()
    assert len(ALPHABET) == len(set(ALPHABET)) == 178
    assert undrawn(font, "aăâ") == ""
    assert undrawn(font, "a\ue000b") == "\ue000"
    assert undrawn(font, "aa") == "a", "two letters that look alike"
    assert "" in fonts_used(font, "\ue000")


def test_a_code_needs_an_address() -> None:
    answer = run("selftest", "--code", "ABCD")
    assert (answer.code, answer.out) == (2, "")
