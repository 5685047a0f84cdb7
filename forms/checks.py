"""Judging fields: is one relevant, required, locked, and what is wrong with its value."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from forms.definition import RecordType, State
from forms.entry_context import Problem
from forms.entry_values import EntryValues
from forms.expressions import Variables, member
from forms.field_definition import Choice, Field
from forms.messages import message, missing
from forms.plan import FieldPlan, Rule


class FieldState(Struct, frozen=True):
    """What an entry publishes of one path."""

    relevant: bool
    required: bool  # in the state the work goes on in
    choices: tuple[Choice, ...]
    problems: tuple[Problem, ...]


def binds(record_type: RecordType, field: Field, state: State) -> bool:
    """Whether a ``required`` of the field binds in a state: never in drafts and void states, else from
    ``required_from`` on."""
    if state.kind in ("draft", "void"):
        return False
    return field.required_from is None or record_type.reached(state.id, field.required_from)


def working_state(record_type: RecordType, state: State) -> State:
    """The state a form's marks are for: a draft is filled in for the first state that is not a draft."""
    if state.kind != "draft":
        return state
    return next((s for s in record_type.states if s.kind not in ("draft", "void")), state)


def lock_problem(record_type: RecordType, field: Field, state: State, inner: Field | None = None) -> Problem | None:
    """Why an officer cannot edit ``field`` (or its column ``inner``) in a state; None when he can."""
    shown = inner or field
    if field.retired or shown.retired:
        return Problem("", message("retired", label=shown.label))
    if field.owner != "officer" or shown.owner != "officer":
        return Problem("", message("owned", label=shown.label))
    locked = state.locked and field.name not in state.allows
    locked_from = any(record_type.reached(state.id, f.locked_from) for f in (field, shown) if f.locked_from)
    if locked or locked_from:
        return Problem("", message("locked", label=shown.label, state=state.label))
    return None


def broken(rules: tuple[Rule, ...], variables: Variables, path: str) -> tuple[Problem, ...]:
    """Rules that do not hold. One that cannot be evaluated does not block."""
    return tuple(
        Problem(path, rule.message.message, not rule.message.warn, frozenset() if path else rule.expression.reads)
        for rule in rules
        if rule.expression.evaluate(variables) is False
    )


def offered(plan: FieldPlan, variables: Variables, day: str) -> tuple[Choice, ...]:
    """The choices that pass the field's filter and are valid on a day, in order."""
    chosen = plan.choices
    if any(c.valid_from or c.valid_to for c in chosen):
        chosen = tuple(c for c in chosen if (c.valid_from or "") <= day <= (c.valid_to or "9999"))
    if plan.choice_filter is None:
        return chosen
    return tuple(choice for choice in chosen if passes(plan, choice, variables))


def passes(plan: FieldPlan, choice: Choice, variables: Variables) -> bool:
    """Whether the field's filter lets a choice through; one that cannot be evaluated does not."""
    expression = plan.choice_filter
    if expression is None:
        return True
    prefix = member("choice", "")
    for name in expression.reads:
        if name.startswith(prefix):
            key = name.removeprefix(prefix)
            variables.set(name, choice.code if key == "code" else choice.data.get(key))
    if "choice" in expression.reads:
        variables.set("choice", {**choice.data, "code": choice.code})
    return expression.evaluate(variables) is True


class Judge:
    """Judges the fields of one entry."""

    def __init__(self, values: EntryValues, day: str) -> None:
        self._values = values
        self._type = values.plan.record_type
        self._day = day

    def state_of(self, path: str, plan: FieldPlan, state: State) -> FieldState:
        """Everything an entry publishes of a path in its present state."""
        self._enter(path, plan)
        relevant = self._relevant(plan)
        wanted = relevant and self._wanted(plan)
        choices = offered(plan, self._values.variables, self._day) if plan.choices else ()
        required = wanted and binds(self._type, plan.field, working_state(self._type, state))
        problems = self._problems(path, plan, state, wanted, present=state) if relevant else ()
        return FieldState(relevant, required, choices, problems)

    def required(self, path: str, plan: FieldPlan, state: State) -> bool:
        self._enter(path, plan)
        return self._relevant(plan) and self._wanted(plan) and binds(self._type, plan.field, state)

    def problems(self, path: str, plan: FieldPlan, state: State, present: State) -> tuple[Problem, ...]:
        """Problems as if the record were in ``state``; it is in ``present``."""
        self._enter(path, plan)
        if not self._relevant(plan):
            return ()
        return self._problems(path, plan, state, self._wanted(plan), present=present)

    def _enter(self, path: str, plan: FieldPlan) -> None:
        if plan.group is not None:
            self._values.enter_row(plan.group, path.split("/")[1])

    def _relevant(self, plan: FieldPlan) -> bool:
        return all(expression.evaluate(self._values.variables) is True for expression in plan.relevant)

    def _wanted(self, plan: FieldPlan) -> bool:
        if isinstance(plan.required, bool):
            return plan.required
        return plan.required.evaluate(self._values.variables) is True

    def _problems(
        self, path: str, plan: FieldPlan, state: State, wanted: bool, *, present: State
    ) -> tuple[Problem, ...]:
        field = plan.field
        if path in self._values.errors:
            why = self._values.errors[path]
            return (Problem(path, message("invalid", label=field.label, reason=why)),)
        value = self._values.get(path)
        required = wanted and binds(self._type, field, state)
        found: tuple[Problem, ...]
        if value in (None, []):
            blocks = not (required and self._came_too_late(plan, present))
            found = (Problem(path, missing(field.label, field.type), blocks),) if required else ()
        else:
            found = self._of_value(path, plan, value, state)
        if field.type == "group":
            found += self._too_few(path, field, value, state)
        return found + broken(plan.constraints, self._values.variables, path)

    def _of_value(self, path: str, plan: FieldPlan, value: Any, state: State) -> tuple[Problem, ...]:
        found: tuple[Problem, ...] = ()
        if plan.pattern is not None and not (isinstance(value, str) and plan.pattern.fullmatch(value)):
            found += (Problem(path, message("pattern", label=plan.field.label)),)
        if plan.choices and not all(self._is_choice(plan, code) for code in _codes(value)):
            editable = lock_problem(self._type, plan.field, state) is None
            former = self._vanished(path, plan, value)
            text = message("former_choice" if former else "not_a_choice", label=plan.field.label)
            found += (Problem(path, text, editable and not former),)
        return found

    def _is_choice(self, plan: FieldPlan, code: Any) -> bool:
        """Choices that ran out stay right where they were picked."""
        return any(c.code == code and passes(plan, c, self._values.variables) for c in plan.choices)

    def _came_too_late(self, plan: FieldPlan, present: State) -> bool:
        """Whether nobody can fill the field in any more: a newer pack asks for it, and the record was signed before. An action
        that asks for it has put it in by now."""
        if self._values.variables.get("id") is None or not present.locked:  # it has not been saved yet
            return False
        top = plan.field if plan.group is None else self._values.plan.fields[plan.group].field
        return top.owner == "officer" and lock_problem(self._type, top, present) is not None

    def _vanished(self, path: str, plan: FieldPlan, value: Any) -> bool:
        """Whether the record was saved with a choice that another pack had and this one has not: it may stay."""
        known = {choice.code for choice in plan.choices}
        return not known.issuperset(_codes(value)) and value == self._values.opened_with(path)

    def _too_few(self, path: str, field: Field, value: Any, state: State) -> tuple[Problem, ...]:
        if not field.min_rows or len(value or ()) >= field.min_rows or not binds(self._type, field, state):
            return ()
        return (Problem(path, message("min_rows", label=field.label, least=field.min_rows)),)


def _codes(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
