"""Plain text: one line, several lines, codes, e-mail."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from forms.field_definition import Field
from forms.field_types.base import Choices, FieldKind, as_text, wrong
from forms.vietnamese import clean, clean_lines, name_sort_key, sort_key

_LINE, _LINES = 2_000, 100_000  # characters
# control characters, zero-width and direction marks, halves of surrogate pairs: never meant, often pasted
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]+@[\w-]+(\.[\w-]+)+", re.ASCII)


def seen(text: str) -> str:
    """The text without characters that no one can see."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def _within(text: str, most: int) -> str | None:
    if len(text) > most:
        raise wrong("too_long", most=most)
    return text or None


class _Searched(FieldKind):
    """Text is found by itself."""

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return str(value)


class Text(_Searched):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return _within(clean(seen(as_text(value, "text"))), _LINE)

    def sort(self, field: Field, value: Any) -> str:
        return name_sort_key(value) if field.name.endswith("full_name") else sort_key(value)


class LongText(_Searched):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        lines = clean_lines(seen(as_text(value, "text")))
        return _within(lines, _LINES) if lines.strip() else None

    def sort(self, field: Field, value: Any) -> str:
        return sort_key(value[:200])


class Code(_Searched):
    """Kept as written: neither re-cased nor inner spaces changed."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        return _within(unicodedata.normalize("NFC", seen(as_text(value, "text"))).strip(), _LINE)


class Email(_Searched):
    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        text = clean(seen(as_text(value, "email")))
        if not text:
            return None
        if len(text) > 254 or not _EMAIL.fullmatch(text):
            raise wrong("email")
        return text

    def sort(self, field: Field, value: Any) -> str:
        return str(value).lower()

    def mask(self, text: str) -> str:
        return f"{text[:1]}******@{text.rpartition('@')[2]}"
