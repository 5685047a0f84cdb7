"""Vietnamese text: one stored form, search folding, sorting by given name, dates and amounts as the law wants them read.

Everything is pure and quick: ``fold`` and ``name_sort_key`` run for every record that is pulled.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from forms.vietnamese_dates import (
    VIETNAM,
    date_in_words,
    long_date,
    moment_text,
    show_date,
    show_moment,
    to_local,
    weekday,
)
from forms.vietnamese_numbers import amount_in_words, number_in_words, ordinal, show_money, show_number

__all__ = [
    "VIETNAM",
    "amount_in_words",
    "beyond_unfolded",
    "clean",
    "clean_lines",
    "date_in_words",
    "fold",
    "fold_words",
    "long_date",
    "moment_text",
    "name_case",
    "name_sort_key",
    "number_in_words",
    "ordinal",
    "show_date",
    "show_moment",
    "show_money",
    "show_number",
    "sort_key",
    "split_name",
    "to_local",
    "unfolded",
    "weekday",
]

_LETTERS = {letter: chr(0x41 + place) for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
"""Vietnamese alphabet (f, j, w, z at their Latin places) as code points that sort bytewise, after digits."""
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
"""huyền, hỏi, ngã, sắc, nặng; "0" is ngang."""
_WORD_END, _TONES_BEGIN = "\x01", "\x02"
_ASCII_LETTERS = {ord(letter): key for letter, key in _LETTERS.items() if letter.isascii()}
_WORDS_KEPT = 20_000  # a ward's names, streets and papers use a few thousand


def clean(text: str) -> str:
    """One line as it is stored: NFC, no control characters, single spaces, trimmed."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_lines(text: str) -> str:
    """Several lines as they are stored: NFC, ``\\n`` line ends, no space at line ends, no blank lines at either end."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _fold_character(character: str) -> str:
    bare = unicodedata.normalize("NFD", character.casefold()).replace("đ", "d")
    return "".join(part for part in bare if not unicodedata.combining(part))


class _FoldTable(dict[int, str]):
    """Translation table that learns a character the first time it is met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold_character(chr(code))
        return folded


_USUAL = (*range(0x20, 0x250), *range(0x1EA0, 0x1F00), *range(0x2010, 0x2028))
_FOLD = _FoldTable({code: _fold_character(chr(code)) for code in _USUAL})


def fold(text: str) -> str:
    """The form in which search compares: lower case, no marks, đ → d; "Hoà", "Hòa" and "HOÀ" fold alike.

    SQLite's ``remove_diacritics`` leaves đ alone, so stored text and typed query both go through here.
    """
    return text.lower() if text.isascii() else text.translate(_FOLD)


def unfolded(words: Iterable[str]) -> str:
    """A pattern that every text matches whose folded form has one of these folded words in it, and few others: much cheaper than
    to fold many texts. Of a text that matches ``beyond_unfolded`` it says nothing."""
    known, _ = _written_as()
    spelt = ("".join([f"[{re.escape(known.get(character, character))}]" for character in word]) for word in words)
    return "|".join(spelt)


def beyond_unfolded() -> str:
    """A pattern of the characters that ``unfolded`` does not know, none of them Vietnamese in the stored form."""
    return _written_as()[1]


@cache
def _written_as() -> tuple[Mapping[str, str], str]:
    """Of each folded character those of the usual ones that fold to it alone; a pattern of all that are not such."""
    found: dict[str, str] = {}
    for code in _USUAL:
        folded = _FOLD[code]
        if len(folded) == 1:
            found[folded] = found.get(folded, "") + chr(code)
    return found, f"[^{re.escape(''.join(found.values()))}\\s]"


class _WordTable(dict[str, str]):
    """Word → what is made of it, learnt when first met.

    Plain numbers and codes are made each time, which is cheap: they come once each and would push the names out.
    """

    def __init__(self, make: Callable[[str], str], make_ascii: Callable[[str], str]) -> None:
        super().__init__()
        self._make, self._make_ascii = make, make_ascii

    def __missing__(self, word: str) -> str:
        plain = word.isascii()
        if plain and not word.isalpha():
            return self._make_ascii(word)
        if len(self) >= _WORDS_KEPT:
            self.clear()
        self[word] = made = self._make_ascii(word) if plain else self._make(word)
        return made


_FOLDED = _WordTable(fold, str.lower)


def fold_words(text: str) -> list[str]:
    """``fold(text).split()`` for the many texts that share words (a word of lone marks leaves an empty one)."""
    return list(map(_FOLDED.__getitem__, text.split()))


def _word_key(word: str) -> str:
    letters: list[str] = []
    tones: list[str] = []
    for character in unicodedata.normalize("NFC", word.casefold()):
        base, tone = character, "0"
        for part in unicodedata.normalize("NFD", character):
            if part in _TONES:
                tone = _TONES[part]
                base = unicodedata.normalize("NFC", unicodedata.normalize("NFD", character).replace(part, ""))
        letters.append(_LETTERS.get(base) or _LETTERS.get(_fold_character(base)) or base)
        tones.append(tone)
    return "".join(letters) + _TONES_BEGIN + "".join(tones) + _WORD_END


def _ascii_word_key(word: str) -> str:
    return word.lower().translate(_ASCII_LETTERS) + _TONES_BEGIN + "0" * len(word) + _WORD_END


_KEYS = _WordTable(_word_key, _ascii_word_key)


def sort_key(text: str) -> str:
    """Key that sorts words in the order written: letters of the Vietnamese alphabet first, tones when letters tie.

    The key is plain text that compares bytewise (SQLite ``BINARY``) as ICU's ``vi_VN`` would.
    """
    return "".join(map(_KEYS.__getitem__, text.split()))


def name_sort_key(name: str) -> str:
    """Key for lists of people: given name (the last word), then family name, then middle names."""
    words = name.split()
    if not words:
        return ""
    return "".join(map(_KEYS.__getitem__, (words[-1], *words[:-1])))


def name_case(name: str) -> str:
    """ "NGUYỄN THỊ ÁNH" → "Nguyễn Thị Ánh"; for names that come from cards and old all-capital files."""
    words = clean(name).lower().split()
    return " ".join("-".join(part[:1].upper() + part[1:] for part in word.split("-")) for word in words)


def split_name(name: str) -> tuple[str, str, str]:
    """(family, middle, given) by position. A proposal only: family names of two words exist, so the full name rules."""
    words = clean(name).split()
    if len(words) < 2:
        return "", "", " ".join(words)
    return words[0], " ".join(words[1:-1]), words[-1]
