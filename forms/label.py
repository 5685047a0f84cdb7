"""A text in both languages of the program."""

import re

from msgspec import Struct

_BOTH = re.compile(r"(.+[.…?!]) \(([“A-Z].*)\)", re.DOTALL)


class Label(Struct, frozen=True):
    """A text an officer reads, in both languages."""

    vi: str
    en: str

    def get(self, language: str) -> str:
        return self.en if language == "en" else self.vi


def both(text: str) -> Label:
    """Of a sentence with the English one in brackets behind it, as errors are worded; any other stands in both languages."""
    found = _BOTH.fullmatch(text)
    return Label(found[1], found[2]) if found else Label(text, text)
