"""``reports``: what is to be reported, and until when. ``report``: one report over a period, on screen or as a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop.commands.desk import Desk
from desktop.commands.display import draw_papers
from desktop.commands.errors import CommandError, usage_error
from desktop.commands.parser import Parser
from desktop.reporting import Counted, coming_reports, count_report, find_report, write_report
from desktop.sight import shown_reports
from forms.report_windows import WindowError
from forms.reports import shown_figure

KINDS = (".xlsx", ".pdf", ".odt", ".json")


def arguments(parser: Parser, verb: str) -> None:
    parser.set_defaults(verb=verb)
    if verb == "reports":
        return
    parser.add_argument("report", metavar="TOOL.REPORT")
    periods = "2026-11-22, 2026-W47, 2026-11, 2026-Q4, 2026-H1, 2026-9M, 2026, now"
    parser.add_argument("period", metavar=parser.say("KỲ", "PERIOD"), help=periods)
    parser.add_argument("file", nargs="?", metavar=parser.say("TỆP", "FILE"), help=", ".join(KINDS))


def run(desk: Desk, given: argparse.Namespace) -> int:
    return _list(desk) if given.verb == "reports" else _one(desk, given)


def _list(desk: Desk) -> int:
    coming = [
        each for each in coming_reports(desk.catalog, desk.clock) if each.report in shown_reports(each.tool, desk.seen)
    ]
    if desk.as_json:
        rows = [
            {"id": each.id, "label": each.report.label, "periods": each.report.periods, "due": each.due}
            | {"period": each.window.key, "from": each.window.from_date, "to": each.window.to_date}
            for each in coming
        ]
        desk.put_json({"reports": rows})
        return 0
    for each in coming:
        due = f"  ≤ {each.due}" if each.due else ""
        desk.line(f"{each.id}  {each.window.key}{due}  {desk.label(each.report.label)}")
    return 0


def _one(desk: Desk, given: argparse.Namespace) -> int:
    path = Path(given.file) if given.file else None
    if path is not None and path.suffix.lower() not in KINDS:
        kinds = ", ".join(KINDS)
        raise usage_error(f"Không biết ghi tệp {path.name}: cần {kinds}.", f"Cannot write {path.name}: use {kinds}.")
    try:
        tool, report = find_report(desk.catalog, given.report)
        if report not in shown_reports(tool, desk.seen):
            raise CommandError(
                "Báo cáo này đếm những sổ cán bộ không được xem.",
                "This report counts registers the officer may not see.",
            )
        counted = count_report(
            desk.store,
            desk.catalog,
            desk.clock,
            given.report,
            given.period,
            language=desk.language,
            within=desk.seen,
        )
    except KeyError:
        raise usage_error(
            f"Không có báo cáo “{given.report}”. Xem tất cả: sophuong reports",
            f"There is no report “{given.report}”. All of them: sophuong reports",
        ) from None
    except WindowError as error:
        raise usage_error(error.label.vi, error.label.en) from error
    if path is not None:
        _write(desk, counted, path)
    if desk.as_json:
        desk.put_json(counted.figures)
    elif path is None:
        _show(desk, counted)
    else:
        desk.say(f"Đã ghi {path}.", f"Written to {path}.")
    return 0


def _write(desk: Desk, counted: Counted, path: Path) -> None:
    from desktop.commands.printing import print_context
    from forms.printing import render_report

    html = ""
    if path.suffix.lower() in (".pdf", ".odt"):
        draw_papers()
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance() or QApplication(["sophuong"])
        context = print_context(desk)
        html = render_report(counted.figures, counted.report, desk.catalog, context=context, before=counted.before)
        write_report(counted, path, html, language=desk.language)
        del application
        return
    write_report(counted, path, html, language=desk.language)


def _show(desk: Desk, counted: Counted) -> None:
    desk.line(f"{desk.label(counted.report.label)} · {desk.label(counted.figures.window.label)}")
    for table in counted.figures.tables:
        desk.line(f"\n{desk.label(table.label)}")
        headings = [*(desk.label(label) for label in table.breakdown), *(desk.label(c.label) for c in table.columns)]
        desk.line("  ".join(headings))
        for line in table.lines:
            values = [shown_figure(v, c.show, desk.language) for v, c in zip(line.values, table.columns, strict=True)]
            desk.line("  ".join((*line.names, *values)))
        if table.total:
            values = [shown_figure(v, c.show, desk.language) for v, c in zip(table.total, table.columns, strict=True)]
            desk.line("  ".join(("Tổng" if desk.language == "vi" else "Total", *values)))
