"""``open``: the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.commands.desk import Desk

if TYPE_CHECKING:
    import argparse

    from desktop.commands.parser import Parser


def arguments(parser: Parser, verb: str) -> None:
    """None of its own."""


def run(desk: Desk, given: argparse.Namespace | None = None) -> int:
    from desktop.start import open_workspace

    return open_workspace(desk.folder, passphrase=desk.passphrase)
