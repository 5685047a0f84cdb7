"""Checks of one rule: does it compile, and does it name what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from forms.definition import Catalog, Field, RecordType
from forms.definition_reader import nearest
from forms.definition_source import Place, Source
from forms.expressions import STANDARD_FUNCTIONS, Expression, ExpressionError
from forms.functions import RULE_FUNCTIONS
from forms.plan import CHOICE_PREFIX, ROW_PREFIX

SURROUNDINGS = frozenset({"state", "number", "officer", "ward"})
_FUNCTIONS = {*RULE_FUNCTIONS, *STANDARD_FUNCTIONS, "has"}
_LABEL = re.compile(r"\blabel\(\s*[\"'](\w+)[\"']\s*\)")
_DATED = re.compile(r"\bdated\(\s*[\"']([^\"']*)[\"']")
_LOOK = re.compile(r"\blook\(\s*(row\.)?(\w+)\s*,\s*[\"']([\w.]+)[\"']\s*\)")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_WORD = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*|[()\[\]{},.]|\s+|.", re.DOTALL)
TYPES_OF_KIND = {
    "person": ("residence.citizen",),
    "household": ("residence.household",),
    "organisation": ("residence.organisation",),
}


class RuleScope(Struct, frozen=True):
    """What a rule may name."""

    catalog: Catalog
    record_type: RecordType
    columns: Mapping[str, Field] | None = None  # of the group the rule stands in
    choice: bool = False


def check_rule(source: Source, place: Place, text: str, scope: RuleScope) -> None:
    """Tells every mistake of one rule at its place."""
    try:
        expression = Expression(text)
    except ExpressionError as error:
        source.mistake(place, f"sai cú pháp CEL: {error.reason}", f"not well-formed CEL: {error.reason}", "CEL")
        return
    fields = scope.record_type.field_map
    for name in sorted(expression.unbound):
        _check_name(source, place, name, scope)
    for name in sorted(expression.functions - _FUNCTIONS):
        near = nearest(name, sorted(_FUNCTIONS))
        source.mistake(place, f"không có hàm “{name}”{near[0]}", f"no function “{name}”{near[1]}", "")
    for name, count in calls(text):
        least, most = RULE_FUNCTIONS.get(name, (0, 99))
        if not least <= count <= most:
            expected = str(least) if least == most else f"{least}–{most}"
            source.mistake(place, f"hàm {name} có {count} tham số", f"{name} is given {count} arguments", expected)
    for name in _LABEL.findall(text):
        if name not in fields:
            unknown_field(source, place, name, list(fields))
    _check_lookups(source, place, text, scope)


def unknown_field(source: Source, place: Place, name: str, known: list[str]) -> None:
    near = nearest(name, known)
    source.mistake(place, f"không có trường “{name}”{near[0]}", f"no field “{name}”{near[1]}", ", ".join(known[:40]))


def _check_name(source: Source, place: Place, name: str, scope: RuleScope) -> None:
    if name.startswith(ROW_PREFIX) or name == "row":
        column = name.removeprefix(ROW_PREFIX)
        if scope.columns is None:
            vi, en = "“row” chỉ có trong quy tắc của một cột", "“row” is known only in a column's rules"
            source.mistake(place, vi, en)
        elif name != "row" and column not in scope.columns:
            unknown_field(source, place, f"row.{column}", list(scope.columns))
        return
    if name.startswith(CHOICE_PREFIX) or name == "choice":
        if not scope.choice:
            vi, en = "“choice” chỉ có trong choice_filter", "“choice” is known only in a choice_filter"
            source.mistake(place, vi, en, "choice_filter")
        return
    known = [*scope.record_type.field_map, *sorted(SURROUNDINGS)]
    if name not in known:
        unknown_field(source, place, name, known)


def _check_lookups(source: Source, place: Place, text: str, scope: RuleScope) -> None:
    keys = {value.key for value in scope.catalog.dated_values}
    for key in _DATED.findall(text):
        if key not in keys:
            near = nearest(key, sorted(keys))
            vi, en = f"không có trị số “{key}”{near[0]}", f"no dated value “{key}”{near[1]}"
            source.mistake(place, vi, en, "dated_values.yaml")
    for of_row, name, path in _LOOK.findall(text):
        known = (scope.columns or {}) if of_row else scope.record_type.field_map
        field = known.get(name)
        targets = target_types(scope.catalog, field) if field else ()
        wanted = path.partition(".")[0]
        if targets and not any(wanted in target.field_map for target in targets):
            unknown_field(source, place, f"{targets[0].id}.{wanted}", list(targets[0].field_map))


def target_types(catalog: Catalog, field: Field) -> tuple[RecordType, ...]:
    """The record types a reference may point to, as far as the catalogue has them; empty for any, and when one could
    not be read: its mistakes are told where they are."""
    ids = field.targets or TYPES_OF_KIND.get(field.type, ())
    found = tuple(record for record in catalog.record_types if record.id in ids)
    return found if all(record.fields for record in found) else ()


def calls(text: str) -> Iterator[tuple[str, int]]:
    """Functions called by name with the number of their arguments; methods (``a.b()``) are left out."""
    words = [word for word in _WORD.findall(text) if not word.isspace()]
    inside: list[tuple[str, int, bool]] = []  # the function, commas so far, whether anything stands inside
    for place, word in enumerate(words):
        if word in _CLOSING:
            if not inside:
                return
            name, commas, filled = inside.pop()
            if name:
                yield name, commas + 1 if filled else 0
            continue
        if inside:
            name, commas, _ = inside[-1]
            inside[-1] = (name, commas + (word == ","), True)
        if word in _OPENING:
            inside.append((_called(words, place), 0, False))


def _called(words: list[str], place: int) -> str:
    """The function whose arguments begin at a bracket; "" when it is another bracket or a method's."""
    before, earlier = (words[place - 1] if place else ""), (words[place - 2] if place > 1 else "")
    return before if words[place] == "(" and before.isidentifier() and earlier != "." else ""
