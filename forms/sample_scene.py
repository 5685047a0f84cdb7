"""What one sample record is about: when it happens, who is in it, what its tool's examples look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from forms.definition import Catalog, RecordType
from forms.field_definition import Choice, Field
from forms.identity import Gender, gender_of
from forms.sample_people import Inventor, Person
from forms.vietnamese import VIETNAM

Resolve = Callable[[str], Mapping[str, Any] | None]
SHARED_TARGETS = {
    "person": "residence.citizen",
    "household": "residence.household",
    "organisation": "residence.organisation",
}
NOBODY = "sample-nobody"
_MOTHER, _FATHER, _CHILD = (
    re.compile(r"mother|wife|bride"),
    re.compile(r"father|husband|groom"),
    re.compile(r"child|baby"),
)
_PART = re.compile(r"_?(full_name|name|dob|birth\w*|gender|sex|personal_id|citizen_number|id_no|id|ref)$")


def targets_of(field: Field) -> tuple[str, ...]:
    """The record types a reference may point to; () means any."""
    return field.targets or ((SHARED_TARGETS[field.type],) if field.type in SHARED_TARGETS else ())


def is_nobody(value: Any) -> bool:
    """Null, or what stands for a reference whose pool is empty."""
    if isinstance(value, list):
        return bool(value) and all(map(is_nobody, value))
    return value is None or (isinstance(value, str) and value.startswith(NOBODY))


class Scene:
    """What one sample record is about: when it happens, who is in it, and what its tool's examples look like."""

    def __init__(
        self,
        random: Random,
        moment: datetime,
        *,
        ward: str,
        example: Mapping[str, Any],
        examples: Sequence[Mapping[str, Any]],
        pools: Mapping[str, Sequence[str]],
        resolve: Resolve,
        choices_of: Callable[[Field], Sequence[Choice]],
        get: Callable[[str], Any],
        unique: frozenset[str] = frozenset(),
        listed: bool = False,
        is_about_organisations: bool = False,
    ) -> None:
        """``get`` reads the record so far; ``unique`` fields tell records apart; ``listed``: a catalogue entry, to be taken from the examples whole."""
        self.random = random
        self.inventor = Inventor(random)
        self.moment = moment.astimezone(VIETNAM)
        self.ward, self.pools, self._resolve = ward, pools, resolve
        self._get = get
        self.is_about_organisations = is_about_organisations
        self.head: str | None = None
        self.choices_of, self.unique, self.listed = choices_of, unique, listed
        self._example, self._examples = example, examples
        self._people: dict[str, Person] = {}
        self._taken: set[str] = set()
        self._chosen: dict[str, str] = {}  # field → what it refers to

    @property
    def day(self) -> date:
        return self.moment.date()

    def pool(self, field: Field) -> Sequence[str]:
        """What a reference may point to. Of several types the one that a field like applicant_type speaks of."""
        targets = targets_of(field) or tuple(self.pools)
        if len(targets) > 1 and field.targets:
            kind = self._get_or_none(_PART.sub("", field.name) + "_type")
            apart = [target for target in targets if target != SHARED_TARGETS["person"]]
            targets = targets[:1] if kind in (None, "person", "citizen") else tuple(apart)
        return [record_id for target in targets for record_id in self.pools.get(target, ())]

    def _get_or_none(self, name: str) -> Any:
        try:
            return self._get(name)
        except KeyError:
            return None

    def seen(self, field: Field, attempt: int = 0) -> list[Any]:
        """What the tool's examples hold in this field: at first this record's own example only, so that values that
        belong together stay together."""
        own = self._example.get(field.name)
        if own is not None and attempt < 2:
            return [own]
        return [value for value in (example.get(field.name) for example in self._examples) if value is not None]

    def person(self, name: str) -> Person:
        """The person that fields of one prefix speak of: child_name and child_dob are one child's."""
        prefix = _PART.sub("", name)
        if prefix not in self._people:
            gender: Gender | None = None
            ages = None
            if _MOTHER.search(prefix):
                gender, ages = "female", (20, 40)
            elif _FATHER.search(prefix):
                gender, ages = "male", (22, 45)
            elif _CHILD.search(prefix):
                ages = (0, 0)
            adult = None if not prefix else (18, 80)
            person = self.inventor.person(self.day, gender=gender, ages=ages or adult)
            if _CHILD.search(prefix) and self.random.random() < 0.88:  # most births are registered within 60 days
                born = self.day - timedelta(days=self.random.randint(3, 55))
                number = self.inventor.citizen_number(born, person.gender)
                person = Person(person.full_name, person.gender, born, number)
            self._people[prefix] = person
        return self._people[prefix]

    def refer(self, field: Field, attempt: int = 0) -> str:
        """An id of the pool: of the right gender for a mother or a father, an adult unless a child is meant (or rules
        have refused several adults). The same one is not taken twice in a record while others are left. Of an empty
        pool: nobody, which is taken out again."""
        if (declarant := self._declarant_as(field)) is not None:
            return declarant
        pool = self.pool(field)
        if not pool:
            return f"{NOBODY}-{field.name}"
        agreeing = self._agreeing(field, pool) if attempt < 5 else []
        for turn in range(30):
            record_id = self.random.choice(agreeing if agreeing and turn < 10 else pool)
            if record_id not in self._taken and self._suits(field, self._resolve(record_id) or {}, attempt > 3):
                break
        self.choose(field, record_id)
        return record_id

    def choose(self, field: Field, record_id: str) -> None:
        """The field refers to this one: others of the record are not taken for it again, and agree with it."""
        self._taken.add(record_id)
        self._chosen[field.name] = record_id
        if "head" in field.name:
            self.head = record_id

    def _agreeing(self, field: Field, pool: Sequence[str]) -> list[str]:
        """Those of a pool that name, or are named by, what this record refers to already: a household and its survey."""
        others = {name: each for name, each in self._chosen.items() if name != field.name}
        named = {(self._resolve(each) or {}).get(field.name) for each in others.values()}
        if theirs := [record_id for record_id in pool if record_id in named]:
            return theirs
        found = []
        for record_id in pool if others else ():
            fields = self._resolve(record_id) or {}
            if any(fields.get(name) == each for name, each in others.items()):
                found.append(record_id)
        return found

    def relation(self, field: Field) -> str:
        """What the person named beside it may be to a child: by gender and age."""
        fields = self._resolve(str(self._get_or_none(f"{field.name.rpartition('_')[0]}_ref"))) or {}
        female = gender_of(str(fields.get("gender") or "")) == "female"
        born = str(fields.get("dob") or "")[:4]
        age = self.day.year - int(born) if born.isdigit() else 30
        if age <= (44 if female else 58):
            return "Mẹ" if female else "Cha"
        return self.random.choice(("Bà nội", "Bà ngoại") if female else ("Ông nội", "Ông ngoại"))

    def _declarant_as(self, field: Field) -> str | None:
        """Who said at the top of the form to be the mother or the father is the one."""
        said = {"Mẹ": _MOTHER, "Cha": _FATHER}.get(str(self._get_or_none("requester_relation")))
        declarant = self._get_or_none("requester_ref")
        return str(declarant) if said and declarant and said.search(field.name) else None

    def _suits(self, field: Field, fields: Mapping[str, Any], is_child: bool) -> bool:
        person = SHARED_TARGETS["person"]
        if field.type != "person" and (person not in field.targets or "dob" not in fields):
            return True
        wanted = "female" if _MOTHER.search(field.name) else "male" if _FATHER.search(field.name) else None
        gender = gender_of(str(fields.get("gender") or ""))
        if wanted and gender and gender != wanted:
            return False
        born = str(fields.get("dob") or "")[:4]
        age = self.day.year - int(born) if born.isdigit() else 30
        if is_child or _CHILD.search(field.name):
            return age < 16
        return 20 <= age <= (44 if wanted == "female" else 58 if wanted else 85)


def examples_of(record_type: RecordType, catalog: Catalog) -> list[tuple[str, Mapping[str, Any]]]:
    """(state, fields) of the tool's own examples of this type."""
    tool, _, name = record_type.id.partition(".")
    path = Path(catalog.folder) / tool / "examples.yaml"
    if not catalog.folder or not path.is_file():
        return []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    examples = yaml.load(path.read_text("utf-8"), loader).get(name) or []  # noqa: S506 - both are safe loaders
    return [(str(each.get("state") or ""), _plain(each.get("fields") or {})) for each in examples]


def _plain(value: Any) -> Any:
    """YAML reads unquoted dates as dates; values of records are JSON."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
