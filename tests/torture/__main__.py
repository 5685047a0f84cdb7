"""``python -m tests.torture [--rounds 300] [--seed N] [--seconds S] [--jobs 2]``: rounds on SQLite and PostgreSQL in turn."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.services import PostgresServer
from tests.torture.account import LostError, Tally
from tests.torture.rounds import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="tasks.py torture")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="of the first round; each next one adds 1"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each round strikes")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    total, failed = Tally(), 0
    began = time.monotonic()
    print(f"{arguments.rounds} rounds from seed {arguments.seed}, on SQLite and PostgreSQL in turn", flush=True)
    with PostgresServer() as postgres, ThreadPoolExecutor(arguments.jobs) as jobs:
        rounds = [
            jobs.submit(one, arguments.seed + n, postgres if n % 2 else None, arguments.seconds)
            for n in range(arguments.rounds)
        ]
        for done, finished in enumerate(as_completed(rounds), 1):
            tally, trouble = finished.result()
            total.add(tally)
            if trouble:
                failed += 1
                print(trouble, flush=True)
            if done % 10 == 0 or done == len(rounds):
                print(f"{done} rounds, {failed} failed, {time.monotonic() - began:.0f} s: {total}", flush=True)
    if not (total.kills_of_pc and total.kills_of_city and total.cuts and total.saves):
        print("the rounds say nothing: no kill, no cut or no save happened")
        return 1
    return 1 if failed else 0


def one(seed: int, postgres: PostgresServer | None, seconds: float) -> tuple[Tally, str]:
    """The tally of one round and, where its account does not come out, what is wrong; its folder then stays."""
    folder = Path(tempfile.mkdtemp(prefix="torture-"))
    url = postgres.new_database() if postgres else f"sqlite:///{folder}/city.db"
    try:
        tally = play(url, folder, seed, seconds=seconds)
    except (LostError, OSError, RuntimeError) as error:
        again = f"python3 tasks.py torture --rounds 1 --seed {seed} --seconds {seconds:g}"
        kind = "PostgreSQL" if postgres else "SQLite"
        return Tally(), f"round {seed} on {kind} ({folder} is kept; again: {again})\n{error}"
    shutil.rmtree(folder, ignore_errors=True)
    return tally, ""


if __name__ == "__main__":
    sys.exit(main())
