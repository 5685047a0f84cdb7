"""What the gateway's verbs of two words share: ``device list``, ``hub withdraw``."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from sync.gateway.city import City


def add_verb(inner: Any, name: str, work: Any, about: str) -> argparse.ArgumentParser:
    """One of the inner verbs, with the options that each has."""
    added: argparse.ArgumentParser = inner.add_parser(name, help=about, description=about)
    added.add_argument("--database", required=True, metavar="URL", help="sqlite:///FILE | postgresql://…")
    added.add_argument("--json", action="store_true", help="kết quả cho máy đọc / machine-readable")
    added.set_defaults(verb=work)
    return added


def city_of(arguments: argparse.Namespace) -> City:
    """The city there is; raises StorageError where there is none."""
    from sync.gateway.city import City

    return City(arguments.database, create=False)


def say_told(arguments: argparse.Namespace, told: Any, text: str) -> None:
    """``told`` for machines, ``text`` for people."""
    line = msgspec.json.encode(told).decode() if arguments.json else text
    if line:
        sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.flush()
