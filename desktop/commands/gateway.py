"""``gateway …``: the city's side, a program of its own; everything after the word is passed on to it."""

from __future__ import annotations

import argparse

from desktop.commands.desk import Desk
from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def run(desk: Desk, given: argparse.Namespace) -> int:
    from sync.gateway.__main__ import main

    return int(main(given.arguments) or 0)
