"""What an entry publishes of each path, judged again only where something it depends on changed."""

from __future__ import annotations

from forms.checks import FieldState, Judge, broken
from forms.definition import State
from forms.entry_context import Problem
from forms.entry_values import EntryValues


class Published:
    def __init__(self, values: EntryValues, day: str, state: State) -> None:
        self._values = values
        self._plan = values.plan
        self._judge = Judge(values, day)
        self._states: dict[str, FieldState] = {}
        self.state = state
        self.rule_problems: tuple[Problem, ...] = ()

    def at(self, path: str) -> FieldState:
        """Raises KeyError for a path that does not exist."""
        if path not in self._states:
            self._states[path] = self._judge.state_of(path, self._values.plan_at(path), self.state)
        return self._states[path]

    def is_required(self, path: str, state: State) -> bool:
        return self._judge.required(path, self._values.plan_at(path), state)

    def is_relevant(self, path: str, state: State) -> bool:
        """As if the record were in ``state``."""
        self._values.variables.set("state", state.id)
        try:
            return self._judge.state_of(path, self._values.plan_at(path), state).relevant
        finally:
            self._values.variables.set("state", self.state.id)

    def problems(self, state: State) -> list[Problem]:
        """All problems as if the record were in ``state``; the present state's are not touched."""
        variables = self._values.variables
        variables.set("state", state.id)
        try:
            found = [
                problem
                for key, plan in self._plan.fields.items()
                for path in self._values.paths(key)
                for problem in self._judge.problems(path, plan, state, self.state)
            ]
            return [*found, *broken(self._plan.rules, variables, "")]
        finally:
            variables.set("state", self.state.id)

    def forget_rows(self, group: str) -> None:
        """Rows were added or removed."""
        for path in [path for path in self._states if path.startswith(f"{group}/")]:
            del self._states[path]

    def judge_again(self, names: set[str], paths: set[str]) -> set[str]:
        """Judges ``paths`` and what reads ``names``; the paths where something changed."""
        watchers = self._plan.watchers
        keys = {key for name in names for key in watchers.get(name, ())}
        again = paths | {path.partition("/")[0] for path in paths}
        again |= {path for key in keys for path in self._values.paths(key)}
        changed = {path for path in again if self._judge_path(path)}
        if not self._plan.rule_reads.isdisjoint(names):
            changed |= self._judge_rules()
        return changed

    def judge_all(self) -> set[str]:
        paths = [path for key in self._plan.fields for path in self._values.paths(key)]
        return {path for path in paths if self._judge_path(path)} | self._judge_rules()

    def _judge_path(self, path: str) -> bool:
        if not self._values.has(path):
            return False
        new = self._judge.state_of(path, self._values.plan_at(path), self.state)
        old, self._states[path] = self._states.get(path), new
        return old != new

    def _judge_rules(self) -> set[str]:
        old, self.rule_problems = self.rule_problems, broken(self._plan.rules, self._values.variables, "")
        return {""} if old != self.rule_problems else set()
