"""How much of the WAL is in use, and what is done about it between the parts of a long sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.clock import FixedClock
from sync.store import Store, access, changes, connection, journal
from sync.store.changes import Changes
from sync.store.journal import Journal
from tests.sync.store import soundness
from tests.sync.store.test_gentle import people, pull

PART = access.GENTLE_COMMIT


def wal(store: Store) -> Path:
    return store.path / f"{connection.FILE_NAME}-wal"


def used(store: Store) -> int:
    return store._context.writer.journal.used_bytes()


def frames(store: Store) -> int:
    """By SQLite's own count, which moves them into the file too."""
    with store._context.readers.idle() as db:
        return int(db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1])


def test_what_is_in_use_is_told_from_how_long_the_file_once_was(store: Store, clock: FixedClock) -> None:
    with store._context.readers.idle() as db:
        frame = 24 + int(db.execute("PRAGMA page_size").fetchone()[0])
    pull(store, tuple(people(clock, 4 * PART)))
    long, size = used(store), wal(store).stat().st_size
    assert long == frames(store) * frame > 100 * frame
    store.set_meta("note", "one page or two, from the beginning of the file again")
    assert wal(store).stat().st_size == size
    assert 0 < used(store) == frames(store) * frame < long / 10


@pytest.mark.parametrize("content", [None, b"", b"\0" * 10, b"\1" * 5000])
def test_what_is_no_journal_is_not_in_use(tmp_path: Path, content: bytes | None) -> None:
    journal = Journal(tmp_path / "store.db")
    if content is not None:
        journal.path.write_bytes(content)
    assert journal.used_bytes() == 0
    journal.bring_to_disk()


def test_a_journal_that_was_long_once_is_not_moved_after_every_part(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each following part would be written into the file by itself, and the next commit would wait for the disk."""
    store.gentle = True
    pull(store, tuple(people(clock, 2 * PART)))
    limit = used(store) - 1
    monkeypatch.setattr(changes, "GENTLE_CHECKPOINT_BYTES", limit)
    found: list[int] = []
    checkpoint = Changes.checkpoint

    def noted(self: Changes) -> None:
        found.append(used(store))
        checkpoint(self)

    monkeypatch.setattr(Changes, "checkpoint", noted)
    parts = 12
    for _ in range(parts):
        pull(store, tuple(people(clock, PART)))
    assert 1 < len(found) < parts - 2
    assert min(found) > limit
    soundness.check(store)


@pytest.mark.parametrize("gentle", [True, False])
def test_beside_an_officer_little_of_it_is_left_for_his_save_to_bring_to_the_disk(
    store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, *, gentle: bool
) -> None:
    store.gentle = gentle
    pull(store, tuple(people(clock, PART)))
    one_part = used(store)
    monkeypatch.setattr(journal, "UNSAFE_BYTES", one_part)
    brought, left = [0], [0]

    def bring(self: Journal) -> None:
        brought.append(self.used_bytes())

    monkeypatch.setattr(Journal, "bring_to_disk", bring)
    store.subscribe(lambda _: left.append(used(store) - brought[-1]))
    pull(store, tuple(people(clock, 8 * PART)))
    assert (len(brought) > 3) is gentle
    assert (max(left) <= 2 * one_part) is gentle
