"""The store beside the floors it is built on: SQLCipher's own inserts, its own FTS5, a bare committed row."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from forms.vietnamese import fold
from sync.clock import FixedClock, moment_text
from sync.ids import IdSource
from sync.protocol import PullAnswer, RecordVersion
from sync.store import Store
from sync.store.connection import connect
from sync.store.model import Draft, ListQuery, Save
from tests.benchmarks.rows import Row, percentile, timed
from tests.sync.store import ward

LARGE = 1_000_000
BULK = 50_000
BATCH = 1000
SAVES = 200
PAGES = 60
SURNAMES = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
MIDDLES = ["Văn", "Thị", "Hữu", "Đức", "Minh", "Ngọc", "Thanh", "Quang", "Thu", "Xuân", "Gia", "Bảo"]
GIVEN = [
    "An",
    "Bình",
    "Cường",
    "Dũng",
    "Đạt",
    "Hà",
    "Hải",
    "Hạnh",
    "Hoa",
    "Hùng",
    "Hương",
    "Khánh",
    "Lan",
    "Linh",
    "Long",
    "Mai",
    "Nam",
    "Phong",
    "Quân",
    "Sơn",
    "Tâm",
    "Thảo",
]
STREETS = ("Hàng Bài", "Hàng Bạc", "Tràng Tiền", "Lý Thái Tổ", "Đinh Tiên Hoàng", "Ngô Quyền", "Lò Sũ", "Cầu Gỗ")
KEYSTROKES = ("ng", "nguy", "nguyen", "nguyen v", "nguyen van", "tran thi h", "đỗ đức", "0010", "001", "le", "hang bai",
              "duong minh kh", "pham thu ha", "hoan", "lý quang s", "x", "sao y", "sao y giay kh", "bui", "vo ngoc th")  # fmt: skip


def rows() -> Iterator[Row]:
    """All figures of the group."""
    with tempfile.TemporaryDirectory(prefix="store-bench-") as folder:
        yield from bulk_rows(Path(folder) / "bulk")
        yield from large_rows(Path(folder) / "large")


def bulk_rows(folder: Path) -> Iterator[Row]:
    """50,000 new records pulled, with list, search, references, counters and digest."""
    folder.mkdir()
    records = list(sample_records(BULK, random.Random(7)))
    answers = [PullAnswer(records=tuple(records[i : i + BATCH]), cursor=i + BATCH) for i in range(0, BULK, BATCH)]
    figures = []
    for run in range(3):
        with new_store(folder / str(run)) as store:
            ours = timed(lambda s=store: pull(s, answers))  # type: ignore[misc]
        figures.append((ours, timed(lambda r=run: bare_insert(folder / f"{r}.db", records))))  # type: ignore[misc]
    value, floor = (statistics.median(f[i] for f in figures) for i in (0, 1))
    yield Row(
        f"apply {BULK:,} pulled records", value, "s", "executemany of record and change rows, encrypted", floor, 4.0
    )


def pull(store: Store, answers: list[PullAnswer]) -> None:
    """With the search index, which is made behind a pull."""
    for answer in answers:
        store.changes.apply_pull(answer, ward.WARD, "open")
    store.indexing.run()


def large_rows(folder: Path) -> Iterator[Row]:
    """Figures on a store of a million records."""
    with new_store(folder) as store:
        seconds = fill(store, LARGE)
        yield Row(f"fill {LARGE:,} records", seconds, "s")
        yield from search_rows(store, folder)
        yield from page_rows(store)
        now = store.clock.now()
        overview = [timed(lambda: store.overview(now)) * 1000 for _ in range(20)]
        yield Row("overview counts, p95", percentile(overview, 0.95), "ms", limit=20)
        yield Row(
            "today's rows, median", statistics.median(timed(lambda: store.today(now)) * 1000 for _ in range(20)), "ms"
        )
        yield from save_rows(store, folder)


def search_rows(store: Store, folder: Path) -> Iterator[Row]:
    """A keystroke in the search box, beside the same query on the bare index."""
    connection = connect(folder / "store.db", ward.KEY, query_only=True)
    ours, bare = [], []
    for _ in range(5):
        for text in KEYSTROKES:
            bare.append(timed(lambda t=text: bare_search(connection, t)) * 1000)  # type: ignore[misc]
            ours.append(timed(lambda t=text: store.search.find(t)) * 1000)  # type: ignore[misc]
    connection.close()
    peer = "bare FTS5, newest 200"
    yield Row("search keystroke, p95", percentile(ours, 0.95), "ms", peer, percentile(bare, 0.95), 2.0, 15)
    yield Row("search keystroke, median", statistics.median(ours), "ms", peer, statistics.median(bare))


def page_rows(store: Store) -> Iterator[Row]:
    """First, last and neighbouring pages of sorted lists. The first reading of a rare state fetches each row from a place of
    its own on the disk; it is a figure of its own, and no outlier among the others."""
    for sort in ("-_updated", "document"):
        began = time.perf_counter()
        first = store.records.page(ListQuery(type=ward.COPY.id, sort=sort))
        yield Row(f"first ever page by {sort}", (time.perf_counter() - began) * 1000, "ms")
        queries = {
            "first": ListQuery(type=ward.COPY.id, sort=sort),
            "last": ListQuery(type=ward.COPY.id, sort=sort, last=True),
            "next": ListQuery(type=ward.COPY.id, sort=sort, after=first.end),
            "one state": ListQuery(type=ward.COPY.id, sort=sort, states=("received",), last=True),
        }
        for name, query in queries.items():
            cold, *times = (timed(lambda q=query: store.records.page(q)) * 1000 for _ in range(1 + PAGES))  # type: ignore[misc]
            yield Row(f"{name} page by {sort}, first reading", cold, "ms", limit=50)
            yield Row(f"{name} page by {sort}, p95", percentile(times, 0.95), "ms", limit=5)


def save_rows(store: Store, folder: Path) -> Iterator[Row]:
    """An officer's save and a draft, on the disk, beside one bare committed row in an encrypted table. Both journals begin
    empty, as after a start: what a filling of a million records left in one of them is no part of a save."""
    journal = connect(store.path / "store.db", ward.KEY)
    journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    connection = bare_table(folder / "bare.db", synchronous="FULL")
    payload = msgspec.json.encode(next(sample_records(1, random.Random(1))).fields).decode()
    saves, drafts, bare = [], [], []
    for n in range(SAVES):
        fields = {"document": f"Bản sao giấy khai sinh {n}", "pages": 2}
        saves.append(timed(lambda f=fields: store.save([Save(type=ward.COPY.id, fields=f)], ward.CLERK)))  # type: ignore[misc]
        draft = Draft(id="d", type=ward.COPY.id, record_id=None, fields=fields, opened=None, updated_at=str(n))
        drafts.append(timed(lambda d=draft: store.drafts.put(d)))  # type: ignore[misc]
        bare.append(timed(lambda i=n: connection.execute("INSERT INTO r VALUES (?, ?)", (f"{i}", payload))))  # type: ignore[misc]
    connection.close()
    floor = statistics.median(bare) * 1000
    peer = "one committed row, encrypted, fsynced"
    yield Row("save a record, median", statistics.median(saves) * 1000, "ms", peer, floor, 3.0)
    yield Row("save a record, p95", percentile(saves, 0.95) * 1000, "ms", peer, percentile(bare, 0.95) * 1000)
    yield Row("put a draft, median", statistics.median(drafts) * 1000, "ms", peer, floor, 3.0)


def new_store(folder: Path) -> Store:
    store = Store.create(folder, ward.KEY, ward.CATALOG, FixedClock(ward.NOW))
    store.set_enrolment(ward.ENROLMENT)
    return store


def fill(store: Store, count: int) -> float:
    """Fill the store the way a new PC is filled, by pulls; seconds spent in it."""
    batch: list[RecordVersion] = []
    seconds = 0.0

    def flush() -> None:
        answer = PullAnswer(records=tuple(batch), cursor=1, more=True)
        store.changes.apply_pull(answer, ward.WARD, "open")
        batch.clear()

    for record in sample_records(count, random.Random(42)):
        batch.append(record)
        if len(batch) == 5 * BATCH:
            seconds += timed(flush)
    seconds += timed(flush) if batch else 0.0
    return seconds + timed(store.indexing.run)


def sample_records(count: int, chance: random.Random) -> Iterator[RecordVersion]:
    """Certified copies over a year, each for one of a few thousand people, nearly all done."""
    clock = FixedClock(ward.NOW)
    clock.advance(seconds=-30 * count)
    ids = IdSource(clock, chance.getrandbits)
    people = [ids.new() for _ in range(5000)]
    for n in range(count):
        clock.advance(seconds=30)
        at = moment_text(clock.now())
        name = f"{chance.choice(SURNAMES)} {chance.choice(MIDDLES)} {chance.choice(GIVEN)}"
        paper = chance.choice(
            ("giấy khai sinh", "giấy kết hôn", "bằng tốt nghiệp", "giấy chứng nhận quyền sử dụng đất")
        )
        fields = {
            "document": f"Sao y {paper} {name}, {chance.randint(1, 200)} {chance.choice(STREETS)}",
            "requester": chance.choice(people),
            "pages": chance.randint(1, 20),
            "cert_no": f"{n:06d}/2026",
            "visit_id": f"v{n // 3}",
            "note": "Đã đối chiếu bản chính, người yêu cầu xuất trình giấy tờ hợp lệ. " * 4,
        }
        state = "received" if n % 5000 == 0 else "refused" if n % 97 == 0 else "certified"
        yield RecordVersion(
            id=ids.new(), type=ward.COPY.id, ward=ward.WARD, scope="open", revision=n + 1, state=state, fields=fields,
            number=f"{n:06d}/2026", created_at=at, updated_at=at, updated_by="Đỗ Thị Mẫu", pack="test.1",
        )  # fmt: skip


def bare_table(path: Path, synchronous: str) -> Any:
    connection = connect(path, ward.KEY)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE r (id TEXT PRIMARY KEY, body TEXT)")
    return connection


def bare_insert(path: Path, records: list[RecordVersion]) -> None:
    """What storing the same records and one change each costs without anything that reads them again."""
    connection = bare_table(path, "NORMAL")
    connection.execute("CREATE TABLE c (id TEXT PRIMARY KEY, record_id TEXT, body BLOB)")
    encode_json, encode = msgspec.json.encode, msgspec.msgpack.encode
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO r VALUES (?, ?)", [(r.id, encode_json(r).decode()) for r in part])
        connection.executemany("INSERT INTO c VALUES (?, ?, ?)", [(r.id, r.id, encode(r)) for r in part])
        connection.execute("COMMIT")
    connection.close()


def bare_search(connection: Any, text: str) -> object:
    words = fold(text).split()
    query = " AND ".join([f'"{w}"' for w in words[:-1]] + [f'"{words[-1]}"*'])
    sql = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT 200"
    return connection.execute(sql, (query,)).fetchall()
