"""Checks of a tool's reports: what they count, by what, and whether every rule in them names what there is."""

from __future__ import annotations

from forms.definition import Catalog, RecordType, Tool
from forms.definition_source import Place, Source
from forms.expressions import Expression, ExpressionError
from forms.field_checks import repeated, unknown
from forms.report_definition import Report, ReportColumn, ReportRegister, ReportTable
from forms.rule_checks import RuleScope, check_rule, unknown_field

WINDOW = ("from_date", "to_date", "id")
"""Names a report's rules know besides the record's."""
_TIMES = ("date", "datetime", "date_partial")


def check_reports(source: Source, tool: Tool, catalog: Catalog) -> None:
    repeated(source, ("reports",), [report.id for report in tool.reports])
    for number, report in enumerate(tool.reports):
        place: Place = ("reports", number)
        _check_report(source, place, report, catalog)
        repeated(source, (*place, "tables"), [table.id for table in report.tables])
        for t, table in enumerate(report.tables):
            _TableCheck(source, (*place, "tables", t), table, catalog).run()


def check_register(source: Source, catalog: Catalog) -> None:
    """The register that reports are kept in, named in catalog.yaml."""
    register, place = catalog.report_register, ("report_register",)
    if register is None:
        return
    if not catalog.knows(register.record):
        known = sorted(kind.id for kind in catalog.record_types)
        unknown(source, (*place, "record"), "loại hồ sơ", "record type", register.record, known)
        return
    restricted = {scope.id for scope in catalog.scopes if scope.restricted}
    for scope, record in register.restricted.items():
        if scope not in restricted:
            unknown(
                source, (*place, "restricted", scope), "luồng hạn chế", "restricted scope", scope, sorted(restricted)
            )
        elif not catalog.knows(record) or catalog.record_type(record).scope != scope:
            known = sorted(kind.id for kind in catalog.record_types if kind.scope == scope)
            unknown(
                source, (*place, "restricted", scope), "loại hồ sơ của luồng", "record type of the scope", record, known
            )
        else:
            _register_fields(source, place, register, catalog.record_type(record))
    _register_fields(source, place, register, catalog.record_type(register.record))


def _register_fields(source: Source, place: Place, register: ReportRegister, kind: RecordType) -> None:
    fields = kind.field_map
    for key in ("code", "title", "kind", "period", "from", "to", "due", "rows", "receiver"):
        name = getattr(register, f"{key}_" if key == "from" else key)
        if fields and name is not None and name not in fields:
            unknown_field(source, (*place, key), name, list(fields))


def _check_report(source: Source, place: Place, report: Report, catalog: Catalog) -> None:
    if not report.periods:
        source.mistake(place, "báo cáo chưa có kỳ nào", "the report has no period", "periods: [month]")
    if not report.tables:
        source.mistake(place, "báo cáo chưa có bảng nào", "the report has no table", "tables: [ … ]")
    services = sorted(service.id for service in catalog.services)
    if report.service is not None and report.service not in services:
        unknown(source, (*place, "service"), "dịch vụ", "service", report.service, services)


class _TableCheck:
    def __init__(self, source: Source, place: Place, table: ReportTable, catalog: Catalog) -> None:
        self.source, self.place, self.table, self.catalog = source, place, table, catalog

    def run(self) -> None:
        table = self.table
        if not self.catalog.knows(table.over):
            known = sorted(kind.id for kind in self.catalog.record_types)
            unknown(self.source, (*self.place, "over"), "loại hồ sơ", "record type", table.over, known)
            return
        kind = self.catalog.record_type(table.over)
        self._when(kind)
        if table.where:
            self._rule(("where",), table.where, kind)
        for number, row in enumerate(table.rows):
            self._rule(("rows", number, "by"), row.by, kind)
        if table.by_record and table.rows:
            vi, en = "bảng liệt kê từng hồ sơ không có rows", "a table of records has no rows"
            self.source.mistake((*self.place, "rows"), vi, en)
        repeated(self.source, (*self.place, "columns"), [column.id for column in table.columns])
        if not table.columns:
            self.source.mistake(self.place, "bảng chưa có cột nào", "the table has no column", "columns: [ … ]")
        for number, column in enumerate(table.columns):
            self._column(("columns", number), column, [c.id for c in table.columns[:number]], kind)
        names = [column.id for column in table.columns]
        if table.sort and table.sort.lstrip("-") not in names:
            unknown(self.source, (*self.place, "sort"), "cột", "column", table.sort, names)

    def _when(self, kind: RecordType) -> None:
        when = self.table.when
        if when is None:
            return
        field = kind.field_map.get(when)
        if field is None:
            unknown_field(self.source, (*self.place, "when"), when, list(kind.field_map))
        elif field.type not in _TIMES:
            vi, en = f"trường “{when}” không phải ngày giờ", f"field “{when}” is no date"
            self.source.mistake((*self.place, "when"), vi, en, " | ".join(_TIMES))

    def _column(self, place: Place, column: ReportColumn, before: list[str], kind: RecordType) -> None:
        for key in ("count", "sum", "value"):
            text = getattr(column, key)
            if text:
                self._rule((*place, key), text, kind)
        if (column.value is not None) != self.table.by_record:
            vi = "bảng liệt kê cần value, bảng đếm cần count, sum hoặc calc"
            en = "a table of records needs value, a table of figures count, sum or calc"
            self.source.mistake((*self.place, *place), vi, en, "value | count | sum | calc")
        if column.calc:
            self._calc((*self.place, *place, "calc"), column.calc, before)

    def _calc(self, place: Place, text: str, before: list[str]) -> None:
        try:
            names = Expression(text).unbound
        except ExpressionError as error:
            self.source.mistake(
                place, f"sai cú pháp CEL: {error.reason}", f"not well-formed CEL: {error.reason}", "CEL"
            )
            return
        for name in sorted(names - {*before, *WINDOW[:2]}):
            unknown(self.source, place, "cột đứng trước", "column before it", name, before)

    def _rule(self, place: Place, text: str, kind: RecordType) -> None:
        check_rule(self.source, (*self.place, *place), text, RuleScope(self.catalog, kind, extra=WINDOW))
