"""``rollout``: what the office has set for this PC, from where, and what is wrong with it. For IT, before and after."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.errors import BAD_STATE
from desktop.commands.parser import Parser
from desktop.rollout import read_rollout
from desktop.rollout_places import ONLY
from forms.label import Label

_SECRET = ("code", "token")


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        metavar=parser.say("TỆP", "FILE"),
        help=parser.say("thử tệp này (mặc định: những gì máy này đọc)", "try this file (default: what this PC reads)"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    if given.file:
        os.environ[ONLY] = str(Path(given.file).absolute())
    found = read_rollout(desk.folder)
    values = {k: "…" if k in _SECRET else v for k, v in found.values.items()}
    if desk.as_json:
        desk.put_json({
            "values": values,
            "from": {k: {"place": p.name, "locked": p.is_policy} for k, p in found.of.items()},
            "read": found.read,
            "findings": [
                {"place": f.place, "line": f.line, "key": f.key, "message": f.text.vi, "english": f.text.en}
                for f in found.findings
            ],
        })  # fmt: skip
        return BAD_STATE if found.findings else 0
    for key, value in values.items():
        locked = desk.label(Label("đã khóa", "locked")) if found.is_locked(key) else ""
        desk.line(f"{key} = {value}    # {found.of[key].name} {locked}".rstrip())
    for finding in found.findings:
        desk.line(f"! {desk.label(finding.sentence)}")
    if not found.read:
        desk.say("Máy này không có rollout.toml hay chính sách nào.", "This PC has no rollout.toml and no policies.")
    elif not found.findings:
        desk.say("Không có lỗi.", "Nothing is wrong.")
    return BAD_STATE if found.findings else 0
