"""``screenshot PAGE FILE``: a picture of one page, as it would stand on a screen of that size."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.display import draw_pictures
from desktop.commands.errors import usage_error
from desktop.commands.parser import Parser

PAGES = (
    "today, list:T.R, form:T.R, record:ID, conflict:ID, print:ID:PRINTOUT, outbox, files, conflicts, settings, palette"
)
_LARGEST = 8000  # px a side


def arguments(parser: Parser, verb: str) -> None:
    # a page is named by what it shows
    parser.add_argument("page", metavar=parser.say("TRANG", "PAGE"), help=PAGES)
    parser.add_argument("file", metavar=parser.say("TỆP.png", "FILE.png"))
    parser.add_argument(
        "--size",
        default="1024x768",
        metavar=parser.say("RỘNGxCAO", "WxH"),
        help=parser.say("điểm ảnh (1024x768)", "pixels (1024x768)"),
    )
    parser.add_argument("--theme", choices=("light", "dark"), default=None, help=parser.say("màu", "colours"))
    parser.add_argument(
        "--scale",
        type=float,
        default=None,
        metavar="1.5",
        help=parser.say("cỡ chữ, 1 đến 1.5", "size of text, 1 to 1.5"),
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    size = _size(given.size)
    if given.scale is not None and not 1.0 <= given.scale <= 1.5:
        raise usage_error("--scale phải từ 1 đến 1.5.", "--scale must be from 1 to 1.5.")
    target = Path(given.file)
    if target.suffix.lower() != ".png":
        raise usage_error("Tệp ảnh phải là .png.", "The picture must be a .png file.")
    if not target.absolute().parent.is_dir():
        raise FileNotFoundError(2, "no such folder", str(target.absolute().parent))
    draw_pictures()
    from desktop.screens import Look, take_picture

    look = Look(language=desk.language, theme=given.theme, scale=given.scale)
    take_picture(desk, given.page, target, size, look)
    desk.say(f"Đã chụp {given.page}: {target}", f"{given.page}: {target}")
    if desk.as_json:
        desk.put_json({"page": given.page, "file": str(target), "size": list(size)})
    return 0


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (200 <= width <= _LARGEST and 200 <= height <= _LARGEST):
        raise usage_error("--size phải là RỘNGxCAO, ví dụ 1024x768.", "--size must be WxH such as 1024x768.")
    return width, height
