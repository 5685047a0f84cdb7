"""Qt's enumerations, made five times faster than the standard library makes them.

PySide builds an enumeration when the class it belongs to is first touched, with ``enum.Enum(name, [(member, value), …])``:
3,600 members before the window can be worked in, 470 of them keys. The standard library takes each through a dictionary
that judges its name and a descriptor that replaces itself, and each class through questions whose answers are always the
same: together a third of what a start costs beyond a bare window. Here an empty class of each kind is asked of the
standard library once, copied, and given its members directly. Whatever is not plainly names with whole numbers, and every
Python that this was not held against, goes the standard way. A test holds the two ways together.
"""

from __future__ import annotations

import enum
import sys
from typing import Any

KNOWN_VERSIONS = {(3, 11), (3, 12), (3, 13)}
_KINDS = (enum.Enum, enum.IntEnum, enum.Flag, enum.IntFlag)
_TAKEN = {name for kind in _KINDS for base in kind.__mro__ for name in vars(base)}  # a member so named needs more care

_of_python: Any = enum.EnumType
standard: Any = _of_python._create_
_patterns: dict[tuple[Any, Any], dict[str, Any]] = {}


def use_quick_enums() -> None:
    """From here on in this process. Call it before Qt's classes are touched: those that stand already stay as they are."""
    if sys.version_info[:2] in KNOWN_VERSIONS:
        _of_python._create_ = make


def make(
    kind: Any, class_name: str, names: Any = None, *, module: Any = None, boundary: Any = None, **rest: Any
) -> Any:
    """What ``enum.EnumType._create_`` makes of the same arguments, which Python 3.12 gives by these names."""
    if kind not in _KINDS or rest.get("type") is not None or rest.get("qualname") or not _plain(kind, names):
        return standard(kind, class_name, names, module=module, boundary=boundary, **rest)
    pattern = _patterns.get((kind, boundary))
    if pattern is None:
        pattern = _patterns[kind, boundary] = _pattern(kind, boundary)
    parts = {key: type(part)() if type(part) in (list, dict) else part for key, part in pattern.items()}
    parts["__module__"] = module or enum.__name__  # PySide gives none, and writes the right one over it
    made = type.__new__(_of_python, class_name, (kind,), parts)
    if issubclass(kind, enum.Flag):
        _add_flags(made, names, kind is enum.IntFlag)
    else:
        _add(made, names, kind is enum.IntEnum)
    return made


def _plain(kind: Any, names: Any) -> bool:
    least = 0 if issubclass(kind, enum.Flag) else -(1 << 63)
    return type(names) is list and all(
        type(value) is int and value >= least and name not in _TAKEN and name[0] != "_" for name, value in names
    )


def _pattern(kind: Any, boundary: Any) -> dict[str, Any]:
    empty = standard(kind, "Pattern", [], module=__name__, boundary=boundary)
    return {key: part for key, part in vars(empty).items() if key not in ("__dict__", "__weakref__")}


def _member(made: Any, name: str, value: int, whole: bool, place: int) -> Any:
    member = int.__new__(made, value) if whole else object.__new__(made)
    member._value_ = value
    member._name_ = name
    member.__objclass__ = made
    member._sort_order_ = place
    return member


def _add(made: Any, names: list[tuple[str, int]], whole: bool) -> None:
    order, by_name, by_value = made._member_names_, made._member_map_, made._value2member_map_
    put = type.__setattr__
    for name, value in names:
        member = by_value.get(value)
        if member is None:
            member = by_value[value] = _member(made, name, value, whole, len(order))
            order.append(name)
        by_name[name] = member
        put(made, name, member)


def _add_flags(made: Any, names: list[tuple[str, int]], whole: bool) -> None:
    order, by_name, by_value = made._member_names_, made._member_map_, made._value2member_map_
    put = type.__setattr__
    mask = singles = 0
    for name, value in names:
        member = by_value.get(value)
        if member is None:
            member = by_value[value] = _member(made, name, value, whole, len(order))
            mask |= value
            if value and not value & (value - 1):
                singles |= value
                order.append(name)
        by_name[name] = member
        put(made, name, member)
    made._flag_mask_ = mask
    made._singles_mask_ = singles
    made._all_bits_ = (1 << mask.bit_length()) - 1
    in_order = [by_name[name]._value_ for name in order]
    if in_order != sorted(in_order):
        made._iter_member_ = made._iter_member_by_def_
