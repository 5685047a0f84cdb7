"""Ids in order, clocks that never go back, and moments as text."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.clock import FixedClock, HybridClock, SystemClock, moment_text, parse_moment
from sync.ids import IdSource, derived_id, id_time_ms

NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


@given(st.lists(st.integers(-3_600_000, 3_600_000), max_size=40))
def test_ids_only_grow_even_when_the_clock_is_set_back(steps: list[int]) -> None:
    clock = FixedClock(NOON)
    source = IdSource(clock)
    made = []
    for step in steps:
        clock.advance(milliseconds=step)
        made.append(source.new())
    assert made == sorted(set(made))


def test_an_id_is_a_version_7_uuid_with_its_time() -> None:
    source = IdSource(FixedClock(NOON), random_bits=lambda bits: 0)
    first = source.new()
    parsed = uuid.UUID(first)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert id_time_ms(first) == int(NOON.timestamp() * 1000)


def test_a_derived_id_is_the_same_for_the_same_line() -> None:
    one = derived_id("00070", "onestop.dossier", "{}", "0")
    assert one == derived_id("00070", "onestop.dossier", "{}", "0")
    assert one != derived_id("00070", "onestop.dossier", "{}", "1")
    assert uuid.UUID(one).version == 8
    assert id_time_ms(one) is None


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-10_000, 10_000)), max_size=30))
def test_hybrid_stamps_follow_cause_and_effect(events: list[tuple[str, int]]) -> None:
    clocks = {"a": FixedClock(NOON), "b": FixedClock(NOON)}
    hybrid = {name: HybridClock(clock, name) for name, clock in clocks.items()}
    last = ""
    for name, step in events:
        clocks[name].advance(milliseconds=step)
        hybrid[name].see(last)
        stamp = hybrid[name].tick()
        assert stamp > last
        last = stamp


def test_a_moment_without_a_zone_is_hanoi_time() -> None:
    assert moment_text(parse_moment("2026-11-23T08:15:00")) == "2026-11-23T01:15:00Z"
    assert moment_text(parse_moment("2026-11-23T08:15:00Z")) == "2026-11-23T08:15:00Z"
    with pytest.raises(ValueError, match="hôm qua"):
        parse_moment("hôm qua")


def test_the_clock_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "2026-11-23T08:15:00+07:00")
    assert moment_text(SystemClock().now()) == "2026-11-23T01:15:00Z"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_beyond_the_calendar_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 8601 moment"):
        parse_moment(text)


def test_a_clock_is_not_set_where_reckoning_would_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPHUONG_NOW", "9999-12-31T12:00:00Z")
    with pytest.raises(ValueError, match="2999"):
        SystemClock()
