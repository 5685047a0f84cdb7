"""What the store hands out: frozen, plain, without a database behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from forms.label import Label, both
from sync.protocol import Candidate, Change, DeliveryState, EnrolAnswer, FieldProblem, Fields, Officer

Standing = Literal["here", "city", "conflict", "refused", "hub"]
"""Where a record stands as a whole: changes wait on this PC; all are durable at the city; a person must pick; the city
refused one; another PC's work, of which only the ward's hub has told. "refused" goes before "conflict" before "hub"
before "here"."""
ChangeStatus = Literal["pending", "accepted", "conflict", "refused", "parked", "hub"]


class Record(Struct, frozen=True, kw_only=True):
    """A record as the officer sees it: the city's version with this PC's pending changes replayed over it."""

    id: str
    type: str
    ward: str
    scope: str = "open"
    revision: int = 0
    state: str
    number: str | None = None
    fields: Fields
    title: str = ""
    subtitle: str = ""
    due_at: str | None = None
    created_at: str = ""
    updated_at: str = ""
    updated_by: str = ""
    origin: str = ""
    standing: Standing = "city"
    is_new: bool = False  # came from the city and nobody here has opened it
    conflicts: dict[str, tuple[Candidate, ...]] = {}


class CountedRecord(Struct):
    """What a report looks at of a record."""

    id: str
    state: str
    number: str | None
    fields: Fields


class Save(Struct, frozen=True, kw_only=True):
    """One record to save. ``opened`` is the record as it was when the form was opened (None: a new one), so that what
    another officer changed meanwhile is not overwritten."""

    type: str
    fields: Fields
    opened: Record | None = None
    id: str | None = None  # of a new record; None: the store makes one
    state: str | None = None  # of a new record; None: the type's first state
    number: str | None = None  # of a new record that is history (an import): kept as it is, uses no lease
    action: str | None = None
    kind: Literal["auto", "resolve", "void"] = "auto"
    reason: str | None = None
    save_id: str | None = None
    resolves: tuple[str, ...] = ()  # with kind "resolve": the conflicts it settles; empty: all that were open


class Cursor(Struct, frozen=True):
    """A place in a sorted list: the sort value and the row beside it."""

    value: Any
    row: int


class ListQuery(Struct, frozen=True, kw_only=True):
    type: str
    sort: str = ""  # column, "-" in front: descending; "": the type's own
    states: tuple[str, ...] = ()
    text: str = ""  # narrows by search
    after: Cursor | None = None
    before: Cursor | None = None
    last: bool = False  # the last page
    limit: int = 50


class Page(Struct, frozen=True):
    records: tuple[Record, ...]
    total: int
    start: Cursor | None = None  # pass as `before` for the page before this one
    end: Cursor | None = None  # pass as `after` for the next one
    has_before: bool = False
    has_after: bool = False


class Hit(Struct, frozen=True, kw_only=True):
    """One search result, best first."""

    id: str
    type: str
    title: str
    subtitle: str
    state: str
    number: str | None = None


class ProposalRow(Struct, frozen=True):
    """Something that comes next: after which record, by which flow (its key), what is begun or acted on."""

    record: Record
    flow: str
    to: str
    target: str | None = None


class Draft(Struct, frozen=True, kw_only=True):
    """A form as it was at the last pause of typing; not yet a record or a change."""

    id: str
    type: str
    record_id: str | None
    fields: Fields
    opened: Record | None
    updated_at: str
    title: str = ""
    by: str = ""  # id of the officer who typed it, "" of an older program
    by_name: str = ""


class HistoryRow(Struct, frozen=True, kw_only=True):
    """One change of a record, newest first, and what became of it."""

    change: Change
    status: ChangeStatus
    problems: tuple[FieldProblem, ...] = ()
    fields: tuple[str, ...] = ()  # in conflict
    revision: int = 0
    is_sent_back: bool = False  # of "hub": refused, and to be put right where it was made
    is_settled: bool = False  # what was refused is put right, or another PC's: nothing is to be done about it here
    is_own: bool = True  # made on this PC, under whichever name it had


class NumberRow(Struct, frozen=True, kw_only=True):
    """One number of a book: who gave it, when, to what, or why it is unused."""

    number: str
    n: int
    period: str
    record_id: str | None
    title: str
    at: str
    officer: str
    status: Literal["given", "void"]  # void: spoilt, or its record was voided; it stays used all the same
    reason: str = ""
    same: tuple[str, ...] = ()  # ids of other records that carry this number too
    series: str = ""  # the value whose numbers these are, where the register is parted by a field
    ward: str = ""  # whose book it is, where that is not this PC's own ward


class HandOver(Struct, frozen=True, kw_only=True):
    """A book this PC gives back. ``stage``: "waiting" (may be taken back), "asked" (the city may have heard of it) or
    "done"; nothing of the book is numbered here in any of them."""

    id: str
    ward: str
    register: str
    period: str
    to: str  # device that is to have it; "": whichever asks next
    last: int  # last number given here or known; 0: none
    officer: Officer
    reason: str
    at: str
    stage: Literal["waiting", "asked", "done"]


class PrintRow(Struct, frozen=True, kw_only=True):
    printout: str
    copy: int  # 1: the first; above that the paper says "IN LẠI LẦN n"
    at: str
    officer: str
    failed: bool = False
    serial: str = ""  # of the pre-printed blank it stands on
    about: str = ""  # of a print over a list: its range, in words
    spoiled: str = ""  # why the blank could not be used
    spoiled_at: str = ""
    spoiled_by: str = ""
    seq: int = 0  # names this print on this PC


class BlankRow(Struct, frozen=True):
    """A blank that left the drawer: what it was printed for."""

    print: PrintRow
    record_id: str
    type: str
    title: str


class TodayRow(Struct, frozen=True):
    record: Record
    reason: Literal["overdue", "due_today", "new", "refused", "conflict"]


class DueAhead(Struct, frozen=True):
    """The first of the records that fall due between two moments, and how many they all are."""

    records: tuple[Record, ...]
    total: int


class Overview(Struct, frozen=True, kw_only=True):
    """The counts of today's page; all from counters and partial indexes. Each is of what may be seen alone, but for
    ``unseen_waiting``, which is no number."""

    overdue: int
    due_today: int
    due_week: int
    new: int
    waiting: int  # changes not yet at the city
    refused: int
    conflicts: int
    drafts: int
    open_by_type: dict[str, int]
    today_by_type: dict[str, int]  # records with a reason to be on today's page, each counted once
    late_by_type: dict[str, int]  # those of them that are overdue or were refused
    unseen_waiting: bool = False  # the city has not got everything of what may not be seen

    @property
    def today(self) -> int:
        """Records that need somebody today."""
        return sum(self.today_by_type.values())

    @property
    def late(self) -> int:
        return sum(self.late_by_type.values())


class Enrolment(Struct, frozen=True, kw_only=True):
    """Whose device this store is."""

    url: str
    token: str
    device: str
    wards: dict[str, str]
    officers: tuple[Officer, ...]
    epoch: str = ""
    serves: dict[str, tuple[str, ...]] = {}  # officer → wards, where the city has said that they differ

    def officers_of(self, ward: str) -> tuple[Officer, ...]:
        """Those who may work in the ward, as far as is known."""
        return tuple(o for o in self.officers if ward in self.serves.get(o.id, (ward,)))

    @classmethod
    def of_answer(cls, url: str, answer: EnrolAnswer, others: tuple[Officer, ...] = ()) -> Enrolment:
        """As the city granted it. ``others``: officers of the device from before; who enrolled last stands last."""
        return cls(
            url=url,
            token=answer.token,
            device=answer.device,
            wards=answer.wards,
            officers=(*others, answer.officer),
            epoch=answer.epoch,
        )

    @property
    def ward(self) -> str:
        """Code of the ward that new records belong to."""
        return next(iter(self.wards))

    def home_first(self, wards: Mapping[str, str]) -> dict[str, str]:
        """What the city says now of the device's wards, in whatever order: one more officer, who serves other wards too, does
        not move the PC into another ward."""
        return {self.ward: wards[self.ward], **wards} if self.ward in wards else dict(wards)


class Touched(Struct, frozen=True):
    """What a committed write changed; views refresh from this and from nothing else."""

    records: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    outbox: bool = False
    deliveries: tuple[DeliveryState, ...] = ()
    files: frozenset[str] = frozenset()  # SHA-256 of attached files that moved or came


FileState = Literal["here", "waiting", "sending", "there", "missing", "fetching"]


class FileStanding(Struct, frozen=True):
    """Where an attached file stands: here alone, its record not saved · waiting to be sent, being sent · at the city and
    here · not here · being fetched. ``why``: what hindered it the last time."""

    state: FileState
    percent: int = 0
    why: str = ""


class FileRow(Struct, frozen=True):
    """A file as one record names it. ``size`` in bytes."""

    record_id: str
    type: str
    title: str  # the record's
    sha256: str
    name: str
    size: int
    media_type: str
    standing: FileStanding


class FileCounts(Struct, frozen=True, kw_only=True):
    """``bytes_to_send``: what is left of those ``to_send``. ``why``: what hinders one of those ``failing``."""

    to_send: int
    bytes_to_send: int
    wanted: int
    not_here: int
    failing: int
    why: str


class StoreError(Exception):
    """``str()`` is one sentence for a person, in Vietnamese and in brackets in English; ``code`` is stable."""

    code = "store"

    @property
    def label(self) -> Label:
        """The sentence in each language."""
        return both(str(self))


class NoStore(StoreError):
    code = "no_store"


class WrongKey(StoreError):
    code = "wrong_key"


class NewerStore(StoreError):
    code = "newer_store"


class DamagedStore(StoreError):
    code = "damaged_store"


class SaveRefused(StoreError):
    """The save would break a rule; nothing was written."""

    code = "refused"

    def __init__(self, message: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems
