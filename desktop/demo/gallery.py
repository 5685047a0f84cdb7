"""``python -m desktop.demo.gallery DIR``: every page of the sample ward as PNG, to be looked at after a change of the screen."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.demo.run import sample_ward
from desktop.screens import Look, take_picture
from sync.clock import SystemClock
from sync.store.model import ListQuery, TodayRow

SMALL, WIDE = (1024, 768), (1366, 768)
LOOKS = {
    "vi": (SMALL, Look("vi", "light", 1.0)),
    "en-wide": (WIDE, Look("en", "light", 1.0)),
    "vi-dark": (SMALL, Look("vi", "dark", 1.0)),
    "vi-large": (SMALL, Look("vi", "light", 1.5)),
}


def main() -> int:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens").absolute()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder) / "ward", language="vi", clock=SystemClock())
        with sample_ward(desk, Path(folder) / "ward") as (_, counter, _ward):
            for page in pages(counter):
                looks = {"vi": LOOKS["vi"]} if page.startswith("print:") else LOOKS
                for name, (size, look) in looks.items():
                    (target / name).mkdir(parents=True, exist_ok=True)
                    take_picture(counter, page, target / name / f"{file_name(counter, page)}.png", size, look)
    print(f"{sum(1 for _ in target.rglob('*.png'))} pictures in {target}")  # noqa: T201 - the answer of this command
    return 0


def pages(counter: Desk) -> Iterator[str]:
    """The fixed pages, then list, form, newest record and papers of every record type, then one conflict."""
    yield from ("today", "outbox", "conflicts", "settings", "palette", "unlock", "sign_in", "enrol")
    for record_type in counter.catalog.record_types:
        yield f"list:{record_type.id}"
        yield f"form:{record_type.id}"
        newest = counter.store.records.page(ListQuery(type=record_type.id, limit=1)).records
        for record in newest:
            yield f"record:{record.id}"
            yield from (f"print:{record.id}:{p.id}" for p in record_type.printouts if p.over != "list")
    yield from (f"conflict:{row.record.id}" for row in _in_conflict(counter)[:1])


def _in_conflict(counter: Desk) -> list[TodayRow]:
    now = counter.clock.now()
    return [row for row in counter.store.today(now, 50) if row.reason == "conflict"]


def file_name(counter: Desk, page: str) -> str:
    """Record ids change with every ward; a picture is named by the type."""
    kind, _, name = page.partition(":")
    record_id, _, printout = name.partition(":")
    record = counter.store.records.load(record_id) if kind in ("record", "print", "conflict") else None
    parts = [kind, record.type if record else name, printout]
    return "-".join(part for part in parts if part).replace(":", "-")


if __name__ == "__main__":
    sys.exit(main())
