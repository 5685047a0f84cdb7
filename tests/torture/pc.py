"""One PC of a ward as a process: two officers who save without end, and the sync beside them. Killed, it is started again.

A line on standard output names what was saved, after the save returned: from then on it may not be lost. What an officer is
about to give up is named before, since a kill may come between.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

from sync.clock import SystemClock
from sync.engine import Engine
from sync.http import HttpTransport
from sync.protocol import SyncError
from sync.store import Store
from sync.store.histories import Look
from sync.store.model import Record, Save, StoreError
from tests.torture.ward import CATALOG, NEXT, PAPER, PERSON, SCAN, TEXTS

RECENT = 40  # records an officer has at hand, so that both PCs keep meeting in the same ones


def main(folder: Path, key: str, seed: int) -> None:
    with Store.open(folder, bytes.fromhex(key), CATALOG, SystemClock()) as store:
        threading.Thread(target=sync_forever, args=(store, random.Random(seed + 1)), daemon=True).start()
        Office(store, random.Random(seed)).work()


def sync_forever(store: Store, dice: random.Random) -> None:
    assert store.enrolment is not None
    engine: Engine | None = None
    while True:
        if engine is None:
            line = HttpTransport(store.enrolment.url, store.enrolment.token)
            engine = Engine(store, line)
        with contextlib.suppress(SyncError):
            engine.sync_once()
        if dice.random() < 0.1:
            engine = None
        time.sleep(dice.random() * 0.1)


class Office:
    """Makes papers and notes, changes its own and the other PC's, signs papers so that they take a number, attaches scans, looks
    at histories, gives up what the city refused."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        assert store.enrolment is not None
        self._store = store
        self._dice = dice
        self._officers = store.enrolment.officers
        self._looks: list[Look] = []

    def work(self) -> None:
        while True:
            chance = self._dice.random()
            if chance < 0.06:
                self._give_up()
            elif chance < 0.1:
                self._look()
            elif act := self._act():
                self._save(act)
            time.sleep(self._dice.random() * 0.02)

    def _act(self) -> Save | None:
        chance = self._dice.random()
        token = f"{os.getpid()}-{time.time_ns()}"
        type_id = self._dice.choice((PERSON, PAPER))
        text, other = TEXTS[type_id]
        if chance < 0.3:
            return Save(type=type_id, fields={text: token})
        record = self._one_of(type_id)
        if record is None:
            return None
        if record.conflicts and chance > 0.7:
            name = next(iter(record.conflicts))
            kept = record.fields.get(name)
            value = self._dice.choice([token, kept]) if name in TEXTS[type_id] else kept
            return Save(type=type_id, opened=record, fields={**record.fields, name: value}, kind="resolve")
        if chance < 0.55 and (action := NEXT.get((type_id, record.state))):
            return Save(type=type_id, opened=record, fields={**record.fields, text: token}, action=action)
        if type_id == PAPER and chance < 0.62:
            return Save(type=type_id, opened=record, fields={**record.fields, SCAN: self._scan(token)})
        name = text if self._dice.random() < 0.6 else other
        return Save(type=type_id, opened=record, fields={**record.fields, name: token})

    def _scan(self, token: str) -> dict[str, Any]:
        content = b"%PDF-1.7\n" + token.encode() + self._dice.randbytes(self._dice.choice((0, 3_000, 200_000)))
        digest = self._store.files.put(content)
        return {"sha256": digest, "name": "quet.pdf", "size": len(content), "media_type": "application/pdf"}

    def _look(self) -> None:
        """A history stands open on the screen for a while."""
        if record := self._one_of(self._dice.choice((PERSON, PAPER))):
            self._looks = [*self._looks[-4:], self._store.histories.look(record.id)]
            self._store.changes.history(record.id)

    def _give_up(self) -> None:
        rows = self._store.changes.outbox()
        refused = [row.change.record_id for row in rows if row.status == "refused"]
        if not refused:
            return
        record_id = self._dice.choice(refused)
        texts = [v for row in rows if row.change.record_id == record_id for v in row.change.after.values()]
        self._tell(record=record_id, tokens=[], number=None, giving_up=[v for v in texts if isinstance(v, str)])
        with contextlib.suppress(StoreError):  # the city has no such record: it is to be mended or voided
            self._store.changes.withdraw(record_id, self._dice.choice(self._officers), "khách không lấy nữa")

    def _one_of(self, type_id: str) -> Record | None:
        records = list(self._store.records.each(type_id))[-RECENT:]
        return self._dice.choice(records) if records else None

    def _save(self, save: Save) -> None:
        try:
            (record,) = self._store.save([save], self._dice.choice(self._officers))
        except StoreError:  # signed meanwhile, or there is nothing to resolve any more: nothing was written
            return
        before = save.opened.fields if save.opened else {}
        said = [v for k, v in save.fields.items() if k in TEXTS[save.type] and v != before.get(k)]
        scan = save.fields.get(SCAN) if save.fields.get(SCAN) != before.get(SCAN) else None
        self._tell(
            record=record.id,
            tokens=said,
            number=record.number if save.action else None,
            file=(scan or {}).get("sha256"),
        )

    def _tell(self, **line: Any) -> None:
        os.write(1, (json.dumps(line) + "\n").encode())  # one write: a kill leaves a whole line or none


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
