"""``python -m tests.simulation``: see ``python3 tasks.py simulate``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.simulation.world import Outcome, simulate

REPLAY = "python3 tasks.py simulate --seed {}"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tasks.py simulate", description="PCs and a city on one thread under every fault, each run from a seed."
    )
    parser.add_argument("--seed", type=int, help="replay one run and print what happened in it")
    parser.add_argument("--seeds", type=int, default=500, help="how many runs (500)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once (1)")
    parser.add_argument("--postgres", action="store_true", help="the city on PostgreSQL instead of SQLite")
    given = parser.parse_args(argv)
    if given.seed is not None:
        return _replayed(given.seed, given.postgres)
    if given.jobs > 1:
        return _shared_out(given)
    failed, counts = _run(range(given.first, given.first + given.seeds), given.postgres)
    print(_summary(given.seeds, failed, counts))
    return 1 if failed else 0


def _replayed(seed: int, postgres: bool) -> int:
    (outcome,) = _outcomes([seed], postgres)
    print("\n".join(outcome.trace))
    if outcome.problem is None:
        print(f"seed {seed}: everything held")
        return 0
    traceback.print_exception(outcome.problem, file=sys.stdout)
    return 1


def _run(seeds: Sequence[int], postgres: bool) -> tuple[list[int], Counter[str]]:
    counts: Counter[str] = Counter()
    failed: list[int] = []
    told = time.monotonic()
    for number, outcome in enumerate(_outcomes(seeds, postgres), 1):
        counts += outcome.counts
        if outcome.problem is not None:
            failed.append(outcome.seed)
            print(f"{told_problem(outcome)}", flush=True)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"{number} of {len(seeds)} seeds, {len(failed)} failed", flush=True)
    return failed, counts


def _outcomes(seeds: Sequence[int], postgres: bool) -> Iterator[Outcome]:
    if not postgres:
        yield from map(simulate, seeds)
        return
    from tests.services import PostgresServer

    with PostgresServer() as server:
        for seed in seeds:
            yield simulate(seed, server.new_database())


def told_problem(outcome: Outcome) -> str:
    """What went wrong and how to see it again."""
    last = "\n".join(outcome.trace[-12:])
    kind = type(outcome.problem).__name__
    return f"{last}\nseed {outcome.seed}: {kind}: {outcome.problem}\nsee it again: {REPLAY.format(outcome.seed)}"


def _summary(seeds: int, failed: Sequence[int], counts: Counter[str]) -> str:
    lines = [f"{n:9,}  {name}" for name, n in sorted(counts.items())]
    verdict = f"failed: {', '.join(map(str, failed))}" if failed else "everything held"
    return "\n".join([*lines, f"{seeds:,} seeds: {verdict}"])


def _shared_out(given: argparse.Namespace) -> int:
    """Each process takes a share of the seeds and says what it found."""
    share = -(-given.seeds // given.jobs)
    commands = []
    for first in range(given.first, given.first + given.seeds, share):
        count = min(share, given.first + given.seeds - first)
        commands.append(
            [sys.executable, "-m", "tests.simulation", "--first", str(first), "--seeds", str(count)]
            + (["--postgres"] if given.postgres else [])
        )
    running = [subprocess.Popen(command, env=os.environ) for command in commands]
    return max(process.wait() for process in running)


if __name__ == "__main__":
    sys.exit(main())
