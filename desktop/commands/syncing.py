"""``sync``: one sync now. With the city out of reach the report is still printed and the exit code is 1."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE, one_line
from desktop.commands.parser import Parser

if TYPE_CHECKING:
    from sync.engine import SyncReport
    from sync.protocol import SyncError
    from sync.store import Store
    from sync.store.model import Enrolment


def arguments(parser: Parser, verb: str) -> None:
    """None of its own."""


def run(desk: Desk, given: argparse.Namespace) -> int:
    report, error = sync_now(desk.store, desk.enrolment, desk.language)
    if desk.as_json:
        desk.put_json(_answer(report, error))
    for problem in report.problems:
        desk.say(problem, problem)
    if error is not None:
        sys.stderr.write(one_line(error, desk.language)[0] + "\n")
        return BAD_STATE
    desk.say(
        f"Đã gửi {report.pushed}, nhận {report.pulled}; bị trả lại {report.refused}, ghi khác nhau {report.conflicts} "
        f"({report.seconds:.1f} giây).",
        f"Sent {report.pushed}, received {report.pulled}; refused {report.refused}, conflicts {report.conflicts} "
        f"({report.seconds:.1f} s).",
    )
    return 0


def sync_now(store: Store, enrolment: Enrolment, language: str) -> tuple[SyncReport, SyncError | None]:
    """One sync: what it did, and what ended it early (None: nothing)."""
    from sync.engine import Engine, SyncReport
    from sync.http import HttpTransport
    from sync.protocol import SyncError

    latest = SyncReport()

    def note(report: SyncReport) -> None:
        nonlocal latest
        latest = report

    began = time.monotonic()
    transport = HttpTransport(enrolment.url, enrolment.token, language=language)
    try:
        return Engine(store, transport, progress=note).sync_once(), None
    except SyncError as error:
        latest.seconds = time.monotonic() - began
        latest.bytes_sent, latest.bytes_received = transport.bytes_sent, transport.bytes_received
        return latest, error
    finally:
        transport.close()


def _answer(report: SyncReport, error: SyncError | None) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.to_builtins(report)
    if error is not None:
        answer["error"] = {"code": error.code, "message": str(error)}
    return answer
