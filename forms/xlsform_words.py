"""What the reader of XLSForm says about a cell that it could not carry over as it stands."""

from __future__ import annotations

from msgspec import Struct

from forms.label import Label


class Note(Struct, frozen=True):
    """One thing to look at again. ``row`` counts as Excel does; 0: the whole sheet. ``text``: the cell."""

    sheet: str
    row: int
    column: str
    text: str
    reason: Label

    @property
    def place(self) -> str:
        return ":".join([self.sheet, *([str(self.row)] if self.row else []), *([self.column] if self.column else [])])


class NotCarried(Exception):
    """An expression, or a part of one, that has no counterpart here."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi)
        self.label = Label(vi, en)
