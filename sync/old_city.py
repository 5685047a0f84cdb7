"""A round of a sync with a city that does not know rounds yet: its Hello, a push, and a pull of each stream."""

from __future__ import annotations

from sync.marks import HELLO, books_mark, hello_mark, streams_mark
from sync.protocol import PullRequest, PushRequest, StreamNews, SyncAnswer, SyncRequest, Transport


class OldCity:
    """Raises what the line raises. What was pushed before a failing pull is offered again, which changes nothing."""

    def __init__(self, line: Transport) -> None:
        self._line = line

    def sync(self, request: SyncRequest) -> SyncAnswer:
        hello = self._line.hello()
        mark = hello_mark(hello)
        if request.known[:HELLO] != mark:
            return SyncAnswer(time=hello.time, hello=hello, mark=mark)
        results = self._line.push(PushRequest(request.changes)).results if request.changes else ()
        left = request.limit
        news = []
        sums = []
        for place, ((ward, scope), cursor) in enumerate(
            zip(hello.streams, request.cursors, strict=bool(request.cursors))
        ):
            page = self._line.pull(PullRequest(ward=ward, scope=scope, cursor=cursor, limit=max(1, left)))
            left -= len(page.records)
            sums.append(((ward, scope), page.digest))
            if page.more or page.cursor != cursor:
                news.append(
                    StreamNews(
                        stream=place,
                        records=page.records,
                        deliveries=page.deliveries,
                        cursor=page.cursor,
                        more=page.more,
                    )
                )
        ended = bool(sums) and not any(page.more for page in news)
        digest = streams_mark(sums) if ended else b""
        leases = None if request.known[HELLO:] == books_mark(hello.leases) else hello.leases
        return SyncAnswer(time=hello.time, results=results, news=tuple(news), digest=digest, leases=leases)
