"""A record type made ready for entry: its rules compiled, and which of them to look at when a value changes.

Names in ``reads`` and ``watchers`` are those of ``forms.expressions``: a field is its name, a column ``group/column``;
a rule over all rows reads the group's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Catalog, RecordType
from forms.expressions import Expression, member
from forms.field_definition import Choice, Field, Message, Section
from forms.record_functions import words_about_records

_NEVER = Expression("false")
CLOCK = "now()"  # among what a calculation reads: no field can be called so
ROW_PREFIX, CHOICE_PREFIX = member("row", ""), member("choice", "")


class Rule(Struct, frozen=True):
    """A compiled Message."""

    expression: Expression
    message: Message


class FieldPlan(Struct, frozen=True, kw_only=True):
    """One field or column. ``key``: its name, or ``group/column``."""

    key: str
    field: Field
    group: str | None
    relevant: tuple[Expression, ...]  # all must hold: the section's, the group's, its own
    required: Expression | bool
    constraints: tuple[Rule, ...]
    calculate: Expression | None
    default: Expression | None
    choice_filter: Expression | None
    choices: tuple[Choice, ...]
    pattern: re.Pattern[str] | None
    columns: tuple[FieldPlan, ...]
    reads: frozenset[str]  # names that change relevance, requiredness, choices or problems


class Calculation(Struct, frozen=True):
    """Something the machine fills in. ``column``: computed for each row of ``group``."""

    key: str
    group: str | None
    name: str
    expression: Expression
    reads: frozenset[str]


class ActionPlan(Struct, frozen=True):
    """The rules of one action: what must hold, and what it fills in."""

    guards: tuple[Rule, ...]
    sets: dict[str, Expression]


class FormPlan(Struct, frozen=True, kw_only=True, dict=True):
    record_type: RecordType
    fields: dict[str, FieldPlan]  # by key, columns too, in the order of the form
    calculations: tuple[Calculation, ...]  # in the order to compute
    cycles: tuple[str, ...]  # keys of calculations that need each other
    rules: tuple[Rule, ...]
    actions: dict[str, ActionPlan]
    title: Expression
    subtitle: Expression | None
    deadline_unit: Expression | None

    @cached_property
    def watchers(self) -> dict[str, frozenset[str]]:
        """Name → keys of the fields to judge again when it changes."""
        found: dict[str, set[str]] = {}
        for key, plan in self.fields.items():
            for name in plan.reads:
                found.setdefault(name, set()).add(key)
        return {name: frozenset(keys) for name, keys in found.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that some expression reads: only these need be variables."""
        return frozenset(name for expression in self.expressions() for name in expression.reads)

    @cached_property
    def looked_into(self) -> frozenset[str]:
        """Words of the rules that look at other records, the names of the fields they read among them."""
        return words_about_records(self.expressions())

    def expressions(self) -> Iterator[Expression]:
        """Every rule of the type."""
        yield from (calculation.expression for calculation in self.calculations)
        for plan in self.fields.values():
            yield from _expressions(plan)
        for rule in (*self.rules, *(guard for action in self.actions.values() for guard in action.guards)):
            yield rule.expression
        yield from (value for action in self.actions.values() for value in action.sets.values())
        yield from (named for named in (self.title, self.subtitle, self.deadline_unit) if named)

    @cached_property
    def rule_reads(self) -> frozenset[str]:
        return frozenset(name for rule in self.rules for name in rule.expression.reads)

    @cached_property
    def tells_time(self) -> bool:
        """Whether a calculation reads the clock."""
        return any(CLOCK in calculation.reads for calculation in self.calculations)

    @cached_property
    def calculated(self) -> frozenset[str]:
        return frozenset(c.key for c in self.calculations)


def plan_of(record_type: RecordType, catalog: Catalog) -> FormPlan:
    """The plan of a type, made once and kept with its catalogue. Raises ExpressionError (``loader.check`` finds them)."""
    plans: dict[str, FormPlan] = vars(catalog).setdefault("_plans", {})
    plan = plans.get(record_type.id)
    if plan is None or plan.record_type is not record_type:
        plan = plans[record_type.id] = make_plan(record_type, catalog)
    return plan


def make_plan(record_type: RecordType, catalog: Catalog) -> FormPlan:
    fields: dict[str, FieldPlan] = {}
    numbered = _numbered(record_type)
    for section in record_type.sections:
        for field in section.fields:
            plan = _field(section, field, catalog)
            if field.name in numbered:
                plan = _changed(plan, required=False)
            fields[plan.key] = plan
            fields.update((column.key, column) for column in plan.columns)
    calculations, cycles = in_order(_calculations(record_type, fields))
    return FormPlan(
        record_type=record_type,
        fields=fields,
        calculations=calculations,
        cycles=cycles,
        rules=_rules(record_type.rules),
        actions={
            a.id: ActionPlan(_rules(a.guard), {name: Expression(rule) for name, rule in a.sets.items()})
            for a in record_type.actions
        },
        title=Expression(record_type.title),
        subtitle=_maybe(record_type.subtitle),
        deadline_unit=Expression(record_type.deadline.unit) if record_type.deadline else None,
    )


def _rules(messages: Iterable[Message]) -> tuple[Rule, ...]:
    return tuple(Rule(Expression(message.rule), message) for message in messages)


def _maybe(text: str | None) -> Expression | None:
    return Expression(text) if text else None


def _field(section: Section, field: Field, catalog: Catalog, group: FieldPlan | None = None) -> FieldPlan:
    above = group.relevant if group else tuple(e for e in (_maybe(section.relevant),) if e)
    own = _maybe(field.relevant)
    if field.retired:  # kept in records; nobody is asked for it, and no paper or service gets it
        field, own = replace(field, required=False, constraints=(), calculate=None, default=None, min_rows=0), _NEVER
    plan = FieldPlan(
        key=f"{group.field.name}/{field.name}" if group else field.name,
        field=field,
        group=group.field.name if group else None,
        relevant=(*above, own) if own else above,
        required=Expression(field.required) if isinstance(field.required, str) else field.required,
        constraints=_rules(field.constraints),
        calculate=_maybe(field.calculate),
        default=_maybe(field.default),
        choice_filter=_maybe(field.choice_filter),
        choices=catalog.choices_of(field),
        pattern=re.compile(field.pattern) if field.pattern else None,
        columns=(),
        reads=frozenset(),
    )
    reads = frozenset(name for e in _expressions(plan) if e is not plan.calculate for name in _keys(plan.group, e))
    columns = tuple(_field(section, column, catalog, plan) for column in field.fields)
    return _changed(plan, reads=reads, columns=columns)


def _changed(plan: FieldPlan, **changes: Any) -> FieldPlan:
    return msgspec.structs.replace(plan, **changes)


def _numbered(record_type: RecordType) -> frozenset[str | None]:
    """Fields that the register fills: an action that takes a number cannot find them filled."""
    register = record_type.register
    return frozenset({register.field, register.book_field, register.temporary_field} if register else ())


def _expressions(plan: FieldPlan) -> Iterator[Expression]:
    yield from plan.relevant
    if isinstance(plan.required, Expression):
        yield plan.required
    yield from (rule.expression for rule in plan.constraints)
    for expression in (plan.calculate, plan.choice_filter, plan.default):
        if expression is not None:
            yield expression


def _keys(group: str | None, expression: Expression) -> frozenset[str]:
    """What the expression reads, ``row.x`` as ``group/x``; the choice's own data is left out."""
    found: set[str] = set()
    for name in expression.reads:
        if name.startswith(ROW_PREFIX):
            found.add(f"{group}/{name.removeprefix(ROW_PREFIX)}")
        elif not name.startswith(CHOICE_PREFIX):
            found.add(name)
    return frozenset(found)


def _calculations(record_type: RecordType, fields: dict[str, FieldPlan]) -> list[Calculation]:
    found = [
        Calculation(p.key, p.group, p.field.name, p.calculate, _keys(p.group, p.calculate) | _clock(p.calculate))
        for p in fields.values()
        if p.calculate is not None
    ]
    deadline = record_type.deadline
    if deadline and deadline.amount and deadline.field in fields and fields[deadline.field].calculate is None:
        term = Expression(f"due({deadline.start}, ({deadline.amount}), ({deadline.unit}))")
        found.append(Calculation(deadline.field, None, deadline.field, term, _keys(None, term)))
    return found


def _clock(expression: Expression) -> frozenset[str]:
    return frozenset({CLOCK}) if expression.tells_time else frozenset()


def in_order(calculations: Iterable[Calculation]) -> tuple[tuple[Calculation, ...], tuple[str, ...]]:
    """Calculations, each after those it reads, and the keys of those that cannot be ordered."""
    waiting = {c.key: c for c in calculations}
    needs = {c.key: {other.key for other in waiting.values() if _needs(c, other)} for c in waiting.values()}
    ordered: list[Calculation] = []
    while ready := [key for key, wanted in needs.items() if not wanted & needs.keys()]:
        for key in ready:
            del needs[key]
            ordered.append(waiting[key])
    return (*ordered, *(waiting[key] for key in needs)), tuple(needs)


def _needs(calculation: Calculation, other: Calculation) -> bool:
    return other.key in calculation.reads or (other.group is not None and other.group in calculation.reads)
