"""Rules and actions that can never do anything: constant ones, codes that no choice has, states that are none, actions for
nobody. They are no mistakes of form, but whoever wrote them meant something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.definition import Catalog, RecordType
from forms.definition_reader import nearest
from forms.definition_source import Place, Source
from forms.expressions import Expression, ExpressionError
from forms.field_checks import fields_with_places
from forms.field_definition import Field

_TEXT = r"(?:\"([^\"\\]*)\"|'([^'\\]*)')"
_COMPARED = re.compile(rf"(?<![\w.\"'])(row\.)?([a-z]\w*)\s*(?:==|!=)\s*{_TEXT}")
_AMONG = re.compile(r"(?<![\w.\"'])(row\.)?([a-z]\w*)\s+in\s+\[([^\[\]]*)\]")
_EACH = re.compile(_TEXT)
_HIDDEN = "false"  # `relevant: false`: a field that the machine keeps and nobody is shown


def check_dead(source: Source, record_type: RecordType, catalog: Catalog) -> None:
    """For a type without other mistakes."""
    for place, text, group, judges in _rules(record_type):
        try:
            rule = Expression(text)
        except ExpressionError:
            continue
        if judges and not rule.reads and not rule.functions and (place[-1] != "relevant" or text != _HIDDEN):
            vi, en = "quy tắc luôn cho cùng một kết quả", "the rule always gives the same"
            source.mistake(place, vi, en)
        else:
            _check_codes(source, place, text, _Surroundings(record_type, group, catalog))
    _check_roles(source, record_type, catalog)


class _Surroundings:
    """What the names of a rule may be compared with."""

    def __init__(self, record_type: RecordType, group: Field | None, catalog: Catalog) -> None:
        self._type, self._group, self._catalog = record_type, group, catalog

    def codes(self, name: str, *, of_row: bool) -> tuple[str, ...] | None:
        """The codes a name can hold; None where it can hold anything, or is bound by the rule itself."""
        if not of_row and name == "state":
            return tuple(state.id for state in self._type.states)
        columns = {f.name: f for f in self._group.fields} if self._group else {}  # elsewhere a rule binds its own "row"
        field = columns.get(name) if of_row else self._type.field_map.get(name)
        if field is None or field.type != "one_of":
            return None
        return tuple(choice.code for choice in self._catalog.choices_of(field)) or None


def _check_codes(source: Source, place: Place, text: str, around: _Surroundings) -> None:
    compared = [(found[1], found[2], [found[3] or found[4] or ""]) for found in _COMPARED.finditer(text)]
    compared += [(f[1], f[2], [a or b for a, b in _EACH.findall(f[3])]) for f in _AMONG.finditer(text)]
    for row, name, codes in compared:
        known = around.codes(name, of_row=bool(row))
        for code in codes:
            if known is not None and code and code not in known:
                near = nearest(code, list(known))
                vi = f"{row or ''}{name} không bao giờ là “{code}”{near[0]}"
                source.mistake(place, vi, f"{row or ''}{name} is never “{code}”{near[1]}", ", ".join(known[:30]))


def _rules(record_type: RecordType) -> Iterator[tuple[Place, str, Field | None, bool]]:
    """Every rule with its place, the group it is in, and whether it judges (else it makes a value, which may be constant)."""
    for number, section in enumerate(record_type.sections):
        if section.relevant:
            yield ("sections", number, "relevant"), section.relevant, None, True
    for field, place, group in fields_with_places(record_type):
        if not field.retired:
            yield from ((inner, text, group, judges) for inner, text, judges in _field_rules(field, place))
    for number, message in enumerate(record_type.rules):
        yield ("rules", number, "rule"), message.rule, None, True
    for number, action in enumerate(record_type.actions):
        for position, message in enumerate(action.guard):
            yield ("actions", number, "guard", position, "rule"), message.rule, None, True
        for name, text in action.sets.items():
            yield ("actions", number, "sets", name), text, None, False
    for number, printout in enumerate(record_type.printouts):
        if printout.when is not None:
            yield ("printouts", number, "when", "rule"), printout.when.rule, None, True


def _field_rules(field: Field, place: Place) -> Iterator[tuple[Place, str, bool]]:
    if isinstance(field.required, str):
        yield (*place, "required"), field.required, True
    for number, message in enumerate(field.constraints):
        yield (*place, "constraints", number, "rule"), message.rule, True
    for key in ("relevant", "choice_filter", "calculate", "default"):
        if text := getattr(field, key):
            yield (*place, key), text, key in ("relevant", "choice_filter")


def _check_roles(source: Source, record_type: RecordType, catalog: Catalog) -> None:
    """Roles that may not write the type's scope can take none of its actions: the city refuses them."""
    scopes = {role.id: role.scopes for role in catalog.roles}
    able = [role for role, of in scopes.items() if record_type.scope in of]

    def look(place: Place, roles: tuple[str, ...]) -> None:
        if roles and not set(roles) & set(able) and all(role in scopes for role in roles):
            scope = record_type.scope
            vi = f"không vai trò nào ở đây được ghi luồng “{scope}”"
            source.mistake(place, vi, f"none of these roles may write scope “{scope}”", ", ".join(able))

    look(("begun_by",), record_type.begun_by)
    for number, action in enumerate(record_type.actions):
        look(("actions", number, "roles"), action.roles)
