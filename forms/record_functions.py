"""The rule functions that look at other records of this PC: ``records``, ``delegated``; and ``chosen``, which looks into a
list. What one entry asked is remembered, so that a keystroke asks the store nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from forms.definition import Catalog
from forms.expressions import Expression, Variables
from forms.field_definition import Choice
from forms.office_definition import Delegations
from forms.selections import COUNT, FIELD, KNOWN, ROWS, Spoiled, chosen
from forms.vietnamese_dates import to_local

Find = Callable[[str, str, Any], Sequence[Mapping[str, Any]]]
"""(record type, field or ``group/column``, value) → the records with that value: their fields with ``_id``, ``_state`` and
``_number``. Quick for references, citizen numbers, tax codes, the visit and the first field of ``duplicate``."""

OF_A_RECORD = ("_id", "_state", "_number")
_WORD = re.compile(r"[A-Za-z_]\w*")
_MOST_SELECTED = 500
_LASTING = frozenset(
    {"size", "coalesce", "local_date", "local_time", "year", "age", "part", "length", "startsWith", "contains"}
)
"""Functions that say the same of the same values until the store is asked anew."""


class OtherRecords:
    """What one entry's rules may see of other records. Without ``find`` nothing is known, and the functions are null."""

    def __init__(self, find: Find | None, catalog: Catalog, now: Callable[[], datetime]) -> None:
        """``own_id``, ``officer_id``, ``variables`` and ``wanted`` are for its surroundings to set."""
        self._find, self._catalog, self._now = find, catalog, now
        self._known: dict[tuple[str, str, Any], list[dict[str, Any]]] = {}
        self._conditions: dict[int, tuple[Expression, Expression | None, Variables]] = {}
        self._sorted: dict[tuple[Any, ...], tuple[set[type], dict[Any, list[Any]]]] = {}
        self._selected: dict[tuple[Any, ...], list[Any]] = {}
        self.variables: Variables | None = None
        self.own_id: str | None = None
        self.officer_id: Callable[[], str | None] = lambda: None
        self.wanted: frozenset[str] = frozenset()  # names that the rules speak of; handing over more is dear

    def want(self, words: frozenset[str]) -> None:
        """A rule beyond the form's own speaks of these too."""
        if not words <= self.wanted:
            self.wanted |= words
            self.forget()

    def forget(self) -> None:
        """The store may hold something else by now."""
        self._known.clear()
        self._selected.clear()
        self._sorted.clear()

    def records(self, type_id: str, field: str, value: Any) -> list[dict[str, Any]] | None:
        """The others with this value; [] for null; null where nothing can be asked."""
        if self._find is None:
            return None
        if value is None or value == "":
            return []
        key = (type_id, field, value)
        if key not in self._known:
            names = [f.name for f in self._catalog.record_type(type_id).fields if f.name in self.wanted]
            self._known[key] = [
                {name: found.get(name) for name in (*OF_A_RECORD, *names)}
                for found in self._find(type_id, field, value)
            ]
        return [found for found in self._known[key] if found["_id"] != self.own_id]

    def delegated(self, what: str) -> bool | None:
        """Whether a delegation in force today lets the acting officer sign ``what``; null where nothing can be asked."""
        register, officer = self._catalog.delegations, self.officer_id()
        if self._find is None or register is None or officer is None:
            return None
        key = (register.record, register.officer, officer)
        if key not in self._known:
            self._known[key] = [dict(found) for found in self._find(*key)]
        today = to_local(self._now()).date().isoformat()
        return any(holds(register, found, what, today) for found in self._known[key])

    def functions(self) -> dict[str, Callable[..., Any]]:
        found: dict[str, Callable[..., Any]] = {"records": self.records, "delegated": self.delegated}
        if self._find is not None:
            found |= {ROWS: self._chosen, COUNT: self._count, FIELD: self._field}
        return found

    def _chosen(self, number: int, type_id: str, field: str, value: Any) -> list[Any]:
        """Of the records with this value those of which the selection holds; what a condition reads beside the record
        is as the entry has it now. What cannot be judged is left to the rule engine."""
        entry, selection = self.variables, KNOWN[number]
        if entry is None:
            return []
        if number not in self._conditions:
            rule, equal = Expression(selection.condition), selection.equal and Expression(selection.equal[1])
            self._conditions[number] = rule, equal or None, Variables({}, functions=entry.functions, names=rule.reads)
        rule, equal, variables = self._conditions[number]
        around = {name: entry.get(name) for name in rule.unbound}
        # with their types: true and 1 are equal here, and two things to a rule
        key = (number, type_id, field, value, *around.values(), *map(type, around.values()))
        lasts = rule.functions <= _LASTING
        try:
            if lasts and key in self._selected:
                return self._selected[key]
        except TypeError:  # a list among what it reads
            lasts = False
        variables.plain.update(around)

        def holds(record: Mapping[str, Any]) -> Any:
            variables.plain.update(record)
            return rule.evaluate(variables)

        records = self.records(type_id, field, value) or []
        if equal is not None and selection.equal is not None:
            wanted = equal.evaluate(variables)
            records = self._with((type_id, field, value), records, selection.equal[0], wanted)
        try:
            found = list(chosen(selection, records, holds))
        except (Spoiled, KeyError):
            entry.is_spoiled = True
            return []
        if lasts and len(self._selected) < _MOST_SELECTED:
            self._selected[key] = found
        return found

    def _with(self, key: tuple[Any, ...], records: list[Any], name: str, wanted: Any) -> list[Any]:
        """Those of some records that may hold a value in a field; all, where that cannot be told by looking it up."""
        if type(wanted) not in (str, int):
            return records
        try:
            if (*key, name) not in self._sorted:
                by_value: dict[Any, list[Any]] = {}
                for record in records:
                    by_value.setdefault(record[name], []).append(record)
                self._sorted[*key, name] = {type(found) for found in by_value}, by_value
        except (KeyError, TypeError):  # a field they have not, a list
            return records
        kinds, by_value = self._sorted[*key, name]
        return by_value.get(wanted, []) if kinds <= {type(wanted), type(None)} else records

    def _count(self, *selection: Any) -> int:
        return len(self._chosen(*selection))

    def _field(self, *selection: Any) -> list[Any]:
        *selected, name = selection
        try:
            return [found[name] for found in self._chosen(*selected)]
        except KeyError:
            if self.variables is not None:
                self.variables.is_spoiled = True
            return []


def holds(register: Delegations, found: Mapping[str, Any], what: str, day: str) -> bool:
    """Whether one delegation covers ``what`` on a day (ISO); the last day counts."""
    return (
        found["_state"] in register.states
        and what in (found.get(register.what) or ())
        and (found.get(register.from_) or "") <= day <= (found.get(register.to) or "9999")
    )


def words_about_records(expressions: Iterable[Expression]) -> frozenset[str]:
    """Every word of the expressions that look at other records: the fields they may read are among them."""
    return frozenset(word for e in expressions if "records" in e.functions for word in _WORD.findall(e.text))


def chosen_value(choices: Iterable[Choice], code: Any, key: str) -> Any:
    """What a choice's data says under ``key``; null when none is chosen or it says nothing."""
    return next((choice.data.get(key) for choice in choices if choice.code == code), None)
