"""Where on the form a rule of the whole record that only warns is told: it reads several fields and belongs to none."""

from __future__ import annotations

from collections.abc import Iterable

from forms.actions import FROZEN
from forms.entry import Problem, RecordEntry

_ASKS_OTHERS = frozenset({"records", "delegated"})
_LINKS = frozenset({"person", "household", "organisation", "ref", "refs"})


def warned_fields(entry: RecordEntry, shown: Iterable[str]) -> dict[str, Problem]:
    """Field → warning. Of the filled fields that the rule reads it is the last on the form, which is where the eye is
    when the disagreement arises; one the officer fills in before one that is calculated. Of two at a field the first."""
    doubts = [problem for problem in entry.rule_problems if not problem.blocks]
    if not doubts or entry.record_type.state(entry.state).kind == "void":
        return {}
    names = set(shown)
    order = [n for n in entry.record_type.field_map if n in names and entry.get(n) not in (None, "", [])]
    settled = _settled(entry, doubts)
    found: dict[str, Problem] = {}
    for problem in doubts:
        if problem in settled:
            continue
        heads = {name.partition("/")[0] for name in problem.about}
        read = [name for name in order if name in heads and entry.is_relevant(name)]
        own = [name for name in read if not entry.is_calculated(name)] or read
        if own:
            found.setdefault(own[-1], problem)
    return found


def _settled(entry: RecordEntry, doubts: Iterable[Problem]) -> list[Problem]:
    """What was known when a record was signed, and signed all the same: nothing it reads can be typed any more, and it says
    nothing of what happened since, as a rule does that reads the state, the clock or other records."""
    if not entry.record_type.state(entry.state).locked:
        return []
    return [problem for problem in doubts if _was_known(entry, problem)]


def _was_known(entry: RecordEntry, problem: Problem) -> bool:
    if "state" in problem.about:
        return False
    fields = [name for name in problem.about if name in entry.record_type.field_map]
    if not all(entry.is_locked(name) for name in fields):
        return False
    rule = next((r for r in entry.plan.rules if r.message.message == problem.message), None)
    if rule is None or rule.expression.tells_time or rule.expression.functions & _ASKS_OTHERS:
        return False
    kept = entry.fields.get(FROZEN) or {}  # of these records it was signed what they said
    links = [name for name in fields if entry.record_type.field_map[name].type in _LINKS]
    return "look" not in rule.expression.functions or all(name in kept for name in links)
