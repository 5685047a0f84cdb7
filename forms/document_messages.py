"""Document packages as data: the elements a message may have, and the values a record type's ``messages`` give them.

The elements are those of the exchange of documents between state bodies (QCVN 102:2016/BTTTT), by the names they have
there; where each stands in the XML is the gateway's affair. A message is about a document, or, with ``StatusCode``, about
what became of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from forms.definition import Messages, RecordType
from forms.definition_reader import nearest
from forms.definition_source import Source
from forms.entry import RecordEntry
from forms.expressions import Expression, Variables
from forms.functions import RuleSurroundings, rule_functions
from forms.rule_checks import RuleScope, check_rule, unknown_field

MESSAGE = "message"
"""The name under which rules of ``in`` see what came: ``message.Subject``."""
Kind = Literal["text", "date", "moment", "number", "organisations", "texts", "files"]
ELEMENTS: dict[str, Kind] = {
    "MessageType": "text",  # new, replacement, revocation, update
    "DocumentId": "text",
    "FromId": "text",
    "FromName": "text",
    "FromAddress": "text",
    "FromEmail": "text",
    "FromTelephone": "text",
    "To": "organisations",  # rows of {"OrganId", "OrganName"}
    "CodeNumber": "number",
    "CodeNotation": "text",
    "Place": "text",
    "PromulgationDate": "date",
    "DocumentType": "text",
    "Subject": "text",
    "Content": "text",
    "SignerCompetence": "text",
    "SignerPosition": "text",
    "SignerName": "text",
    "DueDate": "date",
    "ToPlaces": "texts",
    "Priority": "number",  # 0 ordinary … 3 express
    "SphereOfPromulgation": "text",
    "TyperNotation": "text",
    "PromulgationAmount": "number",
    "PageAmount": "number",
    "Reason": "text",  # of a replacement, a revocation, an update
    "Attachments": "files",
    "ReplacesNumber": "text",  # number and symbol of the document that is replaced, revoked or updated
    "ReplacesDate": "date",
    # of a status
    "StatusCode": "text",  # 01 arrived … 16 taking back refused
    "ResponseForId": "text",
    "ResponseForOrgan": "text",
    "ResponseForNumber": "text",
    "ResponseForDate": "date",
    "Description": "text",
    "StaffName": "text",
}
_NAMED = re.compile(rf"\b{MESSAGE}\.([A-Za-z_]\w*)")


def elements_of(record_type: RecordType, entry: RecordEntry) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of ``messages.out`` that are not empty, and for each element the first field of the record it is made of:
    where an officer corrects what is refused there."""
    if record_type.messages is None:
        return {}, {}
    rules = {name: Expression(text) for name, text in record_type.messages.out.items()}
    values = {name: value for name, rule in rules.items() if (value := entry.evaluate(rule)) not in (None, "", [])}
    return values, {name: field for name, rule in rules.items() if (field := _first_field(record_type, rule))}


def _first_field(record_type: RecordType, rule: Expression) -> str | None:
    read = {name.partition("/")[0] for name in rule.reads}
    places = {name: place for name in read & set(record_type.field_map) if (place := rule.text.find(name)) >= 0}
    return min(places, key=lambda name: places[name]) if places else None


def values_of_message(
    record_type: RecordType, elements: Mapping[str, Any], now: Callable[[], datetime]
) -> dict[str, Any]:
    """What ``messages.in`` makes of a message: values as a line of a file has them. A reference may be an object."""
    if record_type.messages is None:
        return {}
    known: dict[str, Any] = {**dict.fromkeys(ELEMENTS), **elements}
    variables = Variables({MESSAGE: known}, functions=rule_functions(RuleSurroundings(now=now)))
    values = {name: Expression(text).evaluate(variables) for name, text in record_type.messages.in_.items()}
    return {name: value for name, value in values.items() if value is not None}


def check_messages(source: Source, record_type: RecordType, messages: Messages, scope: RuleScope) -> None:
    """Tells every mistake of a record type's ``messages``."""
    for name, text in messages.out.items():
        place = ("messages", "out", name)
        _check_element(source, place, name)
        check_rule(source, place, text, scope)
    inward = RuleScope(scope.catalog, record_type, extra=(MESSAGE,))
    for name, text in messages.in_.items():
        place = ("messages", "in", name)
        if name not in record_type.field_map:
            unknown_field(source, place, name, list(record_type.field_map))
        check_rule(source, place, text, inward)
        for element in _NAMED.findall(text):
            _check_element(source, place, element)


def _check_element(source: Source, place: tuple[str, ...], name: str) -> None:
    if name not in ELEMENTS:
        near = nearest(name, sorted(ELEMENTS))
        vi, en = f"gói văn bản không có phần “{name}”{near[0]}", f"a package has no element “{name}”{near[1]}"
        source.mistake(place, vi, en, ", ".join(ELEMENTS))
