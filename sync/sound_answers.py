"""Whether what the city said can be an answer to what it was asked."""

from __future__ import annotations

from msgspec import structs

from sync.clock import parse_moment
from sync.marks import HELLO
from sync.protocol import StreamNews, SyncAnswer, SyncError, SyncRequest

_LARGEST = 1 << 62


def checked(asked: SyncRequest, answer: SyncAnswer) -> SyncAnswer:
    """The answer, where it can be one to this round. Raises SyncError."""
    if not _can_be_kept(answer):
        raise SyncError(
            "damaged", "Không đọc được câu trả lời của thành phố.", english="The city's answer cannot be read."
        )
    if answer.hello is not None:
        if answer.mark == asked.known[:HELLO]:
            raise SyncError(
                "damaged",
                "Thành phố trả lời lặp lại; sẽ tự thử lại.",
                english="The city's answer repeats itself; it will be tried again.",
            )
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
        raise SyncError(
            "damaged",
            "Thành phố trả lời lặp lại; sẽ tự thử lại.",
            english="The city's answer repeats itself; it will be tried again.",
        )
    for page in answer.news:
        if not 0 <= page.stream < len(asked.cursors) or (page.more and page.cursor < asked.cursors[page.stream]):
            raise SyncError(
                "damaged",
                "Thành phố trả lời lặp lại; sẽ tự thử lại.",
                english="The city's answer repeats itself; it will be tried again.",
            )
    if asked.cursors and not sent and answer.news and all(_stands(page, asked) for page in answer.news):
        raise SyncError(
            "damaged",
            "Thành phố trả lời lặp lại; sẽ tự thử lại.",
            english="The city's answer repeats itself; it will be tried again.",
        )
    return structs.replace(answer, results=results)


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
    numbers += [n for page in answer.news for n in (page.cursor, *(record.revision for record in page.records))]
    return not numbers or (min(numbers) >= 0 and max(numbers) < _LARGEST)


def _stands(page: StreamNews, asked: SyncRequest) -> bool:
    return page.more and page.cursor == asked.cursors[page.stream]
