"""Reports that must be made now, as rows of today's page."""

from __future__ import annotations

from collections.abc import Collection

from desktop.language import say, tr
from desktop.models.dates import short_day
from desktop.models.rows import RowContext
from desktop.models.table import Row
from desktop.models.tags import Tag
from desktop.models.today_rows import REPORT
from desktop.reporting import SOON_DAYS, Coming, kept_report
from desktop.sight import shown_reports
from forms.vietnamese_dates import to_local
from sync.store import Store

LATE_DAYS = 20  # older ones stand in the list of reports: nobody makes them today because of this page


def due_reports(store: Store, context: RowContext, seen: Collection[str], coming: tuple[Coming, ...]) -> list[Coming]:
    """Those that are due within SOON_DAYS or late, and of which no record stands in the register of reports."""
    return [
        each
        for each in coming
        if each.days_left is not None
        and -LATE_DAYS <= each.days_left <= SOON_DAYS
        and each.report in shown_reports(each.tool, seen)
        and kept_report(store, context.catalog, each) is None
    ]


def report_row(each: Coming, context: RowContext) -> Row:
    """Enter opens the report's page over its window."""
    today = to_local(context.now()).date()
    day = short_day(to_local(f"{each.due}T00:00:00+07:00").date(), today) if each.due else ""
    left = each.days_left or 0
    if left < 0:
        tag = Tag(tr("report.late_days", day=day, n=-left), "red", "!")
    else:
        tag = Tag(tr("report.send_before", day=day), "amber", "◷")
    name, window = say(each.report.label), say(each.window.label).partition(" (")[0]
    to = say(each.report.to) if each.report.to else say(each.tool.short)
    name = name.removeprefix(f"{tr('report.one')} ")  # the row says what it is already
    work = tr("report.reminder", name=name[0].upper() + name[1:], window=window)
    return Row(f"{REPORT}:{each.id}:{each.window.key}", (tag, work, to, tr("report.not_made")))
