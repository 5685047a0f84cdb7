"""Believable invented records of any type, valid by the type's own rules: the same for the same seed.

Each record is lived through: begun by an officer at some working hour of the past year, filled in, and carried from state
to state by the type's own actions, so that what its rules calculate, freeze and require is there. Marked ``_sample``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from msgspec import Struct, structs

from forms.calendar import calendar_of
from forms.definition import Action, Catalog, Field, RecordType
from forms.entry import EntryContext, Problem, RecordEntry, RuleError
from forms.expressions import Expression
from forms.sample_numbers import give_numbers, number_fields
from forms.sample_scene import SHARED_TARGETS, Resolve, Scene, examples_of, is_nobody
from forms.sample_values import invent
from forms.sample_years import Life, lives, usual_weight, ways_of
from forms.vietnamese import to_local

_TRIES = 6
_TRIES_PER_FIELD = 9
_PATIENCE = timedelta(hours=640)  # of office time: about four months
_LEFT_TO_EXAMPLES = {"residence.organisation": ("short_name", "org_code")}
"""What would be false of an invented name."""


class SampleError(Exception):
    """No valid record could be made; ``str()`` names the type and the rules that stood in the way."""


class SampleOfficer(Struct, frozen=True):
    id: str
    name: str
    roles: tuple[str, ...]
    organisation: str = ""


def sample_records(
    record_type: RecordType,
    catalog: Catalog,
    n: int,
    seed: int | str,
    *,
    ward: Any,
    now: datetime,
    resolve: Resolve,
    pools: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """``n`` records as {"state", "number", "fields"}, oldest first, spread over the year before ``now``.

    ``ward`` has code, name, org_code, place; ``pools`` are ids of records that references may point to, which
    ``resolve`` can look up. A required reference whose pool is empty stays empty. Raises SampleError.
    """
    random = Random(f"{seed}/{record_type.id}/{n}")  # noqa: S311 - samples, not secrets
    maker = _Maker(record_type, catalog, ward=ward, now=now, resolve=resolve, pools=pools)
    usual = {state: usual_weight(record_type, ways[0]) for state, ways in maker.ways.items()}
    planned = lives(record_type, usual, n, random=random, now=now, calendar=maker.calendar)
    made = sorted((maker.make(random, life) for life in planned), key=lambda each: each.begun)
    give_numbers(record_type, made, ward)
    return [{"state": each.state, "number": each.number, "fields": each.fields} for each in made]


class Made(Struct):
    """A sample before it has its number. ``numbered_at``: when the register took it in."""

    begun: datetime
    state: str
    fields: dict[str, Any]
    numbered_at: datetime | None
    number: str | None = None


class _Maker:
    """Makes samples of one type."""

    def __init__(
        self,
        record_type: RecordType,
        catalog: Catalog,
        *,
        ward: Any,
        now: datetime,
        resolve: Resolve,
        pools: Mapping[str, Sequence[str]],
    ) -> None:
        self._now = now
        self.record_type, self.catalog, self.ward = record_type, catalog, ward
        self.resolve, self.pools = resolve, pools
        self.calendar = calendar_of(catalog)
        self.examples = examples_of(record_type, catalog)
        self._closed: set[str] = set()
        self._slow: set[str] = set()  # states that take months to come to
        self._made: list[Made] = []
        self._alike: dict[str, dict[str, list[int]]] = {}  # field → value → places in _made
        self.by_actions = {name for action in record_type.actions for name in (*action.asks, *action.sets)}
        self.ways = ways_of(record_type)
        self.ward_code = str(ward["code"] if isinstance(ward, Mapping) else ward.code)
        self.everybody = self._staff()
        self.officers = self.everybody[:4]

    def _staff(self) -> list[SampleOfficer]:
        roles = tuple(role.id for role in self.catalog.roles)
        ids = list(self.pools.get("hr.officer", ())) or [f"sample-{number}" for number in range(1, 5)]
        people = [(record_id, self.resolve(record_id) or {}) for record_id in ids]
        return [SampleOfficer(each, str(fields.get("full_name") or each), roles) for each, fields in people]

    def find(self, type_id: str, field: str, value: Any) -> list[dict[str, Any]]:
        """Samples made so far, and records of the pools, with a value: what the rules over other records see."""
        if type_id == self.record_type.id:
            alike = self._alike.setdefault(field, {})
            done = sum(len(places) for places in alike.values())
            for at in range(done, len(self._made)):
                alike.setdefault(str(self._made[at].fields.get(field)), []).append(at)
            found = ((at, self._made[at]) for at in alike.get(str(value), ()))
            return [{**m.fields, "_id": str(at), "_state": m.state, "_number": m.number} for at, m in found]
        pooled = ((each, self.resolve(each) or {}) for each in self.pools.get(type_id, ()))
        return [
            {**fields, "_id": each, "_state": None, "_number": None}
            for each, fields in pooled
            if fields.get(field) == value
        ]

    def chance(self, field: Field) -> float:
        """How often an optional field is filled in that this record's example leaves out."""
        if field.type in ("citizen_number", "email"):
            return 0.95 if field.type == "citizen_number" else 0.0
        if field.name in _LEFT_TO_EXAMPLES.get(self.record_type.id, ()):
            return 0.0
        if not self.examples:
            return 0.6
        return 0.4 if any(fields.get(field.name) is not None for _, fields in self.examples) else 0.0

    def make(self, random: Random, life: Life) -> Made:
        """A record of the life wanted; where its rules let no sample through, one that went less far or elsewhere."""
        problems: dict[str, list[str]] = {}
        for state in self._instead_of(life.state):
            for tried in range(_TRIES):
                attempt = _Attempt(self, random, structs.replace(self._longer(life, tried, state), state=state))
                made = attempt.live(self.ways[state][tried % len(self.ways[state])])
                if made is not None and life.fresh is not None and self._is_late(made):
                    life = structs.replace(life, begun=life.fresh, ended=max(life.fresh, life.ended), fresh=None)
                elif made is not None:
                    if tried * 2 >= _TRIES:
                        self._slow.add(state)
                    self._made.append(made)
                    return made
                problems[state] = attempt.problems
            self._closed.add(state)
        told = "; ".join(f"{state}: {', '.join(each)}" for state, each in problems.items())
        raise SampleError(f"{self.record_type.id}: {told}")

    def _longer(self, life: Life, tried: int, state: str) -> Life:
        """After half of the tries a life of months: a posting, a time to appeal or an instalment may have to pass."""
        if (tried * 2 < _TRIES and state not in self._slow) or self.record_type.state(life.state).kind != "final":
            return life
        ended = min(self.calendar.add_working_time(life.begun, _PATIENCE), to_local(self._now))
        return structs.replace(life, ended=max(ended, life.ended))

    def _is_late(self, made: Made) -> bool:
        deadline = self.record_type.deadline
        due = made.fields.get(deadline.field) if deadline else None
        return due is not None and to_local(due) < self._now

    def _instead_of(self, state: str) -> list[str]:
        """The state itself, then other real ones, furthest first; without those that were tried in vain before."""
        kinds = {each: self.record_type.state(each).kind for each in self.ways}
        real = [each for each, kind in kinds.items() if kind in ("open", "waiting", "final") and each != state]
        aside = {each: not all(action.main for action in ways[0]) for each, ways in self.ways.items()}
        far = {each: len(ways[0]) for each, ways in self.ways.items()}
        states = [state, *sorted(real, key=lambda each: (kinds[each] != kinds[state], aside[each], -far[each]))]
        return [each for each in states if each not in self._closed] or states


class _Attempt:
    """One try at one record."""

    def __init__(self, maker: _Maker, random: Random, life: Life) -> None:
        self._maker, self._random, self._life = maker, random, life
        self._type = maker.record_type
        self._moment = life.begun
        self._filled_for = (
            self._first_real_state() if self._type.state(life.state).kind in ("draft", "void") else life.state
        )
        self.problems: list[str] = []
        self._numbered_at: datetime | None = None
        example = self._example()
        self._wanted = set(example).difference(_LEFT_TO_EXAMPLES.get(self._type.id, ()))
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

    def _perform(self, action: Action, step: int) -> bool:
        for attempt in range(_TRIES):
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
        officers = [o for o in self._maker.officers if o.id != barred]
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
