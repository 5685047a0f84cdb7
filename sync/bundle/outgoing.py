"""What goes into a PC's bundle to the city, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import structs

from sync.bundle import messages
from sync.clock import HANOI
from sync.handing_over import request_of
from sync.protocol import PROTOCOL_VERSION, Change, Hello, LeaseRequest
from sync.renamed_line import Renamings, renamed_change
from sync.store import Store
from sync.store.model import Enrolment

_IN_SECTION = 500  # changes
_LARGEST = 16 * 1024 * 1024  # bytes of changes in a section, about: what is larger than ``LARGEST_SECTION`` is not read


class Outgoing:
    """The sections of a bundle to the city, and what went into them."""

    def __init__(self, store: Store, enrolment: Enrolment, files_bytes: int) -> None:
        self._store = store
        self._enrolment = enrolment
        self._room = files_bytes
        self._names = Renamings(store.catalog)
        self.changes = self.files = self.files_left = 0
        self.hand_overs: tuple[str, ...] = ()  # their ids

    def sections(self) -> Iterator[bytes]:
        encode = msgspec.msgpack.encode
        cursors = self._store.changes.cursors()
        given_back = tuple(self._given_back())
        self.hand_overs = tuple(each.handover for each in given_back)
        books = (*self._books([(ward, scope) for ward, scope, _ in cursors]), *given_back)
        yield encode(messages.ToCity(epoch=self._enrolment.epoch, cursors=cursors, books=books))
        sent: list[Change] = []
        # once a sync settles some of it meanwhile, the rest is that sync's: none is to be heard before what it stands on
        while changes := self._store.changes.pending_behind(sent, _IN_SECTION):
            sent += [structs.replace(change, before={}, after={}) for change in changes]  # only to be known again
            for part in _parts([encode(self._own(change)) for change in changes]):
                yield encode(messages.RawChanges(part))
            self.changes += len(changes)
        for file in self._store.file_queue.all_to_send():
            if file.size > self._room:
                self.files_left += 1
                continue
            self._room -= file.size
            self.files += 1
            content = self._store.files.part(file.sha256, 0, file.size)
            yield encode(messages.File(ward=file.ward, scope=file.scope, sha256=file.sha256, content=content))

    def _own(self, change: Change) -> Change:
        """As the engine sends it: in the name the device has now, with the fields' first names."""
        change = renamed_change(change, self._names.of(change.type)[0])
        device = self._enrolment.device
        return change if change.device == device else structs.replace(change, device=device)

    def _books(self, streams: Sequence[tuple[str, str]]) -> Iterator[LeaseRequest]:
        """The books this PC would ask for at a sync and does not hold: neither what it gave back, nor any while it is suspended."""
        from sync.meeting import asked_for

        numbers = self._store.numbers
        if numbers.suspension.standing() is not None:
            return
        hello = Hello(
            protocol=PROTOCOL_VERSION, epoch="", time="", device=self._enrolment.device,
            ward_names=self._enrolment.wards, streams=tuple(streams), officers=self._enrolment.officers,
        )  # fmt: skip
        not_asked = {(x.ward, x.register, x.period) for x in numbers.leases()}
        not_asked |= {(x.ward, x.register, x.period) for x in numbers.hand_overs.all()}
        now = self._store.clock.now().astimezone(HANOI)
        for ward, register, period in asked_for(self._store, hello, now):
            if (ward, register, period) not in not_asked:
                yield LeaseRequest(ward=ward, register=register, period=period)

    def _given_back(self) -> Iterator[LeaseRequest]:
        """The books that were closed here for another PC. The city looks at books when it has taken the changes."""
        hand_overs = self._store.numbers.hand_overs
        return (request_of(each) for each in hand_overs.to_tell() if hand_overs.asked(each))


def _parts(changes: Sequence[bytes]) -> Iterator[tuple[msgspec.Raw, ...]]:
    """Encoded changes, in their order, as many together as a section is to hold."""
    part, size = list[msgspec.Raw](), 0
    for change in changes:
        if part and size + len(change) > _LARGEST:
            yield tuple(part)
            part, size = [], 0
        part.append(msgspec.Raw(change))
        size += len(change)
    yield tuple(part)
