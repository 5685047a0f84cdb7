"""What a record is called: its type's ``title`` and ``subtitle``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forms.expressions import Expression, Variables
from forms.plan import FormPlan

_TEXTS = frozenset({"text", "longtext", "code"})
_LONGEST = 120  # characters of a text that stands in for a title


def name_record(plan: FormPlan, variables: Variables, fields: Mapping[str, Any]) -> tuple[str, str]:
    """(title, subtitle). Without a usable title the first text that the search box finds it by, then the type's name."""
    title = _text(plan.title, variables) or _fallback(plan, fields)
    return title, _text(plan.subtitle, variables) if plan.subtitle else ""


def _text(expression: Expression, variables: Variables) -> str:
    value = expression.evaluate(variables)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _fallback(plan: FormPlan, fields: Mapping[str, Any]) -> str:
    for field in plan.record_type.fields:
        value = fields.get(field.name) if field.search and field.type in _TEXTS else None
        if isinstance(value, str) and value:
            return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return plan.record_type.label.vi
