"""The stages of `python -m installer`: all of them are run, and one that fails fails the whole."""

from __future__ import annotations

import pytest

from installer import __main__ as installer


def test_every_stage_of_building_is_in_one_lane() -> None:
    by_itself = {"sizes", "ready", "try", "lock"}
    assert sorted(name for lane in installer.LANES for name in lane) == sorted(installer.stages().keys() - by_itself)


def test_a_lane_that_fails_fails_the_whole(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(installer, "LANES", (("no such stage",),))
    assert installer.main([]) == 1
    told = capfd.readouterr()
    assert "no such stage" in told.err and "sizes" not in told.out, "what was made is not weighed"


def test_an_unknown_stage_is_named() -> None:
    assert installer.main(["linux", "nonsense"]) == 2
