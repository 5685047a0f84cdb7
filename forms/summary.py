"""What a record is in a list, in the search box and in a title. Called for every record that arrives: kept cheap."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import contains
from typing import Any

from msgspec import Struct

from forms.definition import Catalog, RecordType
from forms.expressions import Expression, Variables
from forms.field_definition import Choice, Field
from forms.field_types import FIELD_TYPES, index_text, show, sort_value
from forms.field_types.places import unit_name
from forms.field_types.references import name_of
from forms.functions import RuleSurroundings, rule_functions
from forms.plan import FormPlan, plan_of
from forms.summaries import Summaries
from forms.titles import evaluated, fallback, plain_texts
from forms.vietnamese import name_sort_key, sort_key

Resolve = Callable[[str], Mapping[str, Any] | None]
_Column = Callable[[list[Any]], list[Any]]
"""Of a field's values, one a record, what is made of them; None of None."""
_Rows = Sequence[Mapping[str, Any]]
_Named = Callable[[_Rows, _Rows], list[str]]
_REFERENCES = frozenset({"person", "household", "organisation", "ref"})
_OF_THE_RECORD = frozenset({"state", "number"})
_AS_STORED = frozenset({"date", "date_partial", "time", "datetime", "int", "money"})
_KEYS_KEPT = 4000
_ASKS_LABEL = re.compile(r"\blabel\s*\(")
_SHOWN_AS_STORED = frozenset({"text", "code", "citizen_number"})
_FOUND_AS_STORED = frozenset({"text", "longtext", "code", "email", "citizen_number"})


class Summary(Struct, frozen=True):
    """``sort``: value by list column; text compares bytewise. ``search_text`` is not folded yet. ``due_at``: what the
    deadline's field says, whatever the state: whether the clock runs is the state's to say."""

    title: str
    subtitle: str
    search_text: str
    sort: dict[str, Any]
    due_at: str | None


Describe = Callable[[Mapping[str, Any], str, str | None, Resolve], Summary]
"""Of fields, state, number and a way to look up other records."""


def describe(
    record_type: RecordType,
    catalog: Catalog,
    fields: Mapping[str, Any],
    *,
    state: str,
    number: str | None,
    resolve: Resolve,
    language: str = "vi",
) -> Summary:
    """The summary of one record. Safe to call from several threads. What is stored is in Vietnamese; a title or subtitle
    that shows labels is asked for anew where an officer reads another language."""
    return describer(record_type, catalog, language)(fields, state, number, resolve)


def describer(record_type: RecordType, catalog: Catalog, language: str = "vi") -> Describe:
    """``describe`` for many records of one type, ready to be called; for this thread alone."""
    return _describer(record_type, catalog, language).describe


def plain_describer(record_type: RecordType, catalog: Catalog) -> Callable[..., Summaries]:
    """``describer`` in Vietnamese for whoever describes a hundred thousand: of the records' fields, states and numbers, each
    as a column, and a way to look up others."""
    return _describer(record_type, catalog, "vi").all_described


def _describer(record_type: RecordType, catalog: Catalog, language: str) -> _Describer:
    describers = _describers(catalog)
    key = (record_type.id, language)
    found = describers.get(key)
    if found is None or found.plan.record_type is not record_type:
        found = describers[key] = _Describer(plan_of(record_type, catalog), catalog, language)
    return found


def _describers(catalog: Catalog) -> dict[tuple[str, str], _Describer]:
    """This thread's describers: what evaluates CEL belongs to one thread."""
    kept = vars(catalog)
    local = kept.get("_describers") or kept.setdefault("_describers", threading.local())
    found: dict[tuple[str, str], _Describer] | None = getattr(local, "of", None)
    if found is None:
        found = local.of = {}
    return found


def _nobody(_reference: str) -> None:
    return None


class _Keys(dict[str, str]):
    """Text → what it sorts by, kept while it is met again and again: kinds of papers, offices, given names."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> str:
        if len(self) >= _KEYS_KEPT:
            self.clear()
        self[text] = made = self._make(text)
        return made

    def of_all(self, values: list[Any]) -> list[Any]:
        """What is no text is written as one."""
        if _all_texts(values):
            return list(map(self.__getitem__, values))
        return [v if v is None else self[v] if isinstance(v, str) else str(v) for v in values]


_TEXT_KEYS, _NAME_KEYS = _Keys(sort_key), _Keys(name_sort_key)


def _address_key(field: Field, value: Any) -> str | int | float | None:
    """``sort_value`` of an address: the many of one unit share the end of their keys."""
    unit, detail = (value.get("unit"), value.get("detail")) if isinstance(value, dict) else (None, None)
    if not (isinstance(unit, str) and unit and isinstance(detail, str) and detail):
        return sort_value(field, value)
    return sort_key(f"{detail},") + _TEXT_KEYS[unit_name(unit)]


class _Describer:
    """One record type made ready for being described, for one thread."""

    def __init__(self, plan: FormPlan, catalog: Catalog, language: str) -> None:
        self.plan = plan
        self._language = language
        record_type = plan.record_type
        self._catalog = catalog
        self._fields: Mapping[str, Any] = {}
        self._resolve: Resolve = _nobody
        self._functions = rule_functions(
            RuleSurroundings(
                resolve=self._referenced_fields,
                dated_values=catalog.dated_values,
                label=self._label,
                language=language,
            )
        )
        self._reads = plan.title.reads | (plan.subtitle.reads if plan.subtitle else frozenset())
        self._reads_record = not self._reads.isdisjoint(_OF_THE_RECORD)
        self._title = self._named(plan.title)
        self._subtitle = self._named(plan.subtitle) if plan.subtitle else None
        # the words of a list ("Cấp xã") stand in every subtitle: finding a record by them would find all
        self._searches_subtitle = plan.subtitle is None or not _ASKS_LABEL.search(plan.subtitle.text)
        named = {name: record_type.field_map.get(name) for name in self._reads}
        self._masked = tuple((f.name, self._part(f)) for f in named.values() if f is not None and f.masked)
        self._searched = tuple((f.name, self._index(f)) for f in record_type.fields if f.search)
        columns = (record_type.field_map.get(c.field) for c in record_type.list_view.columns)
        self._columns = tuple((f.name, self._sort_value(f)) for f in columns if f)
        view = record_type.list_view
        self._lists_title = "_title" in {view.sort.lstrip("-"), *(c.field for c in view.columns)}
        self._due = record_type.deadline.field if record_type.deadline else None

    def _named(self, expression: Expression) -> _Named:
        """Reads titles from records, and from what may be read of each: without CEL where it can be done."""
        names = {*self.plan.record_type.field_map, *_OF_THE_RECORD} & expression.reads
        plain = plain_texts(expression.text, names, self._functions)
        if plain is not None and not _ASKS_LABEL.search(expression.text):
            return lambda _rows, readable: plain(readable)
        variables = Variables({}, functions=self._functions, names=expression.reads)

        def read(values: Mapping[str, Any]) -> str:
            for name in names:
                variables.set(name, values.get(name))
            return evaluated(expression, variables)

        def each(rows: _Rows, readable: _Rows) -> list[str]:
            found = []
            for self._fields, values in zip(rows, readable, strict=True):  # the record that ``label`` is asked about
                found.append(plain([values])[0] if plain is not None else read(values))
            return found

        return each

    def _referenced_fields(self, reference: str) -> Mapping[str, Any] | None:
        return self._resolve(reference)

    def _label(self, name: str) -> str | None:
        field, value = self.plan.record_type.field_map.get(name), self._fields.get(name)
        if field is None or value is None:
            return None
        return show(field, value, self._language, choices=self._catalog.choices_of(field), resolve=self._resolve)

    def _part(self, field: Field) -> Callable[[Any], str]:
        """What a title may show of a masked field: lists, pickers and search hits show titles."""
        if field.type in _SHOWN_AS_STORED:
            mask = FIELD_TYPES[field.type].mask
            return lambda value: mask(value) if isinstance(value, str) else mask(str(value))
        choices = self._choices(field)
        return lambda value: show(field, value, self._language, choices=choices, resolve=self._resolve, masked=True)

    def _index(self, field: Field) -> _Column:
        """What the search box finds the values of this field by."""
        if field.type in _REFERENCES:
            return _one_by_one(lambda value: name_of(self._resolve(value)) if isinstance(value, str) else "")
        if field.type in _FOUND_AS_STORED:
            return _as_texts
        return _one_by_one(partial(index_text, field, choices=self._choices(field)))

    def _sort_value(self, field: Field) -> _Column | None:
        """What a list column sorts the values by; None: as they are stored."""
        if field.type in _AS_STORED:
            return None
        if field.type in _REFERENCES:
            return _one_by_one(partial(self._referenced, field))
        if field.type == "text":
            return (_NAME_KEYS if field.name.endswith("full_name") else _TEXT_KEYS).of_all
        if field.type == "address":
            return _one_by_one(partial(_address_key, field))
        if field.type != "one_of":
            return _one_by_one(partial(sort_value, field))
        ranks = {c.code: sort_key(c.label.vi) for c in self._choices(field)}
        return _one_by_one(lambda value: ranks.get(value, value))

    def _choices(self, field: Field) -> tuple[Choice, ...]:
        return self._catalog.choices_of(field)

    def _referenced(self, field: Field, value: Any) -> str | None:
        name = name_of(self._resolve(value)) if isinstance(value, str) else ""
        if not name:
            return None
        return name_sort_key(name) if field.type == "person" else sort_key(name)

    def describe(self, fields: Mapping[str, Any], state: str, number: str | None, resolve: Resolve) -> Summary:
        found = self.all_described([fields], [state], [number], resolve)
        sort = {name: column[0] for name, column in found.sort.items()}
        return Summary(found.titles[0], found.subtitles[0], found.texts[0].replace("\n", " "), sort, found.due[0])

    def all_described(
        self, rows: Sequence[Mapping[str, Any]], states: Sequence[str], numbers: Sequence[str | None], resolve: Resolve
    ) -> Summaries:
        """Column by column: what is the same for all is asked once, and a column of nothing costs next to nothing."""
        self._resolve = resolve
        readable = self._readable(rows, states, numbers)
        titles = self._title(rows, readable)
        if not all(titles):
            titles = [title or fallback(self.plan, fields) for title, fields in zip(titles, rows, strict=True)]
        subtitles = self._subtitle(rows, readable) if self._subtitle else [""] * len(rows)
        due: list[str | None] = [None] * len(rows)
        if self._due:
            due = [day if isinstance(day, str) else None for day in [fields.get(self._due) for fields in rows]]
        sort: dict[str, list[Any]] = {"_number": list(numbers), "_due": due}
        if self._lists_title:
            sort["_title"] = _TEXT_KEYS.of_all(titles)
        for name, key_of in self._columns:
            sort[name] = _each(rows, name, key_of)
        return Summaries(titles, subtitles, self._search_texts(rows, titles, subtitles, numbers), sort, due)

    def _readable(
        self, rows: Sequence[Mapping[str, Any]], states: Sequence[str], numbers: Sequence[str | None]
    ) -> Sequence[Mapping[str, Any]]:
        """What titles are read from."""
        if self._reads_record:
            rows = [{**f, "state": s, "number": n} for f, s, n in zip(rows, states, numbers, strict=True)]
        if self._masked:
            rows = [{**f, **{name: part(v) for name, part in self._masked if (v := f.get(name))}} for f in rows]
        return rows

    def _search_texts(
        self,
        rows: Sequence[Mapping[str, Any]],
        titles: Sequence[str],
        subtitles: Sequence[str],
        numbers: Sequence[str | None],
    ) -> list[str]:
        columns: list[Sequence[str]] = [titles]
        bounded = [f" {title} " for title in titles]  # whole words: "5/2026" is none of "15/2026"
        others = [_each(rows, name, index) for name, index in self._searched]
        for column in [*([subtitles] if self._searches_subtitle else []), numbers, *others]:
            nothing = column.count(None)
            if nothing == len(column):
                continue
            texts = [text or "" for text in column] if nothing else column
            if texts not in columns and not all(
                map(contains, bounded, [f" {text} " if text else "" for text in texts])
            ):
                columns.append(texts)
        return list(map("\n".join, zip(*columns, strict=True)))


def _each(rows: _Rows, name: str, made: _Column | None) -> list[Any]:
    """Of a field's values what is made of them; None where there is none."""
    column = [fields.get(name) for fields in rows]
    return column if made is None or column.count(None) == len(column) else made(column)


def _one_by_one(make: Callable[[Any], Any]) -> _Column:
    return lambda column: [value if value is None else make(value) for value in column]


def _all_texts(column: list[Any]) -> bool:
    return set(map(type, column)) == {str}


def _as_texts(column: list[Any]) -> list[Any]:
    return column if _all_texts(column) else [value if value is None else str(value) for value in column]
