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


def shortened(one: str, other: str, longest: int) -> tuple[str, str]:
    """Two values as they stand side by side, cut between words to ``longest`` characters: from their beginning, or from a
    little before the first word in which they differ, where that would be cut away."""
    one, other = (" ".join(text.split()) for text in (one, other))
    shorter = min(len(one), len(other))
    start = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    if one == other or max(len(one), len(other)) <= longest or start < longest // 2:
        start = 0
    else:
        start = one.rfind(" ", 0, max(0, start - longest // 6)) + 1
    return _cut(one, start, longest), _cut(other, start, longest)


def _cut(text: str, start: int, longest: int) -> str:
    """A word that is longer than all the room is cut inside."""
    rest = text[start:]
    if len(rest) > longest:
        end = rest.rfind(" ", 0, longest)
        rest = rest[: end if end > longest // 2 else longest - 1].rstrip(" ,;·") + "…"
    return f"…{rest}" if start else rest
