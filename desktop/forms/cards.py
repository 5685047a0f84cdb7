"""A scanned ID card as values of the record it begins or finds."""

from __future__ import annotations

from typing import Any

from desktop.forms.people import TARGETS, first_of
from desktop.language import say
from forms.definition import Catalog, RecordType
from forms.identity import Card, IdentityError, parse_card_qr

PERSON = TARGETS["person"][0]


def read_card(text: str, catalog: Catalog, targets: tuple[str, ...]) -> str | tuple[str, str, dict[str, Any]]:
    """(record type, its number field, values), or a sentence that says why the text is no card."""
    try:
        card = parse_card_qr(text)
    except IdentityError as error:
        return say(error.label)
    type_id = PERSON if not targets or PERSON in targets else targets[0]
    record_type = catalog.record_type(type_id)
    number = first_of(record_type, "citizen_number")
    if number is None:
        return say(record_type.label)
    return type_id, number.name, card_values(card, catalog, record_type)


def card_values(card: Card, catalog: Catalog, record_type: RecordType) -> dict[str, Any]:
    """What the card says, for the fields this record type has. The card names provinces and wards as they were printed,
    so its address is kept as written and the unit is left for the officer."""
    said = {
        "personal_id": card.personal_id,
        "old_id": card.old_id,
        "full_name": card.full_name,
        "dob": card.dob,
        "id_issue_date": card.issue_date,
    }
    values: dict[str, Any] = {n: v for n, v in said.items() if v and n in record_type.field_map}
    gender = record_type.field_map.get("gender")
    if gender is not None:
        words = card.gender.casefold()
        codes = [c.code for c in catalog.choices_of(gender) if c.label.vi.casefold() == words]
        values.update({"gender": codes[0]} if codes else {})
    address = first_of(record_type, "address")
    if address is not None and card.address:
        values[address.name] = {"unit": None, "detail": card.address.split(",")[0].strip(), "original": card.address}
    return values
