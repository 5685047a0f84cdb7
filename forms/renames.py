"""Fields that were renamed. On the line and at the city a field keeps the first name it ever had (``Field.was``); a pack's
own name is what its rules, its forms and this PC's store use.

So a renaming moves nothing at the city, PCs with the old pack and with the new one write the same field, and whoever does
not know the new name loses nothing. A mapping is one to one on all names: a freed name is taken by whatever stood under
the new one, so that no two values ever meet in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from forms.definition import Action, Catalog, RecordType, Register
from forms.field_definition import Field, Section

FROZEN, OVERRIDDEN, TYPED = "_frozen", "_overridden", "_typed"
_PERSONS = {"person": "residence.citizen", "household": "residence.household", "organisation": "residence.organisation"}
Names = dict[str, str]


class Renaming(Struct, frozen=True):
    """One direction of one record type's names. ``columns`` and ``frozen``: by the name before renaming of the group, and of
    the reference whose target's fields are kept as signed; ``lists``: references to several records."""

    names: Names = {}
    columns: dict[str, Names] = {}
    frozen: dict[str, Names] = {}
    lists: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.names or self.columns or self.frozen)

    def key(self, path: str) -> str:
        """A path: ``field``, ``group/<row id>`` or ``group/<row id>/<column>``."""
        name, _, rest = path.partition("/")
        new = self.names.get(name, name)
        if not rest:
            return new
        row_id, _, column = rest.partition("/")
        return f"{new}/{row_id}" + (f"/{self.columns.get(name, {}).get(column, column)}" if column else "")

    def values(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A record's fields, or the ``before`` or ``after`` of a change, whose keys are paths."""
        return {self.key(path): self._value(path, value) for path, value in fields.items()}

    def _value(self, path: str, value: Any) -> Any:
        name, _, rest = path.partition("/")
        if name == OVERRIDDEN and isinstance(value, list):
            return sorted(self.key(one) for one in value if isinstance(one, str))
        if name == TYPED and isinstance(value, dict):
            return {self.key(one): text for one, text in value.items()}
        if name == FROZEN and isinstance(value, dict):
            return {self.names.get(one, one): self._kept(one, kept) for one, kept in value.items()}
        columns = self.columns.get(name)
        if not columns or "/" in rest:
            return value
        if rest:
            return _renamed(columns, value)
        return [_renamed(columns, row) for row in value] if isinstance(value, list) else value

    def _kept(self, name: str, kept: Any) -> Any:
        names = self.frozen.get(name)
        if not names or not isinstance(kept, dict):
            return kept
        if name in self.lists:
            return {one: _renamed(names, fields) for one, fields in kept.items()}
        return _renamed(names, kept)


class FirstNames:
    """Fields of lines that come from outside, whose writers may know a field by the pack's name or by its first."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[str, Renaming] = {}

    def of(self, type_id: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        renaming = self._known.get(type_id)
        if renaming is None:
            renaming = self._known[type_id] = to_first(self._catalog.record_type(type_id), self._catalog)
        if not renaming:
            return fields
        present = {f.name for f in self._catalog.record_type(type_id).fields}
        return {(renaming.names.get(k, k) if k in present else k): renaming._value(k, v) for k, v in fields.items()}


def _renamed(names: Names, row: Any) -> Any:
    return {names.get(name, name): value for name, value in row.items()} if isinstance(row, dict) else row


def first_name(field: Field) -> str:
    return field.was or field.name


def to_first(record_type: RecordType, catalog: Catalog) -> Renaming:
    """From the pack's names to the first ones."""
    return _renaming(record_type, catalog, back=False)


def to_present(record_type: RecordType, catalog: Catalog) -> Renaming:
    """From the first names to the pack's."""
    return _renaming(record_type, catalog, back=True)


def _renaming(record_type: RecordType, catalog: Catalog, *, back: bool) -> Renaming:
    def turned(fields: Iterable[Field]) -> Names:
        names = one_to_one({f.name: f.was for f in fields if f.was and f.was != f.name})
        return {first: name for name, first in names.items()} if back else names

    def before(field: Field) -> str:
        return first_name(field) if back else field.name

    fields = record_type.fields
    columns = {before(f): names for f in fields if f.type == "group" and (names := turned(f.fields))}
    frozen = {}
    for name in {name for action in record_type.actions for name in action.freezes}:
        field = record_type.field_map.get(name)
        target = _target(field, catalog) if field else None
        if field and target and (names := turned(target.fields)):
            frozen[before(field)] = names
    lists = frozenset(before(f) for f in fields if f.type == "refs")
    return Renaming(turned(fields), columns, frozen, lists)


def _target(field: Field, catalog: Catalog) -> RecordType | None:
    """The type whose fields are kept of a reference. One that may point to several types names what they share."""
    type_id = field.targets[0] if field.targets else _PERSONS.get(field.type, "")
    return catalog.record_type(type_id) if catalog.knows(type_id) else None


def one_to_one(names: Names) -> Names:
    """The renaming with freed names given to what stands under taken ones."""
    back = {new: old for old, new in names.items()}
    whole = dict(names)
    for taken in names.values():
        if taken in names:
            continue
        free = taken
        while free in back:
            free = back[free]
        whole[taken] = free
    return whole


def in_first_names(record_type: RecordType, catalog: Catalog) -> RecordType:
    """The type as the line and the city see it: fields, and what names them outside of rules, under their first names.
    Its rules (CEL) still speak of the pack's names; the city does not evaluate them on this one."""
    names = to_first(record_type, catalog)
    if not (names.names or names.columns):
        return record_type
    first = names.names

    def one(name: str) -> str:
        return first.get(name, name)

    def maybe(name: str | None) -> str | None:
        return None if name is None else one(name)

    def register(r: Register) -> Register:
        return replace(
            r,
            field=one(r.field),
            book_field=maybe(r.book_field),
            temporary_field=maybe(r.temporary_field),
            series_by=maybe(r.series_by),
        )

    def action(a: Action) -> Action:
        return replace(
            a,
            asks=tuple(map(one, a.asks)),
            sets={one(name): rule for name, rule in a.sets.items()},
            freezes={one(name): kept for name, kept in a.freezes.items()},
            not_by=maybe(a.not_by),
        )

    deadline = record_type.deadline
    return replace(
        record_type,
        sections=tuple(_section(section) for section in record_type.sections),
        states=tuple(replace(s, allows=tuple(map(one, s.allows))) for s in record_type.states),
        actions=tuple(map(action, record_type.actions)),
        register=register(record_type.register) if record_type.register else None,
        deadline=replace(deadline, start=one(deadline.start), field=one(deadline.field)) if deadline else None,
        duplicate=tuple(map(one, record_type.duplicate)),
        alike=tuple(
            replace(
                a,
                fields=tuple(map(one, a.fields)),
                name=maybe(a.name),
                within=maybe(a.within),
                unless=tuple(map(one, a.unless)),
            )
            for a in record_type.alike
        ),
        merging=replace(record_type.merging, into=one(record_type.merging.into)) if record_type.merging else None,
        visit=maybe(record_type.visit),
    )


def _section(section: Section) -> Section:
    return replace(section, fields=tuple(map(_field, section.fields)))


def _field(field: Field) -> Field:
    return replace(field, name=first_name(field), fields=tuple(map(_field, field.fields)))


def catalog_in_first_names(catalog: Catalog) -> Catalog:
    """The catalogue as the city judges by it; itself where nothing was renamed."""
    types = {t.id: in_first_names(t, catalog) for t in catalog.record_types}
    if all(types[t.id] is t for t in catalog.record_types):
        return catalog
    tools = tuple(replace(tool, records=tuple(types[t.id] for t in tool.records)) for tool in catalog.tools)
    return replace(catalog, tools=tools)
