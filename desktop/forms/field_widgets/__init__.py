"""One widget a field type; ``make_field_widget`` is the one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktop.forms.field_widgets.address import AddressField, UnitField
from desktop.forms.field_widgets.base import FieldWidget
from desktop.forms.field_widgets.choice import ChoiceField
from desktop.forms.field_widgets.dates import DateField
from desktop.forms.field_widgets.files import FilesField
from desktop.forms.field_widgets.line import LineField
from desktop.forms.field_widgets.long_text import LongTextField
from desktop.forms.field_widgets.reference import ReferenceField
from desktop.forms.field_widgets.references import ReferencesField
from desktop.forms.field_widgets.signature import SignatureField
from desktop.forms.field_widgets.suggested import SuggestedField
from desktop.forms.field_widgets.switches import ManyField, YesNoField
from desktop.forms.host import FormHost
from forms.field_definition import Field, FieldType

if TYPE_CHECKING:
    Maker = Callable[[Field, FormHost, str, QWidget | None], FieldWidget]


def _group(field: Field, host: FormHost, path: str, parent: QWidget | None) -> FieldWidget:
    """Late, since a group holds cells and a cell makes field widgets."""
    from desktop.forms.field_widgets.group import GroupField

    return GroupField(field, host, path, parent)


_MAKERS: dict[FieldType, Maker] = {
    "text": LineField,
    "longtext": LongTextField,
    "code": LineField,
    "email": LineField,
    "int": LineField,
    "decimal": LineField,
    "percent": LineField,
    "money": LineField,
    "date": DateField,
    "date_partial": DateField,
    "time": LineField,
    "datetime": DateField,
    "bool": YesNoField,
    "one_of": ChoiceField,
    "many_of": ManyField,
    "person": ReferenceField,
    "household": ReferenceField,
    "organisation": ReferenceField,
    "ref": ReferenceField,
    "refs": ReferencesField,
    "citizen_number": LineField,
    "tax_code": LineField,
    "phone": LineField,
    "admin_unit": UnitField,
    "address": AddressField,
    "file": FilesField,
    "files": FilesField,
    "signature": SignatureField,
    "group": _group,
}


def make_field_widget(field: Field, host: FormHost, path: str, parent: QWidget | None = None) -> FieldWidget:
    """The widget for a field of any type."""
    if field.suggest and field.type == "text" and "/" not in path:
        return SuggestedField(field, host, path, parent)
    return _MAKERS[field.type](field, host, path, parent)
