"""Why two records look like one, in words, and their values side by side. No Qt."""

from __future__ import annotations

from desktop.language import say, tr
from forms.definition import Alike, RecordType


def reason_of(record_type: RecordType, rule: Alike) -> str:
    names = ", ".join(_in_a_sentence(say(record_type.field(name).label)) for name in rule.fields)
    if rule.name:
        return tr("double.why_name", fields=names)
    if rule.within:
        return tr("double.why_within", fields=names, n=rule.days)
    return tr("double.why_same", fields=names)


def _in_a_sentence(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
