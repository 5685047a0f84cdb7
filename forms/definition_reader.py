"""From what a file says to the structs of ``forms.definition``, telling every mistake on the way.

A struct is made even where something is missing, with empty text in its place, so that one mistake does not hide the
others; ``Source.problems`` decides whether the result may be used.
"""

from __future__ import annotations

import types
from datetime import date, time
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct

from forms import definition
from forms.definition import Column
from forms.definition_source import Place, Source
from forms.field_definition import Choice, Message
from forms.label import Label

_CHOICE_KEYS = frozenset({"code", "vi", "en", "valid_from", "valid_to"})
_WORDS = {str: "chữ (text)", bool: "true | false", int: "số nguyên (whole number)", float: "số (number)"}
_RENAMED = {"RecordType": {"list": "list_view"}, "ReportTable": {"list": "by_record"}}


@cache
def _keys(kind: type[Struct]) -> dict[str, tuple[str, Any, Any]]:
    """Key as written → (name of the struct's field, its type, its default)."""
    hints = get_type_hints(kind, vars(definition))
    other = {name: key for key, name in _RENAMED.get(kind.__name__, {}).items()}
    found = {}
    for field in msgspec.structs.fields(kind):
        default = field.default if field.default is not NODEFAULT else field.default_factory
        found[other.get(field.name, field.encode_name)] = (field.name, hints[field.name], default)
    return found


def read_struct(source: Source, place: Place, data: Any, kind: type[Struct], **given: Any) -> Any:
    """The struct that a mapping describes. ``given`` are fields that the file does not write."""
    if kind is Label:
        return _label(source, place, data)
    if kind is Choice:
        return _choice(source, place, data)
    if kind is Message:
        return _message(source, place, data)
    if kind is Column and isinstance(data, str):
        return Column(data)
    if not isinstance(data, dict):
        source.mistake(place, "phải là một nhóm khóa: giá trị", "must be a mapping", ", ".join(_keys(kind)))
        data = {}
    keys = {key: entry for key, entry in _keys(kind).items() if entry[0] not in given}
    for key in data:
        if key not in keys:
            _unknown_key(source, (*place, key), key, list(keys))
    values = dict(given)
    for key, (name, hint, default) in keys.items():
        if key in data and data[key] is not None:
            values[name] = read_value(source, (*place, key), data[key], hint)
        elif default is NODEFAULT:
            source.mistake(place, f"thiếu khóa “{key}”", f"key “{key}” is missing", key)
            values[name] = _placeholder(hint)
    return kind(**values)


def read_value(source: Source, place: Place, data: Any, hint: Any) -> Any:
    """A value of the type ``hint``; a mistake and an empty value where it is not one."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple(source, place, data, inner[0])
    if origin is dict:
        return _dict(source, place, data, inner[1])
    if origin is Literal:
        return _one_of(source, place, data, inner)
    if origin in (Union, types.UnionType):
        return _union(source, place, data, inner)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return read_struct(source, place, data, hint)
    return _moment(source, place, data, hint) if hint in (date, time) else _scalar(source, place, data, (hint,))


def _moment(source: Source, place: Place, data: Any, kind: type[date] | type[time]) -> Any:
    """A day as YYYY-MM-DD, a time of day as HH:MM or HH:MM:SS."""
    text = source.written.get(place, str(data))
    try:
        return kind.fromisoformat(text)
    except ValueError:
        day = kind is date
        vi = f"“{text}” không phải {'ngày' if day else 'giờ'}"
        source.mistake(place, vi, f"“{text}” is no {'day' if day else 'time'}", "2026-11-22" if day else "08:00")
        return _placeholder(kind)


def _scalar(source: Source, place: Place, data: Any, kinds: tuple[Any, ...]) -> Any:
    if bool in kinds and isinstance(data, bool):
        return data
    if (int in kinds or float in kinds) and isinstance(data, int | float) and not isinstance(data, bool):
        if int in kinds and isinstance(data, int):
            return data
        if float in kinds:
            return float(data)
    if str in kinds and not isinstance(data, dict | list):
        return source.written.get(place, str(data))
    if Any in kinds:
        return data
    expected = " | ".join(_WORDS.get(kind, str(kind)) for kind in kinds)
    source.mistake(place, "sai kiểu giá trị", "the value has the wrong type", expected)
    return _placeholder(kinds[0])


def _union(source: Source, place: Place, data: Any, kinds: tuple[Any, ...]) -> Any:
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if len(kinds) == 1:
        return read_value(source, place, data, kinds[0])
    return _scalar(source, place, data, kinds)


def _tuple(source: Source, place: Place, data: Any, hint: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        source.mistake(place, "phải là danh sách", "must be a list", "- …")
        return ()
    return tuple(read_value(source, (*place, number), item, hint) for number, item in enumerate(data))


def _dict(source: Source, place: Place, data: Any, hint: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        source.mistake(place, "phải là một nhóm khóa: giá trị", "must be a mapping", "… : …")
        return {}
    return {key: read_value(source, (*place, key), item, hint) for key, item in data.items()}


def _one_of(source: Source, place: Place, data: Any, values: tuple[Any, ...]) -> Any:
    if data not in values or isinstance(data, bool):
        near = nearest(str(data), [str(value) for value in values])
        source.mistake(place, f"không có giá trị “{data}”{near[0]}", f"no such value “{data}”{near[1]}", _list(values))
        return values[0]
    return data


def _label(source: Source, place: Place, data: Any) -> Label:
    if not isinstance(data, dict):
        source.mistake(place, "nhãn phải có cả vi và en", "a label has both vi and en", "{vi: …, en: …}")
        return Label("", "")
    for key in data:
        if key not in ("vi", "en"):
            _unknown_key(source, (*place, key), key, ["vi", "en"])
    return Label(_language(source, place, data, "vi"), _language(source, place, data, "en"))


def _language(source: Source, place: Place, data: dict[str, Any], key: str) -> str:
    if data.get(key) in (None, ""):
        source.mistake(place, f"nhãn thiếu “{key}”", f"the label lacks “{key}”", "{vi: …, en: …}")
        return ""
    text: str = _scalar(source, (*place, key), data[key], (str,))
    return text


def _message(source: Source, place: Place, data: Any) -> Message:
    expected = "{rule: CEL, vi: …, en: …, warn: true|false}"
    if not isinstance(data, dict):
        source.mistake(place, "phải là một quy tắc có lời nhắn", "must be a rule with its message", expected)
        return Message("true", Label("", ""))
    for key in data:
        if key not in ("rule", "vi", "en", "warn"):
            _unknown_key(source, (*place, key), key, ["rule", "vi", "en", "warn"])
    if data.get("rule") is None:
        source.mistake(place, "thiếu khóa “rule”", "key “rule” is missing", expected)
    rule = _scalar(source, (*place, "rule"), "true" if data.get("rule") is None else data["rule"], (str,))
    warn = _scalar(source, (*place, "warn"), data["warn"], (bool,)) if data.get("warn") is not None else False
    return Message(rule, Label(_language(source, place, data, "vi"), _language(source, place, data, "en")), bool(warn))


def _choice(source: Source, place: Place, data: Any) -> Choice:
    if not isinstance(data, dict) or data.get("code") is None:
        source.mistake(
            place, "một mục phải có code, vi và en", "an entry has code, vi and en", "{code: …, vi: …, en: …}"
        )
        return Choice("", Label("", ""))
    text = {key: _scalar(source, (*place, key), data[key], (str,)) for key in _CHOICE_KEYS if data.get(key) is not None}
    label = Label(_language(source, place, data, "vi"), _language(source, place, data, "en"))
    more = {key: value for key, value in data.items() if key not in _CHOICE_KEYS}
    return Choice(text["code"], label, more, text.get("valid_from"), text.get("valid_to"))


def _placeholder(hint: Any) -> Any:
    origin = get_origin(hint)
    if origin is tuple:
        return ()
    if origin is dict:
        return {}
    if origin is Literal:
        return get_args(hint)[0]
    if hint is Label:
        return Label("", "")
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint(**{entry[0]: _placeholder(entry[1]) for entry in _keys(hint).values() if entry[2] is NODEFAULT})
    empty: dict[Any, Any] = {int: 0, float: 0.0, bool: False, time: time(), date: date.min}
    return empty.get(hint, "")


def _unknown_key(source: Source, place: Place, key: str, known: list[str]) -> None:
    near = nearest(key, known)
    source.mistake(place, f"khóa lạ “{key}”{near[0]}", f"unknown key “{key}”{near[1]}", _list(known))


def nearest(word: str, known: list[str]) -> tuple[str, str]:
    """ "; có phải “…”?" in both languages when a known word is near."""
    found = get_close_matches(word, known, 1, 0.6)
    return (f"; có phải “{found[0]}”?", f"; is it “{found[0]}”?") if found else ("", "")


def _list(values: Any) -> str:
    words = [str(value) for value in values]
    return ", ".join(words[:30]) + (" …" if len(words) > 30 else "")
