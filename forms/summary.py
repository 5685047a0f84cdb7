"""What a record is in a list, in the search box and in a title. Called for every record that arrives: kept cheap."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, Choice, Field, RecordType
from forms.expressions import Variables
from forms.field_types import FIELD_TYPES, FieldKind, index_text, show, sort_value
from forms.field_types.references import name_of
from forms.functions import RuleSurroundings, rule_functions
from forms.plan import FormPlan, plan_of
from forms.titles import name_record
from forms.vietnamese import name_sort_key, sort_key

Resolve = Callable[[str], Mapping[str, Any] | None]
_REFERENCES = frozenset({"person", "household", "organisation", "ref"})
_AS_STORED = frozenset({"date", "date_partial", "time", "datetime", "int", "money"})


class Summary(Struct, frozen=True):
    """``sort``: value by list column; text compares bytewise. ``search_text`` is not folded yet. ``due_at``: what the
    deadline's field says, whatever the state: whether the clock runs is the state's to say."""

    title: str
    subtitle: str
    search_text: str
    sort: dict[str, Any]
    due_at: str | None


def describe(
    record_type: RecordType,
    catalog: Catalog,
    fields: Mapping[str, Any],
    *,
    state: str,
    number: str | None,
    resolve: Resolve,
) -> Summary:
    """The summary of one record. Safe to call from several threads."""
    describers = _describers(catalog)
    describer = describers.get(record_type.id)
    if describer is None or describer.plan.record_type is not record_type:
        describer = describers[record_type.id] = _Describer(plan_of(record_type, catalog), catalog)
    return describer.describe(fields, state, number, resolve)


def _describers(catalog: Catalog) -> dict[str, _Describer]:
    """This thread's describers: what evaluates CEL belongs to one thread."""
    local: threading.local = vars(catalog).setdefault("_describers", threading.local())
    found: dict[str, _Describer] = vars(local).setdefault("of", {})
    return found


def _nobody(_reference: str) -> None:
    return None


class _Describer:
    """One record type made ready for being described, for one thread."""

    def __init__(self, plan: FormPlan, catalog: Catalog) -> None:
        self.plan = plan
        record_type = plan.record_type
        self._catalog = catalog
        self._fields: Mapping[str, Any] = {}
        self._resolve: Resolve = _nobody
        around = RuleSurroundings(
            resolve=self._referenced_fields,
            dated_values=catalog.dated_values,
            label=self._label,
        )
        named = plan.title.reads | (plan.subtitle.reads if plan.subtitle else frozenset())
        self._named = tuple(name for name in named if name in record_type.field_map)
        self._variables = Variables({}, functions=rule_functions(around), names=named)
        self._rows = tuple((f, self._choices(f)) for f in record_type.fields if f.search)
        self._columns = tuple(
            self._column(record_type.field_map[c.field])
            for c in record_type.list_view.columns
            if c.field in record_type.field_map
        )
        self._due = record_type.deadline.field if record_type.deadline else None

    def _referenced_fields(self, reference: str) -> Mapping[str, Any] | None:
        return self._resolve(reference)

    def _choices(self, field: Field) -> tuple[Choice, ...]:
        return self._catalog.choices_of(field)

    def _column(self, field: Field) -> tuple[str, Field, dict[str, Any] | None, FieldKind]:
        """A list column; for one of a list, every choice's sort value beforehand."""
        ranks = {c.code: sort_key(c.label.vi) for c in self._choices(field)} if field.type == "one_of" else None
        return field.name, field, ranks, FIELD_TYPES[field.type]

    def _label(self, name: str) -> str | None:
        field, value = self.plan.record_type.field_map.get(name), self._fields.get(name)
        if field is None or value is None:
            return None
        return show(field, value, "vi", choices=self._choices(field), resolve=self._resolve)

    def describe(self, fields: Mapping[str, Any], state: str, number: str | None, resolve: Resolve) -> Summary:
        self._fields, self._resolve = fields, resolve
        variables = self._variables
        for name in self._named:
            variables.set(name, fields.get(name))
        variables.set("state", state)
        variables.set("number", number)
        title, subtitle = name_record(self.plan, variables, fields)
        due = fields.get(self._due) if self._due else None
        sort = self._sort(fields)
        sort["_title"] = sort_key(title)
        sort["_number"] = number
        sort["_due"] = due
        return Summary(title, subtitle, self._search_text(fields, title, subtitle, number), sort, due)

    def _sort(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field, ranks, _kind in self._columns:
            value = fields.get(name)
            if value is None or field.type in _AS_STORED:
                found[name] = value
            elif ranks is not None:
                found[name] = ranks.get(value, value)
            elif field.type in _REFERENCES:
                found[name] = self._referenced(field, value)
            else:
                found[name] = sort_value(field, value)
        return found

    def _referenced(self, field: Field, value: Any) -> str | None:
        name = name_of(self._resolve(value)) if isinstance(value, str) else ""
        if not name:
            return None
        return name_sort_key(name) if field.type == "person" else sort_key(name)

    def _search_text(self, fields: Mapping[str, Any], title: str, subtitle: str, number: str | None) -> str:
        parts = [title, subtitle, number or ""]
        for field, choices in self._rows:
            value = fields.get(field.name)
            if value is None:
                continue
            if field.type in _REFERENCES:
                parts.append(name_of(self._resolve(value)) if isinstance(value, str) else "")
            else:
                parts.append(index_text(field, value, choices))
        seen = dict.fromkeys(part for part in parts if part)
        return " ".join(part for part in seen if part is title or part not in title)
