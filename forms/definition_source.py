"""YAML with places: what was written, and the line of every key.

Scalars follow YAML 1.2's core schema, so that a code ``01``, a word ``no`` and a date stay the text that was written.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from forms.definition_problems import DefinitionProblem

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST_NODES, _MOST_BYTES, _DEEPEST = 200_000, 4_000_000, 40
_INT, _FLOAT = re.compile(r"-?(0|[1-9]\d*)", re.ASCII), re.compile(r"-?(0|[1-9]\d*)\.\d+", re.ASCII)
_PLAIN: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_NAMING = ("id", "name", "code", "key", "field")
Place = tuple[str | int, ...]


class Source:
    """One file as read. Mistakes are gathered in ``problems``, by place: the keys and list positions that lead there."""

    def __init__(self, path: Path, problems: list[DefinitionProblem]) -> None:
        self.path = path
        self.problems = problems
        self.lines: dict[Place, int] = {(): 1}
        self.written: dict[Place, str] = {}  # scalars as written
        self._nodes = 0
        self._odd_keys: list[tuple[Place, str, str]] = []  # told once the data is there to name their places by
        self.data: Any = None
        self.data = self._load()
        for place, vi, en in self._odd_keys:
            self.mistake(place, vi, en)

    def line(self, place: Place) -> int:
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def key(self, place: Place) -> str:
        """The place in words: list entries by their id, name or code."""
        words: list[str] = []
        data = self.data
        for step in place:
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                data = None
            if isinstance(step, str):
                words.append(step)
                continue
            names = [data[n] for n in _NAMING if isinstance(data, dict) and isinstance(data.get(n), str)]
            words.append(names[0] if names else str(step + 1))
        return ".".join(words) or self.path.name

    def mistake(self, place: Place, vi: str, en: str, expected: str = "") -> None:
        self.problems.append(
            DefinitionProblem(str(self.path), self.line(place), self.key(place), vi, expected, en),
        )

    def _load(self) -> Any:
        try:
            node = yaml.compose(_content(self.path).decode("utf-8-sig"), Loader=_Loader)
        except UnicodeDecodeError:
            return self._unreadable("không phải tệp chữ UTF-8", "not a UTF-8 text file")
        except (OSError, ValueError) as error:
            return self._unreadable(f"không đọc được tệp: {error}", f"the file cannot be read: {error}")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            self.lines[()] = mark.line + 1 if mark else 1
            reason = getattr(error, "problem", None) or str(error).splitlines()[0]
            return self._unreadable(f"sai cú pháp YAML: {reason}", f"not well-formed YAML: {reason}")
        except RecursionError:
            return self._unreadable("lồng nhau quá sâu", "nested too deeply")
        data = None if node is None else self._value(node, ())
        # "null" says no more than an empty file
        return self._unreadable("tệp rỗng", "the file is empty") if data is None and self._nodes <= 1 else data

    def _unreadable(self, vi: str, en: str) -> None:
        self.problems.append(DefinitionProblem(str(self.path), self.lines[()], self.path.name, vi, "YAML (UTF-8)", en))

    def _value(self, node: Any, place: Place) -> Any:
        self._nodes += 1
        self.lines.setdefault(place, node.start_mark.line + 1)
        if self._nodes > _MOST_NODES or len(place) > _DEEPEST:
            if self._nodes != _MOST_NODES + 2:
                self._nodes = _MOST_NODES + 2
                self._unreadable("quá nhiều mục hoặc lồng nhau quá sâu", "too many entries, or nested too deeply")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*place, number)) for number, item in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: Any, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, Hashable) or not isinstance(key, str):
                self._odd_keys.append((place, "khóa phải là chữ", "a key must be text"))
                continue
            inner = (*place, key)
            if key in found:
                self.lines[inner] = key_node.start_mark.line + 1
                self._odd_keys.append((inner, f"khóa “{key}” viết hai lần", f"key “{key}” is written twice"))
                continue
            self.lines[inner] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, inner)
        return found

    def _scalar(self, node: Any, place: Place) -> Any:
        text = str(node.value)
        self.written[place] = text
        if node.style is not None and node.style != "":
            return text
        if text in _PLAIN:
            return _PLAIN[text]
        if _INT.fullmatch(text) and len(text) < 18:
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) and len(text) < 18 else text


def _content(path: Path) -> bytes:
    """The file's bytes. Raises OSError, also for what is no file (a device or a pipe would be read for ever), and
    ValueError for one no person writes."""
    if path.exists() and not path.is_file():
        raise OSError("không phải tệp / not a file")
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("tệp quá lớn / the file is too large")
    return content
