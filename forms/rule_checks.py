"""Checks of one rule: does it compile, and does it name what there is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.definition_reader import nearest
from forms.definition_source import Place, Source
from forms.expressions import STANDARD_FUNCTIONS, Expression, ExpressionError
from forms.field_definition import Field
from forms.functions import RULE_FUNCTIONS
from forms.plan import CHOICE_PREFIX, ROW_PREFIX

SURROUNDINGS = frozenset({"id", "state", "number", "officer", "ward"})
_FUNCTIONS = {*RULE_FUNCTIONS, *STANDARD_FUNCTIONS, "has"}
_LABEL = re.compile(r"\blabel\(\s*[\"'](\w+)[\"']\s*\)")
_CHOSEN = re.compile(r"\bchosen\(\s*[\"'](row\.)?(\w+)[\"']\s*,\s*[\"'](\w+)[\"']\s*\)")
_RECORDS = re.compile(r"\brecords\(\s*[\"']([^\"']*)[\"']\s*,\s*[\"']([^\"']*)[\"']")
_DELEGATED = re.compile(r"\bdelegated\(\s*[\"']([^\"']*)[\"']\s*\)")
_REFERRING = frozenset({"person", "household", "organisation", "ref", "refs"})
_FOUND_BY = frozenset({*_REFERRING, "citizen_number", "tax_code"})
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
    extra: tuple[str, ...] = ()  # names of the surroundings beyond the usual (a report's window)


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
    _check_chosen(source, place, text, scope)
    _check_records(source, place, text, scope.catalog)
    for what in _DELEGATED.findall(text):
        _check_delegated(source, place, what, scope.catalog)


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
    known = [*scope.record_type.field_map, *sorted(SURROUNDINGS), *scope.extra]
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


def _check_chosen(source: Source, place: Place, text: str, scope: RuleScope) -> None:
    for of_row, name, key in _CHOSEN.findall(text):
        field = ((scope.columns or {}) if of_row else scope.record_type.field_map).get(name)
        if field is None:
            unknown_field(
                source, place, of_row + name, list(scope.columns or {} if of_row else scope.record_type.field_map)
            )
            continue
        if field.type != "one_of":
            vi, en = f"chosen chỉ dùng cho trường one_of, không phải “{name}”", f"“{name}” is no one_of field"
            source.mistake(place, vi, en, "one_of")
            continue
        choices = field.choices or scope.catalog.choices.get(field.choice_list or "", ())
        known = sorted({known for choice in choices for known in choice.data})
        if choices and key not in known:
            near = nearest(key, known)
            vi, en = (
                f"các lựa chọn của “{name}” không có “{key}”{near[0]}",
                f"no choice of “{name}” has “{key}”{near[1]}",
            )
            source.mistake(place, vi, en, ", ".join(known))


def _check_records(source: Source, place: Place, text: str, catalog: Catalog) -> None:
    for type_id, name in _RECORDS.findall(text):
        check_found_by(source, place, type_id, name, catalog)


def check_found_by(source: Source, place: Place, type_id: str, name: str, catalog: Catalog) -> None:
    """Whether records of that type can be looked up by that field (``field`` or ``group/column``), and quickly."""
    if not catalog.knows(type_id):
        near = nearest(type_id, sorted(record.id for record in catalog.record_types))
        vi, en = f"không có loại hồ sơ “{type_id}”{near[0]}", f"no record type “{type_id}”{near[1]}"
        source.mistake(place, vi, en, "")
        return
    record_type = catalog.record_type(type_id)
    if not record_type.fields:
        return  # it could not be read: its mistakes are told where they are
    group, _, column = name.partition("/")
    field = record_type.field_map.get(group)
    if column and field is not None:
        field = next((inner for inner in field.fields if inner.name == column), None)
    if field is None:
        unknown_field(source, place, f"{type_id}.{name}", list(record_type.field_map))
    elif field.type not in _REFERRING if column else not is_found_by(record_type, name):
        vi = f"không tìm nhanh được theo “{name}”: cần tham chiếu, số định danh, mã số thuế hoặc trường đầu của duplicate"
        en = f"records are not found quickly by “{name}”"
        source.mistake(place, vi, en, "ref | citizen_number | tax_code | duplicate[0]")


def is_found_by(record_type: RecordType, name: str) -> bool:
    """Whether records of the type are found by that field without reading them all."""
    field = record_type.field_map.get(name)
    known = (*record_type.duplicate[:1], record_type.visit)
    return field is not None and (field.type in _FOUND_BY or name in known)


def _check_delegated(source: Source, place: Place, what: str, catalog: Catalog) -> None:
    register = catalog.delegations
    if register is None or not catalog.knows(register.record):
        vi, en = "danh mục chưa có sổ ủy quyền", "the catalogue has no register of delegations"
        source.mistake(place, vi, en, "catalog.yaml: delegations")
        return
    field = catalog.record_type(register.record).field_map.get(register.what)
    codes = [c.code for c in (field.choices or catalog.choices.get(field.choice_list or "", ()))] if field else []
    if codes and what not in codes:
        near = nearest(what, codes)
        vi, en = f"không có việc ủy quyền “{what}”{near[0]}", f"“{what}” cannot be delegated{near[1]}"
        source.mistake(place, vi, en, ", ".join(codes))


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
