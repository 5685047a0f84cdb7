"""What every field type answers for: reading, showing, indexing and sorting one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from forms.field_definition import Choice, Field
from forms.label import Label
from forms.messages import message

Choices = Sequence[Choice]
Resolve = Callable[[str], Mapping[str, Any] | None]


class FieldError(ValueError):
    """A value that is not one of its type. ``label`` goes on from the field's name ("… phải là số nguyên"); ``path``
    says where inside the value it is ("<row id>/<column>"), "" for the value itself."""

    def __init__(self, label: Label, path: str = "") -> None:
        super().__init__(label.vi)
        self.label = label
        self.path = path


def wrong(key: str, **values: Label | str | int) -> FieldError:
    return FieldError(message(key, **values))


class Showing(Struct, frozen=True):
    """For whom a value is shown."""

    language: str = "vi"
    choices: Choices = ()
    resolve: Resolve | None = None


class FieldKind:
    """One type. Values given to ``show``, ``index`` and ``sort`` are canonical and not null."""

    def parse(self, field: Field, value: Any, choices: Choices) -> Any:
        """Canonical form of text as typed or of a JSON value; None when it is empty. Raises FieldError."""
        raise NotImplementedError

    def show(self, field: Field, value: Any, showing: Showing) -> str:
        return str(value)

    def index(self, field: Field, value: Any, choices: Choices) -> str:
        return self.show(field, value, Showing(choices=choices))

    def sort(self, field: Field, value: Any) -> str | int | float | None:
        return str(value)

    def mask(self, text: str) -> str:
        """How the shown text stands in lists, pickers and search hits when the field is masked."""
        return "******"


def as_text(value: Any, key: str) -> str:
    """A scalar of JSON or a spreadsheet as text; raises FieldError ``key`` for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(key)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
