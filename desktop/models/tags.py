"""Tags: a sign and words on a coloured ground. The sign and the words say everything; colour only helps to find them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from desktop.language import say, tr
from desktop.models.dates import local, short_day, weekday
from forms.calendar import Lateness
from forms.definition import RecordType
from sync.store.model import ChangeStatus, FileStanding, Record, Standing

Kind = Literal["red", "amber", "green", "blue", "grey"]


class Tag(Struct, frozen=True):
    text: str
    kind: Kind = "grey"
    sign: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {self.text}" if self.sign else self.text


class KnowsLateness(Protocol):
    """What this needs of ``forms.calendar.WorkCalendar``."""

    def lateness(self, due: datetime, now: datetime) -> Lateness: ...


def due_tag(record: Record, record_type: RecordType, now: datetime, calendar: KnowsLateness) -> Tag | None:
    """How the record stands to its deadline; None when it has none, or when the work is done."""
    state = record_type.state(record.state)
    if record_type.deadline is None or state.kind in {"final", "void"}:
        return None
    if not state.clock:
        return Tag(tr("frame.due_stands"), "grey", "‖")
    if record.due_at is None:
        return None
    due, here = local(record.due_at), local(now)
    if due < here:
        return Tag(say(calendar.lateness(due, here).label), "red", "!")
    return _ahead_tag(due, here)


def _ahead_tag(due: datetime, here: datetime) -> Tag:
    """A deadline still to come: the hour when it is near, the weekday within a week, else the day."""
    days = (due.date() - here.date()).days
    if days <= 1:
        return Tag(tr("frame.due_tomorrow" if days else "frame.due_today", time=f"{due:%H:%M}"), "amber", "◷")
    if days < 7:
        return Tag(f"{weekday(due.date())}, {due:%d/%m}")
    return Tag(short_day(due.date(), here.date()))


def state_tag(record_type: RecordType, state_id: str) -> Tag:
    state = record_type.state(state_id)
    kinds: dict[str, Kind] = {"draft": "grey", "open": "blue", "waiting": "amber", "final": "green", "void": "grey"}
    signs = {"final": "✓", "void": "✕", "waiting": "◷"}
    return Tag(say(state.label), kinds[state.kind], signs.get(state.kind, ""))


def standing_tag(standing: Standing) -> Tag:
    """Where the record stands as a whole (promise 3)."""
    match standing:
        case "here":
            return Tag(tr("frame.standing_here"), "amber", "◐")
        case "conflict":
            return Tag(tr("frame.standing_conflict"), "amber", "≠")
        case "refused":
            return Tag(tr("frame.standing_refused"), "red", "↩")
        case "hub":
            return Tag(tr("frame.standing_hub"), "blue", "⇄")
        case _:
            return Tag(tr("frame.standing_city"), "green", "✓")


def file_tag(standing: FileStanding) -> Tag:
    """Where one attached file stands; amber where something hindered it the last time."""
    kinds: dict[str, tuple[Kind, str]] = {
        "waiting": ("blue", "◐"),
        "sending": ("blue", "◐"),
        "there": ("green", "✓"),
        "fetching": ("blue", "↓"),
        "missing": ("grey", "○"),
    }
    kind, sign = kinds.get(standing.state, ("grey", ""))
    text = tr(f"frame.file_{standing.state}", percent=standing.percent)
    return Tag(text, "amber", "!") if standing.why else Tag(text, kind, sign)


def change_tag(status: ChangeStatus) -> Tag:
    """Where one change stands."""
    match status:
        case "pending":
            return Tag(tr("frame.change_pending"), "blue", "◐")
        case "refused":
            return Tag(tr("frame.change_refused"), "red", "↩")
        case "parked":
            return Tag(tr("frame.change_parked"), "grey", "‖")
        case "conflict":
            return Tag(tr("frame.change_conflict"), "amber", "≠")
        case "hub":
            return Tag(tr("frame.standing_hub"), "blue", "⇄")
        case _:
            return Tag(tr("frame.change_accepted"), "green", "✓")


def chosen_tag() -> Tag:
    """Of a change whose conflict was settled here: the choice is on its way."""
    return Tag(tr("frame.change_chosen"), "blue", "◐")
