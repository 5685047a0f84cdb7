"""What the widgets of one open form share: the program's parts, the entry, the language and one popup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop.language import language, tr
from forms.definition import Catalog
from forms.entry import RecordEntry
from forms.field_definition import Field
from forms.field_types import show
from forms.label import Label

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.forms.field_problems import FieldProblems
    from desktop.forms.popup import SuggestionPopup


@dataclass
class FormHost:
    """Handed to every field widget of a form instead of a global. The view may put a newer entry in."""

    app: App
    entry: RecordEntry
    popup: Callable[[], SuggestionPopup]
    problems: FieldProblems

    @property
    def language(self) -> str:
        return language()

    @property
    def catalog(self) -> Catalog:
        return self.app.catalog

    def say(self, key: str, **values: object) -> str:
        """An interface text of the form in the officer's language."""
        return tr(f"form.{key}", **values)

    def label(self, label: Label) -> str:
        return label.get(self.language)

    def shown(self, of: Field, value: Any, *, masked: bool = False) -> str:
        """A value as a person reads it."""
        if value is None or value == "":
            return ""
        choices = self.catalog.choices_of(of) if of.type in {"one_of", "many_of"} else ()
        return show(of, value, self.language, choices=choices, resolve=self.app.named, masked=masked)
