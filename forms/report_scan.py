"""One pass over the records of a type, for all tables of a report about it and all its windows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from forms.definition import Catalog, RecordType
from forms.expressions import Expression, ExpressionError, Functions, Variables
from forms.field_types import show
from forms.functions import RuleSurroundings, day_of, rule_functions
from forms.report_figures import RecordLike, ReportContext
from forms.report_rules import LISTS, WINDOW, Calls, Rule
from forms.report_windows import Window
from forms.rule_text import parts_of

_OF_A_RECORD = ("state", "number", "id")


class Scan:
    """The record at hand and the rules asked of it. Rules are made before the first record is shown."""

    def __init__(self, kind: RecordType, catalog: Catalog, context: ReportContext) -> None:
        self.kind, self.catalog, self.context = kind, catalog, context
        self.record: RecordLike | None = None
        self.record_turn = self.window_turn = 0
        functions = rule_functions(
            RuleSurroundings(
                now=context.now,
                calendar=context.calendar,
                resolve=context.resolve,
                dated_values=catalog.dated_values,
                label=self._label,
                language=context.language,
            )
        )
        today, now = functions["today"](), functions["now"]()
        # one moment for the whole report
        self.functions: Functions = {**functions, "today": lambda: today, "now": lambda: now}
        self.variables = Variables({}, functions=self.functions, names=WINDOW)
        self._rules: dict[str, Rule] = {}
        self._plain: set[str] = set()
        self._listed: dict[str, int] = {}  # list of rows → the turn in which the rules were given it
        self._days: dict[str, str | None] = {}
        names = {field.name for field in kind.fields if field.type not in LISTS}
        self._calls = Calls(self.functions, names | {*_OF_A_RECORD} | WINDOW, self)

    def rule(self, text: str) -> Rule:
        """The rule of this text; one for all who ask. Raises ExpressionError."""
        text = text.strip()
        if text not in self._rules:
            Expression(text)  # what is written must be right as it is written
            flat, calls = self._calls.taken_out(text)
            expression = Expression(flat)
            for name in (expression.reads - calls.keys()).union(*(call.reads for call in calls.values())) - WINDOW:
                field = self.kind.field_map.get(name)
                if field is None or field.type not in LISTS:
                    self._plain.add(name)
            for name in expression.reads - WINDOW:
                self.variables.set(name, None)
            self._rules[text] = Rule(expression, calls, self)
        return self._rules[text]

    def all_of(self, text: str | None) -> tuple[Rule, ...]:
        """Rules that all must be true for this one to be true, the dear ones last; none for none."""
        if text is None:
            return ()
        try:
            rules = [self.rule(part) for part in parts_of(text)]
        except ExpressionError:
            rules = [self.rule(text)]
        return tuple(sorted(rules, key=lambda rule: rule.is_dear))

    def show(self, record: RecordLike) -> None:
        """The next record."""
        self.record = record
        self.record_turn += 1
        fields, plain = record.fields, self.variables.plain
        for name in self._plain:
            plain[name] = fields.get(name)
        plain["state"], plain["number"], plain["id"] = record.state, record.number, record.id
        self._days.clear()

    def show_lists(self, names: Iterable[str]) -> None:
        for name in names:
            if self.record is not None and self._listed.get(name) != self.record_turn:
                self._listed[name] = self.record_turn
                self.variables.set(name, self.record.fields.get(name))

    def enter(self, window: Window) -> None:
        """The next window, for the same record."""
        self.window_turn += 1
        plain = self.variables.plain
        plain["from_date"], plain["to_date"] = window.from_date, window.to_date

    def day(self, name: str) -> str | None:
        """The day (ISO) of a date or moment of the record; None where there is none that can be read."""
        if name not in self._days:
            value = self.record.fields.get(name) if self.record else None
            self._days[name] = _day(value) if isinstance(value, str) else None
        return self._days[name]

    def _label(self, name: str) -> str | None:
        field = self.kind.field_map.get(name)
        value = self.record.fields.get(name) if self.record else None
        if field is None or value is None:
            return None
        choices = self.catalog.choices_of(field)
        return show(field, value, self.context.language, choices=choices, resolve=self.context.resolve, masked=True)


@lru_cache(maxsize=1024)
def _day(value: str) -> str | None:
    try:
        return day_of(value).isoformat()
    except (TypeError, ValueError):
        return None
