"""Books that the operator moved, kept outside the database: one that came back from a backup made before would lend them to
the PC before, which would give the same numbers again.

They stand in the list of what was withdrawn, a line a book: when, ``book``, ward, register, period ("-": none), the gap's first
and last number, the number it goes on with, the hash of the new PC's token (a restored city gives ids anew), its id, why.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from msgspec import Struct

from forms.label import Label
from sync.gateway.books import Book
from sync.gateway.refusals import RefusedError
from sync.gateway.saying import said, warn
from sync.gateway.withdrawn_list import append, list_file, warn_of_no_list

if TYPE_CHECKING:
    from sync.gateway.city import City
    from sync.gateway.leases import Takeover

Keep = Callable[["Takeover", str], None]
"""Told of a takeover, and when it is, before it counts."""
UNKNOWN = "?"
"""Ends the name of a holder that a restored city does not know: nobody numbers until a person has looked."""
_LINE = re.compile(
    r"(\S+)\s+book\s+([0-9]{5})\s+(\S+)\s+(\S+)\s+([0-9]{1,18})\s+([0-9]{1,18})\s+([0-9]{1,18})\s+([0-9a-f]{64})\s+(\S+)(?:\s+(.*))?"
)


class MovedBook(Struct, frozen=True, kw_only=True):
    """A line of the list."""

    at: str
    book: Book
    gap_from: int
    gap_to: int  # below gap_from: no gap
    next: int
    token: str  # its hash
    device: str  # as the city called it then
    reason: str


def line_of_book(moved: MovedBook) -> str:
    ward, register, period = moved.book
    numbers = f"{moved.gap_from} {moved.gap_to} {moved.next}"
    named = f"{ward} {quote(register, safe='/=._')} {period or '-'}"
    reason = " ".join(moved.reason.split())
    return f"{moved.at} book {named} {numbers} {moved.token} {moved.device} {reason}".rstrip() + "\n"


def read_book(line: str) -> MovedBook | None:
    """None: the line is of something else."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    at, ward, register, period, gap_from, gap_to, following, token, device, reason = match.groups()
    return MovedBook(
        at=at,
        book=(ward, unquote(register), "" if period == "-" else period),
        gap_from=int(gap_from),
        gap_to=int(gap_to),
        next=int(following),
        token=token,
        device=device,
        reason=reason or "",
    )


def keeper(arguments: argparse.Namespace, city: City) -> Keep:
    """What puts a takeover to ``arguments.device`` on the list. It raises RefusedError where it cannot: the book stays then."""
    file = list_file(arguments)
    if file is None:
        warn_of_no_list(arguments)
        return lambda moved, at: None
    rows = city.storage.once("SELECT token_hash FROM devices WHERE id = ?", arguments.device)
    token = str(rows[0][0]) if rows else ""

    def keep(moved: Takeover, at: str) -> None:
        lease = moved.lease
        line = MovedBook(
            at=at,
            book=(lease.ward, lease.register, lease.period),
            gap_from=moved.gap_from,
            gap_to=moved.gap_to,
            next=lease.next,
            token=token,
            device=lease.device,
            reason=arguments.reason,
        )
        try:
            append(file, line_of_book(line))
        except OSError as error:
            raise RefusedError(
                503,
                "no_list",
                f"Không ghi được danh sách {file} ({error.strerror}); sổ chưa chuyển.",
                f"The list {file} cannot be written ({error.strerror}); the book was not moved.",
            ) from error

    return keep


def move_listed(arguments: argparse.Namespace, city: City, lines: Iterable[str]) -> list[str]:
    """Move again what the list names and the database has forgotten; a line for a person of each."""
    told = []
    for moved in filter(None, map(read_book, lines)):
        try:
            again = city.leases.take_over_again(moved)
        except RefusedError as error:  # a register that the catalogue has no more
            warn(arguments, f"{' '.join(moved.book)}: {error.label.vi}", f"{' '.join(moved.book)}: {error.label.en}")
            continue
        if again is not None:
            told.append(_told(again, moved, arguments.language))
    return told


def _told(again: Takeover, moved: MovedBook, language: str) -> str:
    lease = again.lease
    head = f"{' '.join(moved.book).rstrip()}: {again.device_before or '–'} → {lease.device}"
    vi = f"{head}, số tiếp theo {lease.next}; đã chuyển lại như {moved.at[:10]}."
    en = f"{head}, next {lease.next}; moved again, as on {moved.at[:10]}."
    if lease.device.endswith(UNKNOWN):
        vi += (
            f" Bản sao lưu chưa biết máy {moved.device} ấy, nên chưa máy nào cấp số: đăng ký lại máy, cho đồng bộ, rồi "
            f"lease-takeover --all-of '{lease.device}' --device MÁY."
        )
        en += (
            f" The backup does not know that PC ({moved.device}), and nobody numbers for now: enrol it again, let it sync, "
            f"then lease-takeover --all-of '{lease.device}' --device ID."
        )
    return said(Label(vi, en), language)
