"""``selftest``: whether the program works on this PC, step by step, without touching anybody's data.

Exit code 0 when no step failed. ``--out`` writes the same JSON to a file, since a program without a console has no stdout.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE, usage_error
from desktop.commands.parser import Parser
from desktop.language import label

if TYPE_CHECKING:
    from desktop.selftest.bench import Outcome

_SIGNS = {"ok": "✓", "failed": "!", "skipped": "–"}


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument(
        "--gateway",
        default="",
        metavar="URL",
        help=parser.say("thử nối với thành phố ở địa chỉ này", "try the line to the city at this address"),
    )
    parser.add_argument(
        "--code",
        default="",
        metavar=parser.say("MÃ", "CODE"),
        help=parser.say(
            "mã đăng ký của một phường thử: gửi và nhận lại một bản ghi mẫu",
            "enrolment code of a trial ward: one sample record goes there and back",
        ),
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar=parser.say("THƯ_MỤC", "DIR"),
        help=parser.say("giữ lại ảnh biểu mẫu và bản in thử", "keep the pictures and papers that were made"),
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar=parser.say("TỆP", "FILE"),
        help=parser.say("ghi kết quả (JSON) vào tệp này", "write the result (JSON) to this file"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from desktop.selftest.bench import Bench
    from desktop.selftest.run import keep_made, new_folder, outcomes

    if given.code and not given.gateway:
        raise usage_error("Có --code thì phải có --gateway.", "--code needs --gateway.")
    folder = new_folder()
    bench = Bench(
        folder, profile=desk.folder, language=desk.language, clock=desk.clock, url=given.gateway, code=given.code
    )
    began = time.perf_counter()
    seen: list[Outcome] = []
    try:
        for outcome in outcomes(bench):
            seen.append(outcome)
            _tell(desk, outcome)
            if given.out:
                given.out.write_bytes(msgspec.json.encode(_answer(seen, began)))
        if given.keep:
            keep_made(folder, given.keep)
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)
    answer = _answer(seen, began)
    if desk.as_json:
        desk.put_json(answer)
    bad = sum(outcome.status == "failed" for outcome in seen)
    desk.say(
        f"Có {bad} bước chưa được." if bad else "Mọi bước đều được.",
        f"{bad} steps failed." if bad else "Every step went well.",
    )
    return BAD_STATE if bad else 0


def _tell(desk: Desk, outcome: Outcome) -> None:
    name = label(f"selftest.step_{outcome.name}")
    sign, took = _SIGNS[outcome.status], f"{outcome.seconds:.1f} s"
    desk.say(f"{sign} {name.vi} ({took}): {outcome.said.vi}", f"{sign} {name.en} ({took}): {outcome.said.en}")
    if outcome.todo is not None:
        desk.say(f"    → {outcome.todo.vi}", f"    → {outcome.todo.en}")


def _answer(seen: list[Outcome], began: float) -> dict[str, Any]:
    from desktop.selftest.program import peak_memory_mb
    from desktop.selftest.run import STEPS

    return {
        "ok": all(outcome.status != "failed" for outcome in seen),
        "finished": len(seen) == len(STEPS),
        "seconds": round(time.perf_counter() - began, 3),
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "steps": seen,
    }
