"""Reports: definitions and records become tables of figures. No store and no screen here.

Every figure can be traced: ``compute`` with ``trace`` keeps which records stand behind each line and column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from forms.definition import Catalog, Field, Label, RecordType
from forms.expressions import Expression, Variables
from forms.field_types import show
from forms.functions import Calendar, RuleSurroundings, day_of, rule_functions
from forms.report_definition import Breakdown, Report, ReportColumn, ReportTable
from forms.report_windows import Window
from forms.vietnamese import sort_key
from forms.vietnamese_dates import moment_text

Number = int | float
Value = int | float | str | None


class RecordLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def number(self) -> str | None: ...
    @property
    def fields(self) -> Mapping[str, Any]: ...


class ReportContext(Struct, frozen=True, kw_only=True):
    """``records(type, field, first, last)``: the records of a type; with a field named, at least those whose date in it lies
    between the two days (ISO)."""

    records: Callable[[str, str | None, str, str], Iterable[RecordLike]]
    resolve: Callable[[str], Mapping[str, Any] | None]
    calendar: Calendar
    now: Callable[[], Any]
    language: str = "vi"


class Heading(Struct, frozen=True):
    id: str
    label: Label
    show: str  # number, money, percent, decimal, date, text


class Line(Struct, frozen=True):
    """``keys``: the value of each breakdown, "" for none; ``names``: how an officer reads them. ``record``: its id, in a
    table of records."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[Value, ...]
    record: str | None = None


class TableFigures(Struct, frozen=True):
    id: str
    label: Label
    breakdown: tuple[Label, ...]
    columns: tuple[Heading, ...]
    lines: tuple[Line, ...]
    total: tuple[Value, ...] | None = None


class Figures(Struct, frozen=True):
    """A report as counted, ready to be kept: it does not change when the records do."""

    report: str  # tool.report
    window: Window
    tables: tuple[TableFigures, ...]
    counted_at: str  # moment


_VIETNAMESE_POINTS = str.maketrans(",.", ".,")
Trace = dict[tuple[str, tuple[str, ...], str], list[str]]
"""(table, keys of the line, column) → ids of the records behind the figure. The total's keys are ()."""


def compute(
    tool_id: str,
    report: Report,
    catalog: Catalog,
    window: Window,
    context: ReportContext,
    *,
    trace: Trace | None = None,
) -> Figures:
    """The report over a window. A rule that cannot be evaluated for a record counts that record as not meant."""
    tables = tuple(_Table(table, catalog, window, context, trace).figures() for table in report.tables)
    return Figures(f"{tool_id}.{report.id}", window, tables, moment_text(context.now()))


class _Table:
    def __init__(
        self, table: ReportTable, catalog: Catalog, window: Window, context: ReportContext, trace: Trace | None
    ) -> None:
        self.table, self.catalog, self.window, self.context, self.trace = table, catalog, window, context, trace
        self.kind = catalog.record_type(table.over)
        self._record: RecordLike | None = None
        self._functions = rule_functions(
            RuleSurroundings(
                now=context.now,
                calendar=context.calendar,
                resolve=context.resolve,
                dated_values=catalog.dated_values,
                label=self._label,
                language=context.language,
            )
        )
        self._where = Expression(table.where) if table.where else None
        self._by = [_ByLine(row, self.kind, catalog, context) for row in table.rows]
        self._columns = [_Column(column, self.kind) for column in table.columns]
        rules = [self._where, *(by.rule for by in self._by), *(rule for c in self._columns for rule in c.rules)]
        self._reads = frozenset(name for rule in rules if rule is not None for name in rule.reads)
        self._variables = Variables({}, functions=self._functions, names=self._reads)
        for name, value in (("from_date", window.from_date), ("to_date", window.to_date)):
            self._variables.set(name, value)

    def _label(self, name: str) -> str | None:
        field = self.kind.field_map.get(name)
        value = self._record.fields.get(name) if self._record else None
        return _shown(field, value, self.catalog, self.context) if field and value is not None else None

    def figures(self) -> TableFigures:
        lines = self._each_record() if self.table.by_record else self._counted()
        total = self._total() if self.table.total and not self.table.by_record else None
        if self.table.total and self.table.by_record:
            total = tuple(_added(line.values[n] for line in lines) for n in range(len(self._columns)))
        headings = tuple(Heading(c.column.id, c.column.label, c.show) for c in self._columns)
        breakdown = tuple(row.label for row in self.table.rows)
        return TableFigures(self.table.id, self.table.label, breakdown, headings, tuple(lines), total)

    def _meant(self) -> Iterable[RecordLike]:
        """The records the table is about, their values set for the rules."""
        table, first, last = self.table, self.window.from_date, self.window.to_date
        for record in self.context.records(table.over, table.when, first, last):
            if table.when and not _within(record.fields.get(table.when), first, last):
                continue
            self._record = record
            for name in self._reads:
                self._variables.set(name, _value(record, name, self.window))
            if self._where is None or self._where.evaluate(self._variables) is True:
                yield record

    def _each_record(self) -> list[Line]:
        lines = []
        for record in self._meant():
            values = tuple(column.of_record(self._variables, record, self) for column in self._columns)
            lines.append(Line((), (), values, record.id))
        return self._sorted(lines)

    def _counted(self) -> list[Line]:
        sums: dict[tuple[str, ...], list[Number]] = {}
        names: dict[tuple[str, ...], tuple[tuple[Any, ...], tuple[str, ...]]] = {}
        if not self._by:
            sums[()] = [0] * len(self._columns)
            names[()] = ((), ())
        self._sums = sums
        for record in self._meant():
            levels = [by.of(self._variables, record) for by in self._by]
            key = tuple(level.key for level in levels)
            if key not in sums:
                sums[key] = [0] * len(self._columns)
                names[key] = (tuple(level.order for level in levels), tuple(level.name for level in levels))
            for place, column in enumerate(self._columns):
                amount = column.amount(self._variables)
                if amount is None:
                    continue
                sums[key][place] += amount
                if self.trace is not None:
                    for line in {key, ()}:
                        self.trace.setdefault((self.table.id, line, column.column.id), []).append(record.id)
        lines = [
            (names[key][0], Line(key, names[key][1], self._with_calculations(amounts))) for key, amounts in sums.items()
        ]
        return self._sorted([line for _, line in sorted(lines, key=lambda pair: pair[0])])

    def _total(self) -> tuple[Value, ...]:
        amounts: list[Number] = [sum(of_line) for of_line in zip(*self._sums.values(), strict=True)]
        return self._with_calculations(amounts or [0] * len(self._columns))

    def _with_calculations(self, amounts: list[Number]) -> tuple[Value, ...]:
        values: list[Value] = list(amounts)
        for place, column in enumerate(self._columns):
            if column.calc is not None:
                known = {c.column.id: values[n] for n, c in enumerate(self._columns[:place])}
                values[place] = self._calculated(column.calc, known)
        return tuple(values)

    def _calculated(self, rule: Expression, known: dict[str, Value]) -> Number | None:
        """CEL multiplies whole numbers with whole ones and decimals with decimals only: a share is written with decimals
        (``a * 100.0 / b``), a difference may be written with neither."""
        window = {"from_date": self.window.from_date, "to_date": self.window.to_date}
        decimals = {name: float(v) if isinstance(v, int | float) else v for name, v in known.items()}
        for values in (decimals, known):
            variables = Variables({**values, **window}, functions=self._functions)
            if (found := _number(rule.evaluate(variables))) is not None:
                return found
        return None

    def _sorted(self, lines: list[Line]) -> list[Line]:
        if self.table.sort is None:
            return lines
        place = [column.id for column in self.table.columns].index(self.table.sort.lstrip("-"))

        def order(line: Line) -> tuple[bool, Any]:
            value = line.values[place]
            return isinstance(value, str), sort_key(value) if isinstance(value, str) else (value or 0)

        return sorted(lines, key=order, reverse=self.table.sort.startswith("-"))


class _Level(Struct, frozen=True):
    key: str
    name: str
    order: Any


class _ByLine:
    """One breakdown: what line a record belongs to."""

    def __init__(self, row: Breakdown, kind: RecordType, catalog: Catalog, context: ReportContext) -> None:
        self._field = kind.field_map.get(row.by)
        self.rule = None if self._field else Expression(row.by)
        self._catalog, self._context = catalog, context
        choices = catalog.choices_of(self._field) if self._field else ()
        self._ranks = {choice.code: rank for rank, choice in enumerate(choices)}

    def of(self, variables: Variables, record: RecordLike) -> _Level:
        field = self._field
        value = record.fields.get(field.name) if field else (self.rule.evaluate(variables) if self.rule else None)
        if value is None or value == "":
            return _Level("", "–", (2, ""))
        name = _shown(field, value, self._catalog, self._context) if field else _text(value)
        rank = self._ranks.get(value) if isinstance(value, str) else None
        if isinstance(value, bool | int | float):
            return _Level(_text(value), name, (0, float(value)))
        return _Level(_text(value), name, (0, float(rank)) if rank is not None else (1, sort_key(name)))


class _Column:
    """One column made ready."""

    def __init__(self, column: ReportColumn, kind: RecordType) -> None:
        self.column = column
        self._field = kind.field_map.get(column.value) if column.value else None
        self._count = Expression(column.count) if column.count else None
        self._sum = Expression(column.sum) if column.sum else None
        self._value = Expression(column.value) if column.value and self._field is None else None
        self.calc = Expression(column.calc) if column.calc else None
        self.show = column.show or self._natural()

    @property
    def rules(self) -> tuple[Expression | None, ...]:
        return self._count, self._sum, self._value

    def _natural(self) -> str:
        if self.column.value is None:
            return "decimal" if self.column.calc else "number"
        kind = self._field.type if self._field else "text"
        return kind if kind in ("money", "percent", "decimal") else "number" if kind == "int" else "text"

    def amount(self, variables: Variables) -> Number | None:
        """What the record adds here; None when it is not counted."""
        if self.calc is not None:
            return None
        if self._count is not None and self._count.evaluate(variables) is not True:
            return None
        if self._sum is None:
            return 1
        return _number(self._sum.evaluate(variables))

    def of_record(self, variables: Variables, record: RecordLike, table: _Table) -> Value:
        if self._field is None:
            value = self._value.evaluate(variables) if self._value else None
            return (
                value
                if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
                else _text(value)
            )
        value = record.fields.get(self._field.name)
        if value is None:
            return None
        if self.show in ("money", "number") and isinstance(value, int):
            return value
        return _shown(self._field, value, table.catalog, table.context)


def shown_figure(value: Value, show: str, language: str = "vi") -> str:
    """A figure as it is read: "1.250", "12,5 %", "–" for none."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if show == "percent":
        decimals = f"{value:,.1f}"
    elif show == "money" or isinstance(value, int):
        decimals = f"{round(value):,}"
    else:
        decimals = f"{value:,.2f}".rstrip("0").rstrip(".")
    if language != "en":
        decimals = decimals.translate(_VIETNAMESE_POINTS)
    return f"{decimals} %" if show == "percent" else decimals


def _value(record: RecordLike, name: str, window: Window) -> Any:
    if name == "state":
        return record.state
    if name == "number":
        return record.number
    if name == "id":
        return record.id
    if name in ("from_date", "to_date"):
        return getattr(window, name)
    return record.fields.get(name)


def _within(value: Any, first: str, last: str) -> bool:
    try:
        return first <= day_of(value).isoformat() <= last
    except (TypeError, ValueError):
        return False


def _number(value: Any) -> Number | None:
    """A decimal in text counts as what it says."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _added(values: Iterable[Value]) -> Value:
    amounts = [value for value in values if isinstance(value, int | float)]
    return sum(amounts) if amounts else None


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "; ".join(map(_text, value)) if isinstance(value, list) else str(value)


def _shown(field: Field, value: Any, catalog: Catalog, context: ReportContext) -> str:
    return show(field, value, context.language, choices=catalog.choices_of(field), resolve=context.resolve, masked=True)
