"""What PCs, the ward's hub and the city say to each other beside the city's own protocol, which passes through the hub
unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from msgspec import Struct

from sync.protocol import Change, PackOffer, PullAnswer

MOST_CHANGES = 5000  # of one PC that the hub keeps
MOST_BYTES = 4 * 1024 * 1024
"""Of them together, as MessagePack: a PC with more is heard with what fits, in its order."""
HUB_ROLE = "_hub"
"""In a device's grants: it is the hub of that ward and nothing else. No role of a catalogue begins so."""
FROM_NOW = -1
"""As a place in the log: begin where the stream ends now."""


class ScopedChange(Struct, frozen=True):
    """A change that waits for the city, and the scope of its register: who may see it."""

    scope: str
    change: Change


class RefusedChange(Struct, frozen=True):
    """A change that the city refused and that its officer has to put right; of a record that the city has not got."""

    ward: str
    scope: str
    change_id: str


class StreamPlace(Struct, frozen=True):
    """How far a stream is read."""

    ward: str
    scope: str
    cursor: int


class SignedPage(Struct, frozen=True, kw_only=True):
    """A page of the city's log as the city made it: ``body`` is a ``LogPage`` as zstd over MessagePack, ``signature`` the
    city's Ed25519 over ``PAGE_MARK`` and it. The rest says the same for the hub, which does not look inside; a PC believes
    the body alone."""

    ward: str
    scope: str
    epoch: str
    after: int
    cursor: int
    body: bytes
    signature: bytes


PAGE_MARK = b"so-phuong log page 1\0"


class LogPage(Struct, frozen=True, kw_only=True):
    """Everything of a stream after ``after`` up to ``page.cursor``; ``page.digest`` where that is the stream's end."""

    ward: str
    scope: str
    epoch: str
    after: int
    page: PullAnswer


class HubRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``mine``: the mark of all that waits on this PC, and of what was refused; ``changes`` and ``refused``: these, where the
    hub is not known to have them (None: not said). ``known``: the mark of what the hub told last. ``places``: how far this PC
    has read the city's log of ``epoch``, when it wants what the hub has of it beyond."""

    mine: bytes
    changes: tuple[ScopedChange, ...] | None = None
    refused: tuple[RefusedChange, ...] = ()
    known: bytes = b""
    epoch: str = ""
    places: tuple[StreamPlace, ...] = ()


class HubAnswer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``wanted``: the hub has another set of this PC and asks for it; then nothing else is said. ``changes``: what waits on
    the ward's other PCs, as far as this one may read it, each PC's in its order; None: as ``known``. None of it is
    acknowledged: only the city does that. ``refused``: device and id of what waited there once and the city refused, as that
    PC says itself. ``pages``: of the city's log, each beginning at or before the place that the one before it leads to;
    ``more``: there are others. ``offer``: the pack the city last gave out for the ward. ``spoke``: the devices that have told it
    what waits on them, be it nothing; None from an older hub, which does not say it."""

    wanted: bool = False
    changes: tuple[Change, ...] | None = None
    refused: tuple[tuple[str, str], ...] = ()
    mark: bytes = b""
    pages: tuple[SignedPage, ...] = ()
    more: bool = False
    offer: PackOffer | None = None
    spoke: tuple[str, ...] | None = None


class CertificateRequest(Struct, frozen=True):
    """``request``: a certificate signing request (PEM). Only its key counts; the names are the city's."""

    request: str


class CertificateAnswer(Struct, frozen=True, kw_only=True):
    """``certificate``: PEM, for the hub's device in its wards; ``ca``: what PCs judge it by; ``trust`` as in ``LogAnswer``."""

    certificate: str
    ca: str
    trust: bytes = b""


class LogRequest(Struct, frozen=True, kw_only=True):
    """A hub asks for what is new. ``places``: of the streams it copies, as far as it has them (none: it asks which there
    are); ``files_after``: it wants the names of files that came since this moment; ``devices``: the mark of those it knows."""

    places: tuple[StreamPlace, ...] = ()
    files_after: str = ""
    devices: bytes = b""


class WardDevice(Struct, frozen=True):
    """A device of the hub's wards: the SHA-256 of its token in hex, and the streams of these wards that it may read."""

    token: str
    device: str
    streams: tuple[tuple[str, str], ...]


class LoggedFile(Struct, frozen=True):
    """An attached file that the city has. ``at``: the moment it came."""

    ward: str
    scope: str
    sha256: str
    size: int
    at: str


class LogAnswer(Struct, frozen=True, kw_only=True):
    """``streams``: those the hub is to copy. ``trust``: the mark of the city's authority and of the wards in a certificate
    it would issue now; with another one the hub asks for a new certificate at once. ``devices``: whom the hub may listen to;
    None: as it knows."""

    epoch: str
    time: str
    streams: tuple[tuple[str, str], ...]
    pages: tuple[SignedPage, ...] = ()
    more: bool = False
    files: tuple[LoggedFile, ...] = ()
    offer: PackOffer | None = None
    trust: bytes = b""
    devices: tuple[WardDevice, ...] | None = None
    devices_mark: bytes = b""


def mark_of(ids: Iterable[str], refused: Iterable[str] = ()) -> bytes:
    digest = blake2b(digest_size=8)
    for change_id in ids:
        digest.update(change_id.encode() + b"\0")
    for change_id in refused:
        digest.update(change_id.encode() + b"\1")
    return digest.digest()


def hub_name(device: str, ward: str) -> str:
    """What a certificate calls the hub of a ward: device, role and ward in one name of the DNS' private zone."""
    return f"{device.lower()}.{ward}.hub.so-phuong.internal"
