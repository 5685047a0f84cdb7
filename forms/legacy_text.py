"""Text from before Unicode: TCVN3 (ABC, fonts .Vn…) and VNI-Windows (fonts VNI-…), as old files hold it.

Python has codecs for neither. Which one a column is in is guessed from its characters; a person confirms the guess
before anything is stored (`exchange/old_fonts.py`). Cells that already hold Vietnamese Unicode letters are never
converted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import msgspec

from resources import read_text

Encoding = Literal["unicode", "tcvn3", "vni"]
ENCODINGS: tuple[Encoding, ...] = ("unicode", "tcvn3", "vni")
_UNICODE_ONLY = re.compile(r"[\u01a0\u01a1\u01af\u01b0\u0102\u0103\u0110\u0111\u1ea0-\u1ef9]")
"""Letters that neither old encoding can contain: ơ ư ă đ and everything from U+1EA0 on."""


class _Tables(msgspec.Struct):
    tcvn3: dict[str, str]
    vni: dict[str, str]


@cache
def _tables() -> _Tables:
    return msgspec.yaml.decode(read_text("data", "legacy_encodings.yaml"), type=_Tables)


@cache
def _vni_pattern() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(_tables().vni, key=len, reverse=True))))


@cache
def _tcvn3_table() -> Mapping[int, str]:
    return str.maketrans(_tables().tcvn3)


def is_unicode(text: str) -> bool:
    """Whether the text already holds letters that only Unicode has."""
    return _UNICODE_ONLY.search(unicodedata.normalize("NFC", text)) is not None


def from_tcvn3(text: str) -> str:
    """TCVN3 bytes shown as Latin-1 → NFC. What a font of capitals alone (.Vn…H) showed comes out in small letters."""
    return text if is_unicode(text) else text.translate(_tcvn3_table())


def from_vni(text: str) -> str:
    """VNI-Windows (base letter and mark as two characters) → NFC."""
    if is_unicode(text):
        return text
    table = _tables().vni
    return _vni_pattern().sub(lambda found: table[found.group()], text)


def convert(text: str, encoding: Encoding) -> str:
    """``text`` in Unicode NFC."""
    if encoding == "tcvn3":
        text = from_tcvn3(text)
    elif encoding == "vni":
        text = from_vni(text)
    return unicodedata.normalize("NFC", text)


def guess_encoding(cells: Iterable[str], expected: Encoding = "unicode") -> Encoding:
    """The likely encoding of a column, by which reading makes more Vietnamese syllables; ``expected`` where two make as
    many. Plain ASCII, and what mostly holds letters that only Unicode has, is "unicode"; a few cells typed anew do not speak for
    the others."""
    marked = [cell for cell in cells if not cell.isascii()]
    sample = [cell for cell in marked if not is_unicode(cell)]
    if not sample or 2 * len(sample) <= len(marked):
        return "unicode"
    text = " ".join(sample)
    return likeliest({"unicode": text, "tcvn3": from_tcvn3(text), "vni": from_vni(text)}, expected)


def likeliest(readings: Mapping[Encoding, str], expected: Encoding = "unicode") -> Encoding:
    """Which of several readings of one text makes most Vietnamese syllables."""
    return max(readings, key=lambda encoding: (_plausibility(readings[encoding]), encoding == expected))


_NUCLEI = (
    "ieu|yeu|oai|oao|oay|oeo|uoi|uou|uya|uye|uyu|uay|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|ua|ue|ui|uo|uu|uy|ye|[aeiouy]"
)
_RHYME = re.compile(rf"(?:{_NUCLEI})(?:ch|ng|nh|[cmnpt])?")
_ONSET = re.compile(r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnpqrstvx])?")


def _plausibility(text: str) -> float:
    """Share of the words with marks that are possible Vietnamese syllables: one onset, one rhyme, at most one tone. One
    character alone says nothing: "½", "×" and "§" are letters in the old fonts."""
    words = [word for word in re.findall(r"[^\s\d.,;:/()\-–“”\"']+", text) if len(word) > 1 and not word.isascii()]
    return sum(map(_is_syllable, words)) / len(words) if words else 0.0


def _is_syllable(word: str) -> bool:
    bare = unicodedata.normalize("NFD", word.casefold().replace("đ", "d"))
    tones = sum(mark in "\u0300\u0301\u0303\u0309\u0323" for mark in bare)
    letters = "".join(character for character in bare if not unicodedata.combining(character))
    if tones > 1 or not letters.isascii() or not (word.islower() or word.isupper() or word.istitle()):
        return False
    onset = _ONSET.match(letters)
    rest = letters[onset.end() if onset else 0 :]
    return _RHYME.fullmatch(rest) is not None or _RHYME.fullmatch(letters) is not None or rest in ("i", "a", "y")
