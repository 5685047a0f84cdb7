"""One table of a report, filled record by record while its type is gone through."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from forms.expressions import Expression, Variables
from forms.field_definition import Field
from forms.field_types import show
from forms.report_definition import Breakdown, ReportColumn, ReportTable
from forms.report_figures import Heading, Line, Number, RecordLike, TableFigures, Trace, Value
from forms.report_rules import Rule, hold
from forms.report_scan import Scan
from forms.report_windows import Window
from forms.vietnamese import sort_key


class Tally:
    """The figures of one table over one window so far."""

    def __init__(self, table: ReportTable, window: Window, scan: Scan, trace: Trace | None) -> None:
        self._table, self._window, self._scan, self._trace = table, window, scan, trace
        self._where = scan.all_of(table.where)
        self._by = [_ByLine(row, scan) for row in table.rows]
        self._columns = [_Column(column, scan) for column in table.columns]
        self._lines: list[Line] = []
        self._sums: dict[tuple[str, ...], list[Number]] = {}
        self._levels: dict[tuple[str, ...], list[_Level]] = {}
        if not self._by:
            self._line((), [])

    def take(self, record: RecordLike) -> None:
        """Counts the record the scan shows, if the table is about it."""
        when = self._table.when
        if when and not self._window.from_date <= (self._scan.day(when) or "") <= self._window.to_date:
            return
        if not hold(self._where):
            return
        if self._table.by_record:
            values = tuple(column.of_record(record) for column in self._columns)
            self._lines.append(Line((), (), values, record.id))
        else:
            self._count(record)

    def figures(self) -> TableFigures:
        table = self._table
        lines = self._sorted(self._lines if table.by_record else self._counted())
        total = self._total() if table.total and not table.by_record else None
        if table.total and table.by_record:
            total = tuple(_added(line.values[n] for line in lines) for n in range(len(self._columns)))
        headings = tuple(Heading(c.column.id, c.column.label, c.show) for c in self._columns)
        breakdown = tuple(row.label for row in table.rows)
        return TableFigures(table.id, table.label, breakdown, headings, tuple(lines), total)

    def _line(self, key: tuple[str, ...], levels: list[_Level]) -> list[Number]:
        sums = self._sums[key] = [0] * len(self._columns)
        self._levels[key] = levels
        return sums

    def _count(self, record: RecordLike) -> None:
        levels = [by.of(record) for by in self._by]
        key = tuple([level.key for level in levels])
        sums = self._sums.get(key)
        if sums is None:
            sums = self._line(key, levels)
        for place, column in enumerate(self._columns):
            amount = column.amount()
            if amount is None:
                continue
            sums[place] += amount
            if self._trace is not None:
                for line in {key, ()}:
                    self._trace.setdefault((self._table.id, line, column.column.id), []).append(record.id)

    def _counted(self) -> list[Line]:
        found = sorted(self._levels.items(), key=lambda line: tuple(level.order for level in line[1]))
        return [
            Line(key, tuple(level.name for level in levels), self._with_calculations(self._sums[key]))
            for key, levels in found
        ]

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
        window = {"from_date": self._window.from_date, "to_date": self._window.to_date}
        decimals = {name: float(v) if isinstance(v, int | float) else v for name, v in known.items()}
        for values in (decimals, known):
            variables = Variables({**values, **window}, functions=self._scan.functions)
            if (found := _number(rule.evaluate(variables))) is not None:
                return found
        return None

    def _sorted(self, lines: list[Line]) -> list[Line]:
        if self._table.sort is None:
            return lines
        place = [column.id for column in self._table.columns].index(self._table.sort.lstrip("-"))

        def order(line: Line) -> tuple[bool, Any]:
            value = line.values[place]
            return isinstance(value, str), sort_key(value) if isinstance(value, str) else (value or 0)

        return sorted(lines, key=order, reverse=self._table.sort.startswith("-"))


class _Level(Struct, frozen=True):
    key: str
    name: str
    order: Any


_NONE = _Level("", "–", (2, ""))


class _ByLine:
    """One breakdown: what line a record belongs to."""

    def __init__(self, row: Breakdown, scan: Scan) -> None:
        self._scan = scan
        self._field = scan.kind.field_map.get(row.by)
        self._rule = None if self._field else scan.rule(row.by)
        choices = scan.catalog.choices_of(self._field) if self._field else ()
        self._ranks = {choice.code: rank for rank, choice in enumerate(choices)}
        self._levels: dict[str, _Level] = {}  # of values in text

    def of(self, record: RecordLike) -> _Level:
        field = self._field
        value = record.fields.get(field.name) if field else (self._rule.value() if self._rule else None)
        if value is None or value == "":
            return _NONE
        if not isinstance(value, str):
            return self._level(value)
        level = self._levels.get(value)
        if level is None:
            level = self._levels[value] = self._level(value)
        return level

    def _level(self, value: Any) -> _Level:
        name = _shown(self._field, value, self._scan) if self._field else _text(value)
        rank = self._ranks.get(value) if isinstance(value, str) else None
        if isinstance(value, bool | int | float):
            return _Level(_text(value), name, (0, float(value)))
        return _Level(_text(value), name, (0, float(rank)) if rank is not None else (1, sort_key(name)))


class _Column:
    """One column made ready."""

    def __init__(self, column: ReportColumn, scan: Scan) -> None:
        self.column, self._scan = column, scan
        self._field = scan.kind.field_map.get(column.value) if column.value else None
        self._count = scan.all_of(column.count)
        self._sum: Rule | None = scan.rule(column.sum) if column.sum else None
        self._value = scan.rule(column.value) if column.value and self._field is None else None
        self.calc = Expression(column.calc) if column.calc else None
        self.show = column.show or self._natural()

    def _natural(self) -> str:
        if self.column.value is None:
            return "decimal" if self.column.calc else "number"
        kind = self._field.type if self._field else "text"
        return kind if kind in ("money", "percent", "decimal") else "number" if kind == "int" else "text"

    def amount(self) -> Number | None:
        """What the record at hand adds here; None when it is not counted."""
        if self.calc is not None or not hold(self._count):
            return None
        return 1 if self._sum is None else _number(self._sum.value())

    def of_record(self, record: RecordLike) -> Value:
        if self._field is None:
            value = self._value.value() if self._value else None
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
        return _shown(self._field, value, self._scan)


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


def _shown(field: Field, value: Any, scan: Scan) -> str:
    context = scan.context
    choices = scan.catalog.choices_of(field)
    return show(field, value, context.language, choices=choices, resolve=context.resolve, masked=True)
