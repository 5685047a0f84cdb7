"""Taking the city's answer to a bundle, section by section, the way any sync takes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from forms.label import Label
from sync.bundle import messages
from sync.bundle.errors import BundleError, tampered
from sync.bundle.seal import SealedFile
from sync.marks import CITY_HEARD
from sync.protocol import ChangeResult, PullAnswer
from sync.renamed_line import Renamings, renamed_result, renamed_version
from sync.store import Store

_decode = msgspec.msgpack.Decoder(messages.AnySent | messages.ToPc | messages.Results | messages.News).decode


class Imported(Struct, kw_only=True):
    """What an answer brought. ``again``: it had been taken before and nothing was done; ``waiting``: changes that still
    wait, made since or refused; ``problems``: sentences about what was left out."""

    at: str
    again: bool = False
    accepted: int = 0
    conflicts: int = 0
    refused: int = 0
    pulled: int = 0
    numbered: int = 0
    files: int = 0
    waiting: int = 0
    problems: list[Label] = []


class Taking:
    """One answer, section by section. ``hand_overs``: ids of those that the last export told of, where it is the one that is
    answered."""

    def __init__(self, store: Store, sealed: SealedFile, hand_overs: Collection[str] = ()) -> None:
        self._store = store
        self._hand_overs = hand_overs
        self._sealed = sealed
        self._names = Renamings(store.catalog)
        self._report = Imported(at=sealed.header.at)
        self._types: dict[str, str] = {}
        self._begun = {(ward, scope) for ward, scope, _ in store.changes.cursors()}
        self._anew: set[tuple[str, str]] = set()  # streams that this answer went on reading anew
        self._behind = self._restored = False

    def run(self) -> Imported:
        sections = self._sealed.sections()
        first = _section(next(sections, b""), messages.ToPc)
        self._greet(first)
        self._types = {row.change.change_id: row.change.type for row in self._store.changes.outbox()}
        for section in sections:
            message = _section(section, (messages.Results, messages.News))
            if isinstance(message, messages.Results):
                self._settle(message.results)
            else:
                self._take_in(message)
        if self._restored:  # the city judged these before it was offered anew what they stand on
            from sync.meeting import retry_after_restore

            retry_after_restore(self._store)
        self._report.numbered = self._store.numbers.give_awaiting()
        for ward, scope, sha256 in first.files:
            self._report.files += self._store.file_queue.is_there(ward, scope, sha256)
        if self._behind:
            self._report.problems.append(
                Label(
                    "Một phần tin của thành phố nối tiếp gói khác chưa nhập; xuất gói mới để nhận đủ.",
                    "Some of the city's news goes on from an answer that was not imported; export anew to get all of it.",
                )
            )
        return self._report

    def _greet(self, first: messages.ToPc) -> None:
        """What the city says of itself and of this device, unless the PC has heard of it since. Raises BundleError when
        this is from before the city was restored."""
        hello, store = first.hello, self._store
        enrolment = store.enrolment
        is_news = hello.time > store.meta(CITY_HEARD, "")
        if not is_news:
            if enrolment is not None and enrolment.epoch and enrolment.epoch != hello.epoch:
                raise BundleError(
                    "old",
                    "Gói trả lời này đã cũ: từ đó đến nay thành phố đã khôi phục dữ liệu. Xuất gói mới và xin trả lời lại.",
                    "This answer is old: the city was restored from a backup since. Export anew and ask for a new answer.",
                )
            return
        from sync.meeting import compare, greet

        self._restored = enrolment is not None and enrolment.epoch not in ("", hello.epoch)
        greet(store, hello)
        self._report.problems += compare(store, hello)
        lent = {(x.ward, x.register, x.period) for x in hello.leases}
        if not hello.suspended:
            self._books_given_back(first, lent)
        for lease in hello.leases:
            store.numbers.put_lease(lease)
        for lease in store.numbers.leases():
            if (lease.ward, lease.register, lease.period) not in lent:  # the city has given it to another PC
                store.numbers.let_go(lease.ward, lease.register, lease.period)
        for ward, register, period, _why in first.held_books:
            store.numbers.let_go(ward, register, period)
        store.set_meta(CITY_HEARD, hello.time)

    def _books_given_back(self, first: messages.ToPc, lent: Collection[tuple[str, str, str]]) -> None:
        """Those that left, and those that the city did not take: they are numbered here again. Where it is too old to say so, only
        what no later export told of once more is: that one may still be taken."""
        hand_overs = self._store.numbers.hand_overs
        refused = first.refused_books
        why = {each.handover: Label(each.vi, each.en) for each in refused or () if each.handover}
        if refused is None:
            why = dict.fromkeys(self._hand_overs, _STAYED)
        for each in hand_overs.to_tell():
            if each.stage != "asked":
                continue
            if (each.ward, each.register, each.period) not in lent:
                hand_overs.done(each, each.to)
            elif each.id in why and why[each.id].vi:
                hand_overs.refused(each)
            elif each.id in why:
                hand_overs.came_round(each)
        said = [*why.values(), *(Label(each.vi, each.en) for each in refused or () if not each.handover)]
        self._report.problems += dict.fromkeys(label for label in said if label.vi)

    def _settle(self, results: Sequence[ChangeResult]) -> None:
        open_ones = [
            renamed_result(r, self._names.of(self._types[r.change_id])[1])
            for r in results
            if r.change_id in self._types
        ]
        self._store.changes.acknowledge(open_ones, at=self._sealed.header.at)
        self._report.accepted += sum(r.status == "accepted" for r in open_ones)
        self._report.conflicts += sum(r.status == "conflict" for r in open_ones)
        self._report.refused += sum(r.status == "refused" for r in open_ones)

    def _take_in(self, news: messages.News) -> None:
        changes, page = self._store.changes, news.page
        here = changes.cursor(news.ward, news.scope)
        if here < news.start:
            self._behind = True
            return
        stream = (news.ward, news.scope)
        is_anew = changes.is_rereading(*stream)
        if is_anew:
            self._anew.add(stream)
        if page.cursor > here or stream not in self._begun or (is_anew and page.cursor == here):
            records = tuple(renamed_version(v, self._names.of(v.type)[1]) for v in page.records)
            pull = structs.replace(page, records=records)
            self._report.pulled += changes.apply_pull(pull, news.ward, news.scope)
        if not page.more and changes.cursor(news.ward, news.scope) == page.cursor:
            self._compare(news.ward, news.scope, page)

    def _compare(self, ward: str, scope: str, page: PullAnswer) -> None:
        """Where both hold something else at the same cursor, the stream is read anew next time; once it was, the city lost what it
        did not name. While a first fill is under way this PC holds less anyway."""
        if self._store.fills.progress() is not None:
            return
        if _told(self._store.changes.digest(ward, scope)) == _told(page.digest):
            return
        if (ward, scope) in self._anew:
            self._store.changes.mark_missing(ward, scope)
        else:
            self._store.changes.reset_cursor(ward, scope)
            self._report.problems.append(
                Label(
                    f"Sổ {ward}/{scope} lệch với thành phố; lần tới sẽ tải lại.",
                    f"{ward}/{scope} differs from the city; it is read anew next time.",
                )
            )


_STAYED = Label(
    "Thành phố chưa nhận sổ giao lại; sổ vẫn do máy này cấp số. Kiểm tra mã máy nhận rồi giao lại.",
    "The city did not take the book that was handed over; this PC numbers it as before. Check the receiving PC's code "
    "and hand it over again.",
)


def _told(sums: dict[str, str]) -> dict[str, str]:
    return {type_id: total for type_id, total in sums.items() if int(total, 16)}


def _section(content: bytes, kinds: Any) -> Any:
    try:
        message = _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise tampered() from error
    if not isinstance(message, kinds):
        raise tampered()
    return message
