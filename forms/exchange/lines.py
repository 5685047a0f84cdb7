"""What passes between the readers of files and who takes records in."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from forms.label import Label

HEAD = ("id", "type", "state", "revision", "number")
"""What a record has beside its fields, in the order written."""


class ExchangeError(Exception):
    """The file as a whole cannot be read or written; ``label`` says why and what to do."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi)
        self.label = Label(vi, en)


class LineProblem(Struct, frozen=True):
    """Why one line cannot be taken in; ``field`` is empty when it is about the whole line."""

    field: str
    message: Label


class Line(Struct, frozen=True, kw_only=True):
    """One record as it stands in a file: ``head`` has the keys of HEAD that were given, ``values`` the fields named.

    ``number`` counts the file's lines (of a spreadsheet its rows) from 1, so that an editor shows the same place. With a
    ``problem`` the rest is empty.
    """

    number: int
    head: dict[str, Any] = {}
    values: dict[str, Any] = {}
    problem: LineProblem | None = None
