"""What a picker shows of a person, household, organisation or any record, told from its definition.

No field names are written here: the number is the field of type ``citizen_number`` (or the tax code), the birth date
the first date, the place the first address. So a picker works for a register added tomorrow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from desktop.forms.popup import Suggestion
from forms.definition import Catalog, RecordType
from forms.field_definition import Field
from forms.field_types import show
from forms.summary import describe

if TYPE_CHECKING:
    from sync.store import Store
    from sync.store.model import Hit

TARGETS = {
    "person": ("residence.citizen",),
    "household": ("residence.household",),
    "organisation": ("residence.organisation",),
}
SHARED = frozenset(type_id for types in TARGETS.values() for type_id in types)
FOUND_AT_MOST = 8


def targets_of(field: Field) -> tuple[str, ...]:
    """Record types a reference may point to; empty: any."""
    return TARGETS.get(field.type, field.targets)


def first_of(record_type: RecordType, *types: str) -> Field | None:
    """The first field of one of ``types``, the earlier type preferred."""
    for wanted in types:
        for field in record_type.fields:
            if field.type == wanted:
                return field
    return None


def out_of_use(record_type: RecordType, state: str, language: str) -> str:
    """What has become of a person, a household, anything that stands: dead, moved out, closed; empty while it is as it
    began. Of a case only that it is void: its steps are its own business."""
    began, now = record_type.state(record_type.initial_state), record_type.state(state)
    is_left = began.kind == "final" and now.id != began.id
    return now.label.get(language) if is_left or now.kind == "void" else ""


def columns_of(
    record_type: RecordType, fields: Mapping[str, Any], title: str, number: str | None, language: str
) -> tuple[str, ...]:
    """Number, title, date, place: what tells two people of one name apart. Masked numbers show their part."""

    def text(field: Field | None) -> str:
        value = fields.get(field.name) if field else None
        return show(field, value, language, masked=True) if field and value else ""

    identity = text(first_of(record_type, "citizen_number", "tax_code")) or number or ""
    born = text(first_of(record_type, "date_partial", "date"))
    whole = text(first_of(record_type, "address"))
    place = whole.rpartition(", ")[0] or whole  # the province says little here
    return (identity, title, born, place)


def find_suggestions(
    store: Store, catalog: Catalog, text: str, types: tuple[str, ...], language: str, *, within: Collection[str]
) -> list[Suggestion]:
    """Best matches for typed text, of what may be seen. A query: runs in the background."""
    return [
        Suggestion(hit.id, hit_columns(store, catalog, hit, language), data=hit)
        for hit in store.search.find(text, types=types, limit=FOUND_AT_MOST, within=within)
    ]


def hit_columns(store: Store, catalog: Catalog, hit: Hit, language: str) -> tuple[str, ...]:
    """People, households and organisations by their number, date and place; anything else as its definition calls it:
    number, title, subtitle (a procedure is no person, and the day it came into force tells nobody apart)."""
    record_type, resolve = catalog.record_type(hit.type), store.records.resolve
    fields = resolve(hit.id) or {}
    left = out_of_use(record_type, hit.state, language)
    if hit.type in SHARED:
        return columns_of(record_type, fields, _with(hit.title, left), hit.number, language)
    named = describe(
        record_type, catalog, fields, state=hit.state, number=hit.number, resolve=resolve, language=language
    )
    return (hit.number or "", _with(named.title, left), named.subtitle)


def _with(title: str, left: str) -> str:
    return f"{title} · {left}" if left else title
