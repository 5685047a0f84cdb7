"""Whether what the city said can be an answer to what it was asked."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from sync.clock import parse_moment
from sync.marks import HELLO
from sync.protocol import HistoryAnswer, RecordVersion, StreamNews, SyncAnswer, SyncError, SyncRequest
from sync.strangers import repeating, unreadable
from sync.versions import Versions

_LARGEST = 1 << 62


def checked(asked: SyncRequest, answer: SyncAnswer) -> SyncAnswer:
    """The answer, where it can be one to this round. Raises SyncError."""
    if not _can_be_kept(answer):
        raise unreadable()
    if answer.hello is not None:
        if answer.mark == asked.known[:HELLO]:
            raise repeating()
        return answer
    sent = {change.change_id for change in asked.changes}
    results = tuple(result for result in answer.results if result.change_id in sent)
    if sent and not results:
        raise SyncError(
            "damaged",
            "Thành phố không trả lời cho thay đổi nào; sẽ tự thử lại.",
            english="The city answered to none of the changes; it will be tried again.",
        )
    if not sent and any(page.own for page in answer.news):  # of nothing; it would be asked about for ever
        raise repeating()
    for page in answer.news:
        if not 0 <= page.stream < len(asked.cursors) or (page.more and page.cursor < asked.cursors[page.stream]):
            raise repeating()
    if asked.cursors and not sent and answer.news and all(_stands(page, asked) for page in answer.news):
        raise repeating()
    return structs.replace(answer, results=results)


def checked_history(answer: HistoryAnswer) -> HistoryAnswer:
    """The answer, where its numbers are such as a database keeps. Raises SyncError."""
    if any(not 0 <= result.revision < _LARGEST for result in answer.results):
        raise unreadable()
    return answer


def _can_be_kept(answer: SyncAnswer) -> bool:
    """Whether its times are times and its numbers such as a database keeps."""
    hello = answer.hello
    try:
        for text in (answer.time, *([hello.time] if hello else ())):
            parse_moment(text)
    except ValueError:
        return False
    leases = [*(answer.leases or ()), *(hello.leases if hello else ())]
    numbers = [n for lease in leases for n in (lease.next, lease.upper)]
    numbers += [result.revision for result in answer.results]
    numbers += [page.cursor for page in answer.news]
    return _are_kept(numbers) and all(can_be_kept(page.records) for page in answer.news)


def can_be_kept(records: Sequence[RecordVersion]) -> bool:
    """Whether their revisions are such as a database keeps."""
    return _are_kept(Versions.of(records).revisions)


def _are_kept(numbers: Sequence[int]) -> bool:
    return not numbers or (min(numbers) >= 0 and max(numbers) < _LARGEST)


def _stands(page: StreamNews, asked: SyncRequest) -> bool:
    return page.more and page.cursor == asked.cursors[page.stream]
