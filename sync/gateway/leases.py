"""Leases: the right to number one whole book, given to one named device at a time."""

from __future__ import annotations

import re
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Catalog, RecordType
from forms.register_numbers import register_of, series_names
from sync.clock import HANOI, Clock, moment_text
from sync.gateway.access import Device
from sync.gateway.books import Book, known_number
from sync.gateway.moved_books import UNKNOWN, Keep, MovedBook
from sync.gateway.noted_books import note_stream, note_takeover
from sync.gateway.refusals import RefusedError, bad_request, not_granted
from sync.gateway.sequences import is_suspended
from sync.gateway.storage import Row, Session, Storage, Stream
from sync.protocol import Lease, LeaseRequest

NOBODY = ""
"""Holds a book that was given back and that nobody has asked for since."""
LEASE_LENGTH = 1000
"""Numbers a device may give between two contacts with the city; a takeover with the old PC lost leaves a gap up to
this long, explained in the book."""
_NEXT_YEAR_SOON = timedelta(days=31)
"""PCs ask for the books of next year a day less before."""
_LAST_YEAR_STILL = timedelta(days=61)
"""PCs ask for a book of last year, for what was signed in it and waits, a day less long."""
_IS_HERE = "EXISTS (SELECT 1 FROM grants g WHERE g.device = l.device AND g.ward = l.ward)"
"""Whether the holder of a lease ``l`` still serves its ward."""
_PERIODS = {"year": re.compile("[0-9]{4}"), "day": re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"), "none": re.compile("")}


class Takeover(Struct, frozen=True, kw_only=True):
    """A book moved to another device. The numbers of the gap, if any, may stand on paper nobody has seen."""

    lease: Lease
    device_before: str
    gap_from: int
    gap_to: int  # below gap_from: no gap


class Leases:
    """Gives books out and moves them."""

    def __init__(self, storage: Storage, catalog: Catalog, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._catalog = catalog
        self._types = {name: t for t in catalog.record_types for name in series_names(t, catalog)}

    def lease(self, device: Device, request: LeaseRequest) -> Lease:
        """The book for this device: anew, or as it holds it already. Raises RefusedError (409) when another holds it."""
        record_type = self._leased_type(request.register, request.period)
        if not device.may(request.ward, record_type.scope):
            raise not_granted("Máy này không được cấp quyền với sổ này.", "This device has no grant for this register.")
        book = (request.ward, request.register, request.period)
        with self._storage.write([_stream(request.ward, record_type)]) as session:
            row = _held(session, book)
            if not request.handover:
                return self._lend(session, book, device, record_type, row)
            given_back = self._give_back(session, book, device.id, request, row)
        if given_back is None:  # which is written down
            raise _no_such_device(request.to[:64].replace("\0", ""))
        return given_back

    def _lend(self, session: Session, book: Book, device: Device, record_type: RecordType, row: Row | None) -> Lease:
        if row is not None and row[0] not in (device.id, NOBODY):
            raise _held_by(session, row[0])
        if is_suspended(session, device.id):
            raise _suspended()
        if (row is None or row[0] == NOBODY) and not _numbers(device, book[0], record_type):
            raise _not_numbered_here()
        if row is None and (keeper := self._keeper_until(session, book)) not in (NOBODY, device.id):
            raise _held_by(session, keeper)
        return self._give(session, book, device.id, int(row[1]) if row else 1)

    def _keeper_until(self, session: Session, book: Book) -> str:
        """Who numbers a book of next year in this one, and may keep it; NOBODY: whoever asks. In December the first PC to sync would
        have it else, and the one that numbers would stand without on New Year's morning."""
        year = str(self._clock.now().astimezone(HANOI).year)
        if len(book[2]) != len(year) or book[2] <= year:
            return NOBODY
        sql = f"SELECT l.device FROM leases l WHERE l.ward = ? AND l.register = ? AND l.period = ? AND {_IS_HERE}"
        row = session.one(sql, book[0], book[1], year)
        return str(row[0]) if row else NOBODY

    def _give_back(
        self, session: Session, book: Book, device: str, request: LeaseRequest, row: Row | None
    ) -> Lease | None:
        """The book leaves the device that held it, for the one it names or for whichever asks next. Said again, it is only
        told where the book is now. None: the ward has no such device. The book stays and is numbered again, so that this
        is for good, whatever stick with the same comes late: the device after it is the one before it."""
        sql = "SELECT device_before, device_after FROM handovers WHERE ward = ? AND register = ? AND period = ? AND id = ?"
        known_as = request.handover[:64].replace("\0", "")
        known = session.one(sql, *book, known_as)
        if row is None or known is not None:
            if row is not None and known is not None and known[0] == known[1] == row[0] == device:
                return None
            start, upper = (int(row[1]), int(row[2])) if row else (1, 0)
            return _lease_of(book, row[0] if row else NOBODY, start, upper)
        if row[0] != device:
            raise _held_by(session, row[0])
        to = request.to[:64].replace("\0", "")
        texts = (request.officer[:200].replace("\0", ""), request.reason[:1000].replace("\0", ""))
        now = moment_text(self._clock.now())
        if to and session.one("SELECT 1 FROM grants WHERE device = ? AND ward = ?", to, book[0]) is None:
            session.upsert("handovers", [(*book, known_as, int(row[1]) - 1, device, device, *texts, now)])
            return None
        last = max(known_number(session, book), min(request.last, int(row[2])), int(row[1]) - 1)
        lease = self._give(session, book, to or NOBODY, last + 1)
        session.upsert("handovers", [(*book, known_as, last, device, to, *texts, now)])
        return lease

    def of(self, device: Device) -> tuple[Lease, ...]:
        """The device's books, as they would be given now."""
        rows = self._storage.once(
            "SELECT l.ward, l.register, l.period, l.start, l.upper, coalesce(b.known, 0) FROM leases l "
            "LEFT JOIN books b ON b.ward = l.ward AND b.register = l.register AND b.period = l.period "
            "WHERE l.ward = ANY(?) AND l.device = ? "
            "AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.id = l.device AND d.suspended <> '') ORDER BY l.ward, l.register, l.period",
            list(device.wards),
            device.id,
        )
        return tuple(
            Lease(ward=w, register=r, period=p, device=device.id, next=max(start, known + 1), upper=upper)
            for w, r, p, start, upper, known in rows
        )

    def lent(self, device: Device) -> tuple[tuple[str, str, str], ...]:
        """Books of the device's wards that others number at this time of the year: of twenty PCs of a ward one numbers, and
        the others would ask for each of some fifty books in vain whenever they start."""
        day = self._clock.now().astimezone(HANOI).date()
        days = [day + timedelta(days=n) for n in (-1, 0, 1)]
        years = sorted({(day - _LAST_YEAR_STILL).year, day.year, day.year + 1})
        periods = ["", *map(str, years), *(d.isoformat() for d in days)]
        sql = (
            f"SELECT l.ward, l.register, l.period, {_IS_HERE} "
            "FROM leases l WHERE l.ward = ANY(?) AND l.period = ANY(?) AND l.device <> ? AND l.device <> ?"
        )
        rows = self._storage.once(sql, list(device.wards), periods, device.id, NOBODY)
        lent = {(w, r, p) for w, r, p, _ in rows}
        if (day + _NEXT_YEAR_SOON).year > day.year:  # whoever has the book now will have that, too
            lent |= {(w, r, str(day.year + 1)) for w, r, p, is_here in rows if is_here and p == str(day.year)}
        return tuple(sorted((w, r, p) for w, r, p in lent if r in self._types and device.may(w, self._types[r].scope)))

    def renewed(self, device: Device) -> tuple[Lease, ...]:
        """The device's books, the upper number of each moved on above what the city has seen meanwhile."""
        leases = self.of(device)
        short = [x for x in leases if x.upper < x.next + LEASE_LENGTH // 2]
        for lease in short:
            record_type = self._types.get(lease.register)
            streams = [_stream(lease.ward, record_type)] if record_type else []
            with self._storage.write(streams) as session:
                row = _held(session, (lease.ward, lease.register, lease.period))
                if row is not None and row[0] == device.id:
                    self._give(session, (lease.ward, lease.register, lease.period), device.id, int(row[1]))
        return self.of(device) if short else leases

    def take_over(
        self, book: Book, device: str, reason: str, above: int | None = None, keep: Keep = lambda moved, at: None
    ) -> Takeover:
        """Move a book to ``device``. It goes on above ``above``, the last number on paper, when someone has looked;
        else above every number the old device may have given. What ``keep`` raises leaves it where it is. Raises
        RefusedError."""
        record_type = self._leased_type(book[1], book[2])
        streams = {_stream(book[0], record_type), *note_stream(self._catalog, book[0])}
        with self._storage.write(streams) as session:
            planned = self._planned(session, book, device, above)
            known, last, before = planned.gap_from - 1, planned.gap_to, planned.device_before
            now = moment_text(self._clock.now())
            takeover = replace(planned, lease=self._give(session, book, device, last + 1, now))
            session.upsert("takeovers", [(*book, last + 1, known + 1, last, before, device, reason, now)])
            note_takeover(session, self._catalog, self._clock, book, takeover, reason=reason, at=now)
            keep(takeover, now)
        return takeover

    def take_over_again(self, moved: MovedBook) -> Takeover | None:
        """As it was moved, in a database that has forgotten it; None where it has not, or where the book has gone on since.
        A PC that it has forgotten, too, is named as it was, and nobody numbers. Raises RefusedError."""
        book, start = moved.book, moved.gap_to + 1
        streams = {_stream(book[0], self._leased_type(book[1], book[2])), *note_stream(self._catalog, book[0])}
        with self._storage.write(streams) as session:
            sql = "SELECT at FROM takeovers WHERE ward = ? AND register = ? AND period = ? AND start = ?"
            known = session.one(sql, *book, start)
            device = _device_of(session, moved.token, book[0]) or f"{moved.device}{UNKNOWN}"
            before, its_start, _, at = _held(session, book) or (NOBODY, 0, 0, "")
            newer = before != device and moved.at >= at
            if (known is not None and known[0] >= moved.at) or not (moved.next > int(its_start) or newer):
                return None
            lease = self._give(session, book, device, max(moved.next, int(its_start)), moved.at)
            again = Takeover(lease=lease, device_before=before, gap_from=moved.gap_from, gap_to=moved.gap_to)
            gap = (moved.gap_from, moved.gap_to)
            session.upsert("takeovers", [(*book, start, *gap, before, device, moved.reason, moved.at)])
            note_takeover(session, self._catalog, self._clock, book, again, reason=moved.reason, at=moved.at)
        return again

    def planned(self, book: Book, device: str, above: int | None = None) -> Takeover:
        """What ``take_over`` would do now; nothing is moved. Raises RefusedError as it does."""
        self._leased_type(book[1], book[2])
        with self._storage.read() as session:
            return self._planned(session, book, device, above)

    def _planned(self, session: Session, book: Book, device: str, above: int | None) -> Takeover:
        row = _held(session, book)
        if row is None or (row[0] == device and (above is None or above < int(row[1]))):  # nothing would move
            raise bad_request("Không có máy khác đang giữ sổ này.", "No other device holds this book.")
        if session.one("SELECT 1 FROM grants WHERE device = ? AND ward = ?", device, book[0]) is None:
            raise bad_request(f"Máy {device} không thuộc phường {book[0]}.", f"{device} is not of ward {book[0]}.")
        known = max(known_number(session, book), int(row[1]) - 1)
        last = max(known, above if above is not None else int(row[2]))
        lease = self._following(session, book, device, last + 1)
        return Takeover(lease=lease, device_before=row[0], gap_from=known + 1, gap_to=last)

    def _leased_type(self, register: str, period: str) -> RecordType:
        record_type = self._types.get(register)
        if record_type is None or record_type.register is None or record_type.register.kind != "leased":
            raise bad_request(
                f"Không có sổ “{register[:80]}” để cấp số tại phường.",
                f"No register {register[:80]} numbered by wards.",
            )
        if _PERIODS[record_type.register.period].fullmatch(period) is None:
            raise bad_request(f"Kỳ của sổ không đúng: {period[:40]}", f"Not a period of this register: {period[:40]}")
        return record_type

    def _give(self, session: Session, book: Book, device: str, start: int, at: str = "") -> Lease:
        """``at`` "": now."""
        lease = self._following(session, book, device, start)
        session.upsert("leases", [(*book, device, start, lease.upper, at or moment_text(self._clock.now()))])
        return lease

    def _following(self, session: Session, book: Book, device: str, start: int) -> Lease:
        """The lease that goes on at ``start``, or above the numbers known."""
        ward, register, period = book
        # a register that was parted into series goes on above the numbers it had as one
        known = max(known_number(session, (ward, name, period)) for name in {register, register_of(register)})
        following = max(start, known + 1)
        upper = following + LEASE_LENGTH - 1
        return Lease(ward=ward, register=register, period=period, device=device, next=following, upper=upper)


def _stream(ward: str, record_type: RecordType) -> Stream:
    """The stream whose lock keeps the numbers of this type still."""
    return ward, record_type.scope


def _held(session: Session, book: Book) -> Row | None:
    return session.one(
        "SELECT device, start, upper, at FROM leases WHERE ward = ? AND register = ? AND period = ?", *book
    )


def _device_of(session: Session, token: str, ward: str) -> str:
    sql = "SELECT d.id FROM devices d JOIN grants g ON g.device = d.id WHERE d.token_hash = ? AND g.ward = ?"
    row = session.one(sql, token, ward)
    return str(row[0]) if row else ""


def _lease_of(book: Book, device: str, start: int, upper: int) -> Lease:
    return Lease(ward=book[0], register=book[1], period=book[2], device=device, next=start, upper=upper)


def _no_such_device(device: str) -> RefusedError:
    return RefusedError(
        409,
        "no_such_device",
        f"Phường không có máy {device}; sổ vẫn ở máy này. Mã của máy nhận ghi ở trang Cài đặt của máy ấy.",
        f"The ward has no device {device}; the book stays here. The Settings page of a PC shows its code.",
    )


def _numbers(device: Device, ward: str, record_type: RecordType) -> bool:
    """Whether an officer of the device may take an action that numbers: no other has any use for the book."""
    roles = {role for grant in device.grants if grant.ward == ward for role in grant.officer.roles}
    return any(a.takes_number and (not a.roles or roles & set(a.roles)) for a in record_type.actions)


def _not_numbered_here() -> RefusedError:
    return RefusedError(
        409,
        "lease_held",  # the code that older programs know how to go on from
        "Không cán bộ nào của máy này có vai trò cấp số vào sổ này.",
        "No officer of this device has a role that numbers in this book.",
    )


def _suspended() -> RefusedError:
    return RefusedError(
        409,
        "lease_held",  # the code that older programs know how to go on from
        "Máy này đang tạm ngừng cấp số: dữ liệu được khôi phục từ bản sao cũ, hoặc hai máy dùng chung một đăng ký. "
        "Đăng ký lại máy bằng mã mới.",
        "This device may number nothing for now: its store came back from a backup, or two PCs share one enrolment. "
        "Enrol it again with a new code.",
    )


def _held_by(session: Session, device: str) -> RefusedError:
    row = session.one("SELECT name FROM devices WHERE id = ?", device)
    name = f"{device} ({row[0]})" if row else device
    return RefusedError(
        409,
        "lease_held",
        f"Sổ này đang do máy {name} cấp số. Cấp số trên máy đó, hoặc nhờ thành phố chuyển sổ.",
        f"This book is numbered by device {name}. Number there, or ask the city to move the book.",
    )
