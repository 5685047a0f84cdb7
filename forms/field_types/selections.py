"""Yes or no, one of a list, many of a list."""

from __future__ import annotations

import re
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, Showing, as_text, wrong
from forms.vietnamese import clean, fold, sort_key

_YES = frozenset({"co", "yes", "y", "true", "dung", "x", "v", "1", "✓", "✔", "☑"})
_NO = frozenset({"khong", "k", "no", "n", "false", "sai", "0", "☐"})


class Bool(FieldKind):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, bool):
            return value
        word = fold(clean(as_text(value, "bool")))
        if not word:
            return None
        if word in _YES:
            return True
        if word in _NO:
            return False
        raise wrong("bool")

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        if showing.language == "en":
            return "Yes" if value else "No"
        return "Có" if value else "Không"

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return field.label.vi if value else ""

    def sort(self, field: Field, value: Any) -> int:
        return int(bool(value))


def find_choice(text: str, choices: Choices) -> str:
    """The code that ``text`` means: the code itself, or a label in either language, accents and case aside."""
    for choice in choices:
        if choice.code == text:
            return choice.code
    wanted = fold(text)
    exact = {c.code for c in choices if text in (c.label.vi, c.label.en)}
    found = exact or {c.code for c in choices if wanted in (fold(c.code), fold(c.label.vi), fold(c.label.en))}
    if len(found) == 1:
        return found.pop()
    raise wrong("choice_ambiguous" if found else "choice", text=text[:60])


def label_of(code: Any, choices: Choices, language: str) -> str:
    for choice in choices:
        if choice.code == code:
            return choice.label.get(language)
    return str(code)


class OneOf(FieldKind):
    """The code of a choice. Without a list at hand the text is taken for a code; ``forms.entry`` always has one."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = clean(as_text(value, "text"))
        if not text:
            return None
        return find_choice(text, choices) if choices else text

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return label_of(value, showing.choices, showing.language)

    def sort(self, field: Field, value: Any) -> str:
        return sort_key(label_of(value, field.choices, "vi"))


class ManyOf(FieldKind):
    """Codes in the order of the list, each once."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        if isinstance(value, str):
            items: list[Any] = self._split(value, choices)
        elif isinstance(value, list | tuple | set | frozenset):
            items = list(value)
        else:
            raise wrong("list")
        texts = [clean(as_text(item, "list")) for item in items]
        codes = [find_choice(text, choices) if choices else text for text in texts if text]
        order = {choice.code: place for place, choice in enumerate(choices)}
        return sorted(dict.fromkeys(codes), key=lambda code: order.get(code, len(order))) or None

    def _split(self, text: str, choices: Choices) -> list[str]:
        """Entries of typed text: by ";" or line; by "," only when the parts are all entries (labels have commas)."""
        parts = [part for part in re.split(r"[;\n]", text) if part.strip()]
        if len(parts) != 1 or "," not in text:
            return parts
        known = {fold(word) for c in choices for word in (c.code, c.label.vi, c.label.en)}
        return parts if fold(clean(text)) in known else text.split(",")

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return "; ".join(label_of(code, showing.choices, showing.language) for code in value)

    def sort(self, field: Field, value: Any) -> str:
        return sort_key(", ".join(label_of(code, field.choices, "vi") for code in value))
