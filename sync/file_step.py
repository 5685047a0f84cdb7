"""The last step of a sync: attached files, some seconds at a time. Records never wait for it.

What somebody wants to open comes first, then what the city lacks, in parts small enough that a record saved meanwhile does
not wait long: before each part it is looked whether one waits.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from forms.attached import LARGEST_FILE
from forms.label import Label
from sync.protocol import SyncError, Transport
from sync.store import Store
from sync.store.files_queue import Incoming, Outgoing
from sync.tus_line import FileLine

SECONDS = 20.0  # of one sync
_SMALLEST_PART, _LARGEST_PART = 16 * 1024, 2 * 1024 * 1024  # bytes
_QUICK, _SLOW = 0.5, 2.0  # seconds a part takes
_TRIES = 3  # of one part that was damaged on the way
_OF_THE_FILE = {"file_too_large", "too_long", "not_granted", "bad_request", "bad_metadata", "wrong_content", "checksum"}
"""Refusals that another file would not get; all others are the line's or the city's, and end the step."""
_TOO_MUCH = "files_of_a_day"
"""The city takes no more files of this PC today: told, and the next sync asks with another one."""
_IN_THE_WAY = {"not_the_city", "damaged", "too_large", "internal"}
"""Answers that something on the way gives, a scanner that likes this one file not, or a city that stumbles over it: the file waits
like one that is refused, and the others go on."""
_NO_ANSWER = {"unreachable", "timeout"}
_PATIENCE = (
    10  # tries in a row that end so with nothing carried; then the file waits too, for a scanner may also just hang up
)
_DAMAGED = Label("Tệp nhận về không nguyên vẹn; sẽ tải lại.", "A file came damaged; it will be fetched again.")
_NOT_LET_THROUGH = Label(
    "Mạng của cơ quan không cho một tệp đính kèm đi qua (có thể do phần mềm quét); các tệp khác vẫn đi, tệp này tự thử lại sau. "
    "Báo bộ phận CNTT.",
    "The office's network does not let an attached file through (perhaps a scanner); the others go on, and this one is tried "
    "again later. Tell IT support.",
)
_NO_FILES_THERE = Label(
    "Thành phố chưa nhận tệp đính kèm (bản cũ); tệp vẫn giữ ở máy này.",
    "The city takes no files yet (an older version); they are kept on this PC.",
)


class FileReport(Protocol):
    """What this step tells of itself (``sync.engine.SyncReport``)."""

    files_sent: int
    files_fetched: int
    files_left: bool
    problems: list[Label]


class PartSize(Struct):
    """Bytes in one request: about a second's worth of this line, and no more than what is on the way takes."""

    size: int = 128 * 1024
    most: int = _LARGEST_PART

    def took(self, seconds: float) -> None:
        if seconds > _SLOW:
            self.size = max(_SMALLEST_PART, self.size // 2)
        elif seconds < _QUICK:
            self.size = min(self.most, self.size * 2)

    def refuse(self) -> bool:
        """A proxy found a part too large; whether there are smaller ones."""
        if self.size <= _SMALLEST_PART:
            return False
        self.size = self.most = max(_SMALLEST_PART, self.size // 2)
        return True


class _LaterError(Exception):
    """Enough for this sync: a record waits to be sent, and its own sync is coming."""


class _TimeOverError(_LaterError):
    """The next sync goes on."""


class FileStep:
    """``line``: asked for only when there is something to carry. ``now``: seconds of any clock that only goes on."""

    def __init__(
        self, store: Store, line: Transport, *, seconds: float = SECONDS, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._queue = store.file_queue
        self._transport = line
        self._seconds = seconds
        self._now = now
        self._part = PartSize()
        self._old_city = False
        self._tidied = False
        self._end = 0.0
        self._carried = False  # whether anything of the file at hand has been
        self._in_vain: Counter[str] = Counter()  # by SHA-256: tries in a row that carried nothing

    def run(self, report: FileReport, moved: Callable[[], None]) -> None:
        """Carry files until none is due, the time is over, a record waits to be sent, or the line is lost; the next sync
        goes on. ``moved`` is told after every part; what it raises ends the step, losing nothing."""
        if self._old_city:
            return
        if not self._tidied:
            self._queue.tidy()
            self._tidied = True
        self._end = self._now() + self._seconds
        try:
            while (wanted := self._queue.next_to_fetch()) is not None:
                report.files_fetched += self._fetch(wanted, self._transport.files, report, moved)
            while (due := self._queue.next_to_send()) is not None:
                report.files_sent += self._send(due, self._transport.files, report, moved)
        except _LaterError as later:
            report.files_left = isinstance(later, _TimeOverError)
        except SyncError as error:
            # the records went through: the line is told of by the next sync, if it is still lost then
            if error.code == "no_page":
                self._old_city = True
                report.problems.append(_NO_FILES_THERE)

    def fetch_here(self, report: FileReport) -> None:
        """What is wanted, as far as this line has it, which is the hub's: one that it lacks is left for the city."""
        self._end = self._now() + self._seconds
        for wanted in self._queue.all_to_fetch():
            for stream in wanted.streams:
                try:
                    report.files_fetched += self._fetched(wanted, self._transport.files, stream, report, lambda: None)
                    break
                except SyncError:
                    continue
                except _LaterError:
                    return

    def _look_up(self) -> None:
        if self._now() >= self._end:
            raise _TimeOverError
        if self._store.changes.pending(1):
            raise _LaterError

    def _send(self, file: Outgoing, line: FileLine, report: FileReport, moved: Callable[[], None]) -> bool:
        """Whether the city has the whole file now; False: it is put off."""
        self._carried = False
        try:
            address, sent = self._begun(file, line)
            tries = 0
            while sent < file.size:
                self._queue.sent(file, address, sent)
                moved()
                self._look_up()
                began = self._now()
                content = self._store.files.part(file.sha256, sent, self._part.size)
                if not content:
                    raise SyncError(
                        "wrong_content",
                        "Tệp trên máy này bị hỏng; hãy đính kèm lại.",
                        english="The file on this PC is damaged; attach it again.",
                        retry=False,
                    )
                try:
                    sent = line.part(address, sent, content, file.size)
                    tries, self._carried = 0, True
                except SyncError as error:
                    if error.code == "too_large" and self._part.refuse():
                        continue
                    tries += 1
                    if error.code == "checksum" and tries < _TRIES:
                        continue
                    if error.code not in ("wrong_offset", "no_upload") or tries >= _TRIES:
                        raise
                    address, sent = self._found_again(file, line, address)
                self._part.took(self._now() - began)
        except SyncError as error:
            if self._is_endless(file.sha256, error):
                self._queue.not_sent(file, str(error))
                raise
            if error.code not in {*_OF_THE_FILE, *_IN_THE_WAY, _TOO_MUCH}:
                raise
            why = _told(error)
            self._queue.not_sent(file, why.vi)
            report.problems.append(why)
            if error.code == _TOO_MUCH:
                raise _LaterError from error
            return False
        self._queue.there(file)
        moved()
        return True

    def _begun(self, file: Outgoing, line: FileLine) -> tuple[str, int]:
        """The address of the upload and how much is there; an upload that an earlier sync began goes on."""
        self._look_up()
        if file.upload:
            return self._found_again(file, line, file.upload)
        first = self._store.files.part(file.sha256, 0, self._part.size)
        try:
            upload = line.begin(file.ward, file.scope, file.sha256, file.size, first)
        except SyncError as error:
            if error.code == "too_large" and self._part.refuse():
                return self._begun(file, line)
            raise
        self._carried = True
        return upload.address, upload.offset

    def _found_again(self, file: Outgoing, line: FileLine, address: str) -> tuple[str, int]:
        sent = line.offset(address, file.size)
        if sent is not None:
            return address, sent
        self._queue.begin_again(file)
        upload = line.begin(file.ward, file.scope, file.sha256, file.size)
        return upload.address, upload.offset

    def _is_endless(self, sha256: str, error: SyncError) -> bool:
        """Whether the line has been cut at this file so often, with nothing of it carried, that others are to go first."""
        if error.code not in _NO_ANSWER or self._carried:
            self._in_vain.pop(sha256, None)
            return False
        self._in_vain[sha256] += 1
        return self._in_vain[sha256] % _PATIENCE == 0

    def _fetch(self, file: Incoming, line: FileLine, report: FileReport, moved: Callable[[], None]) -> bool:
        """Whether the file is here now; False: it is put off."""
        why = "Không bản ghi nào trên máy này còn nêu tệp này."
        self._carried = False
        for ward, scope in file.streams:
            try:
                return self._fetched(file, line, (ward, scope), report, moved)
            except SyncError as error:
                if self._is_endless(file.sha256, error):
                    self._queue.not_fetched(file, str(error))
                    raise
                if error.code in _IN_THE_WAY:
                    self._queue.not_fetched(file, _told(error).vi)
                    report.problems.append(_told(error))
                    return False
                if error.code not in ("no_file", "bad_range"):
                    raise
                why = str(error)
        self._queue.not_fetched(file, why, anew=True)
        return False

    def _fetched(
        self, file: Incoming, line: FileLine, stream: tuple[str, str], report: FileReport, moved: Callable[[], None]
    ) -> bool:
        size = LARGEST_FILE
        while file.got < size:
            self._look_up()
            began = self._now()
            content, size = line.read(*stream, file.sha256, file.got, self._part.size)
            if size > LARGEST_FILE:
                break
            file = self._queue.received(file, content)
            self._carried = True
            self._part.took(self._now() - began)
            moved()
        if file.got == size and self._queue.whole(file, stream):
            return True
        self._queue.not_fetched(file, _DAMAGED.vi, anew=True)
        report.problems.append(_DAMAGED)
        return False


def _told(error: SyncError) -> Label:
    return _NOT_LET_THROUGH if error.code == "not_the_city" else error.label
