"""A PC without a store: the real line and the real messages, its cursors in memory."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from sync.http import HttpTransport
from sync.ids import IdSource
from sync.marks import HELLO, books_mark
from sync.packs import PART
from sync.protocol import Change, Hello, Officer, PackOffer, SyncAnswer, SyncError, SyncRequest

LIMIT = 1000  # records in an answer, as the engine asks
TYPE = "residence.citizen"


class Asked:
    """One request: what it was for and how long its answer took, in seconds."""

    __slots__ = ("kind", "seconds", "trouble")

    def __init__(self, kind: str, seconds: float, trouble: str = "") -> None:
        self.kind = kind
        self.seconds = seconds
        self.trouble = trouble


class LightPc:
    """Syncs as the engine does: one round where nothing is new, further ones while there is more, the pack first."""

    def __init__(self, url: str, token: str, ward: str, officer: Officer, ids: IdSource) -> None:
        self.ward = ward
        self.line = HttpTransport(url, token)
        self.records = 0
        self.saves = 0
        self.accepted = 0
        self._officer = officer
        self._ids = ids
        self._hello: Hello | None = None
        self._mark = b""
        self._books = b""
        self._cursors: dict[tuple[str, str], int] = {}
        self._outbox: list[Change] = []
        self._pack = ""

    def save(self, at: str) -> None:
        """A new citizen waits in the outbox."""
        change_id = self._ids.new()
        number = f"{int(change_id.replace('-', ''), 16) % 10**12:012d}"
        fields = {"full_name": f"Nguyễn Văn {number[-4:]}", "gender": "male", "dob": "1990-05-17", "citizen_no": number}
        self._outbox.append(
            Change(
                change_id=change_id,
                save_id=change_id,
                record_id=self._ids.new(),
                type=TYPE,
                ward=self.ward,
                kind="create",
                after=fields,
                officer=self._officer,
                at=at,
            )
        )
        self.saves += 1

    def sync(self) -> Iterator[Asked]:
        """One sync, request by request; ends at the first that fails."""
        for _ in range(200):
            began = time.perf_counter()
            try:
                answer = self.line.sync(self._request())
            except SyncError as error:
                yield Asked("sync", time.perf_counter() - began, error.code)
                return
            kind = "meeting" if answer.hello else "news" if answer.news else "changes" if answer.results else "idle"
            yield Asked(kind, time.perf_counter() - began)
            if answer.hello is not None:
                self._meet(answer.hello, answer.mark)
                yield from self._fetch(answer.hello.offer)
            elif not self._take(answer):
                return
        yield Asked("sync", 0.0, "endless")

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    def _request(self) -> SyncRequest:
        if self._hello is None:
            return SyncRequest()
        cursors = tuple(self._cursors.get(stream, 0) for stream in self._hello.streams)
        return SyncRequest(known=self._mark + self._books, changes=tuple(self._outbox), cursors=cursors, limit=LIMIT)

    def _meet(self, hello: Hello, mark: bytes) -> None:
        self._hello, self._mark, self._books = hello, mark[:HELLO], books_mark(hello.leases)

    def _take(self, answer: SyncAnswer) -> bool:
        """Whether there is more."""
        assert self._hello is not None
        self.accepted += sum(result.status == "accepted" for result in answer.results)
        done = {result.change_id for result in answer.results}
        self._outbox = [change for change in self._outbox if change.change_id not in done]
        if answer.leases is not None:
            self._books = books_mark(answer.leases)
        for page in answer.news:
            self.records += len(page.records)
            self._cursors[self._hello.streams[page.stream]] = page.cursor
        return any(page.more for page in answer.news)

    def _fetch(self, offer: PackOffer | None) -> Iterator[Asked]:
        if offer is None or offer.sha256 == self._pack:
            return
        content = bytearray()
        while len(content) < offer.size:
            began = time.perf_counter()
            try:
                content += self.line.pack_part(offer.sha256, len(content), min(PART, offer.size - len(content)))
            except SyncError as error:
                yield Asked("pack", time.perf_counter() - began, error.code)
                return
            yield Asked("pack", time.perf_counter() - began)
        if hashlib.sha256(content).hexdigest() != offer.sha256:
            yield Asked("pack", 0.0, "damaged")
        self._pack = offer.sha256
