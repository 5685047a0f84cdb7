"""Believable invented records of any type, valid by the type's own rules: the same for the same seed.

Each record is lived through: begun by an officer at some working hour of the past year, filled in, and carried from state
to state by the type's own actions, so that what its rules calculate, freeze and require is there. Marked ``_sample``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from msgspec import structs

from forms.calendar import calendar_of
from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.sample_attempt import LEFT_TO_EXAMPLES, TRIES, Attempt, Made, SampleOfficer
from forms.sample_numbers import give_numbers
from forms.sample_scene import Resolve, examples_of
from forms.sample_years import Life, lives, usual_weight, ways_of
from forms.vietnamese import to_local

_PATIENCE = timedelta(hours=640)  # of office time: about four months


class SampleError(Exception):
    """No valid record could be made; ``str()`` names the type and the rules that stood in the way."""


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
    maker = Maker(record_type, catalog, ward=ward, now=now, resolve=resolve, pools=pools)
    usual = {state: usual_weight(record_type, ways[0]) for state, ways in maker.ways.items()}
    planned = lives(record_type, usual, n, random=random, now=now, calendar=maker.calendar)
    made = sorted((maker.make(random, life) for life in planned), key=lambda each: each.begun)
    give_numbers(record_type, made, ward)
    return [{"state": each.state, "number": each.number, "fields": each.fields} for each in made]


class Maker:
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
        if field.name in LEFT_TO_EXAMPLES.get(self.record_type.id, ()):
            return 0.0
        if not self.examples:
            return 0.6
        return 0.4 if any(fields.get(field.name) is not None for _, fields in self.examples) else 0.0

    def make(self, random: Random, life: Life) -> Made:
        """A record of the life wanted; where its rules let no sample through, one that went less far or elsewhere."""
        problems: dict[str, list[str]] = {}
        for state in self._instead_of(life.state):
            for tried in range(TRIES):
                attempt = Attempt(self, random, structs.replace(self._longer(life, tried, state), state=state))
                made = attempt.live(self.ways[state][tried % len(self.ways[state])])
                if made is not None and life.fresh is not None and self._is_late(made):
                    life = structs.replace(life, begun=life.fresh, ended=max(life.fresh, life.ended), fresh=None)
                elif made is not None:
                    if tried * 2 >= TRIES:
                        self._slow.add(state)
                    self._made.append(made)
                    return made
                problems[state] = attempt.problems
            self._closed.add(state)
        told = "; ".join(f"{state}: {', '.join(each)}" for state, each in problems.items())
        raise SampleError(f"{self.record_type.id}: {told}")

    def _longer(self, life: Life, tried: int, state: str) -> Life:
        """After half of the tries a life of months: a posting, a time to appeal or an instalment may have to pass."""
        if (tried * 2 < TRIES and state not in self._slow) or self.record_type.state(life.state).kind != "final":
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
