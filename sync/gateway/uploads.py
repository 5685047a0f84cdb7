"""Files at the city: taken in by parts, kept by content within a stream, read by whoever may read that stream.

Nothing is held in memory between two requests, so that any gateway process can go on where another stopped. A hash that
another stream has does not show: each stream keeps a copy of its own.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Callable, Iterator

from msgspec import Struct, structs

from forms.attached import LARGEST_FILE
from sync.clock import Clock, moment_text
from sync.gateway.access import Device
from sync.gateway.refusals import RefusedError, bad_request, not_granted
from sync.gateway.storage import Session, Storage

MOST_OPEN = 32  # unfinished uploads of one device in one ward; then the one untouched for longest gives way
_IN_HAND = 600.0  # seconds after its last part in which an upload gives way to no other
_AHEAD = 60.0  # seconds; a time further ahead than this was written by a clock that was wrong then
ABANDONED_AFTER = 7 * 86400.0  # seconds without a part
REMEMBERED_FOR = 86400.0  # seconds that a finished upload still answers under its own address, and counts
A_DAY = 4096 * 1024 * 1024
"""Bytes that one device may begin to send within 86,400 seconds: a ward's busiest day of scanning is a quarter of it, and a
PC that is broken or hostile fills no disk in a night."""
_LEAST = 64 * 1024  # bytes that a file counts for at least: its rows cost too
_ENDED = ".ended"
_SMALL_PART = 64 * 1024  # bytes; a part that follows a smaller one is put to it, so that rows stay few
_SHA256 = re.compile(r"[0-9a-f]{64}")
log = logging.getLogger(__name__)
_UPLOAD = "ward, id, scope, sha256, size, received, device, metadata, touched"


class Upload(Struct, frozen=True):
    """A file on its way in. ``size`` and ``received`` in bytes; ``touched``: seconds since 1970."""

    ward: str
    id: str
    scope: str
    sha256: str
    size: int
    received: int
    device: str
    metadata: str
    touched: float

    @property
    def finished(self) -> bool:
        return self.received == self.size

    @property
    def expires(self) -> float:
        return self.touched + (REMEMBERED_FOR if self.finished else ABANDONED_AFTER)


class CityFile(Struct, frozen=True):
    """A whole file of one stream."""

    ward: str
    scope: str
    sha256: str
    size: int
    parts: str


class WantedUpload(Struct, frozen=True):
    """What a device says of a file before it sends it. ``resume``: it goes on with what is there; else it begins at 0."""

    ward: str
    scope: str
    sha256: str
    size: int
    metadata: str = ""
    resume: bool = False


class Uploads:
    """``arrived`` is told, in the transaction that makes it whole, of each file (ward, SHA-256); ``news`` after it."""

    def __init__(
        self, storage: Storage, clock: Clock, arrived: Callable[[Session, str, str], None], news: Callable[[], None]
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._arrived = arrived
        self._news = news
        self.a_day = A_DAY  # 0: any number of bytes
        self._told: dict[str, float] = {}  # device → when the log was told that it sent too much

    def begin(self, device: Device, wanted: WantedUpload) -> Upload | CityFile:
        """A new upload; to ``resume``, this device's own open one of the same file, or the file where the stream has it.
        Raises RefusedError (400, 403, 413, 429)."""
        _check(device, wanted)
        now = self._now()
        self._put_right(device, now)
        with self._storage.write() as session:
            known = _file(session, wanted.ward, wanted.scope, wanted.sha256)
            if wanted.resume and known is not None:
                return known
            self._tidy(session, wanted.ward, now)
            unfinished = _open(session, wanted.ward, device.id)
            same = [upload for upload in unfinished if _is_same(upload, wanted)]
            if wanted.resume and same:
                return same[0]
            if len(unfinished) >= MOST_OPEN and not _gives_way(session, unfinished[-1], now):
                vi = "Máy này còn nhiều tệp gửi dở; sẽ tự gửi tiếp."
                en = "This device has too many unfinished uploads."
                raise RefusedError(429, "too_many_uploads", vi, en, retry_after=60)
            self._check_day(session, device, wanted.size, now)
            upload = Upload(
                wanted.ward, f"{wanted.ward}.{secrets.token_hex(12)}", wanted.scope, wanted.sha256, wanted.size, 0,
                device.id, wanted.metadata, now,
            )  # fmt: skip
            session.insert("uploads", [structs.astuple(upload)])
        return upload

    def _put_right(self, device: Device, now: float) -> None:
        """What a clock ahead stamped counts from now: else it would stay, and count in a day's share, until that time comes.
        For itself, so that it holds also where the upload that is asked for is refused."""
        which, values = "WHERE ward = ANY(?) AND touched > ?", (list(device.wards), now + _AHEAD)
        with self._storage.read() as session:
            if session.one(f"SELECT 1 FROM uploads {which} LIMIT 1", *values) is None:
                return
        with self._storage.write() as session:
            session.run(f"UPDATE uploads SET touched = ? {which}", now, *values)

    def _check_day(self, session: Session, device: Device, size: int, now: float) -> None:
        """Raises RefusedError (429) for a device that has sent its share of a day. Its records go on."""
        if not self.a_day:
            return
        row = session.one(
            f"SELECT coalesce(sum(CASE WHEN size < {_LEAST} THEN {_LEAST} ELSE size END), 0) FROM uploads "
            "WHERE ward = ANY(?) AND device = ? AND touched > ?",
            list(device.wards), device.id, now - REMEMBERED_FOR,
        )  # fmt: skip
        if row is None or int(row[0]) + size <= self.a_day:
            return
        if now - self._told.get(device.id, 0.0) > REMEMBERED_FOR:
            self._told[device.id] = now
            log.warning("%s sent files of %s within a day; the next ones wait", device.id, _large(int(row[0])))
        most = _large(self.a_day)
        vi = f"Máy này đã gửi đủ {most} tệp đính kèm trong 24 giờ; các tệp sau tự gửi tiếp dần, bản ghi vẫn gửi bình thường."
        en = f"This PC has sent {most} of files within 24 hours; the others follow by themselves, records go on as always."
        raise RefusedError(429, "files_of_a_day", vi, en, retry_after=1800)

    def at(self, device: Device, upload_id: str) -> Upload:
        """An upload of this device. Raises RefusedError (404): none, another's, or of a stream it may no longer write."""
        ward = upload_id.rpartition(".")[0]
        if "\0" not in upload_id and len(upload_id) <= 200:
            with self._storage.read() as session:
                row = session.one(f"SELECT {_UPLOAD} FROM uploads WHERE ward = ? AND id = ?", ward, upload_id)
            if row is not None:
                upload = Upload(*row)
                if upload.device == device.id and device.may(upload.ward, upload.scope):
                    return upload
        raise RefusedError(404, "no_upload", "Không có lượt gửi tệp này.", "There is no such upload.")

    def put(self, device: Device, upload_id: str, offset: int, content: bytes) -> Upload:
        """Take one part. The last one makes the file whole, or, where its SHA-256 is another than was said, ends the
        upload. Raises RefusedError (404, 409, 413, 460)."""
        upload = self.at(device, upload_id)
        if offset != upload.received:
            raise elsewhere(upload.received)
        end = offset + len(content)
        if end > upload.size:
            raise RefusedError(413, "too_long", "Tệp dài hơn đã báo.", "The file is longer than was said.")
        if not content:
            return upload
        # parts are only ever added behind `received`, which is looked at again below: what is read here stays true
        if end == upload.size and self._sha256(upload, content) != upload.sha256:
            self._drop(upload)
            vi = "Tệp nhận về không nguyên vẹn; máy sẽ gửi lại từ đầu."
            raise RefusedError(460, "wrong_content", vi, "The file is not what was said; send it anew.")
        now = self._now()
        # the stream is held for the last part, so that no delivery begins to wait for the file at this moment
        with self._storage.write([(upload.ward, upload.scope)] if end == upload.size else []) as session:
            moved = session.run(
                "UPDATE uploads SET received = ?, touched = ? WHERE ward = ? AND id = ? AND received = ?",
                end, now, upload.ward, upload.id, offset,
            )  # fmt: skip
            if not moved:
                raise elsewhere(None)
            _add(session, upload, offset, content)
            if end == upload.size:
                self._finish(session, upload)
        if end == upload.size:
            self._news()
        return structs.replace(upload, received=end, touched=now)

    def _finish(self, session: Session, upload: Upload) -> None:
        kept = session.run(
            "INSERT INTO files (ward, scope, sha256, size, parts, at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (ward, scope, sha256) DO NOTHING",
            upload.ward, upload.scope, upload.sha256, upload.size, upload.id, moment_text(self._clock.now()),
        )  # fmt: skip
        if not kept:  # another PC was quicker
            _drop_parts(session, upload)
        self._arrived(session, upload.ward, upload.sha256)

    def end(self, device: Device, upload_id: str) -> None:
        """Forget an upload and what came of it. A whole file stays, and goes on counting. Raises RefusedError (404)."""
        upload = self.at(device, upload_id)
        if not upload.finished:
            self._drop(upload)
            return
        with self._storage.write() as session:
            sql = "UPDATE uploads SET id = ?, touched = ? WHERE ward = ? AND id = ?"
            session.run(sql, upload.id + _ENDED, self._now(), upload.ward, upload.id)

    def file(self, device: Device, ward: str, scope: str, sha256: str) -> CityFile:
        """A file of a stream this device may read. Raises RefusedError (404), the same for what is not there and for what
        is not for it."""
        if device.may(ward, scope) and _SHA256.fullmatch(sha256):
            with self._storage.read() as session:
                if (found := _file(session, ward, scope, sha256)) is not None:
                    return found
        vi = "Thành phố chưa có tệp này: máy đã đính kèm nó chưa gửi lên."
        raise RefusedError(
            404, "no_file", vi, "The city does not have this file; the PC it was attached at has not sent it."
        )

    def read(self, file: CityFile, start: int, length: int) -> bytes:
        """Bytes of a whole file."""
        with self._storage.read() as session:
            rows = session.all(
                "SELECT start, content FROM file_parts WHERE ward = ? AND parts = ? AND start < ? "
                "AND start + length(content) > ? ORDER BY start",
                file.ward, file.parts, start + length, start,
            )  # fmt: skip
        if not rows:
            return b""
        content = b"".join(bytes(row[1]) for row in rows)
        return content[start - rows[0][0] : start - rows[0][0] + length]

    def _sha256(self, upload: Upload, last: bytes) -> str:
        digest = hashlib.sha256()
        with self._storage.read() as session:
            for content in _contents(session, upload):
                digest.update(content)
        digest.update(last)
        return digest.hexdigest()

    def _drop(self, upload: Upload) -> None:
        with self._storage.write() as session:
            session.run("DELETE FROM uploads WHERE ward = ? AND id = ?", upload.ward, upload.id)
            _drop_parts(session, upload)

    def _tidy(self, session: Session, ward: str, now: float) -> None:
        """Abandoned uploads of the ward go, and those that were finished long ago."""
        old = min(ABANDONED_AFTER, REMEMBERED_FOR)
        rows = session.all(f"SELECT {_UPLOAD} FROM uploads WHERE ward = ? AND touched < ?", ward, now - old)
        for upload in (Upload(*row) for row in rows):
            untouched = "DELETE FROM uploads WHERE ward = ? AND id = ? AND touched = ?"
            if upload.expires < now and session.run(untouched, ward, upload.id, upload.touched):
                _drop_parts(session, upload)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _check(device: Device, wanted: WantedUpload) -> None:
    if not device.may(wanted.ward, wanted.scope):
        raise not_granted("Máy này không được gửi tệp vào sổ này.", "This device has no grant for that stream.")
    if not _SHA256.fullmatch(wanted.sha256) or wanted.size < 1:
        raise bad_request("Thông tin của tệp không đúng.", "sha256 is 64 hex digits, the length 1 or more.")
    if wanted.size > LARGEST_FILE:
        vi = f"Tệp quá lớn: nhiều nhất {LARGEST_FILE // 1024 // 1024} MB."
        raise RefusedError(413, "file_too_large", vi, f"At most {LARGEST_FILE} bytes a file.")


def _large(size: int) -> str:
    gigabytes = size / 1024**3
    return f"{gigabytes:.4g} GB" if gigabytes >= 1 else f"{size // 1024**2} MB"


def _is_same(upload: Upload, wanted: WantedUpload) -> bool:
    return (upload.scope, upload.sha256, upload.size) == (wanted.scope, wanted.sha256, wanted.size)


def elsewhere(received: int | None) -> RefusedError:
    """A part that does not begin where the upload stands (None: another request is just moving it)."""
    headers = {} if received is None else {"Upload-Offset": str(received)}
    vi = "Phần tệp gửi lên không nối tiếp phần đã có; máy sẽ tự gửi tiếp đúng chỗ."
    return RefusedError(409, "wrong_offset", vi, "The part does not begin where the last one ended.", headers=headers)


def _file(session: Session, ward: str, scope: str, sha256: str) -> CityFile | None:
    row = session.one(
        "SELECT ward, scope, sha256, size, parts FROM files WHERE ward = ? AND scope = ? AND sha256 = ?",
        ward, scope, sha256,
    )  # fmt: skip
    return CityFile(*row) if row else None


def _open(session: Session, ward: str, device: str) -> list[Upload]:
    sql = f"SELECT {_UPLOAD} FROM uploads WHERE ward = ? AND device = ? AND received < size ORDER BY touched DESC"
    return [Upload(*row) for row in session.all(sql, ward, device)]


def _gives_way(session: Session, upload: Upload, now: float) -> bool:
    """Drop an unfinished upload that nothing comes of any more; its PC has the file, and begins it anew. False: it is in hand."""
    if now - upload.touched < _IN_HAND:
        return False
    untouched = "DELETE FROM uploads WHERE ward = ? AND id = ? AND touched = ?"
    if not session.run(untouched, upload.ward, upload.id, upload.touched):
        return False
    _drop_parts(session, upload)
    return True


def _add(session: Session, upload: Upload, offset: int, content: bytes) -> None:
    last = session.one(
        "SELECT start, content FROM file_parts WHERE ward = ? AND parts = ? AND length(content) < ? "
        "AND start + length(content) = ?",
        upload.ward, upload.id, _SMALL_PART, offset,
    )  # fmt: skip
    if last is None:
        session.insert("file_parts", [(upload.ward, upload.id, offset, content)])
    else:
        whole = bytes(last[1]) + content
        session.upsert("file_parts", [(upload.ward, upload.id, last[0], whole)])


def _contents(session: Session, upload: Upload) -> Iterator[bytes]:
    """What came of it so far, in order, one part in memory at a time."""
    sql = "SELECT start FROM file_parts WHERE ward = ? AND parts = ? ORDER BY start"
    for (start,) in session.all(sql, upload.ward, upload.id):
        one = "SELECT content FROM file_parts WHERE ward = ? AND parts = ? AND start = ?"
        row = session.one(one, upload.ward, upload.id, start)
        yield bytes(row[0]) if row else b""


def _drop_parts(session: Session, upload: Upload) -> None:
    """What came of an upload goes, where it is no file's."""
    session.run(
        "DELETE FROM file_parts WHERE ward = ? AND parts = ? "
        "AND NOT EXISTS (SELECT 1 FROM files f WHERE f.ward = ? AND f.parts = ? AND f.sha256 = ?)",
        upload.ward, upload.id, upload.ward, upload.id, upload.sha256,
    )  # fmt: skip
