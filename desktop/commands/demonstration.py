"""``demo``: a city, its services and a sample ward on this PC; headless, the first morning with pictures."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.display import has_display
from desktop.commands.errors import no_gateway
from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument(
        "--headless",
        metavar=parser.say("THƯ_MỤC", "DIR"),
        default=None,
        help=parser.say(
            "đi qua buổi sáng đầu tiên, để ảnh và summary.json vào đây",
            "walk through the first morning; pictures and summary.json go here",
        ),
    )
    parser.add_argument(
        "--fresh", action="store_true", help=parser.say("làm lại phường mẫu từ đầu", "make the sample ward anew")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    if find_spec("sync.gateway") is None:
        raise no_gateway()
    from desktop.demo.run import show_headless, show_window

    # beside the account's own data and never in it: the demo invents people
    folder = desk.folder if desk.named else desk.folder.with_name(desk.folder.name + "-demo")
    if given.headless is None and has_display():
        return show_window(desk, folder, fresh=given.fresh)
    pictures = Path(given.headless or "sophuong-demo").absolute()
    if given.headless is None:
        desk.say(
            f"Máy này không có màn hình: đi qua buổi sáng đầu tiên và để ảnh vào {pictures}.",
            f"This machine has no display: walking through the first morning, pictures go to {pictures}.",
        )
    return show_headless(desk, desk.folder if desk.named else None, pictures)
