"""The gateway's verb for bundles: a PC's file in, the city's answer out."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from sync.gateway.city import City


def bundle_verb(verb: Callable[..., argparse.ArgumentParser], say: Callable[[str], None]) -> None:
    """Add ``bundle`` to the verbs; ``say`` writes a line."""

    def answer(arguments: argparse.Namespace) -> int:
        from sync.gateway.bundles import Bundles

        with closing(City(arguments.database, create=False)) as city:
            report = Bundles(city).answer(Path(arguments.incoming), Path(arguments.outgoing))
        if arguments.json:
            say(msgspec.json.encode(report).decode())
            return 0
        said: dict[str, Any] = msgspec.to_builtins(report)
        say(
            "Máy {device}: {changes} thay đổi, nhận {accepted}, ghi khác nhau {conflicts}, trả lại {refused}, tệp {files}; "
            "gói trả lời có {records} bản ghi / {changes} changes, {accepted} accepted, {conflicts} conflicts, {refused} "
            "refused, {files} files; {records} records in the answer".format(**said)
        )
        return 0

    added = verb("bundle", answer, "trả lời gói USB của một máy / answer a PC's bundle")
    added.add_argument("incoming", metavar="IN", help="gói do máy ở phường xuất / what the PC exported")
    added.add_argument("outgoing", metavar="OUT", help="gói trả lời / the answer")
