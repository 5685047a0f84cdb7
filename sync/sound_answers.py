"""Whether what the city said can be an answer to what it was asked."""

from __future__ import annotations

from msgspec import structs

from sync.marks import HELLO
from sync.protocol import StreamNews, SyncAnswer, SyncError, SyncRequest


def checked(asked: SyncRequest, answer: SyncAnswer) -> SyncAnswer:
    """The answer, where it can be one to this round. Raises SyncError."""
    if answer.hello is not None:
        if answer.mark == asked.known[:HELLO]:
            raise SyncError("damaged", "Thành phố trả lời lặp lại; sẽ tự thử lại.")
        return answer
    sent = {change.change_id for change in asked.changes}
    results = tuple(result for result in answer.results if result.change_id in sent)
    if sent and not results:
        raise SyncError("damaged", "Thành phố không trả lời cho thay đổi nào; sẽ tự thử lại.")
    for page in answer.news:
        if not 0 <= page.stream < len(asked.cursors) or (page.more and page.cursor < asked.cursors[page.stream]):
            raise SyncError("damaged", "Thành phố trả lời lặp lại; sẽ tự thử lại.")
    if asked.cursors and not sent and answer.news and all(_stands(page, asked) for page in answer.news):
        raise SyncError("damaged", "Thành phố trả lời lặp lại; sẽ tự thử lại.")
    return structs.replace(answer, results=results)


def _stands(page: StreamNews, asked: SyncRequest) -> bool:
    return page.more and page.cursor == asked.cursors[page.stream]
