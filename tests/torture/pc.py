"""One PC of a ward as a process: an officer who saves without end, and the sync beside him. Killed, it is started again.

A line on standard output names what was saved, after the save returned: from then on it may not be lost.
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

from sync.clock import SystemClock
from sync.engine import Engine
from sync.http import HttpTransport
from sync.protocol import SyncError
from sync.store import Store
from sync.store.model import Record, Save, StoreError
from tests.torture.ward import CATALOG, NEXT, PAPER, PERSON, TEXTS

RECENT = 40  # records an officer has at hand, so that both PCs keep meeting in the same ones


def main(folder: Path, key: str, seed: int) -> None:
    with Store.open(folder, bytes.fromhex(key), CATALOG, SystemClock()) as store:
        threading.Thread(target=sync_forever, args=(store, random.Random(seed + 1)), daemon=True).start()
        Officer(store, random.Random(seed)).work()


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


class Officer:
    """Makes papers and notes, changes his own and the other PC's, signs papers so that they take a number."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        assert store.enrolment is not None
        self._store = store
        self._dice = dice
        self._me = store.enrolment.officers[0]
        self._n = 0

    def work(self) -> None:
        while True:
            if act := self._act():
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
            value = self._dice.choice([token, record.fields.get(name)])
            return Save(type=type_id, opened=record, fields={**record.fields, name: value}, kind="resolve")
        if chance < 0.55 and (action := NEXT.get((type_id, record.state))):
            return Save(type=type_id, opened=record, fields={**record.fields, text: token}, action=action)
        name = text if self._dice.random() < 0.6 else other
        return Save(type=type_id, opened=record, fields={**record.fields, name: token})

    def _one_of(self, type_id: str) -> Record | None:
        records = list(self._store.records.each(type_id))[-RECENT:]
        return self._dice.choice(records) if records else None

    def _save(self, save: Save) -> None:
        try:
            (record,) = self._store.save([save], self._me)
        except StoreError:  # signed meanwhile, or there is nothing to resolve any more: nothing was written
            return
        before = save.opened.fields if save.opened else {}
        said = [v for k, v in save.fields.items() if k in TEXTS[save.type] and v != before.get(k)]
        line = {"record": record.id, "tokens": said, "number": record.number if save.action else None}
        os.write(1, (json.dumps(line) + "\n").encode())  # one write: a kill leaves a whole line or none


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
