"""``python -m tests.fuzz [--examples N] [--seed N] [--sqlite]``: schemathesis against the gateway; no 5xx, no leak."""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from sync.clock import SystemClock, moment_text
from sync.gateway.city import City
from sync.http import HttpTransport
from sync.ids import IdSource
from sync.marks import books_mark, hello_mark
from sync.protocol import Change, EnrolAnswer, EnrolRequest, LeaseRequest, PushRequest
from tests.services import PostgresServer, gateway_process

OWN, OTHER = "00070", "00004"
CHECKS = (
    "not_a_server_error", "no_leak", "ignored_auth", "content_type_conformance", "response_schema_conformance",
    "status_code_conformance",
)  # fmt: skip
BOOK = ("certification.cert_copy/sct_bs", "2026")
HERE = Path(__file__).parent
UNBOUND = ("--device-rate", "0", "--address-rate", "0")  # a fuzzer is nothing but too fast
ids = IdSource(SystemClock())


def main() -> int:
    arguments = _parser().parse_args()
    with ExitStack() as stack:
        if arguments.sqlite or not PostgresServer.available():
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/city.db"
        else:
            url = stack.enter_context(PostgresServer()).url
        address, _ = stack.enter_context(gateway_process(url, *UNBOUND))
        told = prepared(url, address)
        return attacked(arguments, address, told)


def attacked(arguments: argparse.Namespace, address: str, told: dict[str, Any]) -> int:
    command = [arguments.schemathesis, "run", f"{address}/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--header", f"Authorization: Bearer {told['token']}", "--phases", "coverage,fuzzing,stateful"]
    command += ["--max-examples", str(arguments.examples), "--seed", str(arguments.seed), "--continue-on-failure"]
    command += ["--warnings", "off", "--suppress-health-check", "all", "--no-color", "--request-timeout", "20"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "FUZZ_TOLD": json.dumps(told), "PYTHONUTF8": "1"}
    with tempfile.TemporaryDirectory() as folder:  # what it keeps of its runs stays out of the repository
        environment["PYTHONPATH"] = str(HERE)
        return subprocess.run(command, cwd=folder, env=environment).returncode


def prepared(url: str, address: str) -> dict[str, Any]:
    """Two wards with a PC and records each; what the fuzzer is told of them."""
    city = City(url, create=False)
    try:
        own, other = (enrolled(city, ward, name) for ward, name in ((OWN, "Trần Văn Của"), (OTHER, "Lê Thị Khác")))
    finally:
        city.close()
    secret = f"Bí mật {secrets.token_hex(6)}"
    records = {ward: filled(address, answer, ward, name) for ward, answer, name in (
        (OWN, own, "Người của mình"), (OTHER, other, secret),
    )}  # fmt: skip
    changes = [c for each in records.values() for c in each]
    line = HttpTransport(address, own.token)
    hello = line.hello()
    line.close()
    return {
        "url": address,
        "token": own.token,
        "other_token": other.token,
        "other_ward": OTHER,
        "secrets": [secret],
        # the device's own: with another mark a round, or a page of a first fill, is answered by a Hello alone
        "marks": {
            path: base64.b64encode(mark).decode()
            for path, mark in {
                "/v1/sync": hello_mark(hello) + books_mark(hello.leases),
                "/v1/fill": hello_mark(hello),
            }.items()
        },
        "words": {
            "ward": [OWN, OTHER],
            "scope": ["people", "open", "onestop"],
            "record_id": [*(c.record_id for c in changes), *(ids.new() for _ in range(5))],
            "change_id": [*(c.change_id for c in changes), *(ids.new() for _ in range(500))],
            "type": ["residence.citizen", "certification.cert_copy"],
            "kind": ["create", "edit", "action", "resolve", "void"],
            "register": [BOOK[0]],
            "period": [BOOK[1]],
            "device": [own.device, other.device, ""],
            "officer": [msgspec.to_builtins(each.officer) for each in (own, own, other)],
            "after": [{"full_name": "Đỗ Văn Thử"}, {"doc_title": "Giấy", "copies": 2}, {}],
            "cursors": [[0] * len(hello.streams), [1] * len(hello.streams)],
            "places": [
                [[head, tier, below]] * len(hello.streams)
                for head in (0, 1)
                for tier in range(4)
                for below in (0, 1, 2)
            ],
            "in_place_of": [[c.change_id for c in changes], [ids.new()], []],
            "handover": [ids.new()],
            "to": [own.device, other.device, ""],
            "base_revision": [0, 1],
            "action": ["certify", "check"],
            "to_state": ["draft", "certified", "active"],
            "number": ["0001", "12", None],
            "at": [moment_text(SystemClock().now())],
            "id": [own.officer.id, other.officer.id],
            "name": [own.officer.name, other.officer.name],
            "cursor": [0, 1],
        },
    }


def enrolled(city: City, ward: str, officer: str) -> EnrolAnswer:
    code = city.enrolment.new_code([ward], officer, "", ())
    return city.enrol(EnrolRequest(code=code, device_name="PC"))


def filled(address: str, answer: EnrolAnswer, ward: str, name: str) -> list[Change]:
    line = HttpTransport(address, answer.token)
    made = [created(answer, ward, f"{name}") for _ in range(5)]
    results = line.push(PushRequest(tuple(made))).results
    assert all(result.status == "accepted" for result in results), results
    line.lease(LeaseRequest(ward, *BOOK))
    line.close()
    return made


def created(answer: EnrolAnswer, ward: str, name: str) -> Change:
    change_id = ids.new()
    return Change(
        change_id=change_id, save_id=change_id, record_id=ids.new(), type="residence.citizen", ward=ward, kind="create",
        after={"full_name": name}, officer=answer.officer, at=moment_text(SystemClock().now()),
    )  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tasks.py fuzz")
    parser.add_argument("--schemathesis", default="schemathesis", help="the program, of the venv made for it")
    parser.add_argument("--examples", type=int, default=100, help="requests of each kind for each operation, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite, also where there is PostgreSQL")
    return parser


if __name__ == "__main__":
    sys.exit(main())
