"""How the command line speaks: usage, languages, exit codes, one line per mistake; and no Qt before something is drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.commands.verbs import VERBS
from tests.features.story import run


def test_help_names_every_verb_in_both_languages() -> None:
    for language, word in (("vi", "cách dùng:"), ("en", "usage:")):
        answer = run("--language", language, "--help")
        assert answer.code == 0
        assert word in answer.out
        assert all(verb.name in answer.out and verb.about.get(language) in answer.out for verb in VERBS)


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS if verb.name != "gateway"])
def test_each_verb_explains_itself(verb: str) -> None:
    for language in ("vi", "en"):
        answer = run(verb, "--help", "--language", language)
        assert answer.code == 0
        assert f"sophuong {verb}" in answer.out


@pytest.mark.parametrize(
    "words",
    [
        ["dance"],
        ["tools", "--colour"],
        ["import"],
        ["import", "onestop.dossier"],
        ["sample", "onestop.dossier", "many", "x.ndjson"],
        ["sample", "no.such", "1", "x.ndjson"],
        ["screenshot", "today", "x.png", "--size", "big"],
        ["screenshot", "today", "x.txt"],
        ["--language", "fr", "tools"],
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(words: list[str]) -> None:
    answer = run(*words)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.strip()


def test_bad_clock_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "yesterday")
    assert run("tools").code == 2


@pytest.mark.parametrize("verb", ["status", "outbox", "conflicts", "sync"])
def test_a_profile_that_is_not_enrolled_says_what_to_do(tmp_path: Path, verb: str) -> None:
    for language in ("vi", "en"):
        answer = run("--profile", str(tmp_path / "none"), "--language", language, verb)
        assert answer.code == 1
        assert "enrol" in answer.err
    assert not (tmp_path / "none").exists()


def test_options_stand_before_or_after_the_verb(tmp_path: Path) -> None:
    before = run("--json", "--profile", str(tmp_path), "tools")
    after = run("tools", "--json", "--profile", str(tmp_path))
    assert before.json == after.json


def test_verbs_that_draw_nothing_run_without_qt(tmp_path: Path) -> None:
    """PySide6 cannot be imported here, as on a server that has only the gateway's and the command line's parts."""
    script = (
        "import sys; sys.modules['PySide6'] = None; sys.modules['shiboken6'] = None\n"
        "from desktop.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    for words in (["tools", "--json"], ["check", "."], ["--help"], ["status", "--profile", str(tmp_path)]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert "PySide6" not in done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 1)


def test_output_is_utf8_on_a_console_that_is_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "desktop", "--help"],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert "Sổ Phường" in done.stdout.decode("utf-8")


def test_what_may_be_left_out_is_not_named_as_missing() -> None:
    answer = run("act", "--language", "vi")
    assert answer.code == 2
    assert "còn thiếu: ID, THAO_TÁC." in answer.err
