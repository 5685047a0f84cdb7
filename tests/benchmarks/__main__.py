"""``python -m tests.benchmarks [GROUP…] [--json FILE]``: every figure beside its floor or peer from the same run."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.rows import Row

GROUPS = {
    "store": "store_bench",
    "form": "form_bench",
    "sync": "sync_bench",
    "start": "start_bench",
    "calm": "calm_bench",
    "bootstrap": "bootstrap_bench",
    "upgrade": "upgrade_bench",
}
PEERS = {"sync": "peer_bench"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="tasks.py bench")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers", action="store_true", help="also the peers that are whole programs of others")
    arguments = parser.parse_args()
    if unknown := [g for g in arguments.groups if g not in GROUPS]:
        parser.error(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    print(f"{'':60} {'value':>12} {'peer':>12} {'ratio':>7} {'bound':>7}")
    rows = list(measured(arguments.groups or list(GROUPS), peers=arguments.peers))
    if arguments.json:
        arguments.json.write_text(
            json.dumps([described(r) for r in rows], ensure_ascii=False, indent=1), encoding="utf-8"
        )
    missed = [r.name for r in rows if not r.holds]
    print("all bounds held" if not missed else "over the bound: " + "; ".join(missed))
    return 1 if missed else 0


def measured(groups: list[str], *, peers: bool) -> Iterator[Row]:
    modules = [GROUPS[group] for group in groups] + [PEERS[group] for group in groups if peers and group in PEERS]
    for name in modules:
        for row in importlib.import_module(f"tests.benchmarks.{name}").rows():
            show(row)
            yield row


def show(row: Row) -> None:
    bound = f"{row.bound:.3g}×" if row.bound else f"{row.limit:g} {row.unit}" if row.limit else ""
    peer = f"{row.peer_value:.4g}" if row.peer_value else ""
    ratio = f"{row.ratio:.2f}×" if row.peer_value else ""
    mark = "" if row.holds else "  OVER"
    print(f"{row.name:60} {row.value:>9.4g} {row.unit:<2} {peer:>12} {ratio:>7} {bound:>7}{mark}", flush=True)
    if row.peer:
        print(f"{'':4}beside: {row.peer}", flush=True)


def described(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "value": row.value,
        "unit": row.unit,
        "peer": row.peer,
        "peer_value": row.peer_value,
        "ratio": row.ratio,
        "bound": row.bound or row.limit,
        "holds": row.holds,
    }


if __name__ == "__main__":
    sys.exit(main())
