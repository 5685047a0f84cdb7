"""``open``: the workspace."""

from __future__ import annotations

import argparse

from desktop.commands.desk import Desk
from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    """None of its own."""


def run(desk: Desk, given: argparse.Namespace) -> int:
    from desktop.start import open_workspace

    return open_workspace(desk.folder, passphrase=desk.passphrase)
