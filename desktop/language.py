"""The words of the interface, in Vietnamese and English.

One table: ``resources/translations/<room>.json`` maps ``room.name`` to ``{"vi": …, "en": …}``, so that rooms grow side
by side and a missing language is seen at once. No Qt here: the command line speaks through the same table. The
language in use is a context variable; ``desktop.background`` hands the context on to its threads.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import resources
from forms.label import Label

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}

_language: ContextVar[str] = ContextVar("language", default="vi")


def use_language(language: str) -> None:
    """Everything said from now on in this context is in ``language`` ("vi", "en"; others fall back to Vietnamese)."""
    _language.set(language if language in LANGUAGES else "vi")


def language() -> str:
    return _language.get()


@cache
def _table(room: str) -> dict[str, Label]:
    path = Path(resources.__file__).parent / "translations" / f"{room}.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Label])


def room(name: str) -> dict[str, Label]:
    """Every text of a room, by key."""
    return _table(name)


def label(key: str) -> Label:
    """Both texts of ``room.name``; raises KeyError, since a missing text is a mistake of ours."""
    return _table(key.partition(".")[0])[key]


def tr(key: str, **values: Any) -> str:
    """The text of ``key`` in the language in use, with ``{name}`` filled from ``values``.

    A count chooses the English plural: with ``n=1`` the key ``room.name.one`` is taken when it exists (Vietnamese has
    no plural, so most keys need none).
    """
    if values.get("n") == 1 and f"{key}.one" in _table(key.partition(".")[0]):
        key = f"{key}.one"
    text = label(key).get(language())
    return text.format(**values) if values else text


def say(text: Label) -> str:
    """A label of the catalogue in the language in use."""
    return text.get(language())


def say_error(error: BaseException) -> str:
    """What an error says to an officer, in the language in use."""
    label = getattr(error, "label", None)
    return say(label) if isinstance(label, Label) else str(error)
