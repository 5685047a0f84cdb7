"""Whether two records may be one thing entered twice: by the rules ``alike`` of their type.

Names are compared without accents, since that is where two counters differ most; a letter more or less, words in another
order and a middle name left out still count as the same. Nothing is decided here: what is found is shown to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from forms.definition import Alike, RecordType
from forms.vietnamese import fold

UNLIKE = "_unlike_"
"""With the id of another record behind it: a person has said that the two are not the same."""
_WHOLE_DAY = 10
_FEW_LETTERS, _MANY_LETTERS = 6, 12
Fields = Mapping[str, Any]


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    return tuple("".join(c if c.isalnum() else " " for c in fold(name)).split())


def keys(rule: Alike, fields: Fields) -> Iterator[str]:
    """What records that may be alike by the rule have in common; compare those alone. Nothing where a value is missing."""
    values = [fields.get(name) for name in rule.fields]
    if any(value in (None, "") for value in values):
        return
    head = "\x1f".join(map(str, values))
    if rule.name is None:
        yield head
        return
    words = words_of(str(fields.get(rule.name) or ""))
    if not words:
        return
    yield f"{head}\x1f={''.join(sorted(words))}"
    if any(isinstance(v, str) and len(v) < _WHOLE_DAY and v[:4].isdigit() for v in values):
        # only a year or a month is known: too many have that in common
        yield f"{head}\x1f={''.join(sorted(words))}"
        return
    yield f"{head}\x1f>{words[-1]}"
    yield f"{head}\x1f<{words[0]}"


def is_alike(rule: Alike, one: Fields, other: Fields) -> bool:
    if any(one.get(name) in (None, "") or one.get(name) != other.get(name) for name in rule.fields):
        return False
    if any(one.get(n) and other.get(n) and one.get(n) != other.get(n) for n in rule.unless):
        return False
    if rule.name and not is_near(str(one.get(rule.name) or ""), str(other.get(rule.name) or "")):
        return False
    return rule.within is None or _within(one.get(rule.within), other.get(rule.within), rule.days)


def is_apart(id_a: str, a: Fields, id_b: str, b: Fields) -> bool:
    """Whether a person has said that the two are not the same."""
    return bool(a.get(f"{UNLIKE}{id_b}") or b.get(f"{UNLIKE}{id_a}"))


def is_near(one: str, other: str) -> bool:
    a, b = words_of(one), words_of(other)
    if not a or not b:
        return False
    if sorted(a) == sorted(b):
        return True
    if len(a) != len(b) and a[0] == b[0] and a[-1] == b[-1] and (_leaves_out(a, b) or _leaves_out(b, a)):
        return True
    joined, against = "".join(a), "".join(b)
    shorter = min(len(joined), len(against))
    most = 0 if shorter < _FEW_LETTERS else 1 if shorter < _MANY_LETTERS else 2
    return len(a) == len(b) and _distance(joined, against, most) <= most


def _leaves_out(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether ``a`` is ``b`` with some words left out."""
    rest = iter(b)
    return len(a) >= 2 and all(word in rest for word in a)


def _distance(a: str, b: str, most: int) -> int:
    """Letters to insert, delete or change (Levenshtein), counted no further than just above ``most``."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, against in enumerate(b, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != against)))
        if min(row) > most:
            return most + 1
        before = row
    return before[-1]


def _within(one: Any, other: Any, days: int) -> bool:
    try:
        return abs((date.fromisoformat(str(one)[:10]) - date.fromisoformat(str(other)[:10])).days) <= days
    except ValueError:
        return False


def is_looked_at(record_type: RecordType, state: str, fields: Fields) -> bool:
    """Records that are void, or merged already, are nobody's double."""
    if "_void" in fields or (record_type.merging is not None and state == record_type.merging.state):
        return False
    return record_type.state(state).kind != "void"
