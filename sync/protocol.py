"""The messages between a PC and the city's gateway, and the Transport that carries them.

Both sides import this module, so that it is the protocol. Bodies are MessagePack (``application/msgpack``) or JSON by
``Content-Type``/``Accept``; fields are never renamed, new ones have defaults, unknown ones are ignored. Times are UTC
ISO 8601 text. Version 1 is the path prefix ``/v1``.

``gc=False``: these come by the hundred thousand and hold JSON values, which make no cycles, so that the garbage collector
need not walk through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from forms.label import Label

if TYPE_CHECKING:
    from sync.tus_line import FileLine

PROTOCOL_VERSION = 1
ChangeKind = Literal["create", "edit", "action", "resolve", "void"]
DeliveryStatus = Literal["waiting", "sent", "accepted", "refused"]
Fields = dict[str, Any]


class Officer(Struct, frozen=True, gc=False):
    """Who did it, as known on the PC that did it."""

    id: str
    name: str
    roles: tuple[str, ...] = ()
    organisation: str = ""


MOST_REPLACED = 1000
"""Ids in ``Change.in_place_of``."""
LARGEST_CHANGE = 2 * 1024 * 1024
"""Bytes of a change as MessagePack: a PC has to hold a page of such records in its memory."""
TOO_LARGE_CHANGE = Label(
    f"Thay đổi này lớn hơn {LARGEST_CHANGE // 1024} KB; bớt nội dung, hoặc đính kèm thành tệp.",
    f"This change is larger than {LARGEST_CHANGE // 1024} KB; shorten it, or attach a file.",
)


class Change(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One act of one officer on one record; the unit of the outbox, of history and of idempotency.

    ``before`` and ``after`` hold only the fields touched, in canonical form; a missing key in ``before`` means null.
    Rows of a group are addressed as ``group/<row id>/<column>``; a new row is ``group/<row id>`` with the whole row, a
    removed one the same key with null.
    """

    change_id: str  # UUIDv7, made by the device: the idempotency key
    save_id: str  # changes of one save share it
    record_id: str
    type: str
    ward: str
    kind: ChangeKind
    before: Fields = {}
    after: Fields = {}
    base_revision: int = 0  # the city's revision the officer looked at; 0: none
    state: str = ""  # state of the record when the change was made
    to_state: str | None = None  # for "create" the first state, for "action" the next one
    action: str | None = None
    number: str | None = None  # register number this change gives
    reason: str | None = None
    pack: str = ""
    officer: Officer
    device: str = ""
    device_seq: int = 0
    at: str  # the PC's clock, UTC
    clock: str = ""  # hybrid logical clock: orders what is shown, decides nothing
    in_place_of: tuple[str, ...] = ()  # ids of refused changes of the record that it replaces: they are taken no more

    @property
    def only_takes_back(self) -> bool:
        """Whether it says nothing but that what it replaces is given up."""
        return self.kind == "edit" and bool(self.in_place_of) and not self.after


class Candidate(Struct, frozen=True, gc=False, omit_defaults=True):
    """A value that lost nothing and won nothing: it waits until an officer picks."""

    value: Any
    before: Any
    change_id: str
    officer: str
    device: str
    at: str
    over: str = ""  # when the record was last changed before: the city's value is no newer; "" from an older city


class RecordVersion(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A record as the city has it."""

    id: str
    type: str
    ward: str
    scope: str = "open"
    revision: int
    state: str
    number: str | None = None
    fields: Fields
    conflicts: dict[str, tuple[Candidate, ...]] = {}
    created_at: str = ""
    updated_at: str = ""
    updated_by: str = ""
    origin: str = ""  # "" from a device; else the service that sent it
    pack: str = ""


class FieldProblem(Struct, frozen=True, gc=False):
    """Why a change or a delivery was refused, at the field it is about (empty: the whole record). ``message`` is in
    Vietnamese, ``english`` the same; "" from a service, or an older city, that has no English."""

    field: str
    message: str
    value: Any = None
    english: str = ""

    @property
    def label(self) -> Label:
        return Label(self.message, self.english or self.message)


class ChangeResult(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The city's answer to one change.

    ``accepted``: durable at the city, at ``revision``. ``conflict``: durable too; ``fields`` names those that wait for
    a person. ``refused``: not applied, ``problems`` say why; it stays in the PC's outbox, parked with the later changes
    of its record. ``duplicate`` marks a change the city already had (same content). ``already``: what an accepted change
    says the record had before it; nothing was written, and ``revision`` is the one it had. ``taken_before``: of what the
    change stands in place of, by id and revision, what had been taken after all.
    """

    change_id: str
    status: Literal["accepted", "conflict", "refused"]
    revision: int = 0
    fields: tuple[str, ...] = ()
    problems: tuple[FieldProblem, ...] = ()
    duplicate: bool = False
    already: bool = False
    taken_before: dict[str, int] = {}


class DeliveryState(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Where one record stands with one service."""

    record_id: str
    service: str
    revision: int
    status: DeliveryStatus
    number: str | None = None
    message: str = ""
    problems: tuple[FieldProblem, ...] = ()
    at: str = ""


class PackOffer(Struct, frozen=True, kw_only=True):
    """The pack the city wants a device to work with; its file is fetched in parts by its SHA-256."""

    serial: int
    version: str
    sha256: str
    size: int  # bytes


class HubTrust(Struct, frozen=True, kw_only=True):
    """Which hubs a PC may believe: those whose certificate one of ``ca`` (PEM) issued for one of ``names``. A hub that was
    withdrawn is named no more. ``key``: what the city signs its log with (Ed25519, 32 bytes)."""

    ca: str
    names: tuple[str, ...]
    key: bytes


class Hello(Struct, frozen=True, kw_only=True):
    """First answer of every sync: who the gateway is, what it thinks of this device, and the time there."""

    protocol: int
    epoch: str  # changes when the gateway was restored from a backup
    time: str
    device: str
    ward_names: dict[str, str]
    streams: tuple[tuple[str, str], ...]  # (ward, scope) this token may read
    officers: tuple[Officer, ...] = ()  # who may work on this device, with the roles the city gave them
    pack: str = ""
    leases: tuple[Lease, ...] = ()
    lent: tuple[
        tuple[str, str, str], ...
    ] = ()  # (ward, register, period) of books that others number now; when first met
    offer: PackOffer | None = None
    device_seq: int = 0  # the highest number of a change that the city has had from this device; when first met
    suspended: bool = False  # two stores spoke as this device: it numbers nothing until it was enrolled again
    hubs: HubTrust | None = None  # of the device's wards; None: they have none
    serves: dict[
        str, tuple[str, ...]
    ] = {}  # officer → wards, of a device with several; else all officers serve the one
    ended: dict[str, int] = {}  # epochs that a restore ended, with the least revision given after; when first met


class EnrolRequest(Struct, frozen=True, kw_only=True):
    code: str
    device_name: str
    token: str = ""  # of the device, when one more officer is enrolled on it
    public_key: str = ""  # the device's public keys, as text (sync.bundle.keys)
    wards: tuple[str, ...] = ()  # the code must open one of these, else it is refused ("other_ward") and stays unused
    attempt: str = (
        ""  # made by chance before the first try: the same one again is the same device, also where the answer was lost
    )


class EnrolAnswer(Struct, frozen=True, kw_only=True):
    token: str
    device: str  # short id, e.g. "Q2": stands in temporary numbers
    wards: dict[str, str]  # code -> name
    officer: Officer
    epoch: str
    pack_keys: tuple[str, ...] = ()  # public keys (PEM) of packs: the device takes no pack that none of them signed
    bundle_key: str = ""  # the city's public keys (sync.bundle.keys), where the device gave its own


class PushRequest(Struct, frozen=True):
    changes: tuple[Change, ...]
    epoch: str = ""


class PushAnswer(Struct, frozen=True):
    results: tuple[ChangeResult, ...]  # in the order of the changes
    epoch: str = ""


class PullRequest(Struct, frozen=True, kw_only=True):
    ward: str
    scope: str
    cursor: int = 0
    limit: int = 500
    wait: int = 0  # seconds to hold the request when there is nothing new


class PullAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    records: Sequence[RecordVersion]
    deliveries: tuple[DeliveryState, ...] = ()
    cursor: int
    more: bool = False
    epoch: str = ""
    digest: dict[str, str] = {}  # type -> hex sum over the stream at `cursor`; only when not `more`


class SyncRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One round of a sync. ``known``: the mark of the Hello this device works by and that of its books; with another Hello
    the city gives the present one and does nothing else. ``cursors`` are of that Hello's streams, in its order; none:
    nothing is read."""

    known: bytes = b""
    changes: tuple[Change, ...] = ()
    cursors: tuple[int, ...] = ()
    limit: int = 1000  # records in the answer, of all streams together


class StreamNews(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A page of one stream. ``own``: the mark (``sync.marks``) of the records that are left out because nothing but this
    round's changes moved them, so that the PC has made the same of them; where it has not, it asks without changes."""

    stream: int  # its place in Hello.streams
    records: Sequence[RecordVersion] = ()
    deliveries: tuple[DeliveryState, ...] = ()
    cursor: int
    more: bool = False
    own: bytes = b""


class SyncAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``hello`` and its ``mark`` only when the PC knows another one; then there is nothing else but the time. ``leases`` only
    when the PC knows others. ``news`` of the streams that have some. ``digest``: the mark of all streams at their cursors,
    when all were read to the end."""

    time: str
    hello: Hello | None = None
    mark: bytes = b""
    results: tuple[ChangeResult, ...] = ()  # in the order of the changes
    news: tuple[StreamNews, ...] = ()
    digest: bytes = b""
    leases: tuple[Lease, ...] | None = None


FILL_FIRST, FILL_REST, FILL_DONE, FILL_OVER = range(4)
"""Tiers of a first fill: open work and what it needs; everything; nothing left; "start over", since the city came back from
a backup and its stream ends before the head."""


class FillPlace(Struct, frozen=True, gc=False, array_like=True):
    """Where the first fill of one stream stands. ``head``: the stream's end when the fill began (0: it is to begin, and the
    answer has it); ``below``: records at lower positions than this are still to come in this tier."""

    head: int = 0
    tier: int = FILL_FIRST
    below: int = 0


class FillRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Asks for the next page of a new PC's first fill. ``known``: the mark of the Hello, as in a round; ``places``: of all
    its streams, in its order; streams that need none have tier ``FILL_DONE``."""

    known: bytes = b""
    places: tuple[FillPlace, ...] = ()
    limit: int = 1000  # records in the pages, of all streams together


class FillAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``places``: where each stream stands after these pages; none: the PC knows another Hello, and is to meet the city
    again. ``pages``: newest first, never beyond the head; their ``cursor`` says nothing. ``along``: records of other places
    that open work in the pages refers to."""

    places: tuple[FillPlace, ...] = ()
    pages: tuple[StreamNews, ...] = ()
    along: Sequence[RecordVersion] = ()


class LeaseRequest(Struct, frozen=True):
    """Asks for a whole book: ``register`` is ``tool.record/register id``, ``period`` "2026", "2026-11-22" or "".

    With ``handover`` (an id the device made) it gives the book back instead: it numbers it no more, ``last`` is the last
    number it gave, ``to`` the device that is to have it ("": whichever asks next). The answer is the lease as it then is. An
    older city knows none of this and answers with the device's own lease."""

    ward: str
    register: str
    period: str
    handover: str = ""
    to: str = ""
    last: int = 0
    officer: str = ""
    reason: str = ""


class Lease(Struct, frozen=True, kw_only=True):
    """The right to number one book. ``next`` is the first number the device may give; ``upper`` the last, 0: no end."""

    ward: str
    register: str
    period: str
    device: str
    next: int
    upper: int = 0


class HistoryAnswer(Struct, frozen=True):
    """Oldest first. ``cut``: there were more, and these are the latest."""

    changes: tuple[Change, ...]
    results: tuple[ChangeResult, ...]
    deliveries: tuple[DeliveryState, ...] = ()
    cut: bool = False


class Refusal(Struct, frozen=True):
    """The body of every answer that is not 2xx. ``code`` is stable, ``message`` is for a person."""

    code: str
    message: str
    problems: tuple[FieldProblem, ...] = ()


class SyncError(Exception):
    """The city could not be reached or would not answer. ``code`` is stable; ``str()`` is for a person, ``english`` the same
    (what the city itself says comes in the language that was asked for). ``wait``: seconds the city asked to be left in peace;
    0: it did not say. ``soon``: the ward's hub answered, so that it is worth asking again at the usual interval."""

    def __init__(self, code: str, message: str, *, retry: bool = True, wait: float = 0.0, english: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.label = Label(message, english or message)
        self.retry = retry
        self.wait = wait
        self.soon = False


class Transport(Protocol):
    """What the engine needs of a line to the city. Every failure is a SyncError."""

    def hello(self) -> Hello: ...
    def sync(self, request: SyncRequest) -> SyncAnswer: ...  # code "no_page": an older city, which has the next two
    def fill(self, request: FillRequest) -> FillAnswer: ...  # code "no_page": an older city; all comes by rounds
    def push(self, request: PushRequest) -> PushAnswer: ...
    def pull(self, request: PullRequest) -> PullAnswer: ...
    def lease(self, request: LeaseRequest) -> Lease: ...
    def history(self, record_id: str) -> HistoryAnswer: ...
    def pack_part(self, sha256: str, start: int, length: int) -> bytes: ...  # of a pack's file; fewer bytes at its end
    @property
    def files(self) -> FileLine: ...  # attached files, by tus
    @property
    def bytes_sent(self) -> int: ...
    @property
    def bytes_received(self) -> int: ...
