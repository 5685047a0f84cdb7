"""Checks of a record type's fields, beyond their form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forms.definition import Catalog, RecordType
from forms.definition_reader import nearest
from forms.definition_source import Place, Source
from forms.field_definition import Field
from forms.rule_checks import SURROUNDINGS, RuleScope, check_rule

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# a group that ends in an endless repetition and is itself repeated without end: minutes for forty letters
_RUNS_AWAY = re.compile(r"[^\\][+*]\)(?:[+*]|\{\d*,\})")
_CEL_WORDS = {"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"}
_CEL_WORDS |= {"import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}
_RESERVED = SURROUNDINGS | _CEL_WORDS | {"row", "choice"}
RESERVED_NAMES = _RESERVED
"""No field is called so."""
_LISTED = frozenset({"one_of", "many_of"})
_REFERENCES = frozenset({"ref", "refs"})


def fields_with_places(record_type: RecordType) -> Iterator[tuple[Field, Place, Field | None]]:
    """Every field and column with its place, and for a column the group it is in."""
    for s, section in enumerate(record_type.sections):
        for f, field in enumerate(section.fields):
            place: Place = ("sections", s, "fields", f)
            yield field, place, None
            for c, column in enumerate(field.fields):
                yield column, (*place, "fields", c), field


def check_fields(source: Source, record_type: RecordType, catalog: Catalog) -> None:
    seen: set[str] = set()
    first: dict[str, str] = {}
    for s, section in enumerate(record_type.sections):
        if section.relevant:
            check_rule(source, ("sections", s, "relevant"), section.relevant, RuleScope(catalog, record_type))
    for field, place, group in fields_with_places(record_type):
        key = f"{group.name}/{field.name}" if group else field.name
        if key in seen:
            source.mistake(place, f"trường “{field.name}” có hai lần", f"field “{field.name}” stands twice")
        seen.add(key)
        _check_first_name(source, place, field, f"{group.name}/" if group else "", first)
        columns = {column.name: column for column in group.fields} if group else None
        _check_field(source, place, field, RuleScope(catalog, record_type, columns))


def _check_first_name(source: Source, place: Place, field: Field, prefix: str, first: dict[str, str]) -> None:
    """Two fields with one first name would be one field to the city."""
    name = prefix + (field.was or field.name)
    if field.was is not None and not _NAME.fullmatch(field.was):
        vi, en = f"tên cũ “{field.was}” không dùng được", f"“{field.was}” cannot have been a field's name"
        source.mistake((*place, "was"), vi, en, "a–z, 0–9, _")
    elif name in first and first[name] != field.name:
        vi = f"“{field.name}” và “{first[name]}” cùng một tên gốc; đặt tên khác cho trường mới"
        en = f"“{field.name}” and “{first[name]}” have the same first name; give the new field another"
        source.mistake((*place, "was") if field.was else place, vi, en, "was: …")
    first.setdefault(name, field.name)


def _check_field(source: Source, place: Place, field: Field, scope: RuleScope) -> None:
    catalog, record_type = scope.catalog, scope.record_type
    if field.name and (not _NAME.fullmatch(field.name) or field.name in _RESERVED):
        vi, en = f"tên trường “{field.name}” không dùng được", f"“{field.name}” cannot be a field's name"
        source.mistake((*place, "name"), vi, en, "a–z, 0–9, _")
    _check_shape(source, place, field, scope.columns is not None)
    _check_choices(source, place, field, catalog)
    known = {record.id for record in catalog.record_types}
    for number, target in enumerate(field.targets):
        if target not in known:
            unknown(source, (*place, "targets", number), "loại hồ sơ", "record type", target, sorted(known))
    services = {service.id for service in catalog.services}
    if field.owner not in ("officer", "engine") and field.owner not in services:
        unknown(source, (*place, "owner"), "dịch vụ", "service", field.owner, ["officer", "engine", *sorted(services)])
    states = [state.id for state in record_type.states]
    for key in ("required_from", "locked_from"):
        if (state := getattr(field, key)) is not None and state not in states:
            unknown(source, (*place, key), "trạng thái", "state", state, states)
    _check_rules(source, place, field, scope)


def _check_shape(source: Source, place: Place, field: Field, is_column: bool) -> None:
    if field.type == "group":
        if is_column:
            source.mistake(place, "bảng không nằm trong bảng", "a group cannot stand in a group")
        if not field.fields:
            source.mistake(place, "bảng chưa có cột nào", "the group has no columns", "fields: [ … ]")
    elif field.fields or field.min_rows:
        source.mistake(place, "chỉ kiểu group mới có cột", "only a group has columns", "type: group")
    if field.targets and field.type not in _REFERENCES:
        source.mistake(
            (*place, "targets"), "chỉ ref, refs mới có targets", "only ref and refs have targets", "type: ref"
        )
    if field.overridable and not field.calculate:
        source.mistake((*place, "overridable"), "thiếu calculate", "calculate is missing", "calculate: …")
    if field.pattern is not None:
        try:
            re.compile(field.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            vi, en = f"biểu thức mẫu sai: {error}", f"not a regular expression: {error}"
            source.mistake((*place, "pattern"), vi, en)
        else:
            if _RUNS_AWAY.search(field.pattern):
                vi, en = (
                    "lặp trong lặp, như (a+)+: có chữ làm máy đứng",
                    "repeats a repetition, as (a+)+: it may never end",
                )
                source.mistake((*place, "pattern"), vi, en)


def _check_choices(source: Source, place: Place, field: Field, catalog: Catalog) -> None:
    if field.type in _LISTED:
        if not field.choices and field.choice_list is None:
            source.mistake(place, "thiếu danh sách chọn", "the choices are missing", "choices | choice_list")
    elif field.choices or field.choice_list is not None or field.choice_filter is not None:
        source.mistake(place, "chỉ one_of, many_of mới có danh sách", "only one_of and many_of have choices", "one_of")
    if field.choice_list is not None and field.choice_list not in catalog.choices:
        known = sorted(catalog.choices)
        unknown(source, (*place, "choice_list"), "danh sách", "list of choices", field.choice_list, known)
    repeated(source, (*place, "choices"), [choice.code for choice in field.choices])


def _check_rules(source: Source, place: Place, field: Field, scope: RuleScope) -> None:
    for key in ("relevant", "calculate", "default"):
        if (text := getattr(field, key)) is not None:
            check_rule(source, (*place, key), text, scope)
    if isinstance(field.required, str):
        check_rule(source, (*place, "required"), field.required, scope)
    if field.choice_filter is not None:
        inner = RuleScope(scope.catalog, scope.record_type, scope.columns, choice=True)
        check_rule(source, (*place, "choice_filter"), field.choice_filter, inner)
    for number, constraint in enumerate(field.constraints):
        check_rule(source, (*place, "constraints", number, "rule"), constraint.rule, scope)


def unknown(source: Source, place: Place, vi: str, en: str, name: str, known: list[str]) -> None:  # noqa: PLR0917
    """ "There is no … “name”", with the nearest one there is."""
    near = nearest(name, known)
    expected = ", ".join(known[:40])
    source.mistake(place, f"không có {vi} “{name}”{near[0]}", f"there is no {en} “{name}”{near[1]}", expected)


def repeated(source: Source, place: Place, ids: list[str]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(ids):
        if name and name in seen:
            source.mistake((*place, number), f"“{name}” có hai lần", f"“{name}” stands twice")
        seen.add(name)
