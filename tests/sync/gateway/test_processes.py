"""Several gateway processes on one PostgreSQL: news cross over, a dead one is replaced, and an end loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

from sync.gateway.city import City
from sync.gateway.server import GatewayServer
from sync.gateway.storage.notices import Notices
from sync.http import HttpTransport, enrol
from sync.protocol import Change, EnrolAnswer, EnrolRequest, PullRequest, PushRequest, SyncError
from tests.sync.gateway.pcs import WARD, change
from tests.sync.gateway.small_catalog import CATALOG

pytestmark = pytest.mark.postgres
COMES = ("restarting", "unreachable")
"""What a PC may be told while the gateway ends: it tries again."""


def eventually(true: Callable[[], object]) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def citizen(answer: EnrolAnswer, name: str = "An") -> Change:
    return change("residence.citizen", answer.officer, after={"full_name": name})


@contextmanager
def served(
    url: str, *more: str, program: tuple[str, str] = ("-m", "sync.gateway")
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, *program, "serve", "--database", url, "--port", "0", *more]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **pipes, env={**os.environ, "PYTHONUTF8": "1"})
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1], process
    finally:
        process.terminate()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        process.wait(timeout=60)


def enrolled(url: str) -> EnrolAnswer:
    city = City(url, CATALOG)
    try:
        return city.enrol(EnrolRequest(code=city.enrolment.new_code([WARD], "An", "", ()), device_name="PC"))
    finally:
        city.close()


def test_news_of_one_gateway_wake_who_waits_at_another(postgres_url: str) -> None:
    with GatewayServer(postgres_url, catalog=CATALOG) as first, GatewayServer(postgres_url, catalog=CATALOG) as second:
        assert eventually(lambda: first.city.hears and second.city.hears)
        answer = enrol(first.url, first.enrolment_code(WARD, "An"), "PC")
        rung: list[object] = []
        ring = first.city.bell.ring
        first.city.bell.ring = lambda streams: (rung.extend(streams), ring(streams))[1]  # type: ignore[method-assign]
        pages = []
        waits, sends = HttpTransport(first.url, answer.token), HttpTransport(second.url, answer.token)
        request = PullRequest(ward=WARD, scope="people", wait=60)
        waiting = threading.Thread(target=lambda: pages.append(waits.pull(request)))
        waiting.start()
        sends.push(PushRequest((citizen(answer),)))
        waiting.join(timeout=30)
        assert not waiting.is_alive()
        assert len(pages[0].records) == 1
        assert eventually(lambda: (WARD, "people") in rung)  # told by a notice, not found by looking
        waits.close()
        sends.close()


def test_a_verb_of_the_command_line_is_heard_too(postgres_url: str) -> None:
    heard: list[object] = []
    answer = enrolled(postgres_url)
    notices = Notices(postgres_url)
    notices.listen(heard.append)
    try:
        assert eventually(lambda: notices.listening)
        city = City(postgres_url, CATALOG)
        device = city.access.device(f"Bearer {answer.token}")
        made = citizen(answer)
        import msgspec

        city.intake.push(device, [(made, msgspec.msgpack.encode(made))])
        city.close()
        assert eventually(lambda: {(WARD, "people")} in heard)
    finally:
        notices.stop()


def test_a_lost_connection_to_the_notices_is_made_good(postgres_url: str) -> None:
    heard: list[object] = []
    notices = Notices(postgres_url)
    notices.listen(heard.append)
    try:
        assert eventually(lambda: heard == [None])
        with psycopg.connect(postgres_url, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sophuong-notices' "
                "AND datname = current_database()"
            )
        assert eventually(lambda: len(heard) > 1)
        assert heard == [None, None]  # whoever waits is to look: what came meanwhile is not known
    finally:
        notices.stop()


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_processes_share_a_port_and_one_that_dies_is_begun_again(postgres_url: str) -> None:
    with served(postgres_url, "--processes", "2") as (address, process):
        answer = enrolled(postgres_url)
        before = children(process.pid)
        assert len(before) == 2
        for n in range(20):  # each on a connection of its own, so that both processes get some
            line = HttpTransport(address, answer.token)
            assert line.push(PushRequest((citizen(answer, f"An {n}"),))).results[0].status == "accepted"
            line.close()
        page = requests.get(f"{address}/metrics", timeout=10).text
        assert 'sophuong_changes_total{result="accepted"} 20' in page  # whichever process was asked
        os.kill(before[0], signal.SIGKILL)
        assert eventually(lambda: len(children(process.pid)) == 2 and before[0] not in children(process.pid))
        assert eventually(lambda: answers(address))
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert not answers(address)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=30).status_code == 200
    except requests.RequestException:
        return False


def test_a_port_that_another_program_has_is_not_shared(postgres_url: str) -> None:
    with served(postgres_url, "--processes", "2") as (address, _):
        port = address.rpartition(":")[2]
        command = [sys.executable, "-m", "sync.gateway", "serve", "--database", postgres_url, "--port", port]
        again = subprocess.run([*command, "--processes", "2"], capture_output=True, text=True, timeout=60)
        assert again.returncode == 1
        assert again.stderr.count("\n") == 1


def test_several_processes_on_a_file_are_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sync.gateway", "serve", "--database", f"sqlite:///{tmp_path}/city.db"]
    refused = subprocess.run([*command, "--port", "0", "--processes", "2"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "PostgreSQL" in refused.stderr
    assert refused.stderr.count("\n") == 1


WAITS_TO_BE_TOLD = """
import sys
from types import SimpleNamespace
from sync.gateway import __main__, server
from sync.gateway.storage import postgres
postgres._PATIENCE = "SET lock_timeout = 0"
server.time = SimpleNamespace(sleep=lambda seconds: sys.stdin.readline())
server._STOP_SECONDS = 120
raise SystemExit(__main__.main())
"""
"""A gateway that drains until a line comes, and waits for a lock and for its answers as long as it takes: however slow the machine is."""
IS_ENDED_AMID_ITS_WAIT = """
import signal, threading
from sync.gateway import __main__
begin = threading.Condition.wait
def wait(self, timeout=None):
    if timeout == 3600.0:
        signal.raise_signal(signal.SIGTERM)
    return begin(self, timeout)
threading.Condition.wait = wait
raise SystemExit(__main__.main())
"""
"""A gateway that is told to end where it is just about to wait for that, with a lock in its hands if it takes one."""


def test_an_end_may_come_at_any_moment(tmp_path: Path) -> None:
    with served(f"sqlite:///{tmp_path}/city.db", program=("-c", IS_ENDED_AMID_ITS_WAIT)) as (_, process):
        process.terminate()
        assert process.wait(timeout=60) == 0


@contextmanager
def amid_a_push(url: str, program: str) -> Iterator[tuple[str, subprocess.Popen[str], threading.Thread, list[object]]]:
    """A gateway that is told to end while a push waits in it for a lock, held until this ends; and what the PC hears."""
    answer = enrolled(url)
    heard: list[object] = []
    with served(url, "--drain", "5", program=("-c", program)) as (address, process):
        line = HttpTransport(address, answer.token)
        line.push(PushRequest((citizen(answer),)))

        def push() -> None:
            try:
                heard.extend(result.status for result in line.push(PushRequest((citizen(answer),))).results)
            except SyncError as error:
                heard.append(error)

        pushing = threading.Thread(target=push)
        with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as operator:
            other.execute("SELECT head FROM streams WHERE ward = %s AND scope = 'people' FOR UPDATE", (WARD,))
            pushing.start()
            waits = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"  # no other lock is meant
            assert eventually(lambda: operator.execute(waits, (other.info.backend_pid,)).fetchone())
            process.terminate()
            yield address, process, pushing, heard
        pushing.join(timeout=60)
        assert process.wait(timeout=60) == 0
        line.close()


def test_an_end_answers_what_is_under_way(postgres_url: str) -> None:
    """A push that hangs at the moment of SIGTERM is answered, even when the drain is over; who comes after it is told to come
    back."""
    with amid_a_push(postgres_url, WAITS_TO_BE_TOLD) as (address, process, pushing, heard):
        refused: list[requests.Response] = []

        def ending() -> bool:
            refused.append(requests.get(f"{address}/v1/hello", timeout=30))
            return refused[-1].status_code == 503

        assert eventually(ending)
        assert refused[-1].json()["code"] == "restarting"
        assert int(refused[-1].headers["Retry-After"]) > 0
        assert requests.get(f"{address}/readyz", timeout=30).status_code == 503
        assert requests.get(f"{address}/healthz", timeout=30).status_code == 200
        assert process.stdin is not None
        process.stdin.close()  # the drain is over
        assert eventually(lambda: not answers(address))
        assert pushing.is_alive()
    assert heard == ["accepted"]


def test_an_end_that_has_waited_long_enough_tells_to_come_back(postgres_url: str) -> None:
    """And not that a strange program answers at the city's address; what the push began is done all the same."""
    program = WAITS_TO_BE_TOLD.replace("_STOP_SECONDS = 120", "_STOP_SECONDS = 0.1")
    with amid_a_push(postgres_url, program) as (_, process, pushing, heard):
        assert process.stdin is not None
        process.stdin.close()
        pushing.join(timeout=60)
        (error,) = heard
        assert isinstance(error, SyncError)
        assert (error.code, error.retry) == ("restarting", True)
    city = City(postgres_url, CATALOG)
    with city.storage.read() as session:
        assert session.one("SELECT count(*) FROM records") == (2,)
    city.close()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_end_amid_a_load_loses_nothing(postgres_url: str, processes: str) -> None:
    """PCs push on and on; whatever they were told was accepted is there, and all else they were told is to come back."""
    answer = enrolled(postgres_url)
    accepted: list[str] = []
    told: Counter[str] = Counter()

    def push(address: str) -> None:
        line = HttpTransport(address, answer.token)
        while not told["restarting"] and not told["unreachable"]:
            made = citizen(answer)
            try:
                results = line.push(PushRequest((made,))).results
            except SyncError as error:
                told[error.code] += 1
                return
            accepted.extend(r.change_id for r in results if r.status == "accepted")
        line.close()

    with served(postgres_url, "--processes", processes, "--device-rate", "0") as (address, process):
        pcs = [threading.Thread(target=push, args=(address,)) for _ in range(8)]
        for pc in pcs:
            pc.start()
        assert eventually(lambda: len(accepted) > 40)
        process.terminate()
        for pc in pcs:
            pc.join(timeout=60)
        assert process.wait(timeout=60) == 0
    assert set(told) <= set(COMES)
    assert told
    with psycopg.connect(postgres_url) as connection:
        kept = {row[0] for row in connection.execute("SELECT change_id FROM changes").fetchall()}
    assert set(accepted) <= kept
