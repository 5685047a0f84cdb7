"""``tools``: what is in the catalogue, as a list to read or in the JSON shape of the command line's contract."""

from __future__ import annotations

import argparse
from typing import Any

from desktop.commands.desk import Desk
from desktop.commands.errors import usage_error
from desktop.commands.parser import Parser
from forms.definition import Action, Catalog, Deadline, Printout, RecordType, Tool
from forms.field_definition import Field, Message
from forms.flow_definition import Flow
from forms.register_numbers import series_names
from forms.report_definition import Report, ReportColumn, ReportTable


def arguments(parser: Parser, verb: str) -> None:
    parser.add_argument(
        "tool", nargs="*", metavar=parser.say("CÔNG_CỤ", "TOOL"), help=parser.say("chỉ những công cụ này", "only these")
    )


def run(desk: Desk, given: argparse.Namespace) -> int:
    known = {t.id for t in desk.catalog.tools}
    if strangers := [name for name in given.tool if name not in known]:
        names = ", ".join(sorted(known))
        raise usage_error(
            f"Không có công cụ “{strangers[0]}”. Có: {names}.", f"There is no tool “{strangers[0]}”. Known: {names}."
        )
    tools = [t for t in desk.catalog.tools if not given.tool or t.id in given.tool]
    if desk.as_json:
        desk.put_json({"version": desk.catalog.version, "tools": [_tool(t, desk.catalog) for t in tools]})
        return 0
    for tool in tools:
        desk.line(f"{tool.id}  {desk.label(tool.label)}")
        for record in tool.records:
            desk.line(f"  {record.id}  {desk.label(record.label)}  ({len(record.fields)})")
    return 0


def _tool(tool: Tool, catalog: Catalog) -> dict[str, Any]:
    return {
        "id": tool.id,
        "label": tool.label,
        "service": tool.service,
        "group": tool.group,
        "records": [_record(r, catalog) for r in tool.records],
        "reports": [_report(r) for r in tool.reports],
        "flows": [_flow(f) for f in tool.flows],
    }


def _record(record: RecordType, catalog: Catalog) -> dict[str, Any]:
    return {
        "id": record.id.partition(".")[2],
        "type": record.id,
        "label": record.label,
        "scope": record.scope,
        "data_class": record.data_class,
        "fields": [_field(f) for f in record.fields],
        "states": [{"id": s.id, "label": s.label, "kind": s.kind} for s in record.states],
        "actions": [_action(a) for a in record.actions],
        "register": _register(record, catalog),
        "deadline": _deadline(record.deadline),
        "printouts": [_printout(p) for p in record.printouts],
        "rules": _rules(record),
    }


def _field(field: Field) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "label": field.label,
        "owner": field.owner,
    }
    if field.fields:
        shown["fields"] = [_field(f) for f in field.fields]
    if field.choices:
        shown["choices"] = [{"code": c.code, "label": c.label} for c in field.choices]
    if field.choice_list:
        shown["choice_list"] = field.choice_list
    return shown


def _action(action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "label": action.label,
        "from": action.from_,
        "to": action.to,
        "roles": action.roles,
        "asks": action.asks,
        "takes_number": action.takes_number,
    }


def _register(record: RecordType, catalog: Catalog) -> dict[str, Any] | None:
    register = record.register
    if register is None:
        return None
    return {
        "id": register.id,
        "kind": register.kind,
        "field": register.field,
        "format": register.format,
        "period": register.period,
        "service": register.service,
        "series_by": register.series_by,
        "series": series_names(record, catalog),
    }


def _deadline(deadline: Deadline | None) -> dict[str, Any] | None:
    if deadline is None:
        return None
    return {"start": deadline.start, "field": deadline.field, "amount": deadline.amount, "unit": deadline.unit}


def _printout(printout: Printout) -> dict[str, Any]:
    return {
        "id": printout.id,
        "label": printout.label,
        "over": printout.over,
        "states": printout.states,
        "when": printout.when.rule if printout.when else None,
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "id": report.id,
        "label": report.label,
        "periods": report.periods,
        "to": report.to,
        "window": report.window,
        "due": {"days": report.due.days, "unit": report.due.unit} if report.due else None,
        "basis": report.basis,
        "service": report.service,
        "tables": [_table(t) for t in report.tables],
    }


def _table(table: ReportTable) -> dict[str, Any]:
    return {
        "id": table.id,
        "label": table.label,
        "over": table.over,
        "list": table.by_record,
        "when": table.when,
        "where": table.where,
        "rows": [{"by": row.by, "label": row.label} for row in table.rows],
        "columns": [_column(column) for column in table.columns],
        "total": table.total,
    }


def _column(column: ReportColumn) -> dict[str, Any]:
    rules = {kind: text for kind in ("count", "sum", "calc", "value") if (text := getattr(column, kind))}
    return {"id": column.id, "label": column.label, **rules}


def _flow(flow: Flow) -> dict[str, Any]:
    """What comes next: how it is found, what it begins or takes, whose work it is."""
    return {
        "id": flow.id,
        "label": flow.label,
        "from": flow.from_,
        "states": flow.states,
        "where": flow.where,
        "to": flow.to,
        "to_field": flow.to_field,
        "link": flow.link,
        "finds": flow.finds,
        "action": flow.action,
        "sets": flow.sets,
        "roles": flow.roles,
        "mode": flow.mode,
    }


def _rules(record: RecordType) -> list[dict[str, Any]]:
    """Every rule with the field it belongs to (empty: the whole record), so that nothing decides unseen."""
    rules = [_message("", m) for m in record.rules]
    for field in record.fields:
        rules += _field_rules(field.name, field)
    return rules


def _field_rules(path: str, field: Field) -> list[dict[str, Any]]:
    rules = [_message(path, m) for m in field.constraints]
    if isinstance(field.required, str):
        rules.append({"field": path, "kind": "required", "rule": field.required})
    kinds = ("relevant", "calculate", "default", "choice_filter")
    rules += [{"field": path, "kind": kind, "rule": text} for kind in kinds if (text := getattr(field, kind))]
    for column in field.fields:
        rules += _field_rules(f"{path}/{column.name}", column)
    return rules


def _message(path: str, message: Message) -> dict[str, Any]:
    return {
        "field": path,
        "kind": "constraint",
        "rule": message.rule,
        "message": message.message,
        "warn": message.warn,
    }
