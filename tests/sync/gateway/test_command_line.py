"""The gateway's own command line: one line when ready, plain errors, exit codes, a clean end."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import sync.gateway.city
from sync.gateway.__main__ import main
from sync.gateway.city import City
from sync.http import enrol
from tests.sync.gateway.pcs import WARD, Pc
from tests.sync.gateway.small_catalog import CATALOG

ROOT = Path(__file__).parents[3]
SERVE = """
import sys
import sync.gateway.city
from tests.sync.gateway.small_catalog import CATALOG
sync.gateway.city._own_catalog = lambda: CATALOG
from sync.gateway.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def small_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync.gateway.city, "_own_catalog", lambda: CATALOG)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Of a city that was served once."""
    url = f"sqlite:///{tmp_path}/city.db"
    City(url, CATALOG).close()
    return url


def test_serve_says_when_it_is_ready_and_ends_on_sigterm(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", SERVE, "serve", "--database", database]
    command += ["--port", "0", "--log", str(log), "--service", "qlvb=http://127.0.0.1:9/qlvb"]
    env = {**os.environ, "PYTHONUTF8": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:(\d+)", ready)
        assert url, ready
        assert int(url[1]) > 0
        assert requests.get(f"{url[0]}/healthz", timeout=30).json()["status"] == "ok"
        main(["enrol", "--database", database, "--ward", WARD])  # a verb works beside a running gateway
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, rest, errors) == (0, "", "")
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url[0]}/healthz", timeout=30)


def test_enrol_prints_the_code_alone(database: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    arguments = ["enrol", "--database", database, "--ward", WARD, "--ward", "00004", "--role", "reception"]
    assert main([*arguments, "--officer", "Lan", "--organisation", "TTPVHCC"]) == 0
    code = capsysbinary.readouterr().out.decode().strip()
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}", code)
    from sync.gateway.server import GatewayServer

    with GatewayServer(database, catalog=CATALOG) as server:
        answer = enrol(server.url, code, "PC")
    assert list(answer.wards) == [WARD, "00004"]
    assert (answer.officer.name, answer.officer.organisation, answer.officer.roles) == (
        "Lan",
        "TTPVHCC",
        ("reception",),
    )


def test_inbound_records_and_deliveries_are_told_as_ndjson(
    database: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "tasks.ndjson"
    file.write_text('{"fields": {"full_name": "A"}}\n{"fields": {"phones": 7}}\n', encoding="utf-8")
    code = main(["inbound", "--database", database, "residence.citizen", str(file), "--ward", WARD, "--json"])
    told = json.loads(capsysbinary.readouterr().out)
    assert (code, told["accepted"], [r["line"] for r in told["refused"]]) == (1, 1, [2])
    city = City(database, CATALOG)
    pc = Pc(city)
    pc.push(pc.create("civil_status.birth", to_state="signed"))
    city.close()
    assert main(["records", "--database", database, "--ward", WARD]) == 0
    held = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert {r["type"] for r in held} == {"residence.citizen", "civil_status.birth"}
    assert {"id", "type", "state", "revision", "number", "fields"} <= set(held[0])
    assert main(["records", "--database", database, "--ward", "00004"]) == 0
    assert capsysbinary.readouterr().out == b""
    assert main(["deliveries", "--database", database]) == 0
    sent = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert {(d["service"], d["status"]) for d in sent} == {("hotich", "waiting"), ("qlvb", "waiting")}


def test_a_book_is_moved(database: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    from sync.protocol import LeaseRequest

    city = City(database, CATALOG)
    lost, new = Pc(city), Pc(city)
    city.leases.lease(lost.device, LeaseRequest(WARD, "certification.cert_copy/book", "2026"))
    city.close()
    arguments = ["lease-takeover", "--database", database, "--ward", WARD, "--period", "2026", "--reason", "máy hỏng"]
    arguments += ["--register", "certification.cert_copy/book", "--device", new.answer.device, "--above", "40"]
    assert main(arguments) == 0
    assert "41" in capsysbinary.readouterr().out.decode()
    assert main(arguments) == 1
    assert capsysbinary.readouterr().err.count(b"\n") == 1


def test_restored_prints_a_new_epoch(database: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    first = City(database, CATALOG)
    first.close()
    assert main(["restored", "--database", database]) == 0
    told = capsysbinary.readouterr().out.decode().splitlines()[0]
    assert told.startswith("Kỷ nguyên mới / new epoch: ")
    assert told.rpartition(" ")[2] not in ("", first.epoch)


@pytest.mark.parametrize(
    "arguments",
    [
        ["enrol", "--ward", WARD],
        ["inbound", "residence.citizen", "people.ndjson", "--ward", WARD],
        ["records"],
        ["deliveries"],
        ["restored"],
    ],
)
def test_only_serve_begins_a_city(
    storage_url: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], arguments: list[str]
) -> None:
    """A mistyped address makes no second city, in which nobody is enrolled and nothing is seen."""
    verb, *rest = arguments
    (tmp_path / "people.ndjson").write_text('{"fields": {"full_name": "A"}}\n', encoding="utf-8")
    rest = [str(tmp_path / word) if word.endswith(".ndjson") else word for word in rest]
    for _ in range(2):  # the first one leaves nothing behind that the second would take for a city
        assert main([verb, "--database", storage_url, *rest]) == 1
        said = capsysbinary.readouterr()
        assert (said.out, said.err.count(b"\n")) == (b"", 1)
        assert "gateway serve" in said.err.decode()
        assert "postgres@" not in said.err.decode()
    assert not list(tmp_path.glob("city.db*"))
    City(storage_url, CATALOG).close()
    assert main([verb, "--database", storage_url, *rest]) == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["fly"], 2),
        (["serve"], 2),
        (["serve", "--database", "x", "--port", "99999"], 2),
        (["serve", "--database", "x", "--port", "many"], 2),
        (["serve", "--database", "x"], 1),
        (["serve", "--database", "DB", "--port", "0", "--service", "hotich"], 1),
        (["serve", "--database", "DB", "--port", "0", "--service", "none=http://127.0.0.1:1/"], 1),
        (["serve", "--database", "DB", "--port", "0", "--host", "203.0.113.7"], 1),
        (["serve", "--database", "sqlite:////proc/none/x.db"], 1),
        (["enrol", "--database", "DB", "--ward", "70"], 1),
        (["enrol", "--database", "DB", "--ward", "00070", "--role", "king"], 1),
        (["inbound", "--database", "DB", "no.such", "f.ndjson", "--ward", "00070"], 1),
        (["inbound", "--database", "DB", "residence.citizen", "/no/such.ndjson", "--ward", "00070"], 1),
        (["inbound", "--database", "DB", "residence.citizen", "/no/such.exe", "--ward", "00070"], 1),
        (["records", "--database", "postgresql://127.0.0.1:1/none"], 1),
    ],
)
def test_mistakes_are_one_line_and_an_exit_code(
    database: str, capsysbinary: pytest.CaptureFixture[bytes], arguments: list[str], code: int
) -> None:
    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        assert main([database if a == "DB" else a for a in arguments]) == code
    finally:
        signal.signal(signal.SIGTERM, handlers[0])
        signal.signal(signal.SIGINT, handlers[1])
    captured = capsysbinary.readouterr()
    assert b"Traceback" not in captured.err
    assert captured.out == b""
    if code == 1:
        assert captured.err.count(b"\n") == 1


def test_a_log_that_a_verb_opened_ends_with_the_verb(database: str, tmp_path: Path) -> None:
    """Also one that could not begin: else the next verb of this process writes to a file nobody reads."""
    gateway = logging.getLogger("sync.gateway")
    before = list(gateway.handlers)
    refused = ["deliver", "--database", database + "-no-city", "--log", str(tmp_path / "gateway.log")]
    assert main(refused) == 1
    assert gateway.handlers == before
