"""What goes into the full-text index, and how a typed line becomes a query of it.

Everything is folded first ("duong" finds "Đường"). Long runs of digits are found by their beginning and by their last six
or four, which is how people quote a citizen number or a telephone; each more ending would cost every record as much as a
word of its own. Each record carries a token of its type, so that a search within one type does
not walk through the others.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from forms.vietnamese import fold, unfolded

SHORTEST_NUMBER = 6
_DIGITS = re.compile(rf"\d{{{SHORTEST_NUMBER},}}")
_DATE = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})[/.-]\d{4}(?!\d)", re.ASCII)  # as it is typed
_WORDS = re.compile(r"\w+")
ENDINGS = (6, 4)
_WORDS_KEPT = 20_000
_PHRASES_KEPT, _LONGEST_PHRASE = 4000, 120
_ABROAD = "84"  # a telephone is stored as +84…
_WITH_ABROAD = 11  # digits of one


class _Tokens(dict[str, str]):
    """Word → what it is found by, learnt when first met.

    Plain numbers and codes are made each time: they come once each and would push the names out.
    """

    def __missing__(self, word: str) -> str:
        if word.isdigit() and word.isascii():
            if len(word) < SHORTEST_NUMBER:
                return word
            if len(word) != _WITH_ABROAD:
                return f"{word} {word[-6:]} {word[-4:]}"
        made = fold(word)
        if len(made) >= SHORTEST_NUMBER and not made.isalpha():
            made = " ".join([made, *(part for run in _DIGITS.findall(made) for part in _parts(run))])
        if word.isalpha() or not word.isascii():
            if len(self) >= _WORDS_KEPT:
                self.clear()
            self[word] = made
        return made


_TOKENS = _Tokens()


class _Phrases(dict[str, str]):
    """Text → its tokens, for those that come again and again: kinds of papers, offices, streets, names."""

    def __missing__(self, text: str) -> str:
        parts = text.split()
        if len(parts) == 1 and text.isascii():  # a number or a code
            return _TOKENS[parts[0]]
        made = " ".join(dict.fromkeys(map(_TOKENS.__getitem__, parts)))
        if len(text) <= _LONGEST_PHRASE and not text.isascii():
            if len(self) >= _PHRASES_KEPT:
                self.clear()
            self[text] = made
        return made


_PHRASES = _Phrases()


def index_text(text: str) -> str:
    """The tokens of one record, folded. ``text``: what it is found by, each thing on a line."""
    return " ".join(map(_PHRASES.__getitem__, text.split("\n")))


def _parts(run: str) -> list[str]:
    """What a number is found by besides its beginning."""
    endings = [run[-length:] for length in ENDINGS]
    return [run[len(_ABROAD) :], *endings] if len(run) == _WITH_ABROAD and run.startswith(_ABROAD) else endings


def words(text: str) -> list[str]:
    """The folded words of a typed line."""
    return _WORDS.findall(fold(text).replace("_", " "))


class Match(Struct, frozen=True):
    """One way to look for a typed line: all of ``words`` (each any of its forms, of the last one perhaps only the beginning),
    and one of ``kinds``, where there are any."""

    words: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]
    begins: bool = False

    @property
    def query(self) -> str:
        """For FTS5."""
        last = len(self.words) - 1
        parts = [_either(forms, "*" if self.begins and place == last else "") for place, forms in enumerate(self.words)]
        query = " AND ".join(parts)
        kinds = " OR ".join(f'"{token}"' for token in self.kinds)
        return f"{query} AND ({kinds})" if kinds else query

    @property
    def patterns(self) -> list[str]:
        """What the tokens of a record (``index_text``) have to match, as the index sees them."""
        last = len(self.words) - 1
        found = [_pattern(forms, begins=self.begins and place == last) for place, forms in enumerate(self.words)]
        return [*found, _pattern(self.kinds, begins=False)] if self.kinds else found

    @property
    def written(self) -> list[str]:
        """What the text has to match from which those tokens are made, unless it matches ``beyond_unfolded``; some other texts
        match it too."""
        return [*map(unfolded, self.words), *([unfolded(self.kinds)] if self.kinds else [])]


def queries(typed: str, type_tokens: tuple[str, ...] = ()) -> list[Match]:
    """How to look for a typed line, cheapest first; the later ones are only needed while the earlier give too few.

    Whole words first, since their lists are read lazily from the newest on; then the last word as a beginning. A single
    letter is no beginning (it would merge a large part of the index on each keystroke).
    """
    parts = words(typed)
    if not parts:
        return []
    short = {part for day in _DATE.finditer(typed) for part in day.groups() if len(part) == 1}
    forms = tuple((part, *_other_forms(part, short)) for part in parts)
    found = [Match(forms, type_tokens)]
    if len(parts[-1]) > 1:
        found.append(Match(forms, type_tokens, begins=True))
    elif len(parts) > 1:
        found.append(Match(forms[:-1], type_tokens))
    return found


def _either(forms: tuple[str, ...], end: str) -> str:
    parts = [f'"{form}"{end}' for form in forms]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _pattern(forms: tuple[str, ...], *, begins: bool) -> str:
    """Not amid a word: the index takes letters and digits together and parts them at everything else."""
    return rf"(?<![^\W_])(?:{'|'.join(map(re.escape, forms))})" + ("" if begins else r"(?![^\W_])")


def _other_forms(part: str, short: Collection[str]) -> tuple[str, ...]:
    """How else the index may have a typed word: a day or month of one digit (in ``short``) stands there with two."""
    if part in short:
        return (f"0{part}",)
    local = _without_trunk_zero(part)
    return (local,) if local else ()


def _without_trunk_zero(part: str) -> str:
    """A telephone number is stored as +84…; it is typed with its leading zero."""
    return part[1:] if 4 <= len(part) <= 11 and part.startswith("0") and part.isdigit() else ""
