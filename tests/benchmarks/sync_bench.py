"""Push and pull over loopback against the real gateway, beside a bare ``executemany`` of the same rows into an encrypted
table: record and change, nothing else."""

from __future__ import annotations

import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import sqlcipher3

from forms.loader import load_catalog
from sync.clock import SystemClock
from sync.engine import Engine, SyncReport
from sync.http import HttpTransport, enrol
from sync.protocol import Change
from sync.store import Store
from sync.store.model import Enrolment, Save
from tests.benchmarks.rows import Row, timed
from tests.services import PostgresServer, gateway_process

WARD = "00070"
TYPE = "certification.cert_copy"
SIZES = (10_000, 50_000)
RUNS = 3
PUSH_BOUND, PULL_BOUND = 6.0, 4.0


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        yield from measured("SQLite", lambda run: f"sqlite:///{folder}/city-{run}.db", Path(folder))
    with PostgresServer() as postgres, tempfile.TemporaryDirectory() as folder:
        yield from measured("PostgreSQL", lambda run: postgres.new_database(), Path(folder))
    from tests.benchmarks import line_bytes  # it uses this module

    yield from line_bytes.rows()


def measured(name: str, new_database: Callable[[str], str], folder: Path) -> Iterator[Row]:
    for size in SIZES:
        figures = [one_run(new_database(f"{size}-{run}"), folder, size, run) for run in range(RUNS)]
        push, pull, floor = (statistics.median(f[i] for f in figures) for i in range(3))
        peer = f"executemany of {size:,} records and changes into an encrypted table"
        yield Row(f"push {size:,} records, gateway on {name}", push, "s", peer, floor, PUSH_BOUND)
        yield Row(f"pull {size:,} records, gateway on {name}", pull, "s", peer, floor, PULL_BOUND)


def one_run(url: str, folder: Path, size: int, run: int) -> tuple[float, float, float]:
    """Seconds of push, of pull by a second PC, and of the floor."""
    with gateway(url) as city:
        first = new_pc(city, url, folder / f"a-{size}-{run}")
        second = new_pc(city, url, folder / f"b-{size}-{run}")
        fill(first, size)
        changes = first.changes.pending(size)
        floor = timed(lambda: bare_insert(folder / f"floor-{size}-{run}.db", changes))
        pushed = sync(first)
        pulled = sync(second)
        if pushed.pushed != size or pulled.pulled < size:
            raise AssertionError(f"pushed {pushed.pushed}, pulled {pulled.pulled} of {size}")
        first.close()
        second.close()
    return pushed.push_seconds, pulled.pull_seconds, floor


@contextmanager
def gateway(url: str) -> Iterator[str]:
    """The city's address."""
    with gateway_process(url) as (address, _):
        yield address


def new_pc(city: str, url: str, folder: Path, roles: Sequence[str] = ("civil_status_officer",)) -> Store:
    folder.mkdir()
    command = [sys.executable, "-m", "sync.gateway", "enrol", "--database", url, "--ward", WARD]
    command += ["--officer", "Vũ Đức Nam", *(part for role in roles for part in ("--role", role))]
    code = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    answer = enrol(city, code, folder.name)
    store = Store.create(folder, secrets.token_bytes(32), load_catalog(), SystemClock())
    store.set_enrolment(Enrolment.of_answer(city, answer))
    return store


def fill(store: Store, size: int) -> None:
    assert store.enrolment is not None
    officer = store.enrolment.officers[0]
    for start in range(0, size, 1000):
        store.save([Save(type=TYPE, fields=copy_of(n)) for n in range(start, min(size, start + 1000))], officer)


FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô")
MIDDLE = ("Thị", "Văn", "Đức", "Thị Ánh", "Minh", "Quang", "Thị Bích", "Hữu")
GIVEN = ("An", "Tuyết", "Dũng", "Đào", "Khánh", "Ngọc", "Hà", "Nam", "Phương", "Ước", "Yến", "Sơn")
PAPERS = (
    "Bằng tốt nghiệp trung học phổ thông",
    "Giấy chứng nhận kết hôn",
    "Học bạ",
    "Giấy chứng nhận quyền sử dụng đất",
)


def copy_of(n: int) -> dict[str, object]:
    """A certified copy as the counter writes it, with a name of the usual kind."""
    return {
        "requester_name": f"{FAMILY[n % 10]} {MIDDLE[n // 10 % 8]} {GIVEN[n // 80 % 12]}",
        "requester_id": f"0011900{n:05d}",
        "doc_title": PAPERS[n % 4],
        "doc_issuer": "Sở Giáo dục và Đào tạo Hà Nội",
        "pages": 2,
        "copies": 1 + n % 5,
        "form": "paper",
        "fee": 4000 * (1 + n % 5),
    }


def sync(store: Store) -> SyncReport:
    assert store.enrolment is not None
    line = HttpTransport(store.enrolment.url, store.enrolment.token)
    try:
        return Engine(store, line).sync_once()
    finally:
        line.close()


def bare_insert(path: Path, changes: Sequence[Change]) -> None:
    with bare_table(path) as connection:
        encode = msgspec.json.Encoder().encode
        records = [(c.record_id, c.type, c.ward, 0, c.to_state, encode(c.after).decode()) for c in changes]
        payloads = [(c.change_id, c.record_id, encode(c).decode()) for c in changes]
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", records)
        connection.executemany("INSERT INTO changes VALUES (?, ?, ?)", payloads)
        connection.commit()


@contextmanager
def bare_table(path: Path) -> Iterator[sqlcipher3.Connection]:
    connection = sqlcipher3.connect(str(path))
    connection.execute(f"PRAGMA key = \"x'{secrets.token_hex(32)}'\"")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE records (id, type, ward, revision, state, fields)")
    connection.execute("CREATE TABLE changes (change_id, record_id, payload)")
    try:
        yield connection
    finally:
        connection.close()
