"""What the rules of one entry may ask beside its fields: ward and officer, clock and calendar, other records, the shown text
of a field and the data of a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.definition import Catalog
from forms.entry_context import OFFICER_FACTS, WARD_FACTS, EntryContext, facts
from forms.entry_values import EntryValues
from forms.expressions import Expression
from forms.field_types import show
from forms.functions import RuleSurroundings, rule_functions
from forms.plan import FormPlan
from forms.record_functions import OtherRecords, chosen_value, words_about_records


class Surroundings:
    def __init__(
        self, plan: FormPlan, catalog: Catalog, context: EntryContext, fields: Mapping[str, Any], record_id: str | None
    ) -> None:
        self._plan = plan
        self._context = context
        self._others = OtherRecords(context.find, catalog, context.now)
        asked = RuleSurroundings(
            now=context.now,
            calendar=context.calendar,
            resolve=context.resolve,
            dated_values=catalog.dated_values,
            label=self._label,
            chosen=self._chosen,
            others=self._others.functions(),
            language=context.language,
        )
        self.values = EntryValues(plan, fields, rule_functions(asked))
        self._others.own_id, self._others.variables = record_id, self.values.variables
        self._others.officer_id = self._acting
        self._others.wanted = plan.looked_into
        self.values.variables.set("id", record_id)
        self.values.variables.set("ward", facts(context.ward, WARD_FACTS))
        self.values.variables.set("officer", facts(context.officer, OFFICER_FACTS))

    def shown(self, path: str) -> str:
        """The present text of a field, as its form writes it."""
        plan, value, context = self.values.plan_at(path), self.values.get(path), self._context
        return show(plan.field, value, context.language, choices=plan.choices, resolve=context.resolve)

    def open_to(self, rule: Expression) -> None:
        """A rule that is not the form's own may read what the form's rules do not."""
        for name in rule.reads & self._plan.fields.keys() - self._plan.names:
            self.values.publish(name, asked=True)
        self._others.want(words_about_records([rule]))

    def forget(self) -> None:
        """The store may hold something else by now."""
        self._others.forget()

    def _label(self, name: str) -> str | None:
        if self.values.get(name) is None or not self.values.has(name):
            return None
        return self.shown(name)

    def _chosen(self, name: str, key: str) -> Any:
        """What the choice now in a field (or in a column of the row at hand, ``row.name``) says under ``key``."""
        of_row, _, column = name.rpartition(".")
        if not of_row:
            return chosen_value(self._plan.fields[name].choices, self.values.get(name), key)
        return chosen_value(*self.values.choice_of_row(column), key)

    def _acting(self) -> str | None:
        officer = self.values.variables.get("officer")
        return officer.get("id") if isinstance(officer, dict) else None
