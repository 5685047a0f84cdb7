"""What a printout sees of a record: fields by name, references that prefer what was frozen, values that print well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.units import AdministrativeUnits
from forms.vietnamese import show_date, show_moment, show_number

Resolve = Callable[[str], Mapping[str, Any] | None]
Relevant = Callable[["RecordView"], Callable[[str], bool]]
Row = Callable[[str], bool]
DOTS = "……"
NAME, POST = "full_name", "position"  # of an officer's own record: what stands under a signature


class UnknownFieldError(Exception):
    """The template asks for a field that the definition does not have."""


class TextValue(str):
    """Canonical text that prints differently: a date, a choice's code, long text."""

    shown: str = ""

    def __new__(cls, value: str, shown: str) -> TextValue:
        self = super().__new__(cls, value)
        self.shown = shown
        return self


class MoneyValue(int):
    """Whole đồng; prints with points between thousands."""

    @property
    def shown(self) -> str:
        return show_number(self)


UNKNOWN_POST = TextValue("…" * 16, "…" * 16)
"""Stands for the post of an officer who is named and whose own record is not here: a line to be filled in by hand. It is
true in ``{% if %}``, so that no template puts the chair's post in its place."""


class Address:
    """An address, printed in full; its parts by name."""

    def __init__(self, value: Mapping[str, Any], units: AdministrativeUnits) -> None:
        unit = units.get(str(value.get("unit") or ""))
        self.unit = value.get("unit")
        self.detail = value.get("detail")
        self.original = value.get("original")
        self.unit_name = unit.name if unit else None
        self.province = unit.province if unit else None

    def __str__(self) -> str:
        parts = [part for part in (self.detail, self.unit_name, self.province) if part]
        return ", ".join(parts) or str(self.original or DOTS)


class Values:
    """Wraps canonical values for a template; one per rendering, so that each reference is resolved once."""

    def __init__(
        self,
        catalog: Catalog,
        resolve: Resolve,
        relevant: Relevant,
        units: AdministrativeUnits,
        *,
        name_of: Callable[[str], str] = lambda _id: "",
        left_open: Callable[[str, str], None] = lambda _id, _name: None,
    ) -> None:
        self._catalog = catalog
        self._name_of = name_of
        self._left_open = left_open
        self._relevant = relevant
        self._units = units
        self._resolve = resolve
        self._known: dict[str, Mapping[str, Any] | None] = {}

    def record(self, record_type: RecordType, record: Any) -> RecordView:
        """A view of a stored record or of an example (``fields``, ``state``, ``number``, ``id`` by attribute or key)."""
        return RecordView(self, record_type, record)

    def relevance(self, view: RecordView) -> Callable[[str], bool]:
        return self._relevant(view)

    def resolve(self, record_id: str) -> Mapping[str, Any] | None:
        if record_id not in self._known:
            self._known[record_id] = self._resolve(record_id)
        return self._known[record_id]

    def name_of(self, record_id: str) -> str | None:
        """The name of an officer whose own record is not here, where it is known from elsewhere."""
        return self._name_of(record_id) or None

    def leave_open(self, record_id: str) -> TextValue:
        """The line for a post that is not known; whoever prints is told whose it is."""
        self._left_open(record_id, self._name_of(record_id))
        return UNKNOWN_POST

    def target_types(self, field: Field) -> list[RecordType]:
        """The record types a reference may point to, as far as this catalogue has them."""
        shared = {"person": "citizen", "household": "household", "organisation": "organisation"}
        names = field.targets or ((f"residence.{shared[field.type]}",) if field.type in shared else ())
        return [kind for kind in self._catalog.record_types if kind.id in names]

    def wrap(self, field: Field, value: Any, frozen: Mapping[str, Any] | None = None, row: Row | None = None) -> Any:
        """The value of ``field`` as a template sees it. Null stays null, save references, whose parts are null, and
        lists, which are empty. ``row`` tells a group's rows what is relevant in them."""
        if field.type in ("person", "household", "organisation", "ref"):
            return Reference(self, field, value, frozen or {})
        if field.type in ("group", "refs", "many_of", "files"):
            return [self._item(field, item, frozen or {}, row) for item in value or []]
        if value is None:
            return None
        if field.type in _SHOWN:
            return TextValue(value, _SHOWN[field.type](value))
        return self._scalar(field, value)

    def _item(self, field: Field, item: Any, frozen: Mapping[str, Any], row: Row | None) -> Any:
        if field.type == "group":
            return RowView(self, field, item, row or (lambda _path: True))
        if field.type == "refs":
            return Reference(self, field, item, frozen.get(item) or {})
        return self._choice(field, item) if field.type == "many_of" else item

    def _scalar(self, field: Field, value: Any) -> Any:
        if field.type == "one_of":
            return self._choice(field, value)
        if field.type == "money":
            return MoneyValue(value)
        if field.type == "address":
            return Address(value, self._units)
        if field.type == "admin_unit":
            unit = self._units.get(value)
            return TextValue(value, unit.name if unit else value)
        return value

    def _choice(self, field: Field, code: str) -> TextValue:
        labels = {choice.code: choice.label.vi for choice in self._catalog.choices_of(field)}
        return TextValue(code, labels.get(code, code))


def _long_text(text: str) -> Markup:
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def _percent(text: str) -> str:
    return text.replace(".", ",") + "%"


def _phone(text: str) -> str:
    """Stored +84912345678, read 0912 345 678."""
    national = "0" + text.removeprefix("+84") if text.startswith("+84") else text
    return f"{national[:4]} {national[4:7]} {national[7:]}" if national.startswith("0") else national


_SHOWN: dict[str, Callable[[str], str]] = {
    "date": show_date,
    "date_partial": show_date,
    "datetime": show_moment,
    "longtext": _long_text,
    "decimal": lambda text: text.replace(".", ","),
    "percent": _percent,
    "phone": _phone,
}


class RecordView:
    """A record in a template. Names that templates may not reach begin with ``view_``."""

    def __init__(self, values: Values, record_type: RecordType, record: Any) -> None:
        self.view_values = values
        self.view_type = record_type
        self.view_fields: Mapping[str, Any] = _part(record, "fields") or {}
        self.view_state: str | None = _part(record, "state")
        self.view_number: str | None = _part(record, "number")
        self.view_id: str | None = _part(record, "id")
        self.view_relevant: Callable[[str], bool] | None = None

    def __getattr__(self, name: str) -> Any:
        _refuse_protocol(name)
        field = self.view_type.field_map.get(name)
        if field is not None:
            return self.view_field(field)
        match name:
            case "id":
                return self.view_id
            case "number":
                return self.view_number
            case "state":
                return self.view_state
            case "state_label":
                return self.view_type.state(self.view_state).label.vi if self.view_state else None
        raise UnknownFieldError(f"{self.view_type.id} has no field “{name}”")

    def view_field(self, field: Field) -> Any:
        if self.view_relevant is None:
            self.view_relevant = self.view_values.relevance(self)
        value = self.view_fields.get(field.name) if self.view_relevant(field.name) else None
        frozen = (self.view_fields.get("_frozen") or {}).get(field.name)
        return self.view_values.wrap(field, value, frozen, self.view_relevant)

    @property
    def view_official(self) -> str | None:
        """The register's number, from the record or from the field that shows it."""
        register = self.view_type.register
        return self.view_number or (self.view_fields.get(register.field) if register else None)

    @property
    def view_temporary(self) -> str | None:
        """The temporary number, from the engine's field or from the one the register names for it."""
        register = self.view_type.register
        named = register.temporary_field if register else None
        return self.view_fields.get("_temporary") or (self.view_fields.get(named) if named else None)


class RowView:
    """One row of a repeating group."""

    def __init__(self, values: Values, group: Field, row: Mapping[str, Any], relevant: Row) -> None:
        self.view_columns = {column.name: column for column in group.fields}
        self.view_values = values
        self.view_fields = row
        self.view_group = group.name
        self.view_relevant = relevant

    def __getattr__(self, name: str) -> Any:
        _refuse_protocol(name)
        column = self.view_columns.get(name)
        if column is None:
            raise UnknownFieldError(f"group {self.view_group} has no column “{name}”")
        value = self.view_fields.get(name)
        if value is not None and not self.view_relevant(f"{self.view_group}/{self.view_fields.get('_id')}/{name}"):
            value = None
        return self.view_values.wrap(column, value)


class Reference:
    """What a reference points to. Each part is what was frozen at signing, else what the other record says today."""

    def __init__(self, values: Values, field: Field, record_id: str | None, frozen: Mapping[str, Any]) -> None:
        self.view_values = values
        self.view_field = field
        self.view_id = record_id
        self.view_frozen = frozen

    def __bool__(self) -> bool:
        return bool(self.view_id)

    def __getattr__(self, name: str) -> Any:
        _refuse_protocol(name)
        if name == "id":
            return self.view_id
        types = self.view_values.target_types(self.view_field)
        field = next((kind.field_map[name] for kind in types if name in kind.field_map), None)
        if types and field is None:
            raise UnknownFieldError(f"{' / '.join(kind.id for kind in types)} has no field “{name}”")
        value = self.view_part(name)
        if field is None:
            return value
        if value is None and self.view_id and field.name in (NAME, POST) and all(POST in t.field_map for t in types):
            return self.view_known_otherwise(field.name)
        # what the other record froze when it was signed stays so on papers that quote it (an extract)
        return self.view_values.wrap(field, value, (self.view_target.get("_frozen") or {}).get(name))

    @property
    def view_target(self) -> Mapping[str, Any]:
        return (self.view_values.resolve(self.view_id) if self.view_id else None) or {}

    def view_known_otherwise(self, name: str) -> Any:
        """Of an officer who signed, whether his own record was made or not: never the post of somebody else."""
        values, record_id = self.view_values, str(self.view_id)
        return values.name_of(record_id) if name == NAME else values.leave_open(record_id)

    def view_part(self, name: str) -> Any:
        return self.view_frozen[name] if name in self.view_frozen else self.view_target.get(name)

    def __str__(self) -> str:
        """The name or title of what is referred to."""
        for name in ("full_name", "name", "title", "label", "code", "summary"):
            value = self.view_part(name)
            if value:
                return str(value)
        return (self.view_values.name_of(self.view_id) if self.view_id else None) or DOTS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and other.view_id == self.view_id

    def __hash__(self) -> int:
        return hash(self.view_id)


def _refuse_protocol(name: str) -> None:
    """Python asks objects for special names; only a template's own name is an unknown field."""
    if name.startswith("_"):
        raise AttributeError(name)


def _part(record: Any, name: str) -> Any:
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)


def shown(value: Any) -> Any:
    """What ``{{ value }}`` prints: null as dots, values as people read them."""
    if value is None or (isinstance(value, Reference) and not value and not value.view_frozen):
        return DOTS
    if isinstance(value, TextValue | MoneyValue):
        return value.shown
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, list):
        return "; ".join(str(shown(item)) for item in value) or DOTS
    return value


def numbers(rows: Iterable[Any], name: str) -> Iterator[int]:
    """The non-null values of a column."""
    for row in rows:
        value = getattr(row, name)
        if value is not None:
            yield int(value)
