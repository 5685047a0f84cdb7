"""``sync``: one sync now. With the city out of reach the report is still printed and the exit code is 1."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
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
    report, error = sync_now(desk.store, desk.enrolment, desk.language, desk.folder)
    if desk.as_json:
        desk.put_json(_answer(report, error, desk.language))
    for problem in report.problems:
        desk.say(problem.vi, problem.en)
    if error is not None:
        sys.stderr.write(one_line(error, desk.language)[0] + "\n")
        return BAD_STATE
    desk.say(
        f"Đã gửi {report.pushed}, nhận {report.pulled}; bị trả lại {report.refused}, ghi khác nhau {report.conflicts} "
        f"({report.seconds:.1f} giây).",
        f"Sent {report.pushed}, received {report.pulled}; refused {report.refused}, conflicts {report.conflicts} "
        f"({report.seconds:.1f} s).",
    )
    if report.files_sent or report.files_fetched or report.files_left:
        vi, en = (
            (" Còn tệp, lần sau gửi tiếp.", " More files: they go on with the next sync.")
            if report.files_left
            else ("", "")
        )
        desk.say(
            f"Tệp: gửi xong {report.files_sent}, tải về {report.files_fetched}.{vi}",
            f"Files: sent {report.files_sent}, fetched {report.files_fetched}.{en}",
        )
    return 0


def sync_now(
    store: Store, enrolment: Enrolment, language: str, folder: Path | None = None
) -> tuple[SyncReport, SyncError | None]:
    """One sync: what it did, and what ended it early (None: nothing). ``folder``: the profile whose settings of the line
    hold."""
    from desktop.line_settings import line_settings
    from desktop.settings import load_settings
    from sync.engine import Engine, SyncReport
    from sync.http import HttpTransport
    from sync.hub.step import over_hub
    from sync.protocol import SyncError

    latest = SyncReport()

    def note(report: SyncReport) -> None:
        nonlocal latest
        latest = report

    began = time.monotonic()
    own = load_settings(folder) if folder else None
    settings = line_settings(folder, own) if folder and own else None
    transport = HttpTransport(enrolment.url, enrolment.token, language=language, settings=settings)
    try:
        engine = Engine(store, transport, progress=note)
        office = own.hub if own else ""
        way = over_hub(engine, store, enrolment.token, progress=note, language=language, office=office)
        return way.sync_once(), None
    except SyncError as error:
        latest.seconds = time.monotonic() - began
        latest.bytes_sent, latest.bytes_received = transport.bytes_sent, transport.bytes_received
        return latest, error
    finally:
        transport.close()


def _answer(report: SyncReport, error: SyncError | None, language: str) -> dict[str, Any]:
    answer: dict[str, Any] = msgspec.to_builtins(report)
    answer["problems"] = [problem.get(language) for problem in report.problems]
    if error is not None:
        answer["error"] = {"code": error.code, "message": error.label.get(language)}
    return answer
