"""The rule functions that look at other records of this PC: ``records``, ``delegated``; and ``chosen``, which looks into a
list. What one entry asked is remembered, so that a keystroke asks the store nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from forms.definition import Catalog, Choice, Delegations
from forms.expressions import Expression
from forms.vietnamese_dates import to_local

Find = Callable[[str, str, Any], Sequence[Mapping[str, Any]]]
"""(record type, field or ``group/column``, value) → the records with that value: their fields with ``_id``, ``_state`` and
``_number``. Quick for references, citizen numbers, tax codes, the visit and the first field of ``duplicate``."""

OF_A_RECORD = ("_id", "_state", "_number")
_WORD = re.compile(r"[A-Za-z_]\w*")


class OtherRecords:
    """What one entry's rules may see of other records. Without ``find`` nothing is known, and the functions are null."""

    def __init__(self, find: Find | None, catalog: Catalog, now: Callable[[], datetime]) -> None:
        """``own_id``, ``officer_id`` and ``wanted`` are for the entry to set."""
        self._find, self._catalog, self._now = find, catalog, now
        self._known: dict[tuple[str, str, Any], list[dict[str, Any]]] = {}
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
        return {"records": self.records, "delegated": self.delegated}


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
