"""A record being edited: values in, changed paths out. No screen and no store.

Only what depends on a changed value is looked at again. What an officer typed and could not be read is kept as typed,
is a problem at its path, and counts as null for the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from forms.actions import actions, perform
from forms.calculation import calculate
from forms.checks import lock_problem
from forms.definition import Catalog, RecordType
from forms.entry_context import ActionOffer, EntryContext, OfficerLike, Problem, RuleError
from forms.entry_values import TYPED
from forms.expressions import Expression
from forms.field_definition import Choice
from forms.messages import message
from forms.plan import CLOCK, FieldPlan, plan_of
from forms.published import Published
from forms.reading import new_row_id, read
from forms.shapes import shape_problem
from forms.surroundings import Surroundings
from forms.titles import name_record
from forms.vietnamese_dates import to_local

__all__ = ["ActionOffer", "EntryContext", "OfficerLike", "Problem", "RecordEntry", "RuleError"]


Changed = frozenset[str]
"""Paths whose value, relevance, requiredness, lock, choices or problem changed."""


class RecordEntry:
    """One record in one form. ``fields`` None begins a new record: defaults are applied and everything calculated; a
    record that exists is shown as it was saved until something it depends on changes (``recalculate`` does it all)."""

    def __init__(
        self,
        record_type: RecordType,
        catalog: Catalog,
        context: EntryContext,
        *,
        fields: Mapping[str, Any] | None = None,
        state: str | None = None,
        number: str | None = None,
        id: str | None = None,
        watched: bool = True,
    ) -> None:
        """``watched`` False: nobody looks at single fields (an import), so that only ``problems`` judges, once."""
        self.record_type = record_type
        self.catalog = catalog
        self.context = context
        self.plan = plan_of(record_type, catalog)
        self._around = Surroundings(self.plan, catalog, context, fields or {}, id)
        self.values = self._around.values
        day = to_local(context.now()).date().isoformat()
        self._published = Published(self.values, day, record_type.state(state or record_type.initial_state))
        self.number = number
        self.id = id
        self.by_clock: dict[str, Any] = {}  # what ``tell_time`` made of fields, groups as a whole
        self._watched = watched
        self._begin(fields)

    def _begin(self, fields: Mapping[str, Any] | None) -> None:
        variables = self.values.variables
        variables.set("state", self.state)
        variables.set("number", self.number)
        if fields is None:
            self._apply_defaults()
            calculate(self, None)
        else:
            self._set_aside_misshapen()
            typed = fields.get(TYPED)
            for path, text in (typed if isinstance(typed, dict) else {}).items():
                if self.values.has(path):
                    self._read(path, text)
        if self._watched:
            self._published.judge_all()

    def _apply_defaults(self) -> None:
        for key, plan in self.plan.fields.items():
            if plan.default is not None and plan.group is None:
                self._read(key, plan.default.evaluate(self.values.variables))

    def _set_aside_misshapen(self) -> None:
        """A value no type of ours could have made (an older or a foreign program's) is kept as text and shown."""
        for name, plan in self.plan.fields.items():
            if plan.group is None and shape_problem(plan.field, value := self.values.get(name)):
                self.values.put(name, None)
                self._read(name, value)

    # what the form shows ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self._published.state.id

    @property
    def fields(self) -> dict[str, Any]:
        """The record's canonical values, a copy. Text that could not be read is not in it (see ``draft_fields``)."""
        return self.values.saved()

    @property
    def draft_fields(self) -> dict[str, Any]:
        """``fields`` with the texts that could not be read: what a draft keeps, so that nothing typed is lost."""
        return self.fields | ({TYPED: dict(self.values.typed)} if self.values.typed else {})

    @property
    def title(self) -> str:
        return name_record(self.plan, self.values.variables, self.values.values)[0]

    @property
    def subtitle(self) -> str:
        return name_record(self.plan, self.values.variables, self.values.values)[1]

    def get(self, path: str) -> Any:
        """The value at a path; the text as typed when it could not be read."""
        return self.values.typed[path] if path in self.values.typed else self.values.get(path)

    def raw(self, path: str) -> str | None:
        """Text as typed that could not be read, or None."""
        return self.values.typed.get(path)

    def rows(self, group: str) -> tuple[str, ...]:
        """Ids of a group's rows, in order."""
        return tuple(row["_id"] for row in self.values.rows(group))

    def is_relevant(self, path: str, state: str | None = None) -> bool:
        """Whether the field applies, in the present state or as if the record were in ``state``."""
        if state is None:
            return self._published.at(path).relevant
        return self._published.is_relevant(path, self.record_type.state(state))

    def is_required(self, path: str, state: str | None = None) -> bool:
        """Whether the field must be filled in ``state``; by default in the present one, and while the record is a draft
        in the first state after it, so that the form can mark what will be needed."""
        if state is None:
            return self._published.at(path).required
        return self._published.is_required(path, self.record_type.state(state))

    def is_locked(self, path: str) -> bool:
        """Whether the present state, or the field's owner, keeps officers from editing it."""
        return self._lock(path) is not None

    def is_calculated(self, path: str) -> bool:
        return self._known(path).key in self.plan.calculated

    def is_overridden(self, path: str) -> bool:
        """Whether an officer typed over the calculation."""
        return path in self.values.overridden

    def choices(self, path: str) -> tuple[Choice, ...]:
        """What may be picked now, the present value with it even when it ran out."""
        offered, plan, value = self._published.at(path).choices, self._known(path), self.values.get(path)
        codes = {choice.code for choice in offered}
        present = value if isinstance(value, list) else [value]
        kept = [c for c in plan.choices if c.code in present and c.code not in codes]
        return (*offered, *kept)

    def problem(self, path: str) -> Problem | None:
        """The worst problem at a path in the present state; "" for the record's own rules."""
        found = self._published.rule_problems if path == "" else self._published.at(path).problems
        return min(found, key=lambda problem: not problem.blocks, default=None)

    @property
    def rule_problems(self) -> tuple[Problem, ...]:
        """What the record's own rules say in the present state, warnings among it."""
        return self._published.rule_problems

    def problems(self, state: str | None = None) -> list[Problem]:
        """Every problem as if the record were entering ``state``, in the order of the form, the record's own rules last.
        A void state asks for nothing."""
        target = self.record_type.state(state or self.state)
        if target.kind == "void":
            return []
        return self._published.problems(target)

    # editing ---------------------------------------------------------------------------------------------------------

    def set(self, path: str, value: Any) -> Changed:
        """Reads text as typed, or a JSON value, and puts it; what cannot be read is kept as typed. Returns every path
        whose value, relevance, requiredness, choices or problem changed. Raises RuleError where nobody may type."""
        if not self.values.has(path):
            raise RuleError([Problem(path, message("unknown_field", name=path))])
        plan = self.values.plan_at(path)
        self._refuse_locked(path, plan)
        if isinstance(value, str) and path not in self.values.typed and value == self._around.shown(path):
            return frozenset()  # less may be shown than is stored
        return self.put(path, value)

    def put(self, path: str, value: Any) -> Changed:
        """``set`` past the locks: what an action asks for or writes, what a new record is begun with. A calculation that
        cannot be typed over stays as it is."""
        plan = self._known(path)
        if plan.key in self.plan.calculated and not plan.field.overridable:
            return frozenset()
        changed = self._read(path, value)
        if changed and plan.group is not None:
            self._own(plan.group)
        if changed and plan.key in self.plan.calculated:
            self.values.override(path, self.values.get(path) is not None or path in self.values.typed)
            if not self.is_overridden(path):
                calculate(self, None, only=plan.key)
        return self._settle(changed)

    def evaluate(self, rule: Expression) -> Any:
        """What a rule gives that is not the form's own (a flow's), over the record as it is."""
        self._around.open_to(rule)
        return rule.evaluate(self.values.variables)

    def add_row(self, group: str, values: Mapping[str, Any] | None = None) -> str:
        """Adds a row and returns its id; ``values`` are read like typed ones, columns' defaults fill the others."""
        plan = self._known(group)
        self._refuse_locked(group, plan)
        row_id = new_row_id()
        self.values.replace_rows(group, [*self.values.rows(group), {"_id": row_id}])
        self.values.enter_row(group, row_id)
        self._own(group)
        changed = {group}
        for column in plan.columns:
            name = column.field.name
            value = (values or {}).get(name)
            if value is None and column.default is not None:
                value = column.default.evaluate(self.values.variables)
            changed |= {f"{group}/{row_id}/{name}"}
            self._read(f"{group}/{row_id}/{name}", value)
        self._settle(changed)
        return row_id

    def remove_row(self, group: str, row_id: str) -> Changed:
        plan = self._known(group)
        self._refuse_locked(group, plan)
        rows = self.values.rows(group)
        left = [row for row in rows if row["_id"] != row_id]
        if len(left) == len(rows):
            raise RuleError([Problem(group, message("unknown_row", label=plan.field.label))])
        self.values.replace_rows(group, left)
        self._published.forget_rows(group)
        self._own(group)
        return self._settle({group})

    def recalculate(self) -> Changed:
        """Does every calculation again and judges everything: after an import, or when a referenced record changed."""
        self._around.forget()
        if not self._watched:
            calculate(self, None)
            return frozenset()
        before = self.values.saved()
        calculate(self, None)
        changed = self._published.judge_all()
        return frozenset(changed) | {
            name for name in self.plan.fields if before.get(name) != self.values.values.get(name)
        }

    def tell_time(self) -> Changed:
        """Does the calculations again that read the clock, and what follows from them, where the state leaves the field
        open: a record that was saved yesterday is shown as it is today. ``by_clock`` says what this changed."""
        paths: set[str] = set()
        if not self.plan.tells_time:
            return frozenset(paths)
        touched = calculate(self, paths, names={CLOCK}, unlocked=True)
        saved = self.values.saved() if paths else {}
        self.by_clock |= {name: saved.get(name) for name in {path.partition("/")[0] for path in paths}}
        return frozenset(paths | self._published.judge_again(touched, paths)) if paths else frozenset()

    # actions ---------------------------------------------------------------------------------------------------------

    def actions(self, officer: OfficerLike) -> list[ActionOffer]:
        """The actions of the present state, each with what stands in its way for this officer."""
        return actions(self, officer)

    def perform(self, action_id: str, officer: OfficerLike, inputs: Mapping[str, Any] | None = None) -> None:
        """Takes an action: puts what it asks for (``inputs``), writes what it sets, freezes, moves the state. All or
        nothing: raises RuleError with what stands in the way. The register's number is the store's to give."""
        self._around.forget()
        perform(self, action_id, officer, inputs or {})

    def write(self, path: str, value: Any) -> None:
        """Puts what the program itself computed: no override, whoever owns the field."""
        self._settle(self._read(path, value))

    def snapshot(self) -> tuple[Any, ...]:
        return (self.state, self.values.snapshot())

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Back to what ``snapshot`` saw."""
        state, values = snapshot
        self.values.restore(values)
        for group in (name for name, plan in self.plan.fields.items() if plan.columns):
            self._published.forget_rows(group)
        self._enter(state)
        self._published.judge_all()

    def move(self, state: str) -> None:
        """Enters a state (``perform`` has judged it)."""
        self._enter(state)
        self._settle((), names={"state"})
        self._published.judge_all()

    # inside ----------------------------------------------------------------------------------------------------------

    def _known(self, path: str) -> FieldPlan:
        """The plan of a path that exists; raises KeyError."""
        if not self.values.has(path):
            raise KeyError(path)
        return self.values.plan_at(path)

    def _lock(self, path: str) -> Problem | None:
        return self._lock_of(self._known(path))

    def is_closed(self, key: str) -> bool:
        """Whether the present state keeps a field or column, by its key, as it is, whoever would write it."""
        return self._lock_of(self.plan.fields[key]) is not None

    def _lock_of(self, plan: FieldPlan) -> Problem | None:
        outer = self.plan.fields[plan.group].field if plan.group else plan.field
        return lock_problem(self.record_type, outer, self._published.state, plan.field)

    def _refuse_locked(self, path: str, plan: FieldPlan) -> None:
        if lock := self._lock(path):
            raise RuleError([Problem(path, lock.message)])
        if plan.key in self.plan.calculated and not plan.field.overridable:
            raise RuleError([Problem(path, message("calculated", label=plan.field.label))])

    def _own(self, group: str) -> None:
        """Rows an officer changed stay his when what they were calculated from changes."""
        if group in self.plan.calculated:
            self.values.override(group, True)

    def _read(self, path: str, value: Any) -> Changed:
        changed = read(self.values, path, value)
        if path in changed and self.values.plan_at(path).field.type == "group":
            self._published.forget_rows(path)
        return frozenset(changed)

    def _settle(self, changed: Iterable[str], names: Iterable[str] = ()) -> Changed:
        """Calculates and judges what depends on the changed paths and names."""
        paths = {*changed}
        if not paths and not names:
            return frozenset()
        touched = calculate(self, paths, names=names)
        return frozenset(paths | self._published.judge_again(touched, paths)) if self._watched else frozenset(paths)

    def _enter(self, state: str) -> None:
        self._published.state = self.record_type.state(state)
        self.values.variables.set("state", state)
