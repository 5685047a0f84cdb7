"""A child process that saves until it is killed; each line it prints names a record that was acknowledged as saved."""

from __future__ import annotations

import sys
from pathlib import Path

from sync.clock import SystemClock
from sync.protocol import ChangeResult
from sync.store import Store
from sync.store.model import Draft, Save
from tests.sync.store import ward


def main(folder: Path) -> None:
    """Saves, edits, drafts and the city's answers, as fast as they go."""
    with Store.open(folder, ward.KEY, ward.CATALOG, SystemClock()) as store:
        n = 0
        while True:
            n += 1
            fields = {"document": f"Bản sao {n}", "pages": n}
            (record,) = store.save([Save(type=ward.COPY.id, fields=fields, action="certify")], ward.CLERK)
            sys.stdout.write(f"{record.id} {record.number} {n}\n")
            sys.stdout.flush()
            store.drafts.put(Draft(id="d", type="t", record_id=None, fields={"n": n}, opened=None, updated_at=str(n)))
            if n % 3 == 0:
                change = store.changes.pending(1)[0]
                store.changes.acknowledge(
                    [ChangeResult(change_id=change.change_id, status="accepted", revision=change.device_seq)]
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
