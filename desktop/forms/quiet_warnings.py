"""Where on the form a rule of the whole record that only warns is told: it reads several fields and belongs to none."""

from __future__ import annotations

from collections.abc import Iterable

from forms.entry import Problem, RecordEntry


def warned_fields(entry: RecordEntry, shown: Iterable[str]) -> dict[str, Problem]:
    """Field → warning. Of the filled fields that the rule reads it is the last on the form, which is where the eye is
    when the disagreement arises; one the officer fills in before one that is calculated. Of two at a field the first."""
    doubts = [problem for problem in entry.rule_problems if not problem.blocks]
    if not doubts or entry.record_type.state(entry.state).kind == "void":
        return {}
    names = set(shown)
    order = [n for n in entry.record_type.field_map if n in names and entry.get(n) not in (None, "", [])]
    found: dict[str, Problem] = {}
    for problem in doubts:
        heads = {name.partition("/")[0] for name in problem.about}
        read = [name for name in order if name in heads and entry.is_relevant(name)]
        own = [name for name in read if not entry.is_calculated(name)] or read
        if own:
            found.setdefault(own[-1], problem)
    return found
