"""From the XPath of XLSForm to CEL: the grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from forms.expressions import Expression, ExpressionError
from forms.xlsform_cel import Cel, added, alike, as_number, equality, guarded, multiplied, quoted, truth
from forms.xlsform_functions import FUNCTIONS
from forms.xlsform_words import NotCarried

_TOKEN = re.compile(
    r"""\s*(?:(?P<num>\d+(?:\.\d+)?|\.\d+)|(?P<str>"[^"]*"|'[^']*'|‘[^’]*’|“[^”]*”)|\$\{\s*(?P<ref>[^}]+?)\s*\}|(?P<op><=|>=|!=|\.\.|[-+*=<>()|,./])|(?P<name>[A-Za-z_À-ỹ][\w:À-ỹ-]*(?<!-)))""",
    re.VERBOSE,
)


class Ref(Struct, frozen=True):
    """A question as rules name it: ``name`` of the field, ``kind`` of its value, ``group`` of a repeat's column."""

    name: str
    kind: str
    group: str | None = None


class Surroundings(Struct, frozen=True):
    """Where an expression stands: the question itself (``.``), the repeat it is in, and in a choice_filter the columns of the
    choices sheet by their names there."""

    questions: Mapping[str, Ref]
    own: Ref | None = None
    group: str | None = None
    columns: Mapping[str, str] | None = None


def translated(text: str, around: Surroundings, *, condition: bool = True) -> Cel:
    """The rule in CEL; ``condition``: one that is true or false. Raises NotCarried."""
    parser = _Parser(_tokens(text), around)
    try:
        found = parser.whole()
    except RecursionError:
        raise NotCarried("biểu thức lồng quá sâu", "the expression is nested too deeply") from None
    if condition:
        found = truth(found)
    try:
        Expression(found.text)
    except ExpressionError as error:
        raise NotCarried(
            f"không đổi được sang quy tắc: {error.reason}", f"cannot be made a rule: {error.reason}"
        ) from None
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, text = 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise NotCarried(
                f"không đọc được từ “{text[at : at + 20]}”", f"cannot be read from “{text[at : at + 20]}” on"
            )
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], around: Surroundings) -> None:
        self._tokens = tokens
        self._at = 0
        self._around = around

    def whole(self) -> Cel:
        if not self._tokens:
            raise NotCarried("biểu thức trống", "an empty expression")
        found = self._or()
        if self._at < len(self._tokens):
            word = self._tokens[self._at][1]
            raise NotCarried(f"không hiểu “{word}” ở đây", f"“{word}” is not understood here")
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _take(self, *words: str) -> str | None:
        kind, word = self._peek()
        if kind in ("op", "name") and word in words:
            self._at += 1
            return word
        return None

    def _expect(self, word: str) -> None:
        if self._take(word) is None:
            raise NotCarried(f"thiếu “{word}”", f"“{word}” is missing")

    # levels of XPath, loosest first

    def _or(self) -> Cel:
        return self._joined(self._and, "or", "||")

    def _and(self) -> Cel:
        return self._joined(self._equal, "and", "&&")

    def _joined(self, inner: Callable[[], Cel], word: str, sign: str) -> Cel:
        parts = [inner()]
        while self._take(word):
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        return Cel(f" {sign} ".join(truth(part).inside() for part in parts), "bool", rank=2)

    def _equal(self) -> Cel:
        left = self._compare()
        while sign := self._take("=", "!="):
            left = equality(left, self._compare(), "==" if sign == "=" else "!=")
        return left

    def _compare(self) -> Cel:
        left = self._add()
        while sign := self._take("<", "<=", ">", ">="):
            right = self._add()
            left, other = alike(left, right)
            left = guarded(Cel(f"{left.inside()} {sign} {other.inside()}", "bool", left.needs | other.needs, 1))
        return left

    def _add(self) -> Cel:
        left = self._times()
        while sign := self._take("+", "-"):
            left = added(left, self._times(), sign)
        return left

    def _times(self) -> Cel:
        left = self._minus()
        while sign := self._take("*", "div", "mod"):
            left = multiplied(left, self._minus(), sign)
        return left

    def _minus(self) -> Cel:
        if self._take("-"):
            inner = as_number(self._minus())
            return Cel(f"-{inner.inside()}", inner.kind, inner.needs, 1)
        return self._one()

    def _one(self) -> Cel:
        kind, word = self._peek()
        self._at += 1
        if kind in ("num", "str"):
            return _literal(kind, word)
        if kind == "ref":
            return self._ref(word)
        if (kind, word) == ("op", "("):
            inner = self._or()
            self._expect(")")
            return replace(inner, rank=max(inner.rank, 1))
        if (kind, word) == ("op", "."):
            if self._around.own is None:
                raise NotCarried("“.” không dùng được ở đây", "“.” has no meaning here")
            return self._value(self._around.own)
        if kind == "name":
            return self._call(word) if self._take("(") else self._name(word)
        if (kind, word) in (("op", ".."), ("op", "/")):
            return self._path()
        raise NotCarried(
            f"không hiểu “{word}” ở đây" if word else "biểu thức chưa hết", f"“{word}” is not understood here"
        )

    def _path(self) -> Cel:
        """``../name`` and ``/form/group/name``: the last name says which question."""
        last = ""
        while True:
            kind, word = self._peek()
            if kind in ("name", "ref") or (kind, word) in (("op", "/"), ("op", "..")):
                last = word if kind in ("name", "ref") else last
                self._at += 1
                continue
            break
        if last not in self._around.questions:
            raise NotCarried("không theo được đường dẫn này", "this path cannot be followed")
        return self._ref(last)

    def _name(self, word: str) -> Cel:
        columns = self._around.columns
        if columns is not None and word in columns:
            return Cel(f"choice.{columns[word]}", "str")
        raise NotCarried(f"không có “{word}”", f"there is no “{word}”")

    def _ref(self, name: str) -> Cel:
        ref = self._around.questions.get(name)
        if ref is None:
            raise NotCarried(f"không có câu hỏi “{name}” ở đây", f"there is no question “{name}” here")
        return self._value(ref)

    def _value(self, ref: Ref) -> Cel:
        if ref.group is None:
            return Cel(ref.name, ref.kind, frozenset({ref.name}))
        if ref.group == self._around.group:
            return Cel(f"row.{ref.name}", ref.kind, frozenset({f"row.{ref.name}"}))
        return Cel(f"{ref.group}.map(line, line.{ref.name})", "list", frozenset({ref.group}), literal=ref.kind)

    def _call(self, name: str) -> Cel:
        arguments: list[Cel] = []
        if not self._take(")"):
            arguments.append(self._or())
            while self._take(","):
                arguments.append(self._or())
            self._expect(")")
        least, most, make = FUNCTIONS.get(name, (0, 0, None))
        if make is None:
            raise NotCarried(f"không có hàm tương ứng với {name}()", f"{name}() has no counterpart")
        if not least <= len(arguments) <= most:
            raise NotCarried(f"{name}() có {len(arguments)} tham số", f"{name}() is given {len(arguments)} arguments")
        return make(*arguments)


def _literal(kind: str, word: str) -> Cel:
    if kind == "str":
        return Cel(quoted(word[1:-1]), "str", literal=word[1:-1])
    return Cel(word, "num" if "." in word else "int", literal=word)
