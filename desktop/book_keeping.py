"""Who keeps a legal book on this PC, for pages and verbs. No Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from desktop.book_places import ward_of
from desktop.language import label
from forms.definition import Catalog, RecordType
from forms.label import Label
from forms.register_numbers import SERIES, register_name, series_names
from sync.voiding import HEADS

if TYPE_CHECKING:
    from sync.protocol import Lease, Officer
    from sync.store import Store
    from sync.store.model import Enrolment


def books_here(
    store: Store,
    catalog: Catalog,
    record_type: RecordType,
    period: str | None = None,
    series: str | None = None,
    *,
    now: datetime,
    ward: str = "",
) -> list[Lease]:
    """The books of the type that this PC numbers for a ward ("": its own): of the period, else of the one now."""
    of_ward = ward_of(store, ward)
    names = {register_name(record_type), *series_names(record_type, catalog)}
    if series:
        names = {f"{register_name(record_type)}{SERIES}{series}"}
    wanted = period if period is not None else current_period(record_type, now)
    return [
        lease
        for lease in store.numbers.leases()
        if lease.register in names and lease.period == wanted and lease.ward == of_ward
    ]


def with_later(store: Store, leases: Iterable[Lease]) -> list[Lease]:
    """These books and those of the next period that are here already: who goes on numbering in December does so in January."""
    given = list(leases)
    return [
        lease
        for lease in store.numbers.leases()
        if any((x.ward, x.register) == (lease.ward, lease.register) and x.period <= lease.period for x in given)
    ]


def standstill(store: Store, catalog: Catalog, seen: Collection[str] | None = None) -> tuple[str, str] | None:
    """A type whose books stand still on this PC, and why (as ``Numbers.standstill``); one tells of all, for the clock or a
    store that came back from a backup stops them together. ``seen``: the types that may be told of; None: all."""
    types = dict.fromkeys(lease.register.partition("/")[0] for lease in store.numbers.leases())
    if not types and store.numbers.suspension.standing():  # the city lends such a PC no book any more
        officers = store.enrolment.officers if store.enrolment else ()
        types = dict.fromkeys(t.id for t in catalog.record_types if _is_numbered_by(t, officers))
    for type_id in types:
        if (seen is None or type_id in seen) and (why := store.numbers.standstill(type_id)) is not None:
            return type_id, why
    return None


def standstill_words(why: str) -> Label:
    """What stands still, why, and what is to be done, for verbs."""
    still, todo = label(f"book.still_{why}"), _TO_DO.get(why)
    return Label(f"{still.vi} {todo.vi}", f"{still.en} {todo.en}") if todo else still


_CLOCK = Label(
    "Chỉnh đồng hồ máy rồi đồng bộ; nếu giờ máy là đúng: sophuong clock --confirm LÝ_DO.",
    "Set the PC's clock, then sync; where its time is right: sophuong clock --confirm REASON.",
)
_RAN_AHEAD = Label(
    "Giờ máy sai thì chỉnh lại. Giờ máy đã đúng (trước đó đồng hồ chạy sớm): đồng bộ không đủ, phải xác nhận bằng sophuong "
    "clock --confirm LÝ_DO, hoặc nút “Xác nhận đồng hồ đúng…” ở trang sổ.",
    "Where the PC's time is wrong, set it. Where it is right now (the clock had run ahead) syncing is not enough: confirm it by "
    "sophuong clock --confirm REASON, or by “The clock is right…” on the page of the book.",
)
_TO_DO = {"skew": _CLOCK, "set_back": _RAN_AHEAD}


def current_period(record_type: RecordType, now: datetime) -> str:
    from sync.store.numbering import period_of

    return period_of(record_type.register, now) if record_type.register else ""


def why_not_handed_over(
    record_type: RecordType, officer: Officer | None, enrolment: Enrolment | None, ward: str = ""
) -> Label | None:
    """Why the officer may neither give a ward's book ("": that of the PC's own) away nor take it back; None: he may. Those may
    who number the book and the heads of the office, where they work: the city takes a book from its PC whoever says so, and
    refuses the note that explains it where its officer has nothing to do in that ward."""
    leased = record_type.register is not None and record_type.register.kind == "leased"
    if officer is None or not leased:
        return label("book.hand_not_yours")
    if not set(officer.roles) & HEADS and not _is_numbered_by(record_type, (officer,)):
        return label("book.hand_not_yours")
    if enrolment is not None and (ward := ward or enrolment.ward) not in enrolment.serves.get(officer.id, (ward,)):
        return label("book.hand_other_ward")
    return None


def _is_numbered_by(record_type: RecordType, officers: Iterable[Officer]) -> bool:
    """Whether one of them may take an action that gives a number of a leased book."""
    if record_type.register is None or record_type.register.kind != "leased":
        return False
    roles = {role for officer in officers for role in officer.roles}
    return any(
        action.takes_number and (not action.roles or roles & set(action.roles)) for action in record_type.actions
    )
