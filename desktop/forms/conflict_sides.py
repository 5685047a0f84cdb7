"""Whose value is which, where PCs wrote different ones: told by PC and officer, and of the city's by the history.

A record's "changed by" is whoever changed it last, which is mostly the officer whose value waits here; it says nothing
about who wrote what the city has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from desktop.forms.change_words import field_of, shown_value
from desktop.language import tr
from desktop.models.dates import when
from forms.definition import RecordType
from sync.difference import get_path
from sync.protocol import Candidate
from sync.store.model import HistoryRow, Record

if TYPE_CHECKING:
    from desktop.app import App

Written = tuple[str, str]  # by whom, when (UTC)


class Side(Struct, frozen=True):
    """A column: where the values were written, by whom and when. ``name``: how its button calls it."""

    title: str
    who: str
    name: str

    @property
    def head(self) -> str:
        return "\n".join(part for part in (self.title, self.who) if part)


class Option(Struct, frozen=True):
    """``side``: 0… for the values of officers, the last for the city's. ``who``: where the column's head cannot say it."""

    side: int
    value: Any
    text: str
    who: str = ""


class Pick(Struct, frozen=True):
    path: str
    label: str
    before: str
    options: tuple[Option, ...]
    sides: tuple[Side, ...]


Place = tuple[str, str, int]
"""Device, officer, and which of several values that he wrote there in one field: one column."""


def picks_of(app: App, record_type: RecordType, record: Record, history: Sequence[HistoryRow] = ()) -> list[Pick]:
    """One row a field. What was written on this PC stands first, so that "this PC" is always on the left."""
    own = {row.change.device for row in history if row.is_own}
    own |= {app.enrolment.device} if app.enrolment else set()
    written: dict[Place, str] = {}
    placed = {path: _placed(candidates) for path, candidates in record.conflicts.items()}
    for candidates in placed.values():
        for place, candidate in candidates.items():
            written[place] = max(written.get(place, ""), candidate.at)
    order = sorted(written, key=lambda place: (place[0] not in own, written[place], place))
    authors = {path: _author(path, get_path(record.fields, path), history) for path in record.conflicts}
    one = _one(list(authors.values()))
    sides = (*_officers(app, order, written, own), _city(app, one))
    picks = []
    for path, candidates in placed.items():
        field, label = field_of(record_type, path)

        def text(value: Any, field: Any = field) -> str:
            return shown_value(app, field, value) if field is not None else str(value)

        options = [Option(order.index(place), c.value, text(c.value)) for place, c in candidates.items()]
        options.sort(key=lambda option: option.side)
        city = get_path(record.fields, path)
        options.append(Option(len(order), city, text(city), "" if one else _told(app, authors[path])))
        before = text(record.conflicts[path][0].before) if candidates else ""
        picks.append(Pick(path, label, before, tuple(options), sides))
    return picks


def _one(authors: Sequence[Written | None]) -> Written | None:
    """The officer who wrote all of it, and when the last of it; None where there are several, or one is not known."""
    known = [author for author in authors if author is not None]
    is_one = len(known) == len(authors) and len({name for name, _ in known}) == 1
    return max(known, key=lambda author: author[1]) if is_one else None


def _placed(candidates: Sequence[Candidate]) -> dict[Place, Candidate]:
    found: dict[Place, Candidate] = {}
    for candidate in candidates:
        n = sum(1 for device, officer, _ in found if (device, officer) == (candidate.device, candidate.officer))
        found[candidate.device, candidate.officer, n] = candidate
    return found


def _officers(app: App, order: Sequence[Place], written: Mapping[Place, str], own: set[str]) -> list[Side]:
    names = [officer for _, officer, _ in order]
    sides = []
    for place in order:
        device, officer, _ = place
        here = device in own
        other = tr("form.conflict.pc", device=device) if device else tr("form.conflict.other")
        title = tr("form.conflict.here") if here else other
        name = officer if names.count(officer) == 1 else f"{officer} ({title})"
        sides.append(Side(title, _told(app, (officer, written[place])), name))
    return sides


def _city(app: App, author: Written | None) -> Side:
    title = tr("form.conflict.city")
    return Side(title, _told(app, author), title)


def _told(app: App, written: Written | None) -> str:
    if written is None:
        return ""
    name, at = written
    return f"{name}, {when(at, app.clock.now())}"


def _author(path: str, value: Any, history: Sequence[HistoryRow]) -> Written | None:
    """Who wrote what the city has there; None while this PC does not know."""
    for row in sorted(history, key=lambda row: -row.revision):  # the latest that arrived there, whenever it was typed
        change = row.change
        if row.status not in ("accepted", "conflict") or path in row.fields:
            continue
        known, put = _put_by(change.after, path)
        if known:
            return (change.officer.name, change.at) if put == value else None
    return None


def _put_by(after: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Whether a change put something there, and what; a cell goes along with its row, a row with its group."""
    if path in after:
        return True, after[path]
    name, *rest = path.split("/")
    row = "/".join((name, *rest[:1]))
    if len(rest) > 1 and row in after:
        whole = after[row]
        return True, whole.get(rest[1]) if isinstance(whole, dict) else None
    return (True, get_path(dict(after), path)) if name in after else (False, None)
