"""``check PATH``: every mistake in a tool folder or a catalogue, with file, line, key and what was expected."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument(
        "path",
        metavar=parser.say("THƯ_MỤC", "PATH"),
        help=parser.say("thư mục công cụ hoặc cả danh mục", "tool folder or a whole catalogue"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from forms.loader import check

    problems = check(Path(given.path))
    if desk.as_json:
        desk.put_json(
            [
                {"file": str(p.file), "line": p.line, "key": p.key, "message": p.message, "expected": p.expected}
                for p in problems
            ]
        )
        return 1 if problems else 0
    for p in problems:
        expected = f" ({_EXPECTED[desk.language]}: {p.expected})" if p.expected else ""
        message = p.english if desk.language == "en" and p.english else p.message
        desk.line(f"{p.file}:{p.line}: {p.key}: {message}{expected}")
    if not problems:
        desk.say("Không có lỗi.", "No mistakes.")
    return 1 if problems else 0


_EXPECTED = {"vi": "cần", "en": "expected"}
