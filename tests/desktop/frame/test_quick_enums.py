"""Qt's enumerations are the same whichever way they are made."""

from __future__ import annotations

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QAbstractItemView, QSizePolicy, QStyle

from desktop import quick_enums
from desktop.quick_enums import make, standard

KINDS: list[Any] = [enum.Enum, enum.IntEnum, enum.Flag, enum.IntFlag]
OWNERS = (Qt, QEvent, QLocale, QFont, QPalette, QAbstractItemView, QSizePolicy, QStyle)
QT = [part for owner in OWNERS for part in vars(owner).values() if isinstance(part, enum.EnumType)]


def anatomy(made: Any) -> dict[str, Any]:
    """All that a class is made of, in words that two classes can share."""
    parts = {key: part for key, part in vars(made).items() if key not in ("__dict__", "__weakref__", "__new__")}
    told = {key: _told(part) for key, part in parts.items()}
    told["members"] = [(name, {k: repr(v) for k, v in vars(one).items()}) for name, one in made.__members__.items()]
    told["new"] = made.__new__
    return told


def _told(part: Any) -> Any:
    if isinstance(part, dict):
        return [(repr(key), repr(one)) for key, one in part.items()]
    if isinstance(part, enum.property):
        return "property"
    return [repr(one) for one in part] if isinstance(part, list) else repr(part)


def both(kind: Any, names: list[tuple[str, int]]) -> tuple[Any, Any]:
    given: dict[str, Any] = {"module": "somewhere", "start": 1, "boundary": enum.KEEP}
    return standard(kind, "Made", list(names), **given), make(kind, "Made", list(names), **given)


def kind_of(made: Any) -> Any:
    return next(kind for kind in (enum.IntFlag, enum.Flag, enum.IntEnum, enum.Enum) if issubclass(made, kind))


@pytest.mark.parametrize("qt", QT, ids=lambda made: f"{made.__qualname__}")
def test_an_enumeration_of_qt_comes_out_the_same(qt: Any) -> None:
    slow, quick = both(kind_of(qt), [(name, member.value) for name, member in qt.__members__.items()])
    assert anatomy(quick) == anatomy(slow)


WORD = st.sampled_from(["A", "B", "C", "none", "value", "name", "real", "_hidden", "Key_1", "mro_", "conjugate"])
NUMBER = st.one_of(st.integers(-3, 12), st.sampled_from([1 << 31, (1 << 32) - 1, -(1 << 31)]))


@given(kind=st.sampled_from(KINDS), names=st.lists(st.tuples(WORD, NUMBER), unique_by=lambda pair: pair[0]))
def test_whatever_is_in_it(kind: Any, names: list[tuple[str, int]]) -> None:
    slow, quick = both(kind, names)
    assert anatomy(quick) == anatomy(slow)


@given(first=st.integers(0, 31), second=st.integers(0, 31))
def test_flags_add_up_and_come_apart_the_same(first: int, second: int) -> None:
    slow, quick = both(enum.Flag, [("none", 0), ("four", 4), ("one", 1), ("five", 5), ("two", 2)])
    for act in (
        lambda made: made(first) | made(second),
        lambda made: made(first) & ~made(second),
        lambda made: [repr(one) for one in made(first)],
        lambda made: made(first) in made(second),
    ):
        assert repr(act(quick)) == repr(act(slow))


def test_what_is_not_plain_goes_the_standard_way() -> None:
    made = make(enum.Enum, "Made", "red green", module=__name__)
    assert [one.value for one in made] == [1, 2]
    assert make(enum.StrEnum, "Made", [("a", "b")], module=__name__).a == "b"


def test_they_are_used_once_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enum.EnumType, "_create_", standard)
    quick_enums.use_quick_enums()
    assert enum.EnumType._create_ is make  # type: ignore[comparison-overlap]
    late = enum.Enum("Late", [("a", 7), ("b", -1)], module=__name__)
    assert late(7).name == "a" and late(-1) is late["b"]


def test_the_name_may_be_given_by_keyword() -> None:
    """As Python 3.12 gives it: refused, Qt would end the program."""
    given: dict[str, Any] = {"names": [("A", 1)], "module": "somewhere", "qualname": None, "type": None, "start": 1}
    made = make(enum.IntEnum, class_name="Made", **given)
    assert anatomy(made) == anatomy(standard(enum.IntEnum, class_name="Made", **given))
