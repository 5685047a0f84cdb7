"""What the machine fills in, in the order in which it depends on itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import TYPE_CHECKING, Any

from forms.field_types import FieldError, parse
from forms.functions import moment_of
from forms.plan import Calculation
from forms.vietnamese_dates import moment_text

if TYPE_CHECKING:
    from forms.entry import RecordEntry

STOPS = "_stops"  # [[from, until or null], …]: when the deadline stood still


def calculate(
    entry: RecordEntry,
    paths: set[str] | None,
    *,
    names: Iterable[str] | None = None,
    only: str | None = None,
    unlocked: bool = False,
) -> set[str]:
    """Does the calculations that depend on ``paths`` (None: all, or ``only`` one) and on ``names``; adds the paths they
    change to ``paths`` and returns every name that changed, for the rules to be judged by. ``unlocked``: only what the
    present state leaves open."""
    run = _Run(entry, paths, set(names or ()))
    for calculation in entry.plan.calculations:
        if only not in (None, calculation.key) or (unlocked and entry.is_closed(calculation.key)):
            continue
        run.do(calculation)
    return run.names


class _Run:
    def __init__(self, entry: RecordEntry, paths: set[str] | None, names: set[str]) -> None:
        self.entry = entry
        self.everything = paths is None
        self.paths: set[str] = set() if paths is None else paths
        self.names = names
        for path in list(self.paths):
            self._note(path)
        for group in {path.partition("/")[0] for path in self.paths if "/" in path}:
            entry.values.publish(group)
        for name in self.paths & entry.plan.fields.keys():
            entry.values.publish(name)

    def _note(self, path: str) -> None:
        group, _, rest = path.partition("/")
        self.names.add(group)
        if rest:
            self.names.add(f"{group}/{rest.partition('/')[2]}")
        else:
            self.names.update(column.key for column in self.entry.plan.fields[group].columns)

    def do(self, calculation: Calculation) -> None:
        if not self.everything and calculation.reads.isdisjoint(self.names):
            return
        field = self.entry.plan.fields[calculation.key].field
        if self.entry.record_type.reached(self.entry.state, field.locked_from):
            return
        changed = {path for path in self._targets(calculation) if self._compute(calculation, path)}
        if changed:
            self.paths |= changed
            for path in changed:
                self._note(path)
            if calculation.group is not None:
                self.entry.values.publish(calculation.group)

    def _targets(self, calculation: Calculation) -> list[str]:
        """The paths to compute; of a column only in the rows that changed, when nothing outside the group did."""
        values, group = self.entry.values, calculation.group
        found = [path for path in values.paths(calculation.key) if path not in values.overridden]
        if group is None or self.everything or group in self.paths:
            return found
        if any("/" not in name and name in self.names for name in calculation.reads):
            return found
        rows = {path.split("/")[1] for path in self.paths if path.startswith(f"{group}/")}
        return [path for path in found if path.split("/")[1] in rows]

    def _compute(self, calculation: Calculation, path: str) -> bool:
        values = self.entry.values
        if calculation.group is not None:
            values.enter_row(calculation.group, path.split("/")[1])
        result = calculation.expression.evaluate(values.variables)
        deadline = self.entry.record_type.deadline
        if deadline and deadline.field == path and isinstance(result, str):
            result = extended(self.entry, result)
        plan = self.entry.plan.fields[calculation.key]
        try:
            canonical = parse(plan.field, result, plan.choices)
        except FieldError:
            canonical = None  # a rule that gives what the field cannot hold gives nothing
        changed = values.accept(path)
        if values.get(path) == canonical:
            return changed
        values.put(path, canonical)
        return True


def extended(entry: RecordEntry, due: str) -> str:
    """The deadline, later by the working time for which it stood still."""
    for start, until in entry.values.values.get(STOPS) or ():
        if until is not None:
            due = longer(entry, due, start, until)
    return due


def longer(entry: RecordEntry, due: Any, start: str, until: str) -> str:
    deadline, values = entry.record_type.deadline, entry.values
    unit = entry.plan.deadline_unit.evaluate(values.variables) if deadline and entry.plan.deadline_unit else None
    moved = entry.context.calendar.extend(
        moment_of(due), moment_of(start), moment_of(until), unit if isinstance(unit, str) else "working_day"
    )
    return moment_text(moved.astimezone(UTC))
