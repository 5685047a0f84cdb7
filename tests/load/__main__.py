"""``python -m tests.load``: a city's PCs each syncing every minute, then all of them on Monday at 8:00."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sync.clock import SystemClock
from sync.ids import IdSource
from tests.benchmarks.rows import percentile
from tests.load import city
from tests.load.crowd import Crowd, Tally
from tests.load.light_pc import LightPc
from tests.load.processor import postgres_pid, seconds_of
from tests.services import PostgresServer, gateway_process

P99_LIMIT = 0.3  # seconds


def main() -> int:
    arguments = _parser().parse_args()
    with PostgresServer(durable=True) as postgres:
        report = run(arguments, postgres)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    good = all(phase["errors"] == 0 and phase["p99_ms"] <= P99_LIMIT * 1000 for phase in report["phases"])
    print("held" if good and not report["lost"] else "NOT HELD")
    return 0 if good and not report["lost"] else 1


def run(arguments: argparse.Namespace, postgres: PostgresServer) -> dict[str, Any]:
    codes = city.wards(arguments.wards)
    enrolled = city.enrol_all(postgres.url, codes, arguments.pcs)
    print(f"{len(enrolled)} PCs of {len(codes)} wards; gateway in {arguments.processes} process(es)", flush=True)
    phases: list[dict[str, Any]] = []
    processes = ("--processes", str(arguments.processes)) if arguments.processes > 1 else ()
    with gateway_process(postgres.url, *processes) as (address, process):
        ids = IdSource(SystemClock())
        pcs = [LightPc(address, one.token, one.ward, one.officer, ids) for one in enrolled]
        gc.freeze()
        crowd = Crowd(pcs, busy=arguments.busy)
        database = postgres_pid(postgres.data) if postgres.data else 0

        def measured(name: str, play: Callable[[], Tally]) -> None:
            before = [seconds_of(pid) for pid in (process.pid, database, os.getpid())]
            tally = play()
            used = [seconds_of(pid) - b for pid, b in zip((process.pid, database, os.getpid()), before, strict=True)]
            used[2] -= used[0] + used[1] if database else used[0]  # they were started by this process
            phases.append(told(name, tally, used))

        measured("the morning's first sync", lambda: crowd.once(arguments.within))
        measured(f"every {arguments.period:g} s", lambda: crowd.every(arguments.period, arguments.minutes * 60))
        if arguments.weekend:
            news = city.weekend(postgres.url, codes, arguments.weekend)
            size = city.new_pack(postgres.url)
            print(f"weekend: {news} records in {len(codes)} wards, a pack of {size // 1024} KB", flush=True)
            before = sum(pc.records for pc in pcs)
            measured(f"Monday 8:00, within {arguments.within:g} s", lambda: crowd.once(arguments.within))
            print(f"    records brought to PCs: {sum(pc.records for pc in pcs) - before}", flush=True)
        lost = lost_saves(pcs)
    return {"pcs": len(pcs), "processes": arguments.processes, "phases": phases, "lost": lost}


def told(name: str, tally: Tally, used: list[float]) -> dict[str, Any]:
    """Prints what a phase showed; the same as figures."""
    seconds = tally.all() or [0.0]
    figures = {
        "name": name,
        "syncs": tally.syncs,
        "requests": tally.requests,
        "took_s": round(tally.took, 1),
        "errors": sum(tally.troubles.values()),
        **{f"p{share}_ms": round(percentile(seconds, share / 100) * 1000, 1) for share in (50, 95, 99)},
        "max_ms": round(max(seconds) * 1000, 1),
        "late_p99_ms": round(percentile(tally.late, 0.99) * 1000, 1),
        **{f"cpu_{who}_s": round(s, 1) for who, s in zip(("gateway", "postgres", "pcs"), used, strict=True)},
    }
    print(f"{name}: {figures['syncs']} syncs, {figures['requests']} requests in {figures['took_s']} s", flush=True)
    print(
        f"    errors {figures['errors']}, p50 {figures['p50_ms']} ms, p95 {figures['p95_ms']} ms, "
        f"p99 {figures['p99_ms']} ms, max {figures['max_ms']} ms; begun late p99 {figures['late_p99_ms']} ms"
    )
    cores = [s / max(tally.took, 0.001) for s in used]
    each = [s / max(tally.requests, 1) * 1000 for s in used]
    print(f"    cores: gateway {cores[0]:.2f}, PostgreSQL {cores[1]:.2f}, the PCs themselves {cores[2]:.2f}")
    print(f"    processor a request: gateway {each[0]:.2f} ms, PostgreSQL {each[1]:.2f} ms")
    for kind, took in sorted(tally.seconds.items()):
        p50, p99 = (percentile(took, share) * 1000 for share in (0.5, 0.99))
        print(f"    {kind:9} {len(took):7}  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms")
    for trouble, times in tally.troubles.items():
        print(f"    {times} × {trouble}")
    sys.stdout.flush()
    return figures


def lost_saves(pcs: list[LightPc]) -> int:
    """Saves that are neither accepted nor still waiting."""
    lost = sum(pc.saves - pc.accepted - pc.waiting for pc in pcs)
    print(f"saves {sum(pc.saves for pc in pcs)}, accepted {sum(pc.accepted for pc in pcs)}, lost {lost}")
    return lost


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tasks.py load")
    parser.add_argument("--wards", type=int, default=126)
    parser.add_argument("--pcs", type=int, default=20, help="of each ward")
    parser.add_argument("--period", type=float, default=60.0, help="seconds from one sync of a PC to its next")
    parser.add_argument("--minutes", type=float, default=3.0, help="of the ordinary day")
    parser.add_argument("--within", type=float, default=120.0, help="seconds in which everybody comes on Monday")
    parser.add_argument(
        "--weekend", type=int, default=200, help="records of the weekend's news in each ward; 0: no Monday"
    )
    parser.add_argument("--busy", type=float, default=0.2, help="share of syncs before which something was saved")
    parser.add_argument("--processes", type=int, default=1, help="of the gateway")
    parser.add_argument("--json", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main())
