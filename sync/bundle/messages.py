"""What stands in the sections of a bundle: one round of a sync, cut into pieces that fit into memory.

To the city: ``ToCity``, then ``RawChanges`` as often as needed, then ``File``. To the PC: ``ToPc``, then ``Results`` for each
of these, then ``News`` for each page of each stream. Each section is MessagePack of one of these, told apart by a tag.
"""

from __future__ import annotations

from msgspec import Raw, Struct

from sync.protocol import ChangeResult, Hello, LeaseRequest, PullAnswer


class ToCity(Struct, frozen=True, kw_only=True, tag="to_city"):
    """Where the PC stands: the epoch it knows, how far it has read each (ward, scope), the books it wants to number, and those
    it gives back."""

    epoch: str
    cursors: tuple[tuple[str, str, int], ...]
    books: tuple[LeaseRequest, ...] = ()


class RawChanges(Struct, frozen=True, tag="changes"):
    """A part of the outbox, in the order in which it is to be judged, each change still closed, so that a bad one spoils no
    other."""

    changes: tuple[Raw, ...]


class File(Struct, frozen=True, kw_only=True, tag="file"):
    """A file that a record of the stream names."""

    ward: str
    scope: str
    sha256: str
    content: bytes


class RefusedBook(Struct, frozen=True, kw_only=True):
    """``handover``: the id of a hand-over that the city has heard and that left the book with the device; "": the book was asked
    for. ``vi``, ``en``: why; "": it was taken once, and the book has come round since."""

    handover: str = ""
    vi: str = ""
    en: str = ""


class ToPc(Struct, frozen=True, kw_only=True, tag="to_pc"):
    """What the city says of itself and of the device, books included. ``held_books``: (ward, register, period) of wanted
    books that another device numbers → the city's sentence. ``refused_books``: books that it neither lent nor took back, and
    its sentence; None: an older city, which does not say it."""

    hello: Hello
    held_books: tuple[tuple[str, str, str, str], ...] = ()
    refused_books: tuple[RefusedBook, ...] | None = None
    files: tuple[tuple[str, str, str], ...] = ()  # (ward, scope, SHA-256) that the city has now


class Results(Struct, frozen=True, tag="results"):
    results: tuple[ChangeResult, ...]


class News(Struct, frozen=True, kw_only=True, tag="news"):
    """A page of a stream: all that moved after ``start``, up to ``page.cursor``."""

    ward: str
    scope: str
    start: int
    page: PullAnswer


AnySent = ToCity | RawChanges | File
