"""The city's side of bundles: a PC's outbox in from a file, the answer out to one.

What stands in it goes the same way as what is pushed: judged by the same intake, known again by its ids. So a bundle may
come twice, late, or after a later one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from sync.bundle import messages
from sync.bundle.errors import BundleError, tampered
from sync.bundle.keys import PublicKeys, public_of_text
from sync.bundle.seal import Header, SealedFile, read_header, write_sealed
from sync.clock import moment_text
from sync.gateway.access import Device
from sync.gateway.city import City
from sync.gateway.city_keys import city_keys
from sync.gateway.face import MOST_REPLACED_AT_ONCE
from sync.gateway.offers import unread
from sync.gateway.refusals import RefusedError
from sync.gateway.uploads import CityFile, WantedUpload
from sync.gateway.wire import MSGPACK, Unreadable, Wire
from sync.held_copy import is_held
from sync.ids import IdSource
from sync.protocol import Change, ChangeResult, PullRequest

_PAGE = 2000  # records
_PART = 1024 * 1024  # bytes of a file
_decode = msgspec.msgpack.Decoder(messages.AnySent).decode
_encode = msgspec.msgpack.Encoder().encode


class Answered(Struct, kw_only=True):
    """What a bundle held, and what the answer holds."""

    device: str
    changes: int = 0
    accepted: int = 0
    conflicts: int = 0
    refused: int = 0
    known: int = 0  # changes the city had already
    files: int = 0
    records: int = 0  # in the answer
    size: int = 0  # bytes of the answer


class Bundles:
    def __init__(self, city: City) -> None:
        self._city = city

    def answer(self, incoming: Path, outgoing: Path) -> Answered:
        """Take what a PC wrote, and write the answer that only this PC can read. Raises BundleError (and then nothing was
        changed) and OSError: what was taken before a disk was full stays taken, and the same bundle can be brought again."""
        keys = city_keys(self._city.storage)
        header = read_header(incoming)
        if header.kind != "city":
            raise BundleError(
                "wrong_kind",
                "Đây là gói trả lời cho một máy ở phường; thành phố nhận gói do máy đó xuất ra.",
                "This is an answer for a PC; the city takes what the PC exported.",
            )
        if header.city != keys.public.mark:
            raise BundleError(
                "other_city",
                "Gói này gửi cho một thành phố (máy chủ) khác.",
                "This bundle is for another city's server.",
            )
        public, device = self._sender(header)
        if incoming.resolve() == outgoing.resolve():
            raise BundleError("same", "Gói trả lời cần một tên tệp khác.", "The answer needs a file of another name.")
        report = Answered(device=device.id)
        with SealedFile(incoming, keys, public) as sealed:
            asked = _first(sealed)
            results = list(self._take(sealed, device, report))
        answer = Header(
            kind="pc", bundle=IdSource(self._city.clock).new(), device=device.id, wards=device.wards,
            city=keys.public.mark, at=moment_text(self._city.clock.now()), answers=header.bundle,
        )  # fmt: skip
        sections = self._sections(device, asked, results, report)
        report.size = write_sealed(outgoing, answer, sections, keys, public)
        return report

    def _sender(self, header: Header) -> tuple[PublicKeys, Device]:
        """The keys the device gave when it enrolled, and what it may do. Raises BundleError."""
        device = header.device.replace("\0", "")[:40]
        with self._city.storage.read() as session:
            row = session.one("SELECT public_key FROM devices WHERE id = ?", device)
            grants = self._city.access.grants(session, device) if row else ()
        if row is None or not grants:
            raise BundleError(
                "unknown_device",
                f"Máy {device} chưa đăng ký với thành phố, hoặc đăng ký đã bị thu hồi.",
                f"Device {device} is not enrolled with the city, or was withdrawn.",
            )
        public = public_of_text(row[0])
        if public is None:
            raise BundleError(
                "no_keys",
                f"Máy {device} chưa gửi khóa cho thành phố; đăng ký lại máy bằng mã mới.",
                f"Device {device} has given the city no keys; enrol it again with a new code.",
            )
        return public, Device(device, grants)

    def _take(self, sealed: SealedFile, device: Device, report: Answered) -> Iterator[Any]:
        """Every change judged and every file kept; the results and the files' names, in the order of the sections."""
        sections = sealed.sections()
        next(sections)
        parked: set[tuple[str, str]] = set()
        wire = Wire({"content-type": MSGPACK})
        for section in sections:
            message = _message(section)
            if isinstance(message, messages.RawChanges):
                yield messages.Results(tuple(self._judged(device, wire, message, parked, report)))
            elif isinstance(message, messages.File) and self._keep(device, message):
                report.files += 1
                yield (message.ward, message.scope, message.sha256)

    def _judged(
        self,
        device: Device,
        wire: Wire,
        sent: messages.RawChanges,
        parked: set[tuple[str, str]],
        report: Answered,
    ) -> Iterator[ChangeResult]:
        """A change that cannot be read spoils no other; one that is refused parks the later ones of its record, in whichever
        section."""
        came = wire.sent(sent.changes)
        readable = [each for each in came if not isinstance(each, Unreadable)]
        judged: list[ChangeResult] = []
        for part in _parts(readable):
            results = self._city.intake.take(device, part, frozenset(parked)).results
            refused_ones = zip(part, results, strict=True)
            parked |= {(c.ward, c.record_id) for (c, _), r in refused_ones if r.status == "refused" and not is_held(c)}
            judged += results
        report.changes += len(came)
        for result in [*judged, *(_unread(each) for each in came if isinstance(each, Unreadable))]:
            report.accepted += result.status == "accepted"
            report.conflicts += result.status == "conflict"
            report.refused += result.status == "refused"
            report.known += result.duplicate
            yield result

    def _keep(self, device: Device, file: messages.File) -> bool:
        """Whether the city has the file now; the PC keeps one that was refused and tries again on the line."""
        if hashlib.sha256(file.content).hexdigest() != file.sha256:
            return False
        uploads = self._city.uploads
        try:
            wanted = WantedUpload(file.ward, file.scope, file.sha256, len(file.content))
            upload = uploads.begin(device, wanted)
            while not isinstance(upload, CityFile) and not upload.finished:
                start = upload.received
                upload = uploads.put(device, upload.id, start, file.content[start : start + _PART])
        except RefusedError:
            return False
        return True

    def _sections(self, device: Device, asked: messages.ToCity, taken: list[Any], report: Answered) -> Iterator[bytes]:
        held, refused = self._lend(device, asked)
        files = tuple(each for each in taken if isinstance(each, tuple))
        hello = self._city.introduced(device, self._city.hello(device))
        yield _encode(messages.ToPc(hello=hello, held_books=held, refused_books=refused, files=files))
        for results in taken:
            if isinstance(results, messages.Results):
                yield _encode(results)
        # a PC that knows the city from before a restore reads everything anew
        cursors = {(w, s): c for w, s, c in asked.cursors} if asked.epoch == hello.epoch else {}
        for ward, scope in hello.streams:
            at, more = max(0, cursors.get((ward, scope), 0)), True
            while more:
                page = self._city.feed.pull(PullRequest(ward=ward, scope=scope, cursor=at, limit=_PAGE), hello.epoch)
                yield _encode({"type": "news", "ward": ward, "scope": scope, "start": at, "page": page})
                report.records += len(page.records)
                at, more = page.cursor, page.more

    def _lend(
        self, device: Device, asked: messages.ToCity
    ) -> tuple[tuple[tuple[str, str, str, str], ...], tuple[messages.RefusedBook, ...]]:
        """Lend the books the PC wants, and take those it gives back, after its changes. Those that another device has, with the
        sentence that says so, and those that stay as they are."""
        held, refused = list[tuple[str, str, str, str]](), list[messages.RefusedBook]()
        for book in asked.books:
            try:
                lease = self._city.leases.lease(device, book)
            except RefusedError as error:
                if error.code == "lease_held":
                    held.append((book.ward, book.register, book.period, error.label.vi))
                else:
                    said = messages.RefusedBook(handover=book.handover, vi=error.label.vi, en=error.label.en)
                    refused.append(said)
                continue
            if book.handover and lease.device == device.id:
                refused.append(messages.RefusedBook(handover=book.handover))
        return tuple(held), tuple(refused)


def _parts(changes: Iterable[tuple[Change, bytes]]) -> Iterator[list[tuple[Change, bytes]]]:
    """In their order, as many together as stand in place of so many others as a push may: a stick is taken whole."""
    part, replaced = list[tuple[Change, bytes]](), 0
    for change, payload in changes:
        count = len(change.in_place_of)
        if part and replaced + count > MOST_REPLACED_AT_ONCE:
            yield part
            part, replaced = [], 0
        part.append((change, payload))
        replaced += count
    if part:
        yield part


def _first(sealed: SealedFile) -> messages.ToCity:
    message = _message(next(sealed.sections()))
    if not isinstance(message, messages.ToCity):
        raise tampered()
    return message


def _message(section: bytes) -> Any:
    try:
        return _decode(section)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise tampered() from error


def _unread(sent: Unreadable) -> ChangeResult:
    return unread(sent.change_id, sent.why)
