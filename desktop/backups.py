"""Backups of this PC: which are due, how each folder stands, and what was tried. Without Qt; the window's part is
``backup_timer.py``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from desktop.language import say, tr
from desktop.models.dates import when
from desktop.settings import Settings
from desktop.version import VERSION
from forms.label import both
from sync.clock import moment_text, parse_moment
from sync.store.model import StoreError

if TYPE_CHECKING:
    from sync.store import Store
    from sync.store.backup import Backup

FILE_NAME = "backups.json"
DAILY = timedelta(hours=20)
AT_QUIT = timedelta(hours=4)
AGAIN = timedelta(hours=1)
"""After a folder that was away or full."""
STALE = timedelta(days=3)
MOST_OFFERED = 2


class Target(Struct, frozen=True):
    """One folder. ``trouble``: why the last try brought nothing ("": it did); ``since``: when the folder was first tried;
    ``device``: whose backups there are this PC's."""

    good_at: str = ""
    tried_at: str = ""
    since: str = ""
    trouble: str = ""
    code: str = ""
    device: str = ""


class Outcome(Struct, frozen=True):
    folder: str
    made: Backup | None = None
    error: StoreError | None = None


def read_targets(profile: Path) -> dict[str, Target]:
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((profile / FILE_NAME).read_bytes(), type=dict[str, Target])
    return {}


def due(
    profile: Path, settings: Settings, now: datetime, *, older: timedelta = DAILY, patient: bool = True
) -> list[str]:
    """The folders whose last good backup is older; ``patient``: those tried a moment ago are left alone."""
    known = read_targets(profile)
    found = []
    for folder in settings.backup_to:
        target = known.get(folder, Target())
        is_old = not target.good_at or _age(target.good_at, now) >= older
        if is_old and not (patient and target.trouble and _age(target.tried_at, now) < AGAIN):
            found.append(folder)
    return found


def back_up(
    store: Store, folders: Sequence[str], keep: int, *, told: Callable[[int], None] = lambda percent: None
) -> list[Outcome]:
    """One after the other; what came of each is written down. What ``told`` raises ends it."""
    outcomes = []
    for folder in folders:
        try:
            outcomes.append(Outcome(folder, store.back_up(Path(folder), keep=keep, program=VERSION, told=told)))
        except StoreError as error:
            outcomes.append(Outcome(folder, None, error))
        _note(store.path, outcomes[-1], store.clock.now())
    return outcomes


def _note(profile: Path, outcome: Outcome, now: datetime) -> None:
    known = read_targets(profile)
    at = moment_text(now)
    before = known.get(outcome.folder, Target(since=at))
    if outcome.made is not None:
        known[outcome.folder] = Target(at, at, before.since, device=outcome.made.device)
    elif outcome.error is not None:
        known[outcome.folder] = msgspec.structs.replace(
            before, tried_at=at, trouble=str(outcome.error), code=outcome.error.code
        )
    from sync.store.safe_files import write_atomically

    with contextlib.suppress(OSError):
        write_atomically(profile / FILE_NAME, msgspec.json.encode(known))


def stale_since(profile: Path, settings: Settings, now: datetime) -> str | None:
    """Where no folder has a good backup of the last days: the moment of the last one, "" where there was never any; None while
    all is well, or no folder was chosen."""
    if not settings.backup_to:
        return None
    known = [read_targets(profile).get(folder, Target()) for folder in settings.backup_to]
    good = max((t.good_at for t in known), default="")
    if good:
        return good if _age(good, now) > STALE else None
    tried = [t.since for t in known if t.since]
    return "" if tried and _age(min(tried), now) > DAILY else None


def offers(profile: Path, settings: Settings, now: datetime) -> list[tuple[str, Backup]]:
    """The newest backups of this PC that can be reached, with when each was made, in words. Shares that are away take seconds
    to say so, hence only what stood well last."""
    from sync.store.backup import list_backups

    found = []
    for folder, target in read_targets(profile).items():
        if target.good_at and folder in settings.backup_to:
            found += list_backups(Path(folder), target.device)
    newest = sorted(found, key=lambda b: b.at, reverse=True)[:MOST_OFFERED]
    return [(when(b.at, now), b) for b in newest]


def sentence(folder: str, target: Target, now: datetime) -> str:
    """How a folder stands, for a person."""
    good = tr("office.backup_good", when=when(target.good_at, now)) if target.good_at else tr("office.backup_never")
    return f"{good}\n! {say(both(target.trouble))}" if target.trouble else good


def _age(at: str, now: datetime) -> timedelta:
    """A clock set back makes nothing fresh for ever."""
    try:
        age = now - parse_moment(at)
    except ValueError:
        return timedelta.max
    return age if age >= timedelta(hours=-1) else timedelta.max
