"""Where the records of this PC stand, in one sentence each: what the status bar says."""

from __future__ import annotations

from datetime import datetime

from desktop.language import tr
from desktop.line import Line
from desktop.models.dates import when
from desktop.models.tags import Kind
from sync.store.model import Overview


def line_sentence(line: Line, enrolled: bool, now: datetime) -> tuple[Kind, str, str]:
    """Kind, sign and words about the line to the city. Work goes on in every case, and the words say so."""
    since = when(line.since, now) if line.since else ""
    if not enrolled:
        return "grey", "○", tr("frame.line_none")
    match line.state:
        case "up":
            return "green", "●", tr("frame.line_up", since=since)
        case "down":
            return "amber", "◐", tr("frame.line_down", since=since)
        case "refused":
            return "red", "!", tr("frame.line_refused", since=since)
    return "grey", "○", tr("frame.line_unknown")


def fill_sentence(line: Line) -> str:
    """How far the first fill of this PC is; empty when there is none."""
    fill = line.fill
    if fill is None:
        return ""
    if not line.busy:
        return tr("frame.fill_waits", percent=fill.percent)
    return tr("frame.fill_usable", percent=fill.percent) if fill.usable else tr("frame.fill_begun")


def filling_note(line: Line) -> str:
    """Beside what is not found: a new PC has not got everything yet. Empty when there is no first fill."""
    if line.fill is None and not line.is_first_fill:
        return ""
    return tr("frame.still_filling", percent=line.fill.percent if line.fill else 0)


def waiting_sentence(overview: Overview | None, files: int = 0) -> str:
    """What has not reached the city; "all there" only when that is true for every change on this PC, and ``files`` that are
    still to follow their records are told. Of what another officer left here and this one may not see it says that it is
    there, and no number."""
    if overview is None:
        return ""
    if overview.waiting:
        return tr("frame.n_waiting_and_unseen" if overview.unseen_waiting else "frame.n_waiting", n=overview.waiting)
    if overview.refused:
        return tr("frame.n_refused", n=overview.refused)
    if overview.unseen_waiting:
        return tr("frame.unseen_waiting")
    return tr("frame.all_there_but_files", n=files) if files else tr("frame.all_there")


def attention_sentence(overview: Overview | None) -> str:
    """What only a person can settle; empty when there is nothing."""
    if overview is None:
        return ""
    parts = []
    if overview.conflicts:
        parts.append(tr("frame.n_conflicts", n=overview.conflicts))
    if overview.refused and overview.waiting:
        parts.append(tr("frame.n_refused", n=overview.refused))
    return " · ".join(parts)
