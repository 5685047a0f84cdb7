"""``bundle``: the outbox to a file for a USB stick, the city's answer from one, where no line reaches the city for days."""

from __future__ import annotations

import argparse
from pathlib import Path

from msgspec import to_builtins

from desktop.commands.desk import Desk
from desktop.commands.parser import Parser

_FILES_MB = 200


def arguments(parser: Parser, verb: str) -> None:
    say = parser.say
    parser.add_argument("what", choices=("export", "import"), help=say("export · import", "export · import"))
    parser.add_argument("file", metavar=say("TỆP", "FILE"), help=say("tệp trên USB", "the file on the stick"))
    parser.add_argument(
        "--files",
        type=int,
        default=_FILES_MB,
        metavar="MB",
        help=say(
            f"mang theo tệp đính kèm, tối đa bấy nhiêu MB (mặc định {_FILES_MB}; 0: không)",
            f"attached files to take along, at most so many MB (default {_FILES_MB}; 0: none)",
        ),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    from sync.bundle.on_pc import export_bundle, import_bundle

    path = Path(given.file)
    if given.what == "export":
        made = export_bundle(desk.store, path, files_bytes=max(0, given.files) * 1_000_000)
        if desk.as_json:
            desk.put_json(made)
        desk.say(
            f"Đã ghi {made.changes} thay đổi và {made.files} tệp vào {path.name}. Chúng vẫn chờ ở máy này đến khi nhập "
            "gói trả lời của thành phố.",
            f"{made.changes} changes and {made.files} files are in {path.name}. They wait here until the city's answer "
            "is imported.",
        )
        if made.files_left:
            desk.say(
                f"{made.files_left} tệp đính kèm không vừa gói này.",
                f"{made.files_left} attached files did not fit into it.",
            )
        return 0
    taken = import_bundle(desk.store, path)
    if desk.as_json:
        desk.put_json(to_builtins(taken) | {"problems": [desk.label(problem) for problem in taken.problems]})
    if taken.again:
        desk.say("Gói này đã nhập rồi, không có gì thay đổi.", "This answer was taken before; nothing changed.")
        return 0
    desk.say(
        f"Thành phố đã nhận {taken.accepted}, ghi khác nhau {taken.conflicts}, trả lại {taken.refused}; tải về "
        f"{taken.pulled} bản ghi. Còn chờ gửi {taken.waiting}.",
        f"The city took {taken.accepted}, {taken.conflicts} conflicts, {taken.refused} refused; {taken.pulled} records "
        f"came. {taken.waiting} still wait.",
    )
    for problem in taken.problems:
        desk.say(problem.vi, problem.en)
    return 0
