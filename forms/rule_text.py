"""The text of rules, taken apart without the rule engine."""

from __future__ import annotations

import re

STRING = r"r?\"(?:\\.|[^\"\\])*\"|r?'(?:\\.|[^'\\])*'"
_SIGN = re.compile(rf"{STRING}|&&|\|\||[?()\[\]{{}}]")


def parts_of(text: str) -> tuple[str, ...]:
    """The parts of ``a && b && c``, all of which must hold; a rule that is no such row is one part."""
    depth, begins = 0, 0
    found: list[str] = []
    for sign in _SIGN.finditer(text):
        if sign[0] in "([{":
            depth += 1
        elif sign[0] in ")]}":
            depth -= 1
        elif depth == 0 and sign[0] in ("||", "?"):
            return (text,)
        elif depth == 0 and sign[0] == "&&":
            found.append(text[begins : sign.start()])
            begins = sign.end()
    return (*found, text[begins:])
