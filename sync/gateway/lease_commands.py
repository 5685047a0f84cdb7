"""``gateway lease-takeover``: moves one book to another PC, or all of a PC that is gone; and the verb ``lease list``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from msgspec import Struct

from sync.gateway.books import Book
from sync.gateway.city import City
from sync.gateway.leases import Takeover
from sync.gateway.lent_books import BookRow, book_rows, list_verb
from sync.gateway.moved_books import keeper
from sync.gateway.operator_verbs import add_verb, city_of, say_told
from sync.gateway.refusals import RefusedError, bad_request
from sync.gateway.saying import said, tell, warn
from sync.gateway.wards import is_ward_code
from sync.gateway.who_numbers import warn_of_nobody
from sync.gateway.withdrawn_list import add_list_option

MOST_NAMED = 6


class Above(Struct, frozen=True):
    """The last number on paper; ``register`` "": of any book."""

    n: int
    register: str = ""
    period: str | None = None


def lease_verbs(verb: Callable[..., argparse.ArgumentParser], verbs: Any) -> None:
    """Adds ``lease list`` and ``lease-takeover`` to the gateway's verbs."""
    text = "các sổ cấp số tại phường / the books that PCs number"
    inner = verbs.add_parser("lease", help=text, description=text).add_subparsers(metavar="VERB", required=True)
    each = partial(add_verb, inner)("list", list_verb, "sổ nào do máy nào cấp số / which PC numbers which book")
    each.add_argument("--ward", default="", metavar="CODE")
    each.add_argument("--device", default="", metavar="ID")
    each.add_argument("--past", action="store_true", help="cả kỳ đã qua / periods that are over, too")

    moved = verb("lease-takeover", _take_over, "chuyển sổ sang máy khác / move a book to another device")
    moved.add_argument("--ward", metavar="CODE")
    moved.add_argument("--register", metavar="TOOL.RECORD/REGISTER")
    moved.add_argument("--period")
    text = "mọi sổ máy này giữ, kỳ này và sau / all books of this PC, of this period and later"
    moved.add_argument("--all-of", metavar="ID", help=text)
    moved.add_argument("--device", required=True, metavar="ID", help="máy nhận / the PC that goes on")
    moved.add_argument("--reason", required=True)
    text = "số cuối đã dùng trên giấy / last number on paper; with --all-of: REGISTER=N, 0: as far as the city knows"
    moved.add_argument("--above", type=_above, action="append", default=[], metavar="N", help=text)
    moved.add_argument("--dry-run", action="store_true", help="chỉ cho biết, không chuyển / tell, move nothing")
    add_list_option(moved)


def _above(text: str) -> Above:
    """``N``, ``REGISTER=N`` or ``REGISTER@PERIOD=N``; the name of a register may have a ``=`` of its own."""
    name, _, number = text.rpartition("=")
    register, _, period = name.partition("@")
    try:
        return Above(int(number), register, period or None)
    except ValueError:
        raise argparse.ArgumentTypeError(f"N | REGISTER=N: {text}") from None


def _take_over(arguments: argparse.Namespace) -> int:
    if arguments.all_of is None and None in (arguments.ward, arguments.register, arguments.period):
        tell(
            "sophuong gateway lease-takeover: cần --ward, --register, --period, hoặc --all-of MÁY / --ward, --register and "
            "--period are wanted, or --all-of DEVICE. Xem / see: --help"
        )
        return 2
    if arguments.ward is not None and not is_ward_code(arguments.ward):
        raise bad_request(
            f"Mã phường phải có 5 chữ số: {arguments.ward}", f"A ward code has 5 digits: {arguments.ward}"
        )
    with closing(city_of(arguments)) as city:
        return _all_of(arguments, city) if arguments.all_of is not None else _one(arguments, city)


def _one(arguments: argparse.Namespace, city: City) -> int:
    book = (arguments.ward, arguments.register, arguments.period)
    given = arguments.above[-1] if arguments.above else None
    if given is not None and given.register not in ("", arguments.register):
        raise bad_request(f"--above nêu sổ khác: {given.register}", f"--above names another book: {given.register}")
    above = given.n if given is not None else None
    planned = city.leases.planned(book, arguments.device, above)
    if above is None and _left(planned):
        warn(
            arguments,
            f"{_name(planned)}: không nêu --above, nên {_left(planned)} số {planned.gap_from}–{planned.gap_to} bỏ trống hẳn, vì "
            "máy cũ có thể đã cấp. Có người đã xem sổ giấy: nêu --above SỐ_CUỐI_TRÊN_GIẤY. Xem trước, chưa chuyển: --dry-run",
            f"{_name(planned)}: without --above the {_left(planned)} numbers {planned.gap_from}–{planned.gap_to} stay unused for "
            "good, since the old PC may have given them. Where somebody has looked at the paper: --above LAST_NUMBER_ON_PAPER. "
            "To look first and move nothing: --dry-run",
        )
    warn_of_nobody(arguments, city, [planned])
    moved = planned
    if not arguments.dry_run:
        keep = keeper(arguments, city)
        moved = city.leases.take_over(book, arguments.device, arguments.reason, above, keep)
    say_told(arguments, moved, _line(moved, above, tried=arguments.dry_run))
    return 0


def _all_of(arguments: argparse.Namespace, city: City) -> int:
    """Every book of one PC; one that cannot be moved keeps no other back."""
    if not arguments.all_of.strip():
        raise bad_request("Cần nêu mã máy sau --all-of.", "Name the PC after --all-of.")
    held = [
        row
        for row in book_rows(city, arguments.ward or "", arguments.all_of)
        if (arguments.register in (None, row.register))
        and (row.period == arguments.period if arguments.period is not None else row.state != "past")
    ]
    if not held:
        raise bad_request(
            f"Máy {arguments.all_of} không giữ sổ nào cần chuyển.", f"{arguments.all_of} holds no book to be moved."
        )
    if any(row.device == arguments.device for row in held):
        raise bad_request("Máy nhận chính là máy đang giữ sổ.", "The books are that PC's already.")
    above = _above_of(arguments.above, held)
    planned, refused = _each(held, lambda row: city.leases.planned(row.book, arguments.device, above[row.book]))
    warn_of_nobody(arguments, city, planned)
    _warn_of_all(arguments, [p for p in planned if above[_book(p)] is None and _left(p)])
    moved = planned
    if not arguments.dry_run:
        keep = keeper(arguments, city)
        moved, refused = _each(
            held,
            lambda row: city.leases.take_over(row.book, arguments.device, arguments.reason, above[row.book], keep),
        )
    left = sum(_left(each) for each in moved if above[_book(each)] is None)
    told = {
        "moved": [] if arguments.dry_run else moved,
        "planned": moved if arguments.dry_run else [],
        "refused": [{"ward": r.ward, "register": r.register, "period": r.period, "message": e.label.vi, "english": e.label.en}
                    for r, e in refused],
        "left": left,
    }  # fmt: skip
    done = "Sẽ chuyển / would be moved" if arguments.dry_run else "Đã chuyển / moved"
    total = f"{done}: {len(moved)} sổ / books, {arguments.all_of} → {arguments.device}; bỏ trống / left unused: {left}"
    say_told(
        arguments,
        told,
        "\n".join([*(_line(each, above[_book(each)], tried=arguments.dry_run) for each in moved), total]),
    )
    for row, error in refused:
        tell(f"{row.ward} {row.register} {row.period}: {said(error.label, arguments.language)}")
    return 1 if refused else 0


def _each(
    rows: Sequence[BookRow], work: Callable[[BookRow], Takeover]
) -> tuple[list[Takeover], list[tuple[BookRow, RefusedError]]]:
    done, refused = [], []
    for row in rows:
        try:
            done.append(work(row))
        except RefusedError as error:
            refused.append((row, error))
    return done, refused


def _above_of(given: Sequence[Above], held: Sequence[BookRow]) -> dict[Book, int | None]:
    """For each book the last number on paper, None: nobody looked. Raises RefusedError for a number of no book here, and
    for one that was to hold for all."""
    rest = None
    above: dict[Book, int | None] = {}
    for each in given:
        if not each.register:
            if each.n:
                raise bad_request(
                    f"Số {each.n} là của một sổ: --above SỔ={each.n} (--above 0: mọi sổ tiếp ngay sau số thành phố đã biết).",
                    f"{each.n} is a number of one book: --above REGISTER={each.n} (--above 0: all go on where the city knows of).",
                )
            rest = 0
            continue
        meant = [r for r in held if r.register == each.register and each.period in (None, r.period)]
        if not meant:
            raise bad_request(f"Máy không giữ sổ {each.register}.", f"The PC does not hold {each.register}.")
        if len(meant) > 1 and each.n:
            others = ", ".join(" ".join(r.book) for r in meant)
            raise bad_request(
                f"Có nhiều sổ {each.register}: {others}. Nêu --ward, hoặc SỔ@KỲ=N.",
                f"There are several {each.register}: {others}. Name --ward, or REGISTER@PERIOD=N.",
            )
        above |= dict.fromkeys((r.book for r in meant), each.n)
    return {row.book: above.get(row.book, rest) for row in held}


def _warn_of_all(arguments: argparse.Namespace, blind: Sequence[Takeover]) -> None:
    if not blind:
        return
    left = sum(map(_left, blind))
    some = ", ".join(f"{_name(each)} {each.gap_from}–{each.gap_to}" for each in blind[:MOST_NAMED])
    more = ", …" if len(blind) > MOST_NAMED else ""
    warn(
        arguments,
        f"{len(blind)} sổ không nêu --above, nên {left} số bỏ trống hẳn, vì máy cũ có thể đã cấp: {some}{more}. Có người đã xem sổ "
        "giấy: --above SỔ=SỐ_CUỐI; --above 0: mọi sổ tiếp ngay sau số thành phố đã biết. Xem trước, chưa chuyển: --dry-run",
        f"{len(blind)} books have no --above, so that {left} numbers stay unused for good, since the old PC may have given them: "
        f"{some}{more}. Where somebody has looked at the paper: --above REGISTER=LAST_NUMBER; --above 0: all go on where the city "
        "knows of. To look first and move nothing: --dry-run",
    )


def _book(moved: Takeover) -> Book:
    return moved.lease.ward, moved.lease.register, moved.lease.period


def _left(moved: Takeover) -> int:
    """How many numbers are passed over: they stay unused, or stand on paper (to the last one there) and in no record."""
    return max(0, moved.gap_to - moved.gap_from + 1)


def _name(moved: Takeover) -> str:
    return f"{moved.lease.register} {moved.lease.period}".strip()


def _line(moved: Takeover, above: int | None, *, tried: bool) -> str:
    what = "bỏ trống / unused" if above is None else "trên giấy, chưa có bản ghi / on paper without a record"
    gap = f", {what} {moved.gap_from}–{moved.gap_to} ({_left(moved)})" if _left(moved) else ""
    head = "chưa chuyển / not moved yet: " if tried else ""
    return (
        f"{head}{_name(moved)}: {moved.device_before or '–'} → {moved.lease.device}, "
        f"số tiếp theo / next {moved.lease.next}{gap}"
    )
