"""One try at one sample record: it is begun, filled in, and taken from state to state; what its rules refuse is tried anew."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from forms.definition import Action
from forms.entry import EntryContext, Problem, RecordEntry, RuleError
from forms.expressions import Expression
from forms.field_definition import Field
from forms.sample_numbers import number_fields
from forms.sample_scene import SHARED_TARGETS, Scene, is_nobody
from forms.sample_values import invent
from forms.sample_years import Life

if TYPE_CHECKING:
    from forms.sample import Maker

TRIES = 6
_TRIES_PER_FIELD = 9
_TRIES_PER_PERSON = 60  # where a register is of people of some age: one in ten of a ward
_OF_A_PERSON = re.compile(r"look\(\w+, \"(?:dob|gender)\"\)")
LEFT_TO_EXAMPLES = {"residence.organisation": ("short_name", "org_code")}
"""What would be false of an invented name."""


class SampleOfficer(Struct, frozen=True):
    id: str
    name: str
    roles: tuple[str, ...]
    organisation: str = ""


class Made(Struct):
    """A sample before it has its number. ``numbered_at``: when the register took it in."""

    begun: datetime
    state: str
    fields: dict[str, Any]
    numbered_at: datetime | None
    number: str | None = None


class Attempt:
    """One try at one record."""

    def __init__(self, maker: Maker, random: Random, life: Life) -> None:
        self._maker, self._random, self._life = maker, random, life
        self._type = maker.record_type
        self._moment = life.begun
        self._filled_for = (
            self._first_real_state() if self._type.state(life.state).kind in ("draft", "void") else life.state
        )
        self.problems: list[str] = []
        self._numbered_at: datetime | None = None
        example = self._example()
        self._wanted = set(example).difference(LEFT_TO_EXAMPLES.get(self._type.id, ()))
        self._scene = Scene(
            random,
            life.begun,
            ward=maker.ward_code,
            example=example,
            examples=[fields for _, fields in maker.examples],
            pools=maker.pools,
            resolve=maker.resolve,
            choices_of=maker.catalog.choices_of,
            get=self._value,
            unique=frozenset(self._type.duplicate),
            listed=self._type.data_class == "public",
            is_about_organisations=self._type.id == SHARED_TARGETS["organisation"],
        )
        context = EntryContext(
            now=lambda: self._moment,
            ward=maker.ward,
            officer=maker.officers[0],
            resolve=maker.resolve,
            calendar=maker.calendar,
            find=maker.find,
        )
        self._entry = RecordEntry(self._type, maker.catalog, context)

    def _example(self) -> Mapping[str, Any]:
        examples = self._maker.examples
        alike = [fields for state, fields in examples if state == self._life.state]
        if alike and self._random.random() < 0.4:
            return self._random.choice(alike)
        return self._random.choice([fields for _, fields in examples] or [{}])

    def _value(self, name: str) -> Any:
        return self._entry.get(name)

    def _first_real_state(self) -> str:
        """Drafts and cancelled records are mostly filled in too: up to what the first real state asks."""
        return next((state.id for state in self._type.states if state.kind not in ("draft", "void")), self._life.state)

    def live(self, route: tuple[Action, ...]) -> Made | None:
        for field in self._type.fields:
            self._fill(field)
        for step, action in enumerate(route, start=1):
            self._moment = self._life.moment_of(step, len(route), self._maker.calendar)
            self._scene.moment = self._moment
            if not self._perform(action, step):
                return None
            if self._numbered_at is None and self._gives_number(action):
                self._take_number()
        for name in sorted(self._maker.by_actions & self._wanted):
            self._bring(self._type.field(name))
        if not self._repair(self._entry.state):
            return None
        return self._made()

    def _made(self) -> Made:
        fields = {name: value for name, value in self._entry.fields.items() if not is_nobody(value)}
        self._settle_row_ids(fields)
        fields["_sample"] = True
        return Made(self._life.begun, self._entry.state, fields, self._numbered_at)

    def _gives_number(self, action: Action) -> bool:
        """A book's number comes with the action that takes it; a service's once the record was delivered to it."""
        register = self._type.register
        if register is None or action.takes_number:
            return register is not None
        return any(
            delivery.service == register.service and self._entry.state in delivery.states
            for delivery in self._type.deliveries
        )

    def _take_number(self) -> None:
        """Rules further on may ask for the number; which one it is shows when all records are there."""
        register = self._type.register
        if register is not None:
            self._numbered_at = self._moment
            number, shown = number_fields(self._type, register, self._moment, 1, self._maker.ward)
            self._entry.put(register.field, shown[register.field])
            self._entry.number = number
            self._entry.values.variables.set("number", number)

    def _settle_row_ids(self, fields: dict[str, Any]) -> None:
        """Row ids that the entry gave are random; the seed decides them here."""
        for field in self._type.fields:
            if field.type == "group" and field.name in fields:
                rows = [
                    {key: value for key, value in row.items() if not is_nobody(value)} for row in fields[field.name]
                ]
                fields[field.name] = [row | {"_id": f"{self._random.getrandbits(32):08x}"} for row in rows]

    def _fill(self, field: Field) -> None:
        """A value where the form wants one: always when required on the way, else as often as the examples have it."""
        entry, name = self._entry, field.name
        if (
            field.owner != "officer"
            or entry.is_calculated(name)
            or entry.is_locked(name)
            or not entry.is_relevant(name)
        ):
            return
        if self._type.deadline is not None and name == self._type.deadline.start:
            self._put(field, 0)
            return
        if entry.get(name) is not None and field.type != "group":
            return
        if name in self._maker.by_actions:
            return  # an action brings it; what still lacks then is mended at the end
        required = entry.is_required(name, self._filled_for)
        if required or name in self._wanted or self._random.random() < self._maker.chance(field):
            self._put(field, 0)

    def _bring(self, field: Field) -> None:
        """What the example of this state has, and an action off the way would have brought."""
        entry, name = self._entry, field.name
        locked = entry.is_locked(name) or entry.is_calculated(name) or field.owner != "officer"
        if entry.get(name) is None and entry.is_relevant(name) and not locked:
            self._put(field, 0)

    def _put(self, field: Field, first: int) -> bool:
        """Sets a value that the field's own rules accept; gives up quietly after some tries and clears an optional one."""
        entry, name = self._entry, field.name
        if self._put_somebody_fitting(field):
            return True
        for attempt in range(first, _TRIES_PER_FIELD):
            value = invent(self._scene, field, entry.choices(name), attempt)
            if value is None:
                break
            entry.set(name, value)
            problem = entry.problem(name)
            if problem is None or not problem.blocks:
                return True
        if entry.get(name) is not None and not entry.is_required(name, self._life.state):
            entry.set(name, None)
        return entry.get(name) is None

    def _put_somebody_fitting(self, field: Field) -> bool:
        """Where a field's rules look at age or gender, a warning counts too: whom they mean is who stands in such a register."""
        if not any(_OF_A_PERSON.search(rule.rule) for rule in field.constraints):
            return False
        pool = self._scene.pool(field)
        for _ in range(_TRIES_PER_PERSON if pool else 0):
            record_id = self._random.choice(pool)
            self._entry.set(field.name, record_id)
            if self._entry.problem(field.name) is None:
                self._scene.choose(field, record_id)
                return True
        return False

    def _perform(self, action: Action, step: int) -> bool:
        for attempt in range(TRIES):
            officer = self._acting(action, step, attempt)
            inputs = {name: self._asked(name, attempt) for name in action.asks}
            try:
                self._entry.perform(action.id, officer, inputs)
            except RuleError as error:
                self.problems = [f"{problem.path}: {problem.message.en}" for problem in error.problems]
                self._renew_behind(error.problems, attempt + 1, action)
                continue
            return True
        return False

    def _acting(self, action: Action, step: int, attempt: int) -> SampleOfficer:
        """Who takes the step: the officers in turn, at some tries one whom the record names (a cashier closes his own
        shift), and never the one who must not."""
        barred = self._entry.get(action.not_by) if action.not_by else None
        officers = [o for o in self._maker.officers if o.id != barred] or self._maker.officers  # refused, and told why
        if attempt in (2, 4):
            named = [o for o in self._maker.everybody if o.id != barred and o.id in self._entry.fields.values()]
            officers = named or officers
        return officers[(step + attempt) % len(officers)]

    def _asked(self, name: str, attempt: int) -> Any:
        """What the officer answers: yes to a yes-or-no question at first, else what the form has, then something new."""
        present = self._entry.get(name)
        field = self._type.field(name)
        if field.type == "bool":
            return attempt != 3
        if present is not None and attempt < 2:
            return present
        return invent(self._scene, field, self._entry.choices(name), attempt)

    def _repair(self, state: str) -> bool:
        """Renews what blocks in the state; True when nothing does any more."""
        for attempt in range(1, 5):
            blocking = [problem for problem in self._entry.problems(state) if problem.blocks]
            self.problems = [f"{problem.path}: {problem.message.en}" for problem in blocking]
            if not blocking:
                return True
            self._renew_behind(blocking, attempt)
        return False

    def _renew_behind(self, problems: Sequence[Problem], attempt: int, action: Action | None = None) -> None:
        """Other values where the problems are; for a rule of the whole record, or of an action, in the fields it reads."""
        rules = (*self._type.rules, *(action.guard if action else ()))
        for problem in problems:
            paths = {problem.path: None}
            if not problem.path:
                paths = dict.fromkeys(
                    n for r in rules if r.message == problem.message for n in sorted(Expression(r.rule).reads)
                )
            for path in paths:
                self._renew(path, attempt)

    def _renew(self, path: str, attempt: int) -> None:
        name = path.partition("/")[0]
        field = self._type.field_map.get(name)
        if field is None or self._entry.is_locked(name) or field.owner != "officer":
            return
        if field.calculate is not None and (self._entry.get(name) is not None or not field.overridable):
            self._fill_behind(field.calculate, attempt)
            return
        self._put(field, attempt)

    def _fill_behind(self, calculation: str, attempt: int) -> None:
        """What a calculation reads and the form still lacks: a completeness that is too low, a sum of nothing."""
        entry, fields = self._entry, self._type.field_map
        for name in sorted(Expression(calculation).reads):
            field = fields.get(name)
            if field is None or field.calculate is not None or field.owner != "officer":
                continue
            if entry.get(name) in (None, False) and entry.is_relevant(name) and not entry.is_locked(name):
                self._put(field, attempt)
